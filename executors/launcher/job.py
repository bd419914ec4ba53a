"""What the holder tells the launcher about one run."""

from __future__ import annotations

from typing import TypedDict


class Job(TypedDict):
    """One run. It comes as JSON in a file, with the descriptors of `DESCRIPTORS` in this order."""

    argv: list[str]
    environ: dict[str, str]
    work_dir: str
    folder: str
    """The run's own folder: removed when nothing of the run is left."""
    rlimits: list[tuple[int, int, int]]
    """Resource, soft and hard limit."""
    filter: str
    """The seccomp program, in hexadecimal."""
    answered: dict[str, str]
    """Number → name of the calls that the clerk carries out."""
    writable: list[str]
    """Where files and folders may be changed."""
    protected: list[str]
    """Where, within that, they may not."""


DESCRIPTORS = ("job", "link", "stdin", "stdout", "stderr", "ruleset")


class Told(TypedDict, total=False):
    """What the keeper of a run says on its link, in messages of their own."""

    keeper: int
    """First: its process number. A handle on the process comes along."""
    failed: str
    """Why the program could not be confined; it was not started."""
    missing: int
    """The errno with which the program itself could not be executed."""
    exit: int
    """How the program ended: its exit code, or minus the signal."""
