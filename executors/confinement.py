"""What confined code sees: the folders, the environment and the name of things inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from executors.interpreter import Interpreter

WORKSPACE = "/workspace"
CACHE = "/cache"
RUNS = "/runs"
HOME = "/tmp/home"
SHIMS = "/run/devteam"
USER_ID = 1000
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
"""Where a Linux system keeps its programs and libraries."""
ETC = (
    "alternatives",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "nsswitch.conf",
    "protocols",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
    "ca-certificates",
    "pki/ca-trust",
    "pki/tls/certs",
    "pki/tls/openssl.cnf",
)
"""What programs need of /etc: nothing that tells of this machine's people, and no private key."""
NETWORK_ETC = ("resolv.conf", "hosts", "gai.conf")


@dataclass(frozen=True)
class View:
    """What a run may see and touch. Everything else of the machine is absent."""

    work_dir: Path
    interpreter: Interpreter
    writable: bool = True
    protected: tuple[str, ...] = ()
    """Paths in the workspace that stay read-only, such as its `.git`."""
    readable: tuple[Path, ...] = ()
    """Further folders and files, at their own paths."""
    cache: Path | None = None
    """A folder that is writable at `/cache`."""
    extra_environ: Mapping[str, str] = field(default_factory=dict)


def environ(interpreter: Interpreter, *, home: str, extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of code that we run: made from nothing, the same on every machine.

    Output is unbuffered, so that what was written before a kill is kept; the hash seed is fixed, so
    that the same program says the same; numerical libraries do not take a thread per core.
    """
    return {
        "PATH": f"{interpreter.scripts}:{SHIMS}:/usr/local/bin:/usr/bin:/bin",
        "HOME": home,
        "USER": "sandbox",
        "LOGNAME": "sandbox",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TERM": "dumb",
        "TMPDIR": "/tmp",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "OMP_NUM_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "2",
        **extra,
    }
