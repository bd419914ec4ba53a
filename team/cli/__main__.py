"""`python -m team.cli`: the same as `devteam`."""

from __future__ import annotations

import sys

from team.cli import main

if __name__ == "__main__":
    sys.exit(main())
