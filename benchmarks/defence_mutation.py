"""Does a test fail for every rule, mount or limit of ours that is taken away? In Landlock and Docker.

    python benchmarks/defence_mutation.py [landlock|docker [WORDS OF A NAME]]

Each rule of `defence_rules.toml` is taken out of a copy of the sources, and the tests run against that copy.
(For the namespaces there is `test_namespaces_mutation`; of the system call filter, the conformance suite
tries every call.) Prints what was noticed and what was not; exit code 1 when something was not. It attacks
this machine with one rule missing: run it where that does not matter.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_SECONDS = 240
_TESTS = ROOT / "tests/executors"
_SUITES = {
    "landlock": ("test_landlock.py", "test_landlock_runs.py", "test_conformance_landlock.py"),
    "docker": ("test_docker.py", "test_conformance_docker.py"),
}
_NOT = "not bomb and not hundred"


@dataclass(frozen=True)
class Mutation:
    """A rule that is taken away: where it stands, its text, and what stands there without it."""

    tier: str
    name: str
    file: str
    rule: str
    without: str

    def is_noticed(self, copy: Path) -> bool:
        """Whether a test fails without the rule; the copy is as before afterwards."""
        place = copy / self.file
        text = place.read_text(encoding="utf-8")
        if text.count(self.rule) != 1:
            raise SystemExit(f"{self.name}: {self.rule!r} is not one of the rules in {self.file} any more")
        place.write_text(text.replace(self.rule, self.without), encoding="utf-8")
        try:
            return _fails(copy, _SUITES[self.tier])
        finally:
            place.write_text(text, encoding="utf-8")


def _fails(copy: Path, suite: tuple[str, ...]) -> bool:
    files = [f"tests/executors/{name}" for name in suite]
    line = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-k", _NOT, *files]
    environ = {**os.environ, "PYTHONPATH": str(copy), "DEVTEAM_CACHE_DIR": str(copy / "cache")}
    try:
        done = subprocess.run(
            line, cwd=copy, env=environ, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return True
    if done.returncode not in (0, 1):
        raise SystemExit(done.stdout + done.stderr)
    return done.returncode == 1


def _mutations(wanted: list[str]) -> Iterator[Mutation]:
    tables = tomllib.loads(Path(__file__).with_name("defence_rules.toml").read_text(encoding="utf-8"))
    for tier, rows in tables.items():
        for row in rows:
            if (not wanted or tier == wanted[0]) and " ".join(wanted[1:]) in row["name"]:
                yield Mutation(tier, **row)


def main(wanted: list[str]) -> int:
    """Try all that is wanted, and say by the exit code whether all was noticed."""
    missed = tried = 0
    with tempfile.TemporaryDirectory(prefix="devteam-defence-") as place:
        copy = Path(place).resolve()
        for name in ("executors", "team", "prompts", "tests", "benchmarks"):
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", copy)
        for mutation in _mutations(wanted):
            noticed = mutation.is_noticed(copy)
            tried += 1
            missed += not noticed
            print(f"{mutation.tier:<9} {'noticed' if noticed else 'MISSED':<8} {mutation.name}", flush=True)
    print(f"{tried - missed} of {tried} noticed")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
