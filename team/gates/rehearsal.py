"""Which run of the tests a judgement believes: a warm one may say red early; green is what a cold one says.

The rehearsal starts in a fork of a warm process, which saves the time of all imports. Its findings count when
they turn a gate red: the tree then goes back to its authors. When it is green, the tests run once more, in a
fresh process, and only that run is believed. A rehearsal that takes about as long as a cold run saves
nothing; so it is left out when the last one of the session did, and the last run was green.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass

from executors import SandboxUnavailable
from executors.warm import WarmPool
from team.gates import warmth
from team.gates.base import Target, ToolFailed
from team.gates.reading import FileFacts
from team.gates.testrun import TestRun, run_tests
from team.gates.testverdict import is_red

WORTH = 0.5
"""The longest a rehearsal may take to be worth while, as a share of a cold run, while tests are green."""


@dataclass
class _Past:
    """What is known of a session's runs; seconds."""

    warm: float = 0.0
    cold: float = float("inf")
    red: bool = False


_past: weakref.WeakKeyDictionary[WarmPool, _Past] = weakref.WeakKeyDictionary()


def believed_run(target: Target, facts: Mapping[str, FileFacts]) -> TestRun:
    """The run of the tests that counts.

    Raises:
        ToolFailed: the runner could not start.
        executors.SandboxUnavailable: the machine lacks what confines the run.
    """
    warm = warmth.for_tests(target)
    if warm is None:
        return run_tests(target, facts)
    past = _past.setdefault(warm.pool, _Past())
    if past.red or past.warm <= past.cold * WORTH:
        started = time.monotonic()
        try:
            rehearsed = run_tests(target, facts, warm)
        except (SandboxUnavailable, ToolFailed):
            rehearsed = None
        past.warm = time.monotonic() - started
        past.red = rehearsed is not None and is_red(rehearsed, target, facts)
        if rehearsed is not None and past.red:
            return rehearsed
    started = time.monotonic()
    run = run_tests(target, facts)
    past.cold = time.monotonic() - started
    past.red = is_red(run, target, facts)
    return run
