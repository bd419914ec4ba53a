"""The facade that people script against."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

from team.configured import Configured
from team.result import GenerationResult

if TYPE_CHECKING:
    from autogen import AssistantAgent, ConversableAgent, GroupChat, GroupChatManager, UserProxyAgent

Specialty = Literal["general", "python", "frontend", "backend", "data"]


class CodeGenerationTeam(Configured):
    """A software team. Ask it for code, or take its agents and compose chats of your own.

    It is made with what `Configured` takes.
    """

    _agents: dict[str, ConversableAgent] | None = None

    def generate_code(
        self, requirements: str, *, include_tests: bool | None = None, include_review: bool | None = None
    ) -> GenerationResult:
        """Work on free-form requirements until independent checks accept the result, or say why not.

        Args:
            requirements: what to build, in words.
            include_tests: whether the test engineer takes part; None is what the configuration says.
            include_review: whether architect and reviewer take part; None is what the configuration says.

        Raises:
            UsageError: the configuration or the requirements cannot be used; nothing was started.
        """
        from team.session import Session
        from team.specs import TaskSpec

        chosen = {"include_tests": include_tests, "include_review": include_review}
        config = self.config.model_copy(update={k: v for k, v in chosen.items() if v is not None})
        session = Session(config, observers=self._observers, approver=self._approver)
        result = session.run(TaskSpec(requirements=requirements))
        self._agents = dict(session.agents) or self._agents
        return result

    async def a_generate_code(
        self, requirements: str, *, include_tests: bool | None = None, include_review: bool | None = None
    ) -> GenerationResult:
        """As `generate_code`, in a thread, so that the event loop stays free."""
        return await asyncio.to_thread(
            self.generate_code, requirements, include_tests=include_tests, include_review=include_review
        )

    @property
    def agents(self) -> dict[str, ConversableAgent]:
        """The AutoGen agents by role: those of the newest session, else fresh ones."""
        if self._agents is None:
            self._agents = {
                "architect": self.create_architect(),
                "test_engineer": self.create_test_engineer(),
                "developer": self.create_developer(self.config.specialty),
                "code_reviewer": self.create_code_reviewer(),
                "executor": self.create_executor(),
            }
        return self._agents

    def create_developer(self, specialty: Specialty = "general") -> AssistantAgent:
        """A developer; the specialty shapes what it is told about itself."""
        return self._assistant("developer", specialty)

    def create_code_reviewer(self) -> AssistantAgent:
        """A code reviewer."""
        return self._assistant("code_reviewer")

    def create_test_engineer(self) -> AssistantAgent:
        """A test engineer."""
        return self._assistant("test_engineer")

    def create_architect(self) -> AssistantAgent:
        """An architect."""
        return self._assistant("architect")

    def create_executor(self) -> UserProxyAgent:
        """The agent that runs code: the newest message's files are laid down, its commands run, confined."""
        from team.standalone import standalone_executor

        return standalone_executor(self.config)

    def create_development_team(self) -> tuple[GroupChat, GroupChatManager]:
        """The whole team in a chat: the first message is the task, and the workflow does the rest.

        Start it with ``chat.agent_by_name("executor").initiate_chat(manager, message="…")``.
        """
        from team.standalone import standalone_team

        return standalone_team(self.config, self._observers, self._approver)

    def _assistant(self, role: str, specialty: Specialty = "general") -> AssistantAgent:
        from team.standalone import standalone_assistant

        return standalone_assistant(role, self.config, specialty)
