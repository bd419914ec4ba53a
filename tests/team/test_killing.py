"""`kill -9` at every event of a session in turn, then `resume`: the same outcome, and no call repeated."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
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


def killed_after(events: int, server: OpenAIServer, work_dir: Path) -> Path:
    """The folder of a session whose process was killed as soon as it had written so many events."""
    child = os.fork()
    if child == 0:
        run_session(TaskSpec(requirements=TASK), config_for(server, work_dir), observers=[Killer(events)])
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    (folder,) = work_dir.iterdir()
    return folder


def shape(result: GenerationResult) -> tuple[Reason, int, Counter[str], str]:
    types = Counter(event.type for event in Transcript.open(result.path).events())
    return result.reason, result.iterations, types, Path(result.work_dir, "slug.py").read_text()


def test_a_session_survives_a_kill_at_each_of_its_events(server: OpenAIServer, tmp_path: Path) -> None:
    whole = run_session(TaskSpec(requirements=TASK), config_for(server, tmp_path / "whole"))
    wanted, calls = shape(whole), whole.usage.calls
    assert (wanted[0], wanted[1], calls) == (Reason.ACCEPTED, 2, 5)
    for events in range(1, wanted[2].total()):
        asked = len(server.requests)
        folder = killed_after(events, server, tmp_path / f"killed-{events}")
        written = [event.type for event in Transcript.open(folder).events()]
        assert len(written) == events
        resumed = resume_session(
            folder, config=recorded_config(folder, api_key=server.key, executor="unconfined")
        )
        assert shape(resumed) == wanted, f"after {events} events"
        # The call that was answered but not yet written down when the process died cannot occur here:
        # a kill comes only after an event, so every call is on record and asked for exactly once.
        assert len(server.requests) - asked == calls, f"after {events} events"
        assert verify_session(Transcript.open(folder)).problems == (), f"after {events} events"
