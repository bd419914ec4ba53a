"""AutoGen agents outside a session of ours, for people who compose chats of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from autogen import AssistantAgent, GroupChat, GroupChatManager, UserProxyAgent

from executors import Executor
from executors.blocks import CommandBlock, read_message
from executors.laying import lay_down
from team import roles
from team.approval import Approver
from team.config import CodeGenerationConfig
from team.crew import ChatMessages, Crew, assemble
from team.errors import SessionFailure
from team.late import LateExecutor
from team.models.base import Answer, AnswerSource, Request
from team.models.choose import choose_source
from team.playing import SessionScore
from team.result import Reason
from team.session import Session, budget_of
from team.specs import TaskSpec
from team.transcript.progress import Observer
from team.transcript.store import new_session_id
from team.workbench import open_sandbox

Said = TypeVar("Said")


def standalone_assistant(role: str, config: CodeGenerationConfig, specialty: str) -> AssistantAgent:
    """An assistant that sees whatever its chat shows it, and asks the configured model."""
    told = roles.system_message(role, language=config.language, specialty=specialty, folder=config.prompts)
    return roles.assistant(role, told, _Chatter(config).ask, config.role_models.get(role, config.model))


def standalone_executor(config: CodeGenerationConfig) -> UserProxyAgent:
    """An executor agent with a workspace of its own; the sandbox opens at the first message."""

    def open_late() -> Executor:
        files = config.work_dir / new_session_id("chat", datetime.now(UTC)) / "files"
        files.mkdir(parents=True)
        return open_sandbox(files, config, lambda text: None)

    late = LateExecutor(open_late)

    def run_newest(messages: ChatMessages) -> str:
        blocks = read_message(messages[-1].get("content") if messages else None)
        laid = lay_down(late.sandbox.work_dir, blocks)
        commands = [block for block in blocks if isinstance(block, CommandBlock)]
        result = late.execute_code_blocks(commands)
        told = [f"exitcode: {result.exit_code}", *(f"wrote {path}" for path in laid.changed)]
        told += [f"refused {refusal.path or 'a block'}: {refusal.message}" for refusal in laid.refused]
        return "\n".join([*told, result.output]).strip()

    return roles.executor(run_newest, late)


def standalone_team(
    config: CodeGenerationConfig, observers: Sequence[Observer], approver: Approver | None
) -> tuple[GroupChat, GroupChatManager]:
    """A chat of the whole team whose first message is the task."""
    score = _FirstMessageIsTheTask(Session(config, observers=observers, approver=approver))
    return score.crew.chat, score.crew.manager


class _Chatter:
    """Answers from the configured source; the source is chosen when first asked."""

    def __init__(self, config: CodeGenerationConfig) -> None:
        self._config = config
        self._source: AnswerSource | None = None

    def ask(self, role: str, messages: list[dict[str, str]]) -> Answer:
        if self._source is None:
            self._source = choose_source(
                self._config,
                TaskSpec(requirements="a chat"),
                budget=budget_of(self._config),
                tree=dict,
                on_status=lambda text: None,
            )
        told = [message for message in messages if message["role"] == "system"]
        said = [message for message in messages if message["role"] != "system"]
        user = said[0]["content"] if len(said) == 1 else "\n\n".join(_attributed(m) for m in said)
        system = "\n\n".join(message["content"] for message in told)
        return self._source.answer(Request(agent=role, step="chat", system=system, user=user))


def _attributed(message: dict[str, Any]) -> str:
    return f"{message.get('name') or message['role']}:\n{message['content'] or ''}"


class _FirstMessageIsTheTask:
    """Plays a session that begins when the first message of the chat is there."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._score: SessionScore | None = None
        self.crew: Crew = assemble(session.config, self, LateExecutor(session.sandbox))
        session.crew = self.crew

    def ask(self, role: str, messages: list[dict[str, str]]) -> Answer:
        """As the session's; a failure also ends the session."""
        return self._or_end(lambda: self._playing.ask(role, messages))

    def look(self, role: str, chat: ChatMessages) -> ChatMessages:
        """As the session's."""
        return self._playing.look(role, chat)

    def execute(self, chat: ChatMessages) -> str:
        """As the session's; a failure also ends the session."""
        return self._or_end(lambda: self._playing.execute(chat))

    def approve(self, chat: ChatMessages) -> str:
        """As the session's; a failure also ends the session."""
        return self._or_end(lambda: self._playing.approve(chat))

    def next_speaker(self, chat: ChatMessages) -> str | None:
        """As the session's, which begins with the first message and is finished with the last."""
        role = self._begun(chat).next_speaker(chat)
        if role is None:
            self._finish()
        return role

    def is_over(self, chat: ChatMessages) -> bool:
        """As the session's, which begins with the first message and is finished with the last."""
        over = self._begun(chat).is_over(chat)
        if over:
            self._finish()
        return over

    def _or_end(self, turn: Callable[[], Said]) -> Said:
        try:
            return turn()
        except SessionFailure as failure:
            self._session.finish(failure.reason, str(failure))
            raise

    @property
    def _playing(self) -> SessionScore:
        if self._score is None:
            raise RuntimeError("the chat has no first message yet")
        return self._score

    def _begun(self, chat: ChatMessages) -> SessionScore:
        if self._score is None:
            self._session.begin(TaskSpec(requirements=str(chat[0].get("content") or "")))
            self._score = self._session.open()
        return self._score

    def _finish(self) -> None:
        self._session.finish(self._session.bench.conductor.ending or Reason.ITERATIONS)
