"""Runs programs in a container, one after the other, and leaves nothing of one to the next.

Runs there alone, with nothing but the image's Python 3.9 or newer, as the user that the programs have, too:
the container has no capability to become another. Programs cannot look into it (it is not dumpable, and
ptrace is closed), nor reach its channels. They can kill it, which the host notices.

It is told on stdin: a line of JSON for a run, as many bytes of input as that says, and perhaps `stop`, a
line of its own. It answers on stdout in frames: a letter, four bytes of length, and the content. `h`
is a greeting, `o` output, `r` report, `u` the bytes in files without a name, `e` how the run ended.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import sys
import time

from .channel import Hosts
from .clearing import processes
from .kernel import Kernel
from .run import OURS, Run

_PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 4, 36


def main() -> None:
    """Serve until the host lets go."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    hosts = Hosts()
    kernel = Kernel()
    while len(processes()) < OURS:  # the one that holds the container starts when we do
        time.sleep(0.001)
    ours = processes()
    while line := hosts.line():
        if line == "hello":
            greeting = {
                "python": sys.executable,
                "version": "{}.{}.{}".format(*sys.version_info[:3]),
                "pytest": importlib.util.find_spec("pytest") is not None,
                "uncounted": kernel.missing(),
            }
            hosts.send(b"h", json.dumps(greeting).encode())
        elif line != "stop":  # a late one, for a run that had just ended
            job = json.loads(line)
            hosts.send(b"e", json.dumps(Run(hosts, kernel, libc, ours, job).ending()).encode())


if __name__ == "__main__":
    main()
