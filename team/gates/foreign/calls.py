"""Compiles a tree in another language, and asks its functions what they answer, in a sandbox."""

from __future__ import annotations

import builtins
import json
import os
import re
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from team.gates.base import Target
from team.gates.contract.calls import CALL_SECONDS, MOST_CALLS, Answer, Call, likeliest_first, read_answer
from team.gates.reading import FileFacts, SyntaxTrouble
from team.gates.runner import command, harness
from team.gates.target import is_test_file, regular_files
from team.gates.tools import how_it_ended
from team.gates.trees import copy_tree
from team.languages.table import Language, filled_in
from team.languages.toolchains import toolchain_inside
from team.specs.task import ProblemSpec

CHECK_SECONDS = 60.0
MOST_FILES = 20
"""Files in which a function is looked for."""
_TROUBLE = re.compile(
    r"^(?:\./)?(?P<file>[^:\n]+):(?P<line>\d+):(?:\d+:)?\s*(?:error:\s*)?(?P<message>.+)$", re.M
)
_EXCEPTIONS = frozenset(
    name
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, BaseException)
)


def ask_foreign(target: Target, language: Language, calls: Sequence[Call]) -> list[Answer]:
    """Make the calls, each in a process of its own, in a sandbox that holds the tree without its tests.

    Raises:
        executors.SandboxUnavailable: the machine lacks the toolchain, or what confines the run.
    """
    if not calls:
        return []
    names = {call.function for call in calls}
    places = {name: _places(target, language, name) for name in names}
    asked = [
        {
            "id": number,
            "files": list(places[call.function])[:MOST_FILES],
            "function": call.function,
            "args": call.args,
            "kwargs": list(_in_order(call, target).items()),
        }
        for number, call in enumerate(calls[:MOST_CALLS])
    ]
    lines, ended = _run(target, language, asked, checks=False)
    found: dict[int, Answer] = {}
    for told in lines:
        try:
            number, answer = int(told["id"]), read_answer(_placed(told, places, calls))
        except (ValueError, TypeError, KeyError, IndexError, RecursionError):
            continue
        found.setdefault(number, _with_kinds(answer))
    silent = Answer(trouble=f"it gives no answer: {ended}")
    return [found.get(number, silent) for number in range(len(calls))]


def check_foreign(target: Target, language: Language) -> dict[str, FileFacts]:
    """What the toolchain says of each source file: whether it compiles.

    Raises:
        ToolFailed: the toolchain could not be run.
        executors.SandboxUnavailable: the machine lacks it, or what confines the run.
    """
    facts = {path: FileFacts() for path in target.sources}
    if not facts:
        return facts
    lines, ended = _run(target, language, [], checks=True)
    checked = next((line["checked"] for line in lines if isinstance(line.get("checked"), dict)), None)
    first = likeliest_first(target.sources)[0]
    if checked is None or checked.get("late"):
        facts[first] = _trouble(1, f"the compiler does not come to its end ({ended})")
        return facts
    said = str(checked.get("output", ""))
    for found in _TROUBLE.finditer(said):
        if found["file"] in facts and facts[found["file"]].error is None:
            facts[found["file"]] = _trouble(int(found["line"]), found["message"].strip())
    if checked.get("code") and not any(fact.error for fact in facts.values()):
        facts[first] = _trouble(
            1, f"the compiler fails: {(said.strip().splitlines() or ['it says nothing'])[-1]}"
        )
    return facts


def _trouble(line: int, message: str) -> FileFacts:
    return FileFacts(error=SyntaxTrouble(line=line, message=message[:500]))


def _run(
    target: Target, language: Language, calls: Sequence[dict[str, Any]], *, checks: bool
) -> tuple[list[dict[str, Any]], str]:
    """The lines of the report, which comes from hostile code and may hold anything, and how the run ended."""
    programs = toolchain_inside(language, target.sandbox).programs
    limits = target.sandbox.limits.model_copy(update={"wall_seconds": target.settings.timeout})
    job = {
        "harness": [language.harness, harness(language.harness)],
        "check": filled_in(language.check, programs, "", target.sources) if checks else [],
        "call": filled_in(language.call, programs, "", ()),
        "calls": calls,
        "seconds": min(CHECK_SECONDS if checks else CALL_SECONDS, target.settings.timeout),
        "together": max(2, min(4, os.cpu_count() or 1)),
        "nonce": secrets.token_hex(16),
    }
    shipped = [path for path in regular_files(target.root) if not is_test_file(path)]
    with tempfile.TemporaryDirectory(prefix="devteam-calls-", ignore_cleanup_errors=True) as name:
        copy_tree(target.root, shipped, Path(name))
        with target.sandbox.over(Path(name)) as sandbox:
            done = sandbox.run_reporting(
                command("foreign_calls"), stdin=json.dumps(job).encode(), limits=limits
            )
    ended = (
        f"the {done.outcome.limit} limit"
        if done.outcome.limit
        else how_it_ended("what makes the calls", done)
    )
    return [told for line in done.report.splitlines() if (told := _read(line))], ended


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _places(target: Target, language: Language, name: str) -> dict[str, int]:
    """Source files that may define a function, the likeliest first, each with the line that seems to."""
    pattern = re.compile(language.definition.replace("{name}", re.escape(name)))
    found: list[tuple[bool, str, int]] = []
    for path in likeliest_first(target.sources):
        text = (target.root / path).read_text("utf-8", "replace")
        if match := pattern.search(text):
            found.append((path != language.solution, path, text.count("\n", 0, match.start()) + 1))
        elif re.search(rf"\b{re.escape(name)}\b", text):
            found.append((True, path, 1))
    return {path: line for _, path, line in sorted(found, key=lambda one: one[0])}


def _placed(told: dict[str, Any], places: dict[str, dict[str, int]], calls: Sequence[Call]) -> dict[str, Any]:
    """What was told of a call, with the place of its function."""
    known = places[calls[int(told["id"])].function]
    path = told.get("file", next(iter(known), None))
    return {**told, "place": (path, known[path]) if path in known else None}


def _in_order(call: Call, target: Target) -> dict[str, Any]:
    """Named arguments in the order in which the problem's first example has them."""
    examples = target.spec.examples if isinstance(target.spec, ProblemSpec) else ()
    names = list(examples[0].input) if examples else []
    order = sorted(call.kwargs, key=lambda name: names.index(name) if name in names else len(names))
    return {name: call.kwargs[name] for name in order}


def _with_kinds(answer: Answer) -> Answer:
    """An exception of Python's that another language does not have stands for any exception there."""
    if not answer.raised:
        return answer
    return replace(answer, kinds=(*answer.kinds, *sorted(_EXCEPTIONS - SHARED_EXCEPTIONS)))


SHARED_EXCEPTIONS = frozenset({"TypeError", "SyntaxError", "ReferenceError"})
"""Exceptions of Python's that other languages have under the same name: there, the name is meant."""
