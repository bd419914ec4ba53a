"""A chat message → files, edits and commands.

Nothing is touched or run here. What looks like a part of the work but cannot be used is a `BadBlock`
that says, in words for its author, what to do; what is no part of it (JSON, text, quoted output) is dropped.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import Literal

from executors.fences import Fence, read_fences
from executors.hunks import Hunk, HunkProblem, read_hunks, starts_hunk
from executors.naming import Named, is_excerpt, is_path, is_python, is_shell, language_of, name_block

__all__ = ["BadBlock", "Block", "CommandBlock", "EditBlock", "FileBlock", "Hunk", "read_message"]

MOST_BLOCKS = 200
"""Fenced blocks read from one message; nobody answers with more, but a loop does."""

LONGEST_COMMAND = 100_000
"""Characters; a longer block without a path is a file whose name was forgotten."""

_NAME_THE_FILE = "name the file: begin the block with a comment such as '# filename: src/name.py'"


@dataclass(frozen=True)
class FileBlock:
    """A whole file. `path` is as the author wrote it; `executors.paths.safe_path` judges it."""

    path: str
    content: str


@dataclass(frozen=True)
class EditBlock:
    """Changes to one file, all or nothing."""

    path: str
    hunks: tuple[Hunk, ...]


@dataclass(frozen=True)
class CommandBlock:
    """Something to run once, for information."""

    language: Literal["sh", "python"]
    code: str


@dataclass(frozen=True)
class BadBlock:
    """A block that goes back to its author; `problem` says why and what mends it."""

    problem: str
    path: str | None


Block = FileBlock | EditBlock | CommandBlock | BadBlock


def read_message(text: str | None) -> list[Block]:
    """Read a message into its blocks, in order.

    Never raises; linear in the length of the text.
    """
    fences = _unwrapped(read_fences(text or ""))
    blocks = [_block(fence) for fence in islice(fences, MOST_BLOCKS)]
    if next(fences, None) is not None:
        blocks.append(
            BadBlock(f"only the first {MOST_BLOCKS} blocks were read: answer in smaller parts", None)
        )
    return [block for block in blocks if block is not None]


def _unwrapped(fences: Iterator[Fence]) -> Iterator[Fence]:
    """Open a Markdown fence that an author has put around the whole answer."""
    for fence in fences:
        named = name_block(fence.info, fence.lines, fence.title).path is not None
        inner = () if named or language_of(fence.info) not in ("markdown", "md") else _inner(fence)
        yield from inner or (fence,)


def _inner(fence: Fence) -> tuple[Fence, ...]:
    inner = tuple(islice(read_fences("\n".join(fence.lines)), MOST_BLOCKS))
    files = any(name_block(each.info, each.lines, each.title).path for each in inner)
    return inner if files else ()


def _block(fence: Fence) -> Block | None:
    named = name_block(fence.info, fence.lines, fence.title)
    language = language_of(fence.info)
    if is_excerpt(fence.info):
        return None
    if any(starts_hunk(line) for line in named.lines):
        edit = _edit(named, language)
        if edit is not None:
            return edit
    if named.path is None:
        return _command(language, _text(named.lines))
    if language in ("diff", "patch") and PurePosixPath(named.path).suffix not in (".diff", ".patch"):
        return BadBlock("a diff is not read: give the whole file, or SEARCH/REPLACE hunks", named.path)
    return FileBlock(named.path, _text(named.lines))


def _text(lines: tuple[str, ...]) -> str:
    return "".join(line + "\n" for line in lines)


def _edit(named: Named, language: str) -> Block | None:
    """Read a block that has hunk markers; None when they are the content of a file that speaks about them."""
    lines, path = named.lines, named.path
    written = next(at for at, line in enumerate(lines) if line.strip())
    if not starts_hunk(lines[written]):
        if path is None and is_path(lines[written].strip()):
            path, lines = lines[written].strip(), lines[written + 1 :]
        elif path is not None and _speaks_of_hunks(path, language, lines):
            return None
    if path is None:
        return BadBlock("an edit must name its file: begin the block with '# filename: PATH'", None)
    try:
        return EditBlock(path, read_hunks(lines))
    except HunkProblem as problem:
        return BadBlock(str(problem), path)


def _speaks_of_hunks(path: str, language: str, lines: tuple[str, ...]) -> bool:
    if PurePosixPath(path).suffix in (".md", ".rst", ".txt", ".j2"):
        return True
    return is_python(language) and _parsed(_text(lines)) is not None


def _command(language: str, code: str) -> Block | None:
    """Read a block without a path. What begins with a prompt is quoted output."""
    written = (line.strip() for line in code.split("\n"))
    first = next((line for line in written if line and not line.startswith("#")), "")
    if not first or first.startswith(("$ ", "> ", ">>> ")):
        return None
    if is_shell(language):
        return CommandBlock("sh", code)
    return _python(code) if is_python(language) else None


def _python(code: str) -> Block | None:
    if len(code) > LONGEST_COMMAND:
        return BadBlock(f"too long to be a command; {_NAME_THE_FILE}", None)
    tree = _parsed(code)
    if tree is None:
        return BadBlock(f"this Python does not parse; if it is a file, {_NAME_THE_FILE}", None)
    if not tree.body:
        return None
    if _only_defines(tree.body):
        return BadBlock(f"this Python only defines things; {_NAME_THE_FILE}", None)
    return CommandBlock("python", code)


def _parsed(code: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape is the author's matter, not the console's
        try:
            return ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None  # MemoryError is how the parser says "nested too deeply"


def _only_defines(body: list[ast.stmt]) -> bool:
    """Whether running the statements would show nothing: imports, definitions, constants.

    Assigning the result of a call counts as defining where there is something to define with it, such
    as ``app = FastAPI()`` above its routes.
    """
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    has_definitions = any(isinstance(statement, definitions) for statement in body)
    return all(_defines(statement, has_definitions) for statement in body)


def _defines(statement: ast.stmt, calls_too: bool) -> bool:
    match statement:
        case (
            ast.Import()
            | ast.ImportFrom()
            | ast.FunctionDef()
            | ast.AsyncFunctionDef()
            | ast.ClassDef()
            | ast.Pass()
        ):
            return True
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Assign(value=value) | ast.AnnAssign(value=value):
            return calls_too or value is None or not any(isinstance(n, ast.Call) for n in ast.walk(value))
        case ast.If(body=body, orelse=orelse):
            return all(_defines(inner, calls_too) for inner in body + orelse)
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
            caught = [inner for handler in handlers for inner in handler.body]
            return all(_defines(inner, calls_too) for inner in body + caught + orelse + final)
        case _:
            return False
