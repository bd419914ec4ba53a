"""Why a session ends, and the status and exit code that follow. Light to import: errors name a reason."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """What became of the work."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    STOPPED = "stopped"
    FAILED = "failed"


class Reason(StrEnum):
    """Why a session ended. `status` and `exit_code` follow from it."""

    ACCEPTED = "accepted"
    ITERATIONS = "iterations"
    OPEN_RULES = "open_rules"
    NOT_APPROVED = "not_approved"
    STUCK = "stuck"
    BUDGET_COST = "budget_cost"
    BUDGET_CALLS = "budget_calls"
    BUDGET_TIME = "budget_time"
    MODEL_UNREACHABLE = "model_unreachable"
    MODEL_REFUSED_KEY = "model_refused_key"
    TAPE_EXHAUSTED = "tape_exhausted"
    TAPE_MISMATCH = "tape_mismatch"
    SANDBOX_UNAVAILABLE = "sandbox_unavailable"
    GATE_ERROR = "gate_error"
    DISK = "disk"
    INTERRUPTED = "interrupted"

    @property
    def status(self) -> Status:
        """The status that this reason stands for."""
        return _ENDINGS[self][0]

    @property
    def exit_code(self) -> int:
        """The exit code of the command line for this reason."""
        return _ENDINGS[self][1]

    @property
    def hindered(self) -> bool:
        """Whether this machine or a person ended it, so that it says nothing of the work."""
        return self in (Reason.SANDBOX_UNAVAILABLE, Reason.GATE_ERROR, Reason.DISK, Reason.INTERRUPTED)

    @property
    def words(self) -> str:
        """The reason as a sentence for people."""
        return _ENDINGS[self][2]


_ENDINGS: dict[Reason, tuple[Status, int, str]] = {
    Reason.ACCEPTED: (Status.ACCEPTED, 0, "every gate passes and the reviews asked for approve"),
    Reason.ITERATIONS: (Status.REJECTED, 1, "the iterations are used up and a gate is still red"),
    Reason.OPEN_RULES: (Status.REJECTED, 1, "every gate passes, but rules in prose are still open"),
    Reason.NOT_APPROVED: (Status.REJECTED, 1, "every gate passes, but a review does not approve"),
    Reason.STUCK: (Status.STOPPED, 1, "the same failures keep coming back, whatever is tried"),
    Reason.BUDGET_COST: (Status.STOPPED, 1, "the next call would cost more than the budget allows"),
    Reason.BUDGET_CALLS: (Status.STOPPED, 1, "the model calls that the budget allows are used up"),
    Reason.BUDGET_TIME: (Status.STOPPED, 1, "the session has run as long as it may"),
    Reason.MODEL_UNREACHABLE: (Status.FAILED, 3, "the model cannot be reached"),
    Reason.MODEL_REFUSED_KEY: (Status.FAILED, 3, "the model's endpoint refuses the key"),
    Reason.TAPE_EXHAUSTED: (Status.FAILED, 3, "the tape has no further answer"),
    Reason.TAPE_MISMATCH: (Status.FAILED, 3, "the tape answers another question"),
    Reason.SANDBOX_UNAVAILABLE: (Status.FAILED, 3, "there is no sandbox to run code in"),
    Reason.GATE_ERROR: (Status.FAILED, 3, "a gate could not be run"),
    Reason.DISK: (Status.FAILED, 3, "the session's folder cannot be written"),
    Reason.INTERRUPTED: (Status.STOPPED, 130, "interrupted; it can be resumed"),
}
