"""One session: spec in, Result out. Always a Result, always a transcript."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autogen.io import IOStream

from executors import Executor, SandboxUnavailable
from team.approval import Approver
from team.config import CodeGenerationConfig
from team.consent import Consent
from team.crew import Crew, assemble
from team.delivering import deliver
from team.ending import conclude
from team.errors import ConfigError, SessionFailure
from team.languages.agreeing import agreed
from team.late import LateExecutor
from team.models.base import AnswerSource
from team.models.budget import Budget
from team.models.choose import choose_source
from team.models.drafted import DraftFirstSource
from team.models.live import LiveSource
from team.people import People
from team.playing import SessionScore
from team.regeneration.manifest import KINDS
from team.regeneration.regenerate import check_output
from team.result import GenerationResult, Reason
from team.specs.task import language_of
from team.transcript.events import Event
from team.transcript.origin import Origin
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
    from autogen import ConversableAgent

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
        self._stack = ExitStack()
        self._bench: Workbench | None = None
        self.crew: Crew | None = None

    def run(
        self,
        spec: Spec,
        *,
        folder: Path | None = None,
        source: AnswerSource | None = None,
        budget: Budget | None = None,
        origin: Origin | None = None,
    ) -> GenerationResult:
        """Work on `spec` until the workflow ends.

        Args:
            spec: what to build.
            folder: a session's folder to go on with; None makes a new one.
            source: where answers come from; None is what the configuration says.
            budget: what may be spent; None is what the configuration says.
            origin: where this session was forked from another.

        Raises:
            UsageError: the configuration is wrong; nothing was started.
        """
        self.begin(spec, folder=folder, source=source, budget=budget, origin=origin)
        reason, detail = Reason.INTERRUPTED, f"devteam resume {self._log.session}"
        try:
            self.crew = assemble(self.config, self.open(), LateExecutor(self.sandbox))
            reason, detail = self._converse(self.crew, self._board.spec.requirements_text())
        except SessionFailure as failure:
            reason, detail = failure.reason, str(failure)
        except SandboxUnavailable as missing:
            reason, detail = Reason.SANDBOX_UNAVAILABLE, str(missing)
        except KeyboardInterrupt:
            pass
        return self.finish(reason, detail)

    def begin(
        self,
        spec: Spec,
        *,
        folder: Path | None = None,
        source: AnswerSource | None = None,
        budget: Budget | None = None,
        origin: Origin | None = None,
    ) -> None:
        """Decide where answers come from and open the log. Arguments and errors as for `run`."""
        spec, self.config = agreed(spec, self.config)
        if self.config.output is not None and spec.kind in KINDS:
            check_output(self.config.output, spec)
        self._budget = budget or budget_of(self.config)
        self._source = source or choose_source(
            self.config, spec, budget=self._budget, tree=self.tree, on_status=self.status
        )
        if isinstance(self._source, LiveSource | DraftFirstSource):
            self._stack.callback(self._source.close)
        self._board = new_board(spec, self.config, self._source)
        self._going_on = folder is not None
        self._origin = origin
        self._log = self._stack.enter_context(self._open_log(folder, spec))
        for observer in self._observers:
            self._log.subscribe(observer)

    def open(self) -> SessionScore:
        """Open the sandbox and lay out the workbench; what comes back is what a crew plays from.

        Raises:
            executors.SandboxUnavailable: nothing on this machine confines code as asked.
        """
        files = self._log.folder / "files"
        files.mkdir(exist_ok=True)
        sandbox = self._stack.enter_context(
            open_sandbox(
                files, self.config, self.status, self._board.spec.packages, language_of(self._board.spec)
            )
        )
        record_start(self._log, self._board.spec, self.config, sandbox.tier, self._origin)
        self._bench = open_workbench(
            self._log,
            self._board,
            self.config,
            self._source,
            self._budget,
            sandbox,
            self.status,
            self._origin,
        )
        people = People(self._log, self._approver)
        if self.config.approve == "ask":
            self._bench.turn.consent = Consent(people, self._log, self._reopened)
        if self._going_on:
            self._bench.start_over()
        return SessionScore(
            self._bench,
            by_workflow=self.config.speaker_selection == "workflow",
            people=people,
            on_status=self.status,
        )

    def finish(self, reason: Reason, detail: str = "") -> GenerationResult:
        """Record how it ended, let go of everything, and build the Result."""
        with self._stack:
            if self._bench is None:
                record_start(self._log, self._board.spec, self.config, "")
            else:
                self._bench.hand_back()
            chat = self.crew.chat.messages if self.crew else []
            result = conclude(self._log, self._board, reason, detail, chat)
        return deliver(result, self._board.spec, self.config, self.status)

    def _converse(self, crew: Crew, task: str) -> tuple[Reason, str]:
        with IOStream.set_default(_Silence()):
            crew.opener.initiate_chat(crew.manager, message=task, silent=True)
        return self.bench.conductor.ending or Reason.ITERATIONS, ""

    def _reopened(self, packages: tuple[str, ...]) -> Executor:
        """Another sandbox in place of the present one, with further packages.

        Raises:
            executors.SandboxUnavailable: they cannot be installed.
        """
        if self.config.python is not None:
            raise SandboxUnavailable(f"{self.config.python} is your own interpreter", "install them there")
        added = (*self._board.spec.packages, *packages)
        language = language_of(self._board.spec)
        sandbox = open_sandbox(self.bench.files, self.config, self.status, added, language)
        self.sandbox().close()
        self.bench.asker.packages = (*self.bench.asker.packages, *packages)
        return self._stack.enter_context(sandbox)

    @property
    def agents(self) -> dict[str, ConversableAgent]:
        """The AutoGen agents by role; none before the sandbox is open."""
        return dict(self.crew.agents) if self.crew else {}

    @property
    def bench(self) -> Workbench:
        """What the running session works with."""
        if self._bench is None:
            raise RuntimeError("the session does not run yet")
        return self._bench

    def sandbox(self) -> Executor:
        """The executor of the running session."""
        return self.bench.sandbox

    def tree(self) -> dict[str, str]:
        """Path → text of the workspace as it is now."""
        return tree(self.bench.files)

    def status(self, text: str) -> None:
        """Tell the observers what is going on."""
        for observer in self._observers:
            observer.on_status(text)

    def _open_log(self, folder: Path | None, spec: Spec) -> SessionLog:
        if folder is not None:
            return SessionLog.reopen(folder, secrets=secrets(self.config))
        return SessionLog.create(new_folder(self.config.work_dir, spec.title), secrets=secrets(self.config))


def budget_of(config: CodeGenerationConfig) -> Budget:
    """What a configuration allows to be spent."""
    return Budget(
        max_calls=config.max_calls,
        max_cost=config.max_cost,
        max_seconds=config.max_seconds,
        max_tokens=config.max_total_tokens,
        roles=config.role_budgets,
    )


def run_session(
    spec: Spec,
    config: CodeGenerationConfig,
    *,
    observers: Sequence[Observer] = (),
    approver: Approver | None = None,
    budget: Budget | None = None,
) -> GenerationResult:
    """Run one new session to its end.

    Args:
        spec: what to build.
        config: the settings.
        observers: told of every event.
        approver: asked where a person has to decide.
        budget: what may be spent, shared with other sessions; None is what `config` says, for this one alone.

    Raises:
        UsageError: the configuration is wrong; nothing was started.
    """
    return Session(config, observers=observers, approver=approver).run(spec, budget=budget)


def new_folder(work_dir: Path, title: str) -> Path:
    """The folder of a new session, made.

    Raises:
        ConfigError: it cannot be made.
    """
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
