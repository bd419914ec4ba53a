"""The agents of one team, wired into a GroupChat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from autogen import Agent, ConversableAgent, GroupChat, GroupChatManager

from team import roles
from team.config import CodeGenerationConfig
from team.late import LateExecutor
from team.models.base import Answer

ChatMessages = list[dict[str, Any]]


class Score(Protocol):
    """What the crew plays from: the callables behind the agents."""

    def ask(self, role: str, messages: list[dict[str, str]]) -> Answer:
        """An assistant's answer."""
        ...

    def look(self, role: str, chat: ChatMessages) -> ChatMessages:
        """What an assistant is shown."""
        ...

    def execute(self, chat: ChatMessages) -> str:
        """The executor's turn."""
        ...

    def approve(self, chat: ChatMessages) -> str:
        """The human's turn."""
        ...

    def next_speaker(self, chat: ChatMessages) -> str | None:
        """The workflow's choice."""
        ...

    def is_over(self, chat: ChatMessages) -> bool:
        """Whether the chat has ended, under AutoGen's own selection."""
        ...


@dataclass(frozen=True)
class Crew:
    """The agents by role, their chat and its manager."""

    agents: dict[str, ConversableAgent]
    chat: GroupChat
    manager: GroupChatManager

    @property
    def opener(self) -> ConversableAgent:
        """Who brings the task into the chat: after them, ``round_robin`` begins at the top."""
        if self.chat.speaker_selection_method == "round_robin":
            return list(self.agents.values())[-1]
        return self.agents["executor"]


def roles_of(config: CodeGenerationConfig) -> tuple[str, ...]:
    """The roles that take part, in speaking order."""
    left_out = set() if config.include_tests else {"test_engineer"}
    left_out |= set() if config.include_review else {"architect", "code_reviewer"}
    return tuple(role for role in roles.ROLES if role not in left_out)


def assemble(config: CodeGenerationConfig, score: Score, code_executor: LateExecutor) -> Crew:
    """Make the agents that `config` asks for, play from `score`, and put them into one chat."""
    workflow = config.speaker_selection == "workflow"
    agents = _agents(config, score, lambda: chat.messages, code_executor)
    # Gates may find what only a person can decide: by the workflow, they have a place in every chat.
    everybody = {"human": _human(score, lambda: chat.messages)} | agents if workflow else agents

    def select(last: Agent, chat: GroupChat) -> Agent | None:
        role = score.next_speaker(chat.messages)
        return None if role is None else everybody[role]

    chat, manager = roles.group(
        list(everybody.values()),
        select if workflow else config.speaker_selection,
        (lambda message: False) if workflow else (lambda message: score.is_over(chat.messages)),
        score.ask,
        config.model or "draft",
    )
    return Crew(agents, chat, manager)


def _agents(
    config: CodeGenerationConfig, score: Score, chat: Callable[[], ChatMessages], code_executor: LateExecutor
) -> dict[str, ConversableAgent]:
    """The agents by role. What each sees of the chat is the chat's own list, the same for all."""
    agents: dict[str, ConversableAgent] = {}
    for role in roles_of(config):
        if role == "executor":
            agents[role] = roles.executor(lambda _: score.execute(chat()), code_executor)
            continue
        told = roles.system_message(
            role, language=config.language, specialty=config.specialty, folder=config.prompts
        )
        agent = roles.assistant(role, told, score.ask, config.role_models.get(role, config.model) or "draft")
        roles.shown(agent, _looking(score, role, chat))
        agents[role] = agent
    if config.approve == "ask" or config.waive:
        agents["human"] = _human(score, chat)
    return agents


def _human(score: Score, chat: Callable[[], ChatMessages]) -> ConversableAgent:
    return roles.human(lambda _: score.approve(chat()))


def _looking(score: Score, role: str, chat: Callable[[], ChatMessages]) -> roles.Look:
    return lambda _: score.look(role, chat())
