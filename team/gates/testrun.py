"""A confined run of the tests, over a copy of the tree, by a runner of ours."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from executors import Reported
from executors.scratch import ScratchFolder
from team.gates.base import Target, ToolFailed
from team.gates.characters import lay_down_characters, need_characters
from team.gates.frames import Story, TestRecord, read_story
from team.gates.pinned import PYTEST_OPTIONS, PYTEST_UNWANTED
from team.gates.reading import FileFacts
from team.gates.runner import command
from team.gates.target import is_collected, regular_files
from team.gates.tools import how_it_ended
from team.gates.trees import changed_files, copy_tree

if TYPE_CHECKING:
    from executors.warm import WarmExecutor

STACK_AFTER = 0.8
"""The part of the time limit after which the runner shows where it hangs."""

RUNNER_PARTS = ("reporting", "marks", "recorder")
"""The modules of our runner, in the order in which they need each other."""

COMPILED = (".pyc", ".so", ".pyd", ".pth")
"""Code that no gate can read is not there when the tests run."""


@dataclass(frozen=True)
class TestRun:
    """What came of the run.

    `story` is without the canaries: tests of ours, one beside each folder's tests, that must fail.
    """

    story: Story
    canaries: Mapping[str, TestRecord]
    limit: str | None
    exit_code: int
    changed: tuple[str, ...]
    root: str


def run_tests(target: Target, facts: Mapping[str, FileFacts], warm: WarmExecutor | None = None) -> TestRun:
    """Run all tests of the target once, in a fresh process, or in a fork of a warm one.

    The tests run in a copy, so that nothing they write becomes part of the tree. In a fork, the lines that
    run are noted; a fresh process runs the code as it is.

    Raises:
        ToolFailed: the runner could not start.
        executors.SandboxUnavailable: the machine lacks what confines the run.
    """
    with empty_folder(warm) as copy:
        readable = [path for path in regular_files(target.root) if not path.endswith(COMPILED)]
        copy_tree(target.root, readable, copy)
        if need_characters(facts):
            lay_down_characters(target, copy)
        files = [path for path in target.tests if is_collected(path)]
        canaries = [_place_canary(copy, folder) for folder in sorted({_folder(path) for path in files})]
        key = secrets.token_bytes(32)
        with (warm or target.sandbox).over(copy) as sandbox:
            limits = target.sandbox.limits.model_copy(update={"wall_seconds": target.settings.timeout})
            job = {
                "key": key.hex(),
                "options": PYTEST_OPTIONS,
                "unwanted": PYTEST_UNWANTED,
                "files": [*files, *canaries],
                "seconds": target.settings.timeout * STACK_AFTER,
                "marks": warm is not None,
            }
            line = command("run_pytest", (*RUNNER_PARTS, "sealing", "endings"))
            done = sandbox.run_reporting(line, stdin=json.dumps(job).encode(), limits=limits)
            root = sandbox.workspace
        story = read_story(done.report, key)
        if not story.ready:
            raise ToolFailed(how_it_ended("the test runner", done))
        changed = changed_files(target.root, [*target.sources, *target.tests], copy)
    return _run(story, canaries, done, changed, root)


@contextmanager
def empty_folder(warm: WarmExecutor | None) -> Iterator[Path]:
    """A folder for a copy of the tree, where a run can be started over it; removed at the end."""
    if warm is not None:
        with warm.new_folder() as folder:
            yield folder
    else:
        with ScratchFolder("tests") as folder:
            yield folder


def _run(story: Story, canaries: list[str], done: Reported, changed: list[str], root: str) -> TestRun:
    ours = {path: TestRecord() for path in canaries}
    for name in list(story.tests):
        path = name.partition("::")[0]
        if path in ours:
            ours[path] = story.tests.pop(name)
    return TestRun(story, ours, done.outcome.limit, done.outcome.exit_code, tuple(changed), root)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _place_canary(copy: Path, folder: str) -> str:
    """Write a test that must fail beside the tests of a folder, under a name that nobody can know."""
    path = f"{folder}/test_{secrets.token_hex(6)}.py".lstrip("/")
    name, value = secrets.token_hex(4), secrets.randbelow(1000)
    text = f"def test_{name}() -> None:\n    found = [{value}]\n    assert found == [{value} + 1]\n"
    (copy / path).write_text(text, encoding="utf-8")
    return path
