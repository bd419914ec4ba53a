"""What migrations did to a database in the sandbox, as our program there tells it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from team.gates import warmth
from team.gates.base import Target, ToolFailed
from team.gates.reading import FileFacts
from team.gates.runner import command
from team.gates.target import regular_files
from team.gates.testrun import COMPILED, empty_folder
from team.gates.tools import how_it_ended
from team.gates.trees import copy_tree

_PARTS = ("reporting", "app_pipe", "migration_side", "table_facts", "table_seeds", "tried_database")
"""The modules of our program, in the order in which they need each other."""


@dataclass(frozen=True)
class Story:
    """All that was told; its texts are data from hostile code."""

    frames: Sequence[Mapping[str, Any]]
    ended: bool
    limit: str | None

    def of(self, kind: str) -> Iterator[Mapping[str, Any]]:
        """The frames of one kind."""
        return (frame for frame in self.frames if frame["kind"] == kind)


def run_migrations(target: Target, facts: Mapping[str, FileFacts], chain: Sequence[str]) -> Story:
    """Run the migrations of a copy of the tree up and down.

    Args:
        target: the tree and its sandbox.
        facts: what is known of its files.
        chain: its revisions, oldest first; empty where they are no chain.

    Raises:
        ToolFailed: our program in the sandbox could not start.
        executors.SandboxUnavailable: the machine lacks what confines the run.
    """
    warm = warmth.for_probes(target, facts)
    nonce = secrets.token_hex(16)
    job = {"nonce": nonce, "chain": list(chain), "url": None}
    limits = target.sandbox.limits.model_copy(update={"wall_seconds": target.settings.timeout})
    with empty_folder(warm) as copy:
        copy_tree(target.root, [p for p in regular_files(target.root) if not p.endswith(COMPILED)], copy)
        with (warm or target.sandbox).over(copy) as sandbox:
            line = command("migrate", _PARTS)
            done = sandbox.run_reporting(line, stdin=json.dumps(job).encode(), limits=limits)
    frames = list(_frames(done.report, nonce))
    if not frames or frames[0]["kind"] != "ready":
        raise ToolFailed(how_it_ended("the program that runs migrations", done))
    ended = frames[-1]["kind"] == "end"
    return Story(frames, ended, done.outcome.limit)


def _frames(report: bytes, nonce: str) -> Iterator[dict[str, Any]]:
    mark = f"{nonce} ".encode()
    for line in report.splitlines():
        if line.startswith(mark):
            frame = json.loads(line.removeprefix(mark))
            if isinstance(frame, dict):
                yield frame
