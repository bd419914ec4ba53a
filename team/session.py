"""One session: spec in, Result out. Always a Result, always a transcript."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autogen.io import IOStream

from executors import SandboxUnavailable
from team.approval import ApprovalAnswer, ApprovalQuestion, Approver
from team.board import Board
from team.config import CodeGenerationConfig
from team.crew import ChatMessages, Crew, assemble
from team.ending import conclude, copy_files
from team.errors import ConfigError, SessionFailure
from team.models.base import Answer, AnswerSource
from team.models.budget import Budget
from team.models.choose import choose_source
from team.result import GenerationResult, Reason
from team.transcript.events import Approval, Event
from team.transcript.progress import Observer
from team.transcript.store import SessionLog, new_session_id
from team.workbench import (
    Workbench,
    chosen_gates,
    new_board,
    open_sandbox,
    open_workbench,
    record_start,
    secrets,
)
from team.worktree import tree

if TYPE_CHECKING:
    from team.specs import Spec


class Session:
    """One session from its first event to its Result."""

    def __init__(
        self,
        config: CodeGenerationConfig,
        *,
        observers: Sequence[Observer] = (),
        approver: Approver | None = None,
    ) -> None:
        if config.approve == "ask" and approver is None:
            raise ConfigError(
                "approve='ask' needs somebody to ask", "pass approver=, or use the command line"
            )
        chosen_gates(config)
        self.config = config
        self._observers = tuple(observers)
        self._approver = approver
        self._open: _Open | None = None

    def run(
        self,
        spec: Spec,
        *,
        folder: Path | None = None,
        source: AnswerSource | None = None,
        budget: Budget | None = None,
    ) -> GenerationResult:
        """Work on `spec` until the workflow ends.

        Args:
            spec: what to build.
            folder: a session's folder to go on with; None makes a new one.
            source: where answers come from; None is what the configuration says.
            budget: what may be spent; None is what the configuration says.

        Raises:
            UsageError: the configuration is wrong; nothing was started.
        """
        budget = budget or budget_of(self.config)
        source = source or choose_source(
            self.config, spec, budget=budget, tree=self._tree, on_status=self._status
        )
        board = new_board(spec, self.config, source)
        log = self._open_log(folder, spec)
        with ExitStack() as stack:
            stack.callback(log.close)
            reason, detail = self._work(stack, log, board, source, budget)
            if self._open is not None:
                self._open.bench.hand_back()
            chat = self._open.crew.chat.messages if self._open else []
            result = conclude(log, board, reason, detail, chat)
        if self.config.output is not None:
            copy_files(Path(result.work_dir), self.config.output)
        return result

    def _work(
        self, stack: ExitStack, log: SessionLog, board: Board, source: AnswerSource, budget: Budget
    ) -> tuple[Reason, str]:
        """Open the sandbox, run the chat to its end, and say why it ended."""
        started = False
        try:
            files = log.folder / "files"
            files.mkdir(exist_ok=True)
            sandbox = stack.enter_context(open_sandbox(files, self.config, self._status))
            record_start(log, board.spec, self.config, sandbox.tier)
            started = True
            bench = open_workbench(log, board, self.config, source, budget, sandbox, self._status)
            self._open = _Open(bench, assemble(self.config, self, sandbox))
            return self._converse(board.spec)
        except SessionFailure as failure:
            return failure.reason, str(failure)
        except SandboxUnavailable as missing:
            return Reason.SANDBOX_UNAVAILABLE, str(missing)
        except KeyboardInterrupt:
            return Reason.INTERRUPTED, f"devteam resume {log.session}"
        finally:
            if not started:
                record_start(log, board.spec, self.config, "")

    def _converse(self, spec: Spec) -> tuple[Reason, str]:
        crew = self._now.crew
        with IOStream.set_default(_Silence()):
            crew.agents["executor"].initiate_chat(crew.manager, message=spec.requirements_text(), silent=True)
        return self._now.bench.conductor.ending or Reason.ITERATIONS, ""

    # What the crew plays from.

    def ask(self, role: str, messages: list[dict[str, str]]) -> Answer:
        """An assistant's answer, for AutoGen's model client."""
        self._status(f"{role} is thinking")
        return self._now.bench.asker.ask(role, messages)

    def look(self, role: str, messages: ChatMessages) -> ChatMessages:
        """What an assistant is shown: the asker builds the view, so a placeholder is enough here."""
        if self.config.speaker_selection != "workflow":
            self._now.bench.conductor.begin_turn(role, self._now.crew.chat.messages)
        return [{"role": "user", "content": str(self._now.bench.board.step)}]

    def execute(self, messages: ChatMessages) -> str:
        """The executor's turn."""
        bench = self._now.bench
        if self.config.speaker_selection != "workflow":
            bench.conductor.begin_turn("executor", self._now.crew.chat.messages)
        report = bench.turn.run(tuple(bench.board.pending), bench.board.iteration + 1)
        bench.board.executed(report)
        return report.text

    def approve(self, messages: ChatMessages) -> str:
        """The human's turn."""
        bench = self._now.bench
        recorded = bench.log.recorded("approval", iteration=bench.board.iteration)
        if isinstance(recorded, Approval):
            bench.log.record(recorded)
            return ApprovalAnswer(recorded.approved, recorded.comment).as_message()
        question = ApprovalQuestion(
            bench.log.session, "Every check passes. Accept this result?", tuple(tree(bench.files))
        )
        answer = self._approver(question) if self._approver else ApprovalAnswer(False)
        bench.log.record(
            Approval(
                agent="human",
                iteration=bench.board.iteration,
                question=question.question,
                approved=answer.approved,
                comment=answer.comment,
            )
        )
        return answer.as_message()

    def next_speaker(self, messages: ChatMessages) -> str | None:
        """The workflow's choice."""
        return self._now.bench.conductor.next_speaker(messages)

    def is_over(self, messages: ChatMessages) -> bool:
        """Whether the chat has ended, under AutoGen's own selection."""
        return self._now.bench.conductor.is_over(messages)

    @property
    def _now(self) -> _Open:
        if self._open is None:
            raise RuntimeError("the session does not run yet")
        return self._open

    def _tree(self) -> dict[str, str]:
        return tree(self._now.bench.files)

    def _open_log(self, folder: Path | None, spec: Spec) -> SessionLog:
        if folder is not None:
            log = SessionLog.reopen(folder, secrets=secrets(self.config))
        else:
            folder = _new_folder(self.config.work_dir, spec.title)
            log = SessionLog.create(folder, secrets=secrets(self.config))
        for observer in self._observers:
            log.subscribe(observer)
        return log

    def _status(self, text: str) -> None:
        for observer in self._observers:
            observer.on_status(text)


@dataclass(frozen=True)
class _Open:
    bench: Workbench
    crew: Crew


def budget_of(config: CodeGenerationConfig) -> Budget:
    """What a configuration allows to be spent."""
    return Budget(max_calls=config.max_calls, max_cost=config.max_cost, max_seconds=config.max_seconds)


def run_session(
    spec: Spec,
    config: CodeGenerationConfig,
    *,
    observers: Sequence[Observer] = (),
    approver: Approver | None = None,
) -> GenerationResult:
    """Run one new session to its end.

    Raises:
        UsageError: the configuration is wrong; nothing was started.
    """
    return Session(config, observers=observers, approver=approver).run(spec)


def _new_folder(work_dir: Path, title: str) -> Path:
    folder = work_dir / new_session_id(title, datetime.now(UTC))
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise ConfigError(
            f"cannot make a session in {work_dir}: {error.strerror or error}", "choose another --work-dir"
        ) from error
    return folder


class _Silence:
    """AutoGen's output stream: nothing is printed, our own events tell what happens."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Drop it."""

    def send(self, message: Event) -> None:
        """Drop it."""

    def input(self, prompt: str = "", *, password: bool = False) -> str:
        """Nobody is asked through AutoGen."""
        return ""
