"""Holds a container open: its first own process, of a user that the programs in it cannot signal.

Runs there alone, with the standard library only; the arguments are the folder for the name `python`, and
the longest time in seconds. It ends, and the container with it, when the host lets go of its stdin, which
happens at the latest when the host's process dies.
"""

from __future__ import annotations

import os
import select
import sys


def main(shims: str, longest: str) -> None:
    """Give `python` its name where only `python3` has one, and wait."""
    if not os.path.exists(os.path.join(os.path.dirname(sys.executable), "python")):
        os.symlink(sys.executable, os.path.join(shims, "python"))
    select.select([0], [], [], float(longest))


if __name__ == "__main__":
    main(*sys.argv[1:])
