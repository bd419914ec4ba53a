"""Sessions against a loopback server that speaks the OpenAI protocol."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.openai_server import OpenAIServer, Reply
from support.tapes import APPROVE, QUICK, RIGHT, TASK, TESTS, WRONG, file_block

from team import CodeGenerationConfig, CodeGenerationTeam, GenerationResult
from team.models.budget import Budget
from team.result import Reason
from team.session import run_session
from team.specs import TaskSpec

SCRIPT = {
    "architect": ["One module, slug.py.", APPROVE],
    "test engineer": [TESTS],
    "developer": [WRONG, RIGHT],
    "code reviewer": ['{"fault": "code", "reason": "dashes are asked for"}', APPROVE],
}


def team_for(server: OpenAIServer, tmp_path: Path, **settings: Any) -> CodeGenerationTeam:
    told = {"model": "m", "base_url": server.url, "api_key": server.key, "work_dir": tmp_path / "ws"}
    told |= {"gates": QUICK}
    return CodeGenerationTeam(CodeGenerationConfig(**{**told, **settings}))


def generate(server: OpenAIServer, tmp_path: Path, **settings: Any) -> GenerationResult:
    return team_for(server, tmp_path, **settings).generate_code(TASK)


def test_wrong_first_right_second_with_the_servers_own_token_counts(tmp_path: Path) -> None:
    with OpenAIServer(SCRIPT) as server:
        result = generate(server, tmp_path)
        assert (result.reason, result.iterations) == (Reason.ACCEPTED, 2)
        assert result.usage.prompt_tokens == server.prompt_tokens
        assert result.usage.completion_tokens == server.completion_tokens
        assert result.usage.calls == len(server.requests)
        assert result.usage.cost_usd is None


def test_a_known_price_gives_a_cost(tmp_path: Path) -> None:
    with OpenAIServer(SCRIPT) as server:
        result = generate(server, tmp_path, price=(1.0, 2.0))
        spent = (server.prompt_tokens * 1.0 + server.completion_tokens * 2.0) / 1_000_000
        assert result.usage.cost_usd == pytest.approx(spent, abs=1e-8)


def test_every_request_is_one_system_and_one_user_message(tmp_path: Path) -> None:
    with OpenAIServer(SCRIPT) as server:
        generate(server, tmp_path)
        roles = {tuple(m["role"] for m in request.body["messages"]) for request in server.requests}
        assert roles == {("system", "user")}


def test_the_key_is_nowhere_on_disk_and_not_in_the_sandbox(tmp_path: Path, monkeypatch: Any) -> None:
    peek = file_block(
        "peek.py",
        '''
"""Show what there is to see."""

import os


def seen() -> str:
    """All that the environment holds."""
    return " ".join([*os.environ, *os.environ.values()])
''',
    )
    command = "```python\nimport os\nprint(sorted(os.environ.items()))\n```\n"
    with OpenAIServer([peek + command]) as server:
        monkeypatch.setenv("OPENAI_API_KEY", str(server.key))
        result = team_for(server, tmp_path, include_tests=False, include_review=False).generate_code(TASK)
        assert result.reason is Reason.ACCEPTED
        written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        assert b"PATH" in Path(result.path, "transcript.jsonl").read_bytes()
        assert not any(str(server.key).encode() in content for content in written)
        assert not any(b"OPENAI_API_KEY" in content for content in written)


def test_a_refused_key_fails_the_session(tmp_path: Path) -> None:
    with OpenAIServer(SCRIPT) as server:
        result = generate(server, tmp_path, api_key="sk-this-is-the-wrong-key")
        assert (result.reason, result.status) == (Reason.MODEL_REFUSED_KEY, "failed")
        assert "sk-this-is-the-wrong-key" not in result.message


def test_an_unreachable_endpoint_fails_the_session(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    config = CodeGenerationConfig(model="m", base_url=url, api_key="k" * 12, work_dir=tmp_path)
    result = CodeGenerationTeam(config).generate_code(TASK)
    assert (result.reason, result.status) == (Reason.MODEL_UNREACHABLE, "failed")
    assert "127.0.0.1" in result.message


def test_too_long_a_view_is_narrowed(tmp_path: Path) -> None:
    too_long = Reply("maximum context length is 10 tokens", status=400)
    with OpenAIServer([UNTYPED_FIRST, too_long, RIGHT]) as server:
        alone = {"include_tests": False, "include_review": False}
        result = generate(server, tmp_path, **alone)
        assert (result.reason, result.iterations) == (Reason.ACCEPTED, 2)
        wide, narrow = (request.user for request in server.requests[1:])
        assert len(narrow) < len(wide)


UNTYPED_FIRST = RIGHT.replace("title: str) -> str", "title)") + file_block(
    "other.py", '"""Nothing to see."""'
)


def test_the_async_twin_leaves_the_loop_free(tmp_path: Path) -> None:
    async def both(team: CodeGenerationTeam) -> tuple[GenerationResult, int]:
        ticks = 0
        work = asyncio.create_task(team.a_generate_code(TASK))
        while not work.done():
            await asyncio.sleep(0.01)
            ticks += 1
        return work.result(), ticks

    with OpenAIServer(SCRIPT) as server:
        result, ticks = asyncio.run(both(team_for(server, tmp_path)))
        assert result.reason is Reason.ACCEPTED
        assert ticks > 10


def test_a_circle_escalates_to_another_model_which_is_told_what_was_tried(tmp_path: Path) -> None:
    wrong = [WRONG.replace('"_"', f'"{mark}"') for mark in "+~:"]
    script = {"m": wrong, "better": [RIGHT]}
    alone = {"include_tests": True, "include_review": False, "escalation_model": "better"}
    script["m"].insert(0, TESTS)
    with OpenAIServer(script) as server:
        result = generate(server, tmp_path, **alone)
        assert (result.reason, result.iterations) == (Reason.ACCEPTED, 4)
        asked = [(request.body["model"], "What was tried" in request.user) for request in server.requests]
    assert asked == [("m", False), ("m", False), ("m", False), ("m", True), ("better", True)]
    assert "Another model goes on from here: better." in str(result.chat_history)


def test_sessions_in_parallel_share_one_budget_and_hold_it_to_the_cent(tmp_path: Path) -> None:
    """Each would spend more than the rest: some end accepted, some without money, none beyond it."""
    price = (50.0, 400.0)
    budget = Budget(max_cost=0.12)
    with OpenAIServer(lambda request: RIGHT) as server:
        alone = {"include_tests": False, "include_review": False, "gates": ("syntax",), "price": price}
        told = {"model": "m", "base_url": server.url, "api_key": server.key, "work_dir": tmp_path / "ws"}
        config = CodeGenerationConfig(**{**told, **alone})

        def work(number: int) -> GenerationResult:
            task = TaskSpec(requirements=f"{TASK} ({number})")
            return run_session(task, config, budget=budget)

        with ThreadPoolExecutor(3) as threads:
            results = list(threads.map(work, range(6)))
        billed = (server.prompt_tokens * price[0] + server.completion_tokens * price[1]) / 1e6
    assert {result.reason for result in results} == {Reason.ACCEPTED, Reason.BUDGET_COST}, billed
    assert billed <= 0.12
    assert sum(result.usage.cost_usd or 0.0 for result in results) == pytest.approx(billed)
