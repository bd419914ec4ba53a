"""Runs of the tests against variants of the sources: what shows which tests test something.

Such a run says nothing about the code itself, so it need not be fresh: all variants of one call are forks of
one process in the sandbox, warm where that can be.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, ValidationError

from executors import SandboxUnavailable
from team.gates import warmth
from team.gates.base import Target
from team.gates.characters import lay_down_characters, need_characters
from team.gates.pinned import PYTEST_OPTIONS, PYTEST_UNWANTED
from team.gates.reading import FileFacts
from team.gates.runner import command
from team.gates.target import is_collected, regular_files
from team.gates.testrun import COMPILED, RUNNER_PARTS, empty_folder
from team.gates.tools import how_it_ended
from team.gates.trees import copy_tree

MARGIN = 20.0
"""Seconds that a run may take beyond its variants: to start, and to import packages."""

Lines = Mapping[str, frozenset[int]]


@dataclass(frozen=True)
class Variant:
    """One run: the tests or test files to run, and the sources that are replaced for it.

    Attributes:
        name: by which its outcome is known.
        tests: ids or paths.
        files: workspace path → text.
        reverse: whether the tests run in the opposite order.
        mapped: whether the lines that each test runs are noted.
        first_failure: whether the run ends with the first test that fails.
        live: whether its files differ only in lines that do not run when the source is imported. Such
            variants share one import.
        seconds: after which it is ended.
    """

    name: str
    tests: Sequence[str]
    files: Mapping[str, str] = field(default_factory=dict)
    reverse: bool = False
    mapped: bool = False
    first_failure: bool = False
    live: bool = False
    seconds: float = 60.0


@dataclass
class Probe:
    """What came of one variant.

    Attributes:
        how: ``ended``, ``limit`` or ``crashed``.
        passed: test → whether it passed.
        lines: test → lines it ran, by path.
        at_import: lines that ran before any test.
    """

    how: str = ""
    passed: dict[str, bool] = field(default_factory=dict)
    lines: dict[str, Lines] = field(default_factory=dict)
    at_import: Lines = field(default_factory=dict)

    def all_lines(self) -> dict[str, set[int]]:
        """All lines that ran, by path."""
        found: dict[str, set[int]] = {}
        for lines in (self.at_import, *self.lines.values()):
            for path, ran in lines.items():
                found.setdefault(path, set()).update(ran)
        return found


class _Step(BaseModel):
    """One line of the report."""

    model_config = ConfigDict(extra="ignore")

    kind: str
    variant: str = ""
    id: str = ""
    passed: bool = False
    how: str = ""
    lines: dict[str, frozenset[int]] | None = None


class ProbeFailed(Exception):
    """The probing itself did not work; the reason in words."""


def probe(
    target: Target, facts: Mapping[str, FileFacts], variants: Sequence[Variant], seconds: float
) -> dict[str, Probe]:
    """Run variants one after the other; those for which no time is left are missing in the result.

    Args:
        target: the tree.
        facts: what is known of its files.
        variants: what to run.
        seconds: for all of them together.

    Raises:
        ProbeFailed: nothing could be run.
        executors.SandboxUnavailable: the machine lacks what confines the run.
    """
    warm = warmth.for_probes(target, facts)
    nonce = secrets.token_hex(16)
    job = {
        "nonce": nonce,
        "options": PYTEST_OPTIONS,
        "unwanted": PYTEST_UNWANTED,
        "imports": [] if warm else _packages(target, facts),
        "seconds": seconds,
        "variants": [variant.__dict__ for variant in variants],
    }
    line = command("probe_tests", (*RUNNER_PARTS, "sealing", "endings", "run_pytest", "forks", "live"))
    limits = target.sandbox.limits.model_copy(update={"wall_seconds": seconds + MARGIN})
    with empty_folder(warm) as copy:
        readable = [path for path in regular_files(target.root) if not path.endswith(COMPILED)]
        copy_tree(target.root, readable, copy)
        if need_characters(facts):
            lay_down_characters(target, copy)
        try:
            with (warm or target.sandbox).over(copy) as sandbox:
                done = sandbox.run_reporting(line, stdin=json.dumps(job).encode(), limits=limits)
        except SandboxUnavailable:
            if warm is None:
                raise
            raise ProbeFailed("the warm server was lost") from None
    steps = list(_steps(done.report, nonce))
    if not steps:
        raise ProbeFailed(how_it_ended("the prober", done))
    return _told(steps)


def map_tests(target: Target, facts: Mapping[str, FileFacts]) -> Probe:
    """Run all tests once in the opposite order and note which lines each of them runs.

    Raises:
        ProbeFailed: the run did not come to its end.
        executors.SandboxUnavailable: the machine lacks what confines the run.
    """
    names = [path for path in target.tests if is_collected(path)]
    seconds = target.settings.timeout
    one = Variant("map", names, reverse=True, mapped=True, seconds=seconds)
    told = probe(target, facts, [one], seconds).get("map")
    if told is None or told.how != "ended":
        raise ProbeFailed("the tests do not come to their end in the opposite order")
    return told


def _told(steps: Sequence[_Step]) -> dict[str, Probe]:
    found: dict[str, Probe] = {}
    for step in steps:
        if not step.variant:
            continue
        one = found.setdefault(step.variant, Probe())
        if step.kind == "begin":
            found[step.variant] = Probe()
        elif step.kind == "import":
            one.at_import = step.lines or {}
        elif step.kind == "test":
            one.passed[step.id] = step.passed
            one.lines[step.id] = step.lines or {}
        elif step.kind == "over":
            one.how = step.how
    return {name: one for name, one in found.items() if one.how}


def _steps(report: bytes, nonce: str) -> Sequence[_Step]:
    steps = []
    for line in report.decode("utf-8", "replace").splitlines():
        mark, _, rest = line.partition(" ")
        if mark == nonce:
            try:
                steps.append(_Step.model_validate(json.loads(rest)))
            except (ValueError, ValidationError, RecursionError):
                continue
    return steps


def _packages(target: Target, facts: Mapping[str, FileFacts]) -> list[str]:
    """The imports of what is not the workspace's own: taken once for all variants."""
    own = {part for path in (*target.sources, *target.tests) for part in path.removesuffix(".py").split("/")}
    statements = {statement for path in facts for statement in facts[path].imports}
    return sorted(s for s in statements if s.split()[1].partition(".")[0] not in own)
