"""The few typed errors, each with what to do about it.

A `UsageError` is the caller's to mend (exit 2). A `SessionFailure` ends a running session with a
reason from `team.reasons.Reason`; the session turns it into a Result, so library users only meet it
when no session was started.
"""

from __future__ import annotations

from team.reasons import Reason


class DevTeamError(Exception):
    """The base of all errors of this library: what is wrong, and what mends it."""

    exit_code = 3

    def __init__(self, problem: str, mend: str = "") -> None:
        super().__init__(f"{problem} — {mend}" if mend else problem)
        self.problem = problem
        self.mend = mend


class UsageError(DevTeamError, ValueError):
    """The call, a file or a setting is wrong; nothing was started (exit 2)."""

    exit_code = 2


class ConfigError(UsageError):
    """A setting is unknown, has a wrong value, or is missing."""


class SpecError(UsageError):
    """A spec cannot be read or does not say what to build."""


class SessionNotFound(UsageError, LookupError):
    """No session of that name is in the folder."""


class SessionBusy(UsageError):
    """Another process is working on that session."""


class SessionFailure(DevTeamError):
    """Something that ends a session; `reason` says how."""

    reason: Reason

    def __init__(self, problem: str, mend: str = "", *, reason: Reason | None = None) -> None:
        super().__init__(problem, mend)
        if reason is not None:
            self.reason = reason


class ModelUnreachable(SessionFailure, ConnectionError):
    """The endpoint does not answer, or answers with something that is no model's answer."""

    reason = Reason.MODEL_UNREACHABLE


class ModelRefusedKey(SessionFailure, PermissionError):
    """The endpoint does not accept the key."""

    reason = Reason.MODEL_REFUSED_KEY


class ContextOverflow(DevTeamError):
    """The request is larger than the model takes, or was silently cut; ask again with a narrower view."""


class TapeExhausted(SessionFailure, EOFError):
    """The tape has no further answer for a role."""

    reason = Reason.TAPE_EXHAUSTED


class TapeMismatch(SessionFailure):
    """The tape's next answer was given to another question."""

    reason = Reason.TAPE_MISMATCH


class BudgetExceeded(SessionFailure):
    """The next call would cost more than the session may spend; `reason` names the budget."""

    reason = Reason.BUDGET_CALLS


class GateError(SessionFailure):
    """A gate could not be run, which is not the same as a red gate."""

    reason = Reason.GATE_ERROR


class NobodyToAsk(SessionFailure):
    """A person has to decide, and nobody is there."""

    reason = Reason.NOT_APPROVED


class DiskTrouble(SessionFailure, OSError):
    """The session's folder cannot be written any more."""

    reason = Reason.DISK
