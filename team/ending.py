"""How a session is concluded: the best tree, the totals, the last event, and the Result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from team import worktree
from team.board import Board
from team.errors import DiskTrouble
from team.proof import KINDS_OF_EVIDENCE
from team.reports.folder import write_reports
from team.result import GenerationResult, Reason, RoleUsage, Usage
from team.transcript import Transcript
from team.transcript.events import ModelCall, SessionEnded
from team.transcript.store import SessionLog, read_summary


def conclude(
    log: SessionLog, board: Board, reason: Reason, detail: str, chat: list[dict[str, Any]]
) -> GenerationResult:
    """Record how a session ended and build its Result. The workspace holds the tree to hand back.

    Args:
        log: the session's log; its folder is the session's.
        board: the session's state at the end.
        reason: why it ended.
        detail: what a person can do about it; empty when the reason says it all.
        chat: the AutoGen messages.
    """
    files = log.folder / "files"
    best = board.report if reason is Reason.ACCEPTED else board.best
    calls = Transcript.open(log.folder).events("model_call")
    result = GenerationResult(
        accepted=reason is Reason.ACCEPTED,
        status=reason.status,
        reason=reason,
        message=f"{reason.words}: {detail}" if detail else reason.words,
        files=tuple(str(files.resolve() / path) for path in worktree.paths(files)),
        work_dir=str(files.resolve()),
        path=str(log.folder.resolve()),
        chat_history=tuple(dict(message) for message in chat),
        gates={gate.name: gate for gate in (best.results if best else ())},
        usage=usage_of(call for call in calls if isinstance(call, ModelCall)),
        iterations=board.iteration,
        session=log.session,
        evidence=_evidence(board) if reason is Reason.ACCEPTED else (),
        open_rules=board.open_rules_of(best),
    )
    try:
        _record(log, result)
        write_reports(log.folder, result)
    except DiskTrouble as trouble:  # the Result still reaches its caller
        told = {
            "accepted": False,
            "status": Reason.DISK.status,
            "reason": Reason.DISK,
            "message": str(trouble),
        }
        return result.model_copy(update=told)
    return result


def usage_of(calls: Iterable[ModelCall]) -> Usage:
    """Totals of recorded calls. A cost is None as soon as one price in it is unknown."""
    by_role: dict[str, list[ModelCall]] = defaultdict(list)
    for call in calls:
        by_role[call.agent].append(call)
    everything = [call for role in by_role.values() for call in role]
    return Usage(
        **_sum(everything).model_dump(), by_role={role: _sum(by_role[role]) for role in sorted(by_role)}
    )


def _sum(calls: list[ModelCall]) -> RoleUsage:
    costs = [call.cost_usd for call in calls]
    return RoleUsage(
        calls=sum(int(call.answer.get("calls", 1)) for call in calls),
        prompt_tokens=sum(call.prompt_tokens for call in calls),
        completion_tokens=sum(call.completion_tokens for call in calls),
        cost_usd=None if None in costs else round(sum(cost for cost in costs if cost is not None), 8),
    )


def _evidence(board: Board) -> tuple[str, ...]:
    report = board.report
    given = {result.evidence for result in report.results if result.status == "pass"} if report else set()
    return tuple(kind for kind in KINDS_OF_EVIDENCE if kind in given)


def _record(log: SessionLog, result: GenerationResult) -> None:
    totals = {
        "iterations": result.iterations,
        **result.usage.model_dump(),
        "gates": {name: gate.counted() for name, gate in result.gates.items()},
        "evidence": list(result.evidence),
        "open_rules": list(result.open_rules),
    }
    ended = SessionEnded(
        iteration=result.iterations,
        status=result.status,
        reason=result.reason,
        message=result.message,
        totals=totals,
    )
    *_, last = Transcript.open(log.folder).events()
    if not (isinstance(last, SessionEnded) and last.reason == ended.reason):  # resumed, and nothing was new
        log.record(ended)
    summary = read_summary(log.folder) | {
        "status": str(result.status),
        "reason": str(result.reason),
        "message": result.message,
        "log": log.position,
        "totals": totals,
        "files": [str(Path(file).relative_to(result.work_dir)) for file in result.files],
    }
    log.summarize(summary)
