"""What the tests of the Landlock tier start from."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from executors import Limits, Outcome, SandboxUnavailable, landlock
from executors.confinement import View
from executors.interpreter import own_interpreter
from executors.landlocked import LandlockExecutor

LIMITS = Limits(wall_seconds=20)
TRY = """
import ctypes, os, resource, shutil, signal, socket, sys, threading
libc = ctypes.CDLL(None, use_errno=True)
def attempt(name, what):
    try: print(name, 'came through:', what())
    except OSError: pass
"""


def require_landlock() -> None:
    """Skip the test where the kernel does not have what is needed."""
    try:
        landlock.require()
    except SandboxUnavailable as missing:
        pytest.skip(str(missing))


def landlocked(work: Path) -> LandlockExecutor:
    """The executor over a folder that is made for it."""
    require_landlock()
    work.mkdir()
    return LandlockExecutor(View(work.resolve(), own_interpreter()), LIMITS, "Landlock")


def python(sandbox: LandlockExecutor, code: str, **limits: object) -> Outcome:
    """Run code that makes attempts: `attempt(name, function)` prints what came through."""
    command = ["python", "-c", TRY + textwrap.dedent(code)]
    return sandbox.run(command, limits=LIMITS.model_copy(update=limits))
