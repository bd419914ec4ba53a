"""`python -m executors`: make the sandbox's interpreter environment ready, with progress, before need."""

from __future__ import annotations

import sys

from executors.environments import environment
from executors.errors import EnvironmentUnavailable


def main() -> int:
    """Build the default environment if it is not there yet; 3 when that cannot be done."""
    try:
        environment(progress=lambda line: print(line, file=sys.stderr, flush=True))
    except EnvironmentUnavailable as error:
        print(error, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
