"""The facade: what a script written against the contract sees."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.openai_server import OpenAIServer
from support.tapes import APPROVE, QUICK, RIGHT, TASK, TESTS, write_tape

from team import CodeGenerationConfig, CodeGenerationTeam
from team.errors import ConfigError
from team.transcript import Transcript

HAPPY = (
    ("architect", "One module, slug.py."),
    ("test_engineer", TESTS),
    ("developer", RIGHT),
    ("code_reviewer", APPROVE),
    ("architect", APPROVE),
)


def a_team(tmp_path: Path, *answers: tuple[str, str]) -> CodeGenerationTeam:
    tape = write_tape(tmp_path / "tape.jsonl", *answers)
    config = CodeGenerationConfig(model=f"tape:{tape}", work_dir=tmp_path / "workspace", gates=QUICK)
    return CodeGenerationTeam(config)


def test_the_contract_as_printed(tmp_path: Path) -> None:
    team = a_team(tmp_path, *HAPPY)
    result = team.generate_code(TASK, include_tests=True, include_review=True)
    assert result.accepted
    assert result.status == result["status"] == "accepted"
    assert result["files"] == result.files
    assert result["chat_history"] == result.chat_history
    assert all(Path(file).is_absolute() and Path(file).is_file() for file in result.files)
    assert result.gates["tests"].status == result["gates"]["tests"]["status"] == "pass"
    assert result.gates["tests"].findings == ()
    assert result.usage.by_role["developer"].calls == 1
    assert result.usage.cost_usd is None
    assert sorted(team.agents) == ["architect", "code_reviewer", "developer", "executor", "test_engineer"]
    with pytest.raises(KeyError):
        result["nonsense"]
    log = Transcript.open(result.session, work_dir=tmp_path / "workspace")
    assert len(list(log.answers("architect"))) == 2
    assert "def slug" in log.diff(1)


def test_agents_are_autogens_own_and_named_by_role(tmp_path: Path) -> None:
    from autogen import AssistantAgent, UserProxyAgent

    team = a_team(tmp_path, *HAPPY)
    for name, agent in team.agents.items():
        assert agent.name == name
        assert isinstance(agent, UserProxyAgent if name == "executor" else AssistantAgent)


@pytest.mark.parametrize("specialty", ["general", "python", "frontend", "backend", "data"])
def test_a_developers_specialty_is_told_to_it(tmp_path: Path, specialty: str) -> None:
    general = a_team(tmp_path, *HAPPY).create_developer().system_message
    told = a_team(tmp_path, *HAPPY).create_developer(specialty).system_message  # type: ignore[arg-type]
    assert (told == general) is (specialty == "general")


def test_agents_can_be_made_without_a_model_to_ask(tmp_path: Path) -> None:
    team = CodeGenerationTeam(CodeGenerationConfig(work_dir=tmp_path))
    assert team.create_architect().name == "architect"
    assert team.create_test_engineer().name == "test_engineer"
    assert team.create_code_reviewer().name == "code_reviewer"


def test_without_a_model_free_form_work_is_refused_with_the_way_out(tmp_path: Path) -> None:
    team = CodeGenerationTeam(CodeGenerationConfig(work_dir=tmp_path / "workspace"))
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        team.generate_code(TASK)
    assert not (tmp_path / "workspace").exists()


def test_a_chat_of_ones_own_between_developer_and_executor(tmp_path: Path) -> None:
    answer = RIGHT + "\n```python\nfrom slug import slug\nprint(slug('Two Words'))\n```\n"
    with OpenAIServer([answer, "Done. TERMINATE"]) as server:
        config = CodeGenerationConfig(
            model="m", base_url=server.url, api_key=server.key, work_dir=tmp_path / "workspace"
        )
        team = CodeGenerationTeam(config)
        executor, developer = team.create_executor(), team.create_developer()
        chat = executor.initiate_chat(developer, message=TASK, max_turns=2, silent=True)
    said = [message["content"] for message in chat.chat_history]
    assert "exitcode: 0" in said[2]
    assert "two-words" in said[2]
    assert "exitcode: 0" in server.requests[1].user


def test_a_whole_team_for_a_chat_of_ones_own(tmp_path: Path) -> None:
    chat, manager = a_team(tmp_path, *HAPPY).create_development_team()
    chat.agent_by_name("executor").initiate_chat(manager, message=TASK, silent=True)
    (session,) = (tmp_path / "workspace").iterdir()
    assert Transcript.open(session).summary["reason"] == "accepted"
    assert (session / "files" / "slug.py").is_file()
