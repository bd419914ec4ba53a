from pathlib import Path

import pytest

from executors import Limits, Reported, SandboxUnavailable, open_tools
from executors.attempts import ATTEMPTS
from executors.bubblewrap import find_bubblewrap
from executors.confinement import View
from executors.local import LocalExecutor
from executors.selftest import check_confinement, escapes, program_facts


@pytest.fixture
def program(tmp_path: Path) -> Path:
    found = find_bubblewrap(tmp_path)
    if found is None:
        pytest.skip("bubblewrap is missing")
    return found


def confined(program: Path, view: View, limits: Limits, command: list[str]) -> Reported:
    return LocalExecutor(program, view, limits, "").run_reporting(command)


def unconfined(view: View, limits: Limits, command: list[str]) -> Reported:
    with open_tools(view.work_dir, limits=limits, name="unconfined") as executor:
        return executor.run_reporting(command)


def test_nothing_comes_through(program: Path) -> None:
    assert escapes(lambda *run: confined(program, *run)) == []


def test_attempts_come_through_where_nothing_confines() -> None:
    came_through = escapes(unconfined)
    assert {"reads a file outside", "connects to the host", "sees other processes"} <= set(came_through)
    assert len(came_through) > len(ATTEMPTS) / 2


def test_what_does_not_confine_is_refused_and_not_remembered(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEVTEAM_CACHE_DIR", str(tmp_path))
    for _ in range(2):
        with pytest.raises(SandboxUnavailable, match="reads a file outside"):
            check_confinement("bubblewrap", program_facts(program), unconfined)


def test_verdict_is_remembered(program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEVTEAM_CACHE_DIR", str(tmp_path))
    runs = []

    def counted(view: View, limits: Limits, command: list[str]) -> Reported:
        runs.append(command)
        return confined(program, view, limits, command)

    check_confinement("bubblewrap", program_facts(program), counted)
    check_confinement("bubblewrap", program_facts(program), counted)
    assert len(runs) == 1


def test_what_does_not_run_is_refused() -> None:
    with pytest.raises(SandboxUnavailable, match="did not run"):
        escapes(lambda view, limits, command: unconfined(view, limits, ["false"]))
