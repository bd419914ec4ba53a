"""Errors as a person reads them: one line with the problem and the mend, and an exit code."""

from __future__ import annotations

import sys
import traceback

from executors import SandboxUnavailable
from team.errors import DevTeamError
from team.transcript.safe_text import one_line, plain

INTERRUPTED, INFRASTRUCTURE, USAGE = 130, 3, 2
LONGEST = 2000
REPORT = "this is a bug of devteam; please report it with the output of the same command and --verbose"


def complain(error: Exception, *, verbose: bool) -> int:
    """Print what went wrong on stderr, with the traceback only if asked, and return the exit code.

    One line, unless the mend is a whole screen of its own, as for a model that is not configured.
    """
    code, words = _judge(error)
    if verbose:
        traceback.print_exception(error, file=sys.stderr)
    screen = plain(error.mend) if isinstance(error, DevTeamError) and "\n" in error.mend else ""
    if screen and isinstance(error, DevTeamError):
        words = error.problem
    if words:
        print(f"devteam: {one_line(words, LONGEST)}", file=sys.stderr)
    if screen:
        print(f"\n{screen}", file=sys.stderr)
    return code


def _judge(error: Exception) -> tuple[int, str]:
    if isinstance(error, DevTeamError):
        return error.exit_code, str(error)
    if isinstance(error, SandboxUnavailable):
        return INFRASTRUCTURE, str(error)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return INFRASTRUCTURE, f"{place}{error.strerror or error}"
    if type(error).__name__ == "Abort":
        return INTERRUPTED, ""
    if hasattr(error, "format_message"):  # the argument parser's own errors
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "devteam"
        return getattr(error, "exit_code", USAGE), f"{error.format_message()} — see `{command} --help`"
    return INFRASTRUCTURE, f"{type(error).__name__}: {error} — {REPORT}"
