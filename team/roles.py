"""Roles as AutoGen agents. This is one of the few modules that import `autogen`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from autogen import Agent, AssistantAgent, ConversableAgent, GroupChat, GroupChatManager, UserProxyAgent

import prompts
from team.late import LateExecutor
from team.models.base import Answer
from team.models.client import client_class, llm_config
from team.steps import AUTHORS

# It announces on stdout, twice for each agent, that a client of ours is about to be registered.
logging.getLogger("autogen.oai.client").setLevel(logging.WARNING)

ROLES = ("architect", *AUTHORS, "executor", "code_reviewer")
"""The five roles, in the order in which ``round_robin`` lets them speak."""

DISTANT_BACKSTOP = 10_000
"""AutoGen's own round and reply limits; the workflow ends a chat long before."""

Ask = Callable[[str, list[dict[str, str]]], Answer]
Reply = Callable[[list[dict[str, Any]]], str]
Look = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]

_DESCRIPTIONS = {
    "architect": "Plans the work, replans it when the team is stuck, and signs it off.",
    "test_engineer": "Writes and mends the tests.",
    "developer": "Writes and mends the code.",
    "code_reviewer": "Reviews finished code and says whose fault a failing test is.",
    "executor": "Lays down the files and runs the checks.",
    "human": "Has the last word where it was asked for.",
}


def system_message(role: str, *, language: str, specialty: str, folder: Path | None) -> str:
    """What a role is told about itself, from ``prompts/roles``."""
    return prompts.render(f"roles/{role}.md.j2", folder, language=language, specialty=specialty).strip()


def assistant(role: str, told: str, ask: Ask, model: str) -> AssistantAgent:
    """An `AssistantAgent` whose answers come from `ask`."""
    agent = AssistantAgent(
        name=role,
        system_message=told,
        description=_DESCRIPTIONS[role],
        llm_config=llm_config(role, model),
        human_input_mode="NEVER",
        is_termination_msg=_never,
        max_consecutive_auto_reply=DISTANT_BACKSTOP,
    )
    agent.register_model_client(model_client_cls=client_class(ask, role))
    return agent


def shown(agent: AssistantAgent, look: Look) -> None:
    """Let `look` decide what the agent is shown instead of the whole chat."""
    agent.register_hook("process_all_messages_before_reply", look)


def executor(reply: Reply, code_executor: LateExecutor) -> UserProxyAgent:
    """The `UserProxyAgent` that runs code: its turn is `reply`, over the CodeExecutor.

    AutoGen's own automatic execution is not used: it would run old blocks again, and a
    reviewer's quoted snippet.
    """
    return _proxy("executor", reply, {"executor": code_executor})


def human(reply: Reply) -> UserProxyAgent:
    """The agent behind which a person approves; `reply` asks them."""
    return _proxy("human", reply, False)


def group(
    agents: Sequence[ConversableAgent],
    select: Callable[[Agent, GroupChat], Agent | None] | str,
    over: Callable[[dict[str, Any]], bool],
    ask: Ask,
    model: str,
) -> tuple[GroupChat, GroupChatManager]:
    """The chat and its manager.

    Args:
        agents: everyone who takes part.
        select: the workflow's selector, or ``auto`` or ``round_robin`` for AutoGen's own.
        over: whether the chat ends with a message; only AutoGen's own selection needs it.
        ask: where the answers of ``auto`` selection come from.
        model: the name that AutoGen's configuration carries.
    """
    own: dict[str, Any] = {}
    if select == "auto":
        own = {
            "select_speaker_auto_llm_config": llm_config("chat_manager", model),
            "select_speaker_auto_model_client_cls": client_class(ask, "chat_manager"),
        }
    chat = GroupChat(
        agents=list(agents),
        messages=[],
        max_round=DISTANT_BACKSTOP,
        speaker_selection_method=select,
        **own,
    )
    manager = GroupChatManager(
        groupchat=chat,
        name="chat_manager",
        llm_config=False,
        human_input_mode="NEVER",
        is_termination_msg=over,
        max_consecutive_auto_reply=DISTANT_BACKSTOP,
    )
    return chat, manager


def _proxy(name: str, reply: Reply, code_execution: dict[str, Any] | bool) -> UserProxyAgent:
    agent = UserProxyAgent(
        name=name,
        description=_DESCRIPTIONS[name],
        human_input_mode="NEVER",
        code_execution_config=code_execution,
        is_termination_msg=_never,
        default_auto_reply=None,
        max_consecutive_auto_reply=DISTANT_BACKSTOP,
    )

    def turn(
        recipient: ConversableAgent,
        messages: list[dict[str, Any]] | None = None,
        sender: Agent | None = None,
        config: Any = None,
    ) -> tuple[bool, str]:
        return True, reply(messages or recipient.chat_messages.get(sender, []))

    async def a_turn(
        recipient: ConversableAgent,
        messages: list[dict[str, Any]] | None = None,
        sender: Agent | None = None,
        config: Any = None,
    ) -> tuple[bool, str]:
        return await asyncio.to_thread(turn, recipient, messages, sender, config)

    # The async twin goes last (0.9 asks it first) and is named after the sync one (0.14.1 pairs them so).
    agent.register_reply([Agent, None], turn)
    agent.register_reply([Agent, None], a_turn, ignore_async_in_sync_chat=True)
    return agent


def _never(message: dict[str, Any]) -> bool:
    return False
