"""Runs a module of our tools with a copy of a cache folder, which it may write and which nobody keeps.

Arguments: the cache folder, a folder for the copy that does not exist yet, the module, and its arguments.
"""

from __future__ import annotations

import runpy
import shutil
import sys


def main() -> None:
    """Copy, and become the module."""
    _, cache, copy, *sys.argv = sys.argv
    shutil.copytree(cache, copy)
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
