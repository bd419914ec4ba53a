"""The `devteam` command: parses and prints, decides nothing.

`main` is the outermost shell: whatever goes wrong below becomes one line for people and an exit code.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1, 2, 3 or 130, as the README lists them."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    verbose = "--verbose" in given or os.environ.get("DEVTEAM_VERBOSE", "") not in ("", "0", "false")
    _hear_of_children()
    try:
        from team.cli.app import run_command

        code = run_command(given)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("devteam: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        _forget_stdout()
        return 0
    except Exception as error:  # noqa: BLE001 - the outermost shell: no traceback reaches a person
        from team.cli.complaints import complain

        return complain(error, verbose=verbose)
    return code


def _hear_of_children() -> None:
    """Whoever started us may have ignored the ends of children, and that is inherited."""
    number = getattr(signal, "SIGCHLD", None)
    if number is not None and signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)


def _forget_stdout() -> None:
    """Nobody reads on; what is still buffered goes nowhere, so that the interpreter ends quietly."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
