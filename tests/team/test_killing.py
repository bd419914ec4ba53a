"""`kill -9` at every event of a session in turn, then `resume`: the same outcome, and no call repeated."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.openai_server import OpenAIServer, Recorded
from support.tapes import APPROVE, RIGHT, TASK

from team.config import CodeGenerationConfig
from team.replaying import recorded_config, resume_session
from team.result import GenerationResult, Reason
from team.session import run_session
from team.specs import TaskSpec
from team.transcript import Transcript
from team.transcript.events import Event
from team.transcript.summary import SUMMARY_NAME
from team.transcript.verify import verify_session

BROKEN = RIGHT.replace("def slug(title: str) -> str:", "def slug(title: str) -> str")


def script(request: Recorded) -> str:
    if "developer" in request.system[:40]:
        return RIGHT if "What the checks found" in request.user else BROKEN
    return "One module, slug.py." if "Make the plan" in request.user else APPROVE


class Killer:
    """An observer that kills its own process, as the kernel would, after so many events."""

    def __init__(self, after: int) -> None:
        self._left = after

    def on_event(self, event: Event) -> None:
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)

    def on_status(self, text: str) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(script) as running:
        yield running


def config_for(server: OpenAIServer, work_dir: Path) -> CodeGenerationConfig:
    # One gate and no sandbox to start 40 times: what is tested is the log, and the code here is ours.
    return CodeGenerationConfig(
        model="m",
        base_url=server.url,
        api_key=server.key,
        work_dir=work_dir,
        include_tests=False,
        gates=("syntax",),
        executor="unconfined",
    )


def killed(work: Callable[[Killer], object], after: int = 1) -> None:
    """Do the work in a process of its own that is killed as soon as it has written so many events."""
    child = os.fork()
    if child == 0:
        work(Killer(after))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def shape(result: GenerationResult) -> tuple[Reason, int, Counter[str], str]:
    types = Counter(event.type for event in Transcript.open(result.path).events())
    return result.reason, result.iterations, types, Path(result.work_dir, "slug.py").read_text()


def test_a_session_killed_at_each_of_its_events_comes_to_the_same_end(
    server: OpenAIServer, tmp_path: Path
) -> None:
    """Each process writes one event and is killed; the next one resumes what it left."""
    whole = run_session(TaskSpec(requirements=TASK), config_for(server, tmp_path / "whole"))
    wanted, calls = shape(whole), whole.usage.calls
    assert (wanted[0], wanted[1], calls) == (Reason.ACCEPTED, 2, 5)

    asked = len(server.requests)
    config = config_for(server, tmp_path / "killed")
    killed(lambda killer: run_session(TaskSpec(requirements=TASK), config, observers=[killer]))
    (folder,) = config.work_dir.iterdir()
    for events in range(2, wanted[2].total() + 1):
        again = recorded_config(folder, api_key=server.key, executor="unconfined")
        killed(lambda killer, again=again: resume_session(folder, config=again, observers=[killer]))
        log = Transcript.open(folder)
        assert (len(log.outline.rows), log.damage) == (events, ())
        assert not [problem for problem in verify_session(log).problems if problem.where != SUMMARY_NAME]
    resumed = resume_session(folder, config=again)
    assert shape(resumed) == wanted
    # A kill comes after an event is on record, so no call was under way: each was asked for exactly once.
    assert len(server.requests) - asked == calls
    assert verify_session(Transcript.open(folder)).problems == ()


def test_a_kill_in_the_middle_is_made_good_by_one_resume(server: OpenAIServer, tmp_path: Path) -> None:
    asked = len(server.requests)
    config = config_for(server, tmp_path)
    killed(lambda killer: run_session(TaskSpec(requirements=TASK), config, observers=[killer]), after=7)
    (folder,) = tmp_path.iterdir()
    resumed = resume_session(
        folder, config=recorded_config(folder, api_key=server.key, executor="unconfined")
    )
    assert (resumed.reason, resumed.iterations) == (Reason.ACCEPTED, 2)
    assert len(server.requests) - asked == resumed.usage.calls == 5
