"""Runs gates over a target, side by side."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial

from team.gates.base import Gate, GateResult, Target, ToolFailed
from team.gates.evidence import Evidence
from team.gates.lanes import Lanes
from team.gates.registry import GATE_NAMES, GATES, SLOW, make_gate


def judge(
    target: Target, names: Sequence[str] = (), *, on_start: Callable[[str], None] | None = None
) -> list[GateResult]:
    """Judge a tree by the named gates, or by all, and return their results in the order of `GATE_NAMES`.

    The tree is copied first: nothing that happens meanwhile changes what is judged, and judging
    changes nothing.

    Args:
        target: the tree, from `make_target`.
        names: the gates to run; empty for all.
        on_start: told the name of each gate that starts, from the caller's thread.

    Raises:
        ValueError: a name that is no gate.
        executors.SandboxUnavailable: the machine lacks what confines a run.
        OSError: the tree cannot be copied.
    """
    unknown = [name for name in names if name not in GATES]
    if unknown:
        raise ValueError(f"there is no gate {unknown[0]!r}: the gates are {', '.join(GATE_NAMES)}")
    wanted = [name for name in GATE_NAMES if name in names or not names]
    with Evidence(target) as evidence:
        results = _side_by_side({name: make_gate(name, evidence) for name in wanted}, target, on_start)
    return [results[name] for name in wanted]


def _side_by_side(
    gates: dict[str, Gate], target: Target, on_start: Callable[[str], None] | None
) -> dict[str, GateResult]:
    """Run as many gates at once as there are processors, the slowest first."""
    left = sorted(gates, key=lambda name: SLOW.index(name) if name in SLOW else len(SLOW))
    running: dict[Future[GateResult], str] = {}
    results: dict[str, GateResult] = {}
    lanes = max(2, os.cpu_count() or 1)
    with Lanes(lanes) as pool:
        while left or running:
            while left and len(running) < lanes:
                name = left.pop(0)
                if on_start:
                    on_start(name)
                running[pool.start(partial(_one, gates[name], target))] = name
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                results[running.pop(future)] = future.result()
    return results


def _one(gate: Gate, target: Target) -> GateResult:
    started = time.monotonic()
    reason = gate.skips(target)
    if reason:
        return GateResult(name=gate.name, status="skip", why=reason)
    try:
        result = gate.run(target)
    except ToolFailed as failed:
        result = GateResult(name=gate.name, status="error", why=str(failed))
    return result.model_copy(update={"seconds": round(time.monotonic() - started, 3)})
