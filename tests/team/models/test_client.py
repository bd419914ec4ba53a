"""The seam to AutoGen, with its own agents; the same on 0.9 and 0.14.1."""

from __future__ import annotations

import warnings

import pytest

from team.errors import ModelUnreachable
from team.models.base import Answer
from team.models.client import client_class, llm_config

autogen = pytest.importorskip("autogen", reason="AutoGen is not installed")


def agent(ask, role: str = "developer"):
    made = autogen.AssistantAgent(role, system_message="You write.", llm_config=llm_config(role, "m1"))
    made.register_model_client(model_client_cls=client_class(ask, role))
    return made


def test_an_agent_answers_from_the_session():
    asked = []

    def ask(role, messages):
        asked.append((role, messages))
        return Answer(content="done", model="m1", prompt_tokens=5, completion_tokens=2, cost_usd=0.5)

    made = agent(ask)
    assert made.generate_reply([{"role": "user", "content": "go"}]) == "done"
    role, messages = asked[0]
    assert role == "developer"
    assert [(m["role"], m["content"]) for m in messages] == [("system", "You write."), ("user", "go")]
    assert made.get_actual_usage()["m1"] == {
        "cost": 0.5,
        "prompt_tokens": 5,
        "completion_tokens": 2,
        "total_tokens": 7,
    }


def test_an_error_leaves_the_chat_as_it_is():
    def ask(role, messages):
        raise ModelUnreachable("gone")

    with pytest.raises(ModelUnreachable, match="gone"):
        agent(ask).generate_reply([{"role": "user", "content": "go"}])


def test_an_unknown_cost_does_not_stop_autogen():
    made = agent(lambda role, messages: Answer(content="done", model="m1"))
    assert made.generate_reply([{"role": "user", "content": "go"}]) == "done"


def test_nothing_is_printed_or_warned(capsys, caplog):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", module="autogen|pydantic")
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        made = agent(lambda role, messages: Answer(content="done", model="m1"))
        made.generate_reply([{"role": "user", "content": "go"}])
    assert capsys.readouterr().out == ""
    assert [record for record in caplog.records if record.levelname == "WARNING"] == []


def test_speaker_selection_asks_as_the_manager():
    asked = []

    def ask(role, messages):
        asked.append(role)
        return Answer(content="developer" if role == "chat_manager" else "done", model="m1")

    members = [agent(ask, role) for role in ("architect", "developer")]
    chat = autogen.GroupChat(
        agents=members,
        messages=[],
        max_round=2,
        speaker_selection_method="auto",
        select_speaker_auto_llm_config=llm_config("chat_manager", "m1"),
        select_speaker_auto_model_client_cls=client_class(ask, "chat_manager"),
    )
    manager = autogen.GroupChatManager(groupchat=chat, llm_config=False)
    members[0].initiate_chat(manager, message="go", silent=True)
    assert asked == ["chat_manager", "developer"]


def test_each_agent_gets_a_configuration_of_its_own():
    first, second = llm_config("developer", ""), llm_config("developer", "")
    first.pop("config_list")
    assert second["config_list"] == [{"model": "developer", "model_client_cls": "DevTeamClient"}]
