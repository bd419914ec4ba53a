"""Sessions that were killed go on; sessions that ended run again."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.openai_server import OpenAIServer, Recorded
from support.tapes import APPROVE, QUICK, RIGHT, TASK, TESTS, WRONG, write_tape

from team.config import CodeGenerationConfig
from team.errors import ConfigError, SpecError
from team.replaying import recorded_config, replay_session, resume_session
from team.result import GenerationResult, Reason
from team.session import run_session
from team.specs import TaskSpec
from team.transcript import Transcript

FAULT = '{"fault": "code", "reason": "the requirements say dashes"}'
SCRIPT = {
    "architect": ["One module, slug.py.", APPROVE],
    "test engineer": [TESTS],
    "developer": [WRONG, RIGHT],
    "code reviewer": [FAULT, APPROVE],
}
CALLS = 7
ROLES = {"test engineer": "test_engineer", "code reviewer": "code_reviewer"}


def tape_of_the_script(path: Path) -> Path:
    return write_tape(
        path, *((ROLES.get(role, role), text) for role, texts in SCRIPT.items() for text in texts)
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> GenerationResult:
    """One accepted session for all tests here, which work on copies."""
    folder = tmp_path_factory.mktemp("finished")
    tape = tape_of_the_script(folder / "tape.jsonl")
    config = CodeGenerationConfig(model=f"tape:{tape}", work_dir=folder / "workspace", gates=QUICK)
    return run_session(TaskSpec(requirements=TASK), config)


@pytest.fixture
def session(finished: GenerationResult, tmp_path: Path) -> Path:
    """The folder of a copy of the accepted session."""
    folder = tmp_path / "workspace" / finished.session
    shutil.copytree(finished.path, folder)
    return folder


def cut_after(result: GenerationResult, line: int, folder: Path) -> Path:
    """A copy of a session as a kill would have left it after so many lines, with a torn next one."""
    shutil.copytree(result.path, folder)
    lines = (folder / "transcript.jsonl").read_bytes().splitlines(keepends=True)
    torn = lines[line][: len(lines[line]) // 2] if line < len(lines) else b""
    (folder / "transcript.jsonl").write_bytes(b"".join(lines[:line]) + torn)
    return folder


def test_resume_after_a_cut_at_any_event_comes_to_the_same_end(
    finished: GenerationResult, tmp_path: Path
) -> None:
    assert (finished.reason, finished.iterations) == (Reason.ACCEPTED, 2)
    wanted = [event.type for event in Transcript.open(finished.path).events()]
    for line in (1, 7, 14, len(wanted) - 2):
        folder = cut_after(finished, line, tmp_path / f"cut-{line}")
        resumed = resume_session(folder)
        assert (resumed.reason, resumed.iterations) == (Reason.ACCEPTED, 2)
        assert sorted(event.type for event in Transcript.open(folder).events()) == sorted(wanted)
        assert (folder / "files" / "slug.py").read_text() == Path(finished.work_dir, "slug.py").read_text()


def test_resume_of_an_accepted_session_changes_nothing(session: Path) -> None:
    before = (session / "transcript.jsonl").read_bytes()
    assert resume_session(session).reason is Reason.ACCEPTED
    assert (session / "transcript.jsonl").read_bytes() == before


def test_a_session_out_of_calls_goes_on_with_more(tmp_path: Path) -> None:
    tape = tape_of_the_script(tmp_path / "tape.jsonl")
    config = CodeGenerationConfig(
        model=f"tape:{tape}", work_dir=tmp_path / "workspace", gates=QUICK, max_calls=3
    )
    stopped = run_session(TaskSpec(requirements=TASK), config)
    assert stopped.reason is Reason.BUDGET_CALLS
    folder = Path(stopped.path)
    resumed = resume_session(folder, config=recorded_config(folder, max_calls=CALLS))
    assert (resumed.reason, resumed.usage.calls) == (Reason.ACCEPTED, CALLS)


def test_changed_prompts_are_not_mixed_into_a_recorded_session(
    finished: GenerationResult, tmp_path: Path
) -> None:
    folder = cut_after(finished, 3, tmp_path / "cut")
    resumed = resume_session(folder, config=recorded_config(folder, temperature=0.9))
    assert (resumed.reason, resumed.status) == (Reason.TAPE_MISMATCH, "failed")


@pytest.mark.parametrize(
    ("recorded", "said"),
    [
        ({"executor": "unconfined"}, "unconfined"),
        ({"base_url": "https://elsewhere.invalid/v1"}, "elsewhere.invalid"),
    ],
)
def test_a_folder_of_somebody_else_cannot_weaken_what_is_in_force(
    session: Path, recorded: dict[str, str], said: str
) -> None:
    summary = json.loads((session / "session.json").read_text())
    summary["config"] |= recorded
    (session / "session.json").write_text(json.dumps(summary))
    with pytest.raises(ConfigError, match=said):
        resume_session(session)
    assert recorded_config(session, **recorded)


def test_replay_of_a_finished_session_finds_no_divergence(session: Path, tmp_path: Path) -> None:
    report = replay_session(session, config=recorded_config(session, work_dir=tmp_path / "again"))
    assert report.divergences == ()
    assert report.result.reason is Reason.ACCEPTED


def test_replay_takes_no_answer_of_another_session_and_says_what_was_lost(
    session: Path, tmp_path: Path
) -> None:
    log = session / "transcript.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    others = [line.replace(session.name.encode(), b"other") for line in lines if b"model_call" in line]
    log.write_bytes(b"".join([*lines[:3], *others, *lines[3:], b"\x00garbage\n"]))
    report = replay_session(session, config=recorded_config(session, work_dir=tmp_path / "again"))
    assert (report.divergences, report.result.reason) == ((), Reason.ACCEPTED)
    assert len(report.damage) == len(others) + 1
    assert report.damage[0] == "line 4: belongs to another session, 'other'"


def test_resume_of_a_garbled_log_does_again_what_was_lost(finished: GenerationResult, tmp_path: Path) -> None:
    folder = cut_after(finished, 16, tmp_path / "garbled")
    log = folder / "transcript.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if b'"type":"gate"' in line)
    stranger = lines[3].replace(finished.session.encode(), b"other")
    garbled = [*lines[:at], b"\x00\xff garbage\n", lines[at][:60] + b"\n", stranger, *lines[at + 1 :]]
    log.write_bytes(b"".join(garbled))
    resumed = resume_session(folder)
    assert (resumed.reason, resumed.iterations, resumed.usage.calls) == (Reason.ACCEPTED, 2, CALLS)
    assert (folder / "files" / "slug.py").read_text() == Path(finished.work_dir, "slug.py").read_text()
    assert len(Transcript.open(folder).damage) >= 3


def test_a_session_that_lost_its_beginning_is_refused_in_one_line(session: Path) -> None:
    (session / "session.json").unlink()
    log = session / "transcript.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[1:]))
    for again in (resume_session, replay_session):
        with pytest.raises(SpecError, match="lost its beginning — nothing can go on from it"):
            again(session)


def test_replay_names_what_came_out_differently(session: Path, tmp_path: Path) -> None:
    log = session / "transcript.jsonl"
    log.write_text(log.read_text().replace("lower().split())", "upper().split())"))
    report = replay_session(session, config=recorded_config(session, work_dir=tmp_path / "again"))
    assert report.divergences
    assert report.result.reason is not Reason.ACCEPTED


def by_what_is_asked(request: Recorded) -> str:
    """The script's answers, whatever was asked before: a killed session may have asked once in vain."""
    if "test engineer" in request.system[:40]:
        return TESTS
    if "developer" in request.system[:40]:
        return RIGHT if "What the checks found" in request.user else WRONG
    if "Whose fault" in request.user:
        return FAULT
    return "One module, slug.py." if "Make the plan" in request.user else APPROVE


RUNNER = """
import sys
from pathlib import Path
from team.config import CodeGenerationConfig
from team.session import run_session
from team.specs import TaskSpec
url, key, work_dir, task = sys.argv[1:]
gates = ("syntax", "lint", "types", "security", "tests", "coverage")
config = CodeGenerationConfig(model="m", base_url=url, api_key=key, work_dir=Path(work_dir), gates=gates)
run_session(TaskSpec(requirements=task), config)
"""


def started(server: OpenAIServer, work_dir: Path) -> subprocess.Popen[bytes]:
    """A session in a process of its own."""
    command: Sequence[str] = [sys.executable, "-c", RUNNER, server.url, str(server.key), str(work_dir), TASK]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def log_of(work_dir: Path) -> Path | None:
    return next(iter(work_dir.glob("*/transcript.jsonl")), None)


def wait_for(work_dir: Path, event_type: str, count: int, process: subprocess.Popen[bytes]) -> Path:
    """The session's folder, once so many events of a type are on record."""
    needle = f'"type":"{event_type}"'.encode()
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        log = log_of(work_dir)
        if log is not None and log.read_bytes().count(needle) >= count:
            return log.parent
        time.sleep(0.01)
    output = process.communicate()[0].decode() if process.poll() is not None else "still running"
    pytest.fail(f"no {count} {event_type} in time: {output}")


@pytest.mark.parametrize(("event_type", "count"), [("model_call", 2), ("snapshot", 1), ("gate", 3)])
def test_kill_9_and_resume_pays_for_no_recorded_call_again(
    tmp_path: Path, event_type: str, count: int
) -> None:
    with OpenAIServer(by_what_is_asked) as server:
        process = started(server, tmp_path)
        folder = wait_for(tmp_path, event_type, count, process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        config = recorded_config(folder, api_key=server.key)
        result = resume_session(folder, config=config)
        assert (result.reason, result.iterations) == (Reason.ACCEPTED, 2)
        assert len(server.requests) <= CALLS + 1  # one may have been under way
        assert result.usage.calls == CALLS
        assert server.key not in (folder / "transcript.jsonl").read_text()
        assert server.key not in json.dumps(json.loads((folder / "session.json").read_text()))
