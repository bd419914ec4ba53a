"""A fork begins with another session's events, pays for none of its calls, and goes on by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.openai_server import OpenAIServer, Recorded
from support.tapes import APPROVE, RIGHT, TASK, TESTS, WRONG

from team.config import CodeGenerationConfig
from team.errors import ConfigError, UsageError
from team.forking import fork_session, make_branch
from team.replaying import recorded_config, replay_session, resume_session
from team.result import GenerationResult, Reason
from team.session import run_session
from team.specs import TaskSpec
from team.transcript import Transcript
from team.transcript.events import Message
from team.transcript.verify import verify_session

WORDS = "Words are joined by dashes, not by underscores."
GATES = ("syntax", "tests")


def by_what_is_asked(request: Recorded) -> str:
    if "test engineer" in request.system[:40]:
        return TESTS
    if "developer" in request.system[:40]:
        return RIGHT if "What the checks found" in request.user or WORDS in request.user else WRONG
    if "Whose fault" in request.user:
        return '{"fault": "code", "reason": "dashes are asked for"}'
    return "One module, slug.py." if "Make the plan" in request.user else APPROVE


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(by_what_is_asked) as running:
        yield running


@pytest.fixture(scope="module")
def finished(server: OpenAIServer, tmp_path_factory: pytest.TempPathFactory) -> GenerationResult:
    """An accepted session in two iterations, for all tests here: they only read it."""
    config = CodeGenerationConfig(
        model="m",
        base_url=server.url,
        api_key=server.key,
        work_dir=tmp_path_factory.mktemp("finished") / "workspace",
        gates=GATES,
    )
    return run_session(TaskSpec(requirements=TASK), config)


def number_of(result: GenerationResult, type: str, agent: str) -> int:
    return next(event.seq for event in Transcript.open(result.path).events(type) if event.agent == agent)


def settings(
    result: GenerationResult, server: OpenAIServer, work_dir: Path, **more: object
) -> CodeGenerationConfig:
    return recorded_config(Path(result.path), api_key=server.key, work_dir=work_dir, **more)


def test_a_word_at_the_plan_changes_what_comes_after_it(
    finished: GenerationResult, server: OpenAIServer, tmp_path: Path
) -> None:
    before = Path(finished.path, "transcript.jsonl").read_bytes()
    plan = number_of(finished, "message", "architect")
    asked = len(server.requests)
    config = settings(finished, server, tmp_path, model="other")
    forked = fork_session(Path(finished.path), plan, message=WORDS, config=config)

    assert (forked.reason, forked.iterations) == (Reason.ACCEPTED, 1)
    later = server.requests[asked:]
    assert not any("Make the plan" in request.user for request in later), "the plan was paid for already"
    assert all(WORDS in request.user for request in later)
    assert {request.body["model"] for request in later} == {"other"}
    log = Transcript.open(forked.path)
    assert log.started is not None and log.started.origin is not None
    assert (log.started.origin.session, log.started.origin.seq) == (finished.session, plan)
    assert [
        event.content
        for event in log.events("message")
        if isinstance(event, Message) and event.agent == "human"
    ] == [WORDS]
    assert Path(finished.path, "transcript.jsonl").read_bytes() == before
    assert verify_session(log).problems == ()

    asked = len(server.requests)
    resumed = resume_session(Path(forked.path), config=config)
    assert (resumed.reason, len(server.requests)) == (Reason.ACCEPTED, asked)
    again = replay_session(Path(forked.path), config=settings(finished, server, tmp_path / "again"))
    assert again.divergences == ()


def test_a_fork_in_the_middle_of_an_iteration_begins_with_its_tree(
    finished: GenerationResult, server: OpenAIServer, tmp_path: Path
) -> None:
    asked = len(server.requests)
    at = number_of(finished, "gate", "executor")
    forked = fork_session(Path(finished.path), at, config=settings(finished, server, tmp_path))
    assert (forked.reason, forked.iterations) == (Reason.ACCEPTED, 2)
    assert not any("Make the plan" in request.user for request in server.requests[asked:])
    original = {event.commit for event in Transcript.open(finished.path).snapshots()}
    assert Transcript.open(forked.path).snapshots()[0].commit in original


def test_numbers_that_cannot_be_forked_at_are_refused(finished: GenerationResult) -> None:
    folder = Path(finished.path)
    last = Transcript.open(folder).outline.rows[-1].seq
    with pytest.raises(UsageError, match=f"no event #{last + 1} — its events are #0 to #{last}"):
        fork_session(folder, last + 1)
    with pytest.raises(UsageError, match=f"event #{last} is the end"):
        fork_session(folder, last)


def test_a_folder_of_somebody_else_cannot_weaken_a_fork(finished: GenerationResult, tmp_path: Path) -> None:
    branch = make_branch(
        Transcript.open(finished.path),
        3,
        "",
        recorded_config(Path(finished.path), executor="unconfined", work_dir=tmp_path),
    )
    with pytest.raises(ConfigError, match="unconfined"):
        fork_session(branch, 2)
