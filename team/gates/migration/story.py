"""What migrations did to a database in the sandbox, as our program there tells it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from team.gates import warmth
from team.gates.base import Target, ToolFailed
from team.gates.reading import FileFacts
from team.gates.runner import command
from team.gates.target import regular_files
from team.gates.testrun import COMPILED, empty_folder
from team.gates.tools import how_it_ended
from team.gates.trees import copy_tree

if TYPE_CHECKING:
    from executors.warm import WarmExecutor

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
    """Run the migrations of a copy of the tree up and down on an SQLite database.

    Args:
        target: the tree and its sandbox.
        facts: what is known of its files.
        chain: its revisions, oldest first; empty where they are no chain.

    Raises:
        ToolFailed: our program in the sandbox could not start.
        executors.SandboxUnavailable: the machine lacks what confines the run.
    """
    return _run(target, warmth.for_probes(target, facts), {"chain": list(chain)})


def run_on_server(target: Target, chain: Sequence[str]) -> Story:
    """The same on the PostgreSQL server of the settings, in a database of its own that is dropped afterwards.

    This run alone has a network, since somebody gave an address on it.

    Raises:
        ToolFailed: our program in the sandbox could not start, or no database can be made there.
        executors.SandboxUnavailable: the machine lacks what confines the run.
    """
    job = {
        "chain": list(chain),
        "url": target.settings.database_url,
        "name": f"devteam_{secrets.token_hex(8)}",
    }
    story = _run(target, None, job)
    if not story.ended:
        _run(target, None, job | {"drop": True})
    for frame in story.of("unreachable"):
        raise ToolFailed(f"the database server cannot be used: {frame['text']}")
    return story


def _run(target: Target, warm: WarmExecutor | None, wanted: Mapping[str, Any]) -> Story:
    nonce = secrets.token_hex(16)
    job = {"nonce": nonce, "url": None, "name": "", "drop": False, **wanted}
    more = {"wall_seconds": target.settings.timeout, "network": job["url"] is not None}
    limits = target.sandbox.limits.model_copy(update=more)
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
