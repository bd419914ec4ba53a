"""Asks functions of a tree, in a sandbox, what they answer. Nothing that is expected ever gets there."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from team.gates.base import Target
from team.gates.contract.sameness import shown
from team.gates.runner import command
from team.gates.target import is_test_file, regular_files
from team.gates.testrun import COMPILED
from team.gates.trees import copy_tree
from team.specs.task import language_of

CALL_SECONDS = 10.0
"""What one call may take."""
MOST_CALLS = 2000


@dataclass(frozen=True)
class Call:
    """A call by name with plain, tagged arguments."""

    function: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        parts = [*map(shown, self.args), *(f"{name}={shown(value)}" for name, value in self.kwargs.items())]
        return f"{self.function}({', '.join(parts)})"


@dataclass(frozen=True)
class Answer:
    """What became of a call: it returned or raised something, or `trouble` says why neither was seen."""

    returned: Any = None
    raised: str = ""
    kinds: tuple[str, ...] = ()
    """The exception's class and all that it extends, by name."""
    words: str = ""
    trouble: str = ""
    missing: bool = False
    """There is no such function, or its module cannot be imported."""
    place: tuple[str, int] | None = None

    def __str__(self) -> str:
        if self.trouble:
            return self.trouble
        if self.raised:
            return f"it raises {self.raised}" + (f": {self.words}" if self.words else "")
        return f"it returns {shown(self.returned)}"


def ask(target: Target, calls: Sequence[Call], files: Sequence[str] = ()) -> list[Answer]:
    """Make the calls, each in a process of its own, in a sandbox that holds the tree without its tests.

    Args:
        target: the tree and the sandbox.
        calls: at most `MOST_CALLS` of them.
        files: the files in which to look for functions, the likeliest first; by default all sources.

    Raises:
        executors.SandboxUnavailable: the machine lacks what confines the run.
    """
    if (language := language_of(target.spec)) is not None:
        from team.gates.foreign.calls import ask_foreign

        return ask_foreign(target, language, calls)
    order = [*files, *(path for path in likeliest_first(target.sources) if path not in files)]
    shipped = [path for path in regular_files(target.root) if _is_shipped(path)]
    return _asked(target, calls, order, lambda copy: copy_tree(target.root, shipped, copy))


def ask_source(target: Target, source: str, calls: Sequence[Call]) -> list[Answer]:
    """As `ask`, of another source text that is alone in a sandbox like the target's."""
    return _asked(target, calls, ["alone.py"], lambda copy: _write(copy / "alone.py", source))


def _write(place: Path, text: str) -> None:
    place.write_text(text, encoding="utf-8")


def _asked(
    target: Target, calls: Sequence[Call], files: Sequence[str], lay_out: Callable[[Path], None]
) -> list[Answer]:
    if not calls:
        return []
    job = {
        "files": files,
        "calls": [
            {"id": number, "function": call.function, "args": call.args, "kwargs": call.kwargs}
            for number, call in enumerate(calls[:MOST_CALLS])
        ],
        "seconds": min(CALL_SECONDS, target.settings.timeout),
        "together": max(2, min(4, os.cpu_count() or 1)),
    }
    with tempfile.TemporaryDirectory(prefix="devteam-calls-", ignore_cleanup_errors=True) as name:
        copy = Path(name)
        lay_out(copy)
        with target.sandbox.over(copy) as sandbox:
            limits = target.sandbox.limits.model_copy(update={"wall_seconds": target.settings.timeout})
            argv = command("answer_calls", ["plain_values"])
            done = sandbox.run_reporting(argv, stdin=json.dumps(job).encode(), limits=limits)
    ended = f"the {done.outcome.limit} limit" if done.outcome.limit else f"exit code {done.outcome.exit_code}"
    silent = Answer(trouble=f"it gives no answer: the process that holds it ended early ({ended})")
    found = _read(done.report)
    return [found.get(number, silent) for number in range(len(calls))]


def likeliest_first(paths: Sequence[str]) -> list[str]:
    """Source files in the order in which a function is looked for: the shallowest first."""
    return sorted(paths, key=lambda path: (path.removeprefix("src/").count("/"), path))


def _is_shipped(path: str) -> bool:
    """Whether a file may be there when code is called: no test, as tests hold what is expected."""
    parts = path.split("/")
    return not (path.endswith(COMPILED) or is_test_file(path) or "tests" in parts[:-1])


def _read(report: bytes) -> dict[int, Answer]:
    """The first answer to each call; the report comes from hostile code and may hold anything."""
    found: dict[int, Answer] = {}
    for line in report.splitlines():
        try:
            told = json.loads(line)
            number, answer = int(told["id"]), read_answer(told)
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
        found.setdefault(number, answer)
    return found


def read_answer(told: dict[str, Any]) -> Answer:
    """An answer as the process that made the call tells of it.

    Raises:
        KeyError, TypeError, ValueError: it tells something else.
    """
    place = told.get("place")
    where = (str(place[0]), int(place[1])) if place else None
    if "returned" in told:
        return Answer(returned=told["returned"], place=where)
    if "raised" in told:
        name, kinds, words = told["raised"]
        return Answer(raised=str(name), kinds=tuple(map(str, kinds)), words=str(words), place=where)
    if "missing" in told:
        return Answer(trouble=str(told["missing"]), missing=True, place=where)
    if "late" in told:
        return Answer(trouble=f"it does not answer within {CALL_SECONDS:g} s", place=where)
    words = f": {told['words']}" if told.get("words") else ""
    return Answer(trouble=f"its process ends with code {told['died']} before it answers{words}", place=where)
