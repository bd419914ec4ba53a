"""The table of languages: what a solution's file is called, and how it is checked and called.

Another language is one row here and one program of ours in `team/gates/runner/harness`, which keeps to what
`team.gates.runner.foreign_calls` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PYTHON = "python"


@dataclass(frozen=True)
class Language:
    """One language other than Python. In commands, `{NAME}` stands for one of the toolchain's programs,
    `{harness}` for our program's path, and `{files}` for the source files.

    Attributes:
        name: as specs write it.
        title: as people write it.
        aliases: other names for it.
        extension: of the file that holds the solution.
        extensions: of all files that are source.
        programs: of the toolchain, found on the PATH.
        install: what to do where they are missing.
        proof: a command that succeeds where the toolchain can do what is needed.
        harness: the name of our program in this language.
        check: the command that compiles the source files, and prints `path:line: message` for what is wrong.
        call: the command that makes one call.
        definition: a regular expression for the line that defines a function, with `{name}` for its name.
        advice: what authors have to know beside the requirements.
    """

    name: str
    title: str
    aliases: tuple[str, ...]
    extension: str
    extensions: tuple[str, ...]
    programs: tuple[str, ...]
    install: str
    proof: tuple[str, ...]
    harness: str
    check: tuple[str, ...]
    call: tuple[str, ...]
    definition: str
    advice: str

    @property
    def solution(self) -> str:
        """The file that the solution belongs into."""
        return f"solution{self.extension}"


_EXPORTED = (
    "Export the function by its name. What it returns, or what its promise comes to, has to be plain data: "
    "null, booleans, numbers, BigInt, text, arrays, plain objects. `undefined` counts as null. "
    "Integers beyond 2^53 come in as BigInt. Where a call must fail, throw an Error. "
    "There are no packages beside those of Node.js itself."
)
_FUNCTION = r"(?:function\s*\*?\s*{name}\b|\b{name}\s*[=:(])"

TABLE: tuple[Language, ...] = (
    Language(
        name="javascript",
        title="JavaScript",
        aliases=("js", "node", "nodejs", "ecmascript"),
        extension=".js",
        extensions=(".js", ".mjs", ".cjs"),
        programs=("node",),
        install="install Node.js, such as with `apt install nodejs`, so that `node` is on the PATH",
        proof=("{node}", "--version"),
        harness="javascript.mjs",
        check=("{node}", "--no-warnings", "--experimental-vm-modules", "{harness}", "check", "{files}"),
        call=("{node}", "--no-warnings", "{harness}", "call"),
        definition=_FUNCTION,
        advice=_EXPORTED,
    ),
    Language(
        name="typescript",
        title="TypeScript",
        aliases=("ts",),
        extension=".ts",
        extensions=(".ts", ".mts", ".js", ".mjs"),
        programs=("node",),
        install="install Node.js 22.13 or newer, which runs TypeScript, so that `node` is on the PATH",
        proof=("{node}", "-e", "process.exit(require('module').stripTypeScriptTypes ? 0 : 1)"),
        harness="javascript.mjs",
        check=("{node}", "--no-warnings", "--experimental-vm-modules", "{harness}", "check", "{files}"),
        call=("{node}", "--no-warnings", "--experimental-strip-types", "{harness}", "call"),
        definition=_FUNCTION,
        advice=f"{_EXPORTED} Types are taken away, not checked: no enums, no namespaces, and "
        "`import type` for types.",
    ),
)

LANGUAGES: tuple[str, ...] = (PYTHON, *(row.name for row in TABLE))
"""The names of all languages."""

_BY_NAME = {name: row for row in TABLE for name in (row.name, *row.aliases)}


def find_language(name: str) -> Language | None:
    """The row of a language; None for Python.

    Raises:
        KeyError: no such language is known.
    """
    plain = name.strip().lower()
    return None if plain in (PYTHON, "py", "python3") else _BY_NAME[plain]


def filled_in(
    command: Sequence[str], programs: dict[str, str], harness: str, files: Sequence[str]
) -> list[str]:
    """A command with its placeholders replaced, but for `{harness}` where its path is not known yet."""
    known = {**programs, **({"harness": harness} if harness else {})}
    parts: list[str] = []
    for part in command:
        parts += files if part == "{files}" else [known.get(part.strip("{}"), part)]
    return parts
