"""What a running session holds open: log, sandbox, history, board, and who uses them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import prompts
from executors import Executor, Limits, SandboxUnavailable, open_executor
from team import worktree
from team.asking import Asker
from team.board import Board
from team.conductor import Conductor
from team.config import CodeGenerationConfig
from team.errors import ConfigError
from team.gates import GATE_NAMES, warm_up
from team.gates.base import GateSettings
from team.gates.integrity.past import Mandate
from team.languages.table import Language
from team.languages.toolchains import find_toolchain, require_toolchain
from team.models.base import AnswerSource
from team.models.budget import Budget
from team.report import TurnReport
from team.specs.task import language_of
from team.transcript.events import Note, SessionStarted
from team.transcript.opening import open_history
from team.transcript.origin import Origin
from team.transcript.store import SessionLog
from team.transcript.summary import OTHER_SETTINGS
from team.turn import TEST_GATES, ExecutorTurn

if TYPE_CHECKING:
    from team.specs import Spec

OFFERED = (
    "aiosqlite", "alembic", "fastapi", "httpx", "hypothesis", "pandas", "pandera", "pyarrow",
    "pydantic[email]", "pytest", "pytest-asyncio", "sqlalchemy[asyncio]", "tenacity", "uvicorn",
)  # fmt: skip
"""What the sandbox's default environment offers to code, without what these packages bring along."""

_AT_ONCE = "tape:"
"""A source whose answers leave no time to warm up the sandbox meanwhile."""

_DRAFTED = {
    "crud": ("fastapi", "sqlalchemy"),
    "api": ("fastapi", "sqlalchemy"),
    "etl": ("pandas", "pandera", "sqlalchemy", "tenacity"),
}
"""What drafts of a kind import."""

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)
_SHORTEST_SECRET = 8


@dataclass
class Workbench:
    """The open parts of one session."""

    log: SessionLog
    board: Board
    conductor: Conductor
    asker: Asker
    turn: ExecutorTurn

    @property
    def sandbox(self) -> Executor:
        """Where code runs; another one once a person approved a package."""
        return self.turn.sandbox

    @property
    def files(self) -> Path:
        """The shared workspace."""
        return self.log.folder / "files"

    def run_turn(self, mandate: Mandate) -> TurnReport:
        """The executor's turn over what the authors said since the last one.

        What a draft left open may contradict drafted tests, such as that an operation is not there yet: from
        the turn in which it is written, the tests of that turn are what must not be weakened.
        """
        board = self.board
        if board.opening:
            self.turn.past.clear()
        self.turn.open_rules = board.open_rules
        return self.turn.run(tuple(board.pending), board.iteration + 1, mandate)

    def start_over(self) -> None:
        """Empty the workspace, as it was at the start. What was there stays in the history."""
        self.turn.history.snapshot("executor", "before going on")
        self.turn.history.restore("")

    def hand_back(self) -> None:
        """Leave the best attempt in the workspace."""
        best = self.board.best
        if best is not None and best.commit and best is not self.board.report:
            self.turn.history.restore(best.commit)


def new_board(spec: Spec, config: CodeGenerationConfig, source: AnswerSource) -> Board:
    """The state in which a session starts."""
    return Board(
        spec,
        include_tests=config.include_tests,
        include_review=config.include_review,
        ask_human=config.approve == "ask",
        other_model="" if source.drafts == "all" else config.escalation_model.strip(),
        max_iterations=config.max_iterations,
        open_rules=spec.prose_rules() if source.drafts != "nothing" else (),
        drafts=source.drafts,
    )


def open_sandbox(
    files: Path,
    config: CodeGenerationConfig,
    on_status: Callable[[str], None],
    packages: tuple[str, ...] = (),
    language: Language | None = None,
) -> Executor:
    """The executor that the configuration asks for, over the shared workspace.

    Args:
        files: the shared workspace.
        config: the settings.
        on_status: told in one line what takes long.
        packages: requirements that the spec adds to those of the configuration.
        language: what the code is written in, where that is not Python: its toolchain has to be there.

    Raises:
        executors.SandboxUnavailable: nothing on this machine confines code as asked.
    """
    docker = config.executor == "docker"
    chain = find_toolchain(language) if language and not docker else None
    sandbox = open_executor(
        config.executor,
        work_dir=files,
        limits=Limits(wall_seconds=config.timeout, memory_mb=config.memory_mb),
        python=config.python,
        packages=(*config.packages, *packages, *_drivers(config)),
        image=config.image,
        progress=on_status,
        readable=chain.readable if chain else (),
    )
    try:
        if language:
            require_toolchain(language, sandbox)
    except SandboxUnavailable:
        sandbox.close()
        raise
    return sandbox


def _drivers(config: CodeGenerationConfig) -> tuple[str, ...]:
    """What code needs to reach the server on which migrations are tried."""
    return ("asyncpg",) if config.database_url is not None and config.python is None else ()


def open_workbench(
    log: SessionLog,
    board: Board,
    config: CodeGenerationConfig,
    source: AnswerSource,
    budget: Budget,
    sandbox: Executor,
    on_status: Callable[[str], None],
    origin: Origin | None = None,
) -> Workbench:
    """Lay out what a session works with; `origin` is where it was forked."""
    files = log.folder / "files"
    history = open_history(log.folder / "history.git", files)
    if history.note:
        log.record(Note(text=history.note))
    turn = ExecutorTurn(
        spec=board.spec,
        root=files,
        sandbox=sandbox,
        history=history,
        log=log,
        settings=gate_settings(config),
        gates=chosen_gates(config),
        include_tests=config.include_tests,
        on_status=on_status,
        open_rules=board.open_rules,
    )
    if source.name == "draft":
        warm_up(sandbox, _DRAFTED.get(board.spec.kind))
    elif not source.name.startswith(_AT_ONCE) and language_of(board.spec) is None:
        warm_up(sandbox)
    added = (*config.packages, *board.spec.packages)
    packages = (*OFFERED, *added) if config.python is None else added
    if language_of(board.spec) is not None:
        packages = ()
    asker = Asker(board, source, log, config, budget, lambda: worktree.tree(files), packages, origin)
    return Workbench(log, board, Conductor(board, log), asker, turn)


def record_start(
    log: SessionLog, spec: Spec, config: CodeGenerationConfig, sandbox: str, origin: Origin | None = None
) -> None:
    """Write the first event and the first `session.json`; note other settings of a session that goes on."""
    started = SessionStarted(
        kind=spec.kind,
        spec=spec.model_dump(mode="json", exclude_none=True, by_alias=True),
        config=config.public(),
        versions=versions() | {"prompts": prompts.version(config.prompts)},
        sandbox=sandbox,
        origin=origin,
    )
    recorded = log.record(started)
    if log.position["events"] > 1 and (changed := _changes(recorded, started)):
        log.record(Note(text=f"{OTHER_SETTINGS} {', '.join(changed)}"))
    told = started.model_dump(mode="json", include={"kind", "spec", "config", "versions", "sandbox"})
    unfinished = {"session": log.session, "title": spec.title, "status": "running", "reason": None}
    log.summarize(unfinished | told)


def _changes(recorded: SessionStarted, now: SessionStarted) -> list[str]:
    """The names of what differs from the start of a session that goes on."""
    left_out = {"work_dir", "output"} | ({"sandbox"} if not now.sandbox else set())
    was, is_ = (event.config | event.versions | {"sandbox": event.sandbox} for event in (recorded, now))
    return sorted(name for name in {**was, **is_}.keys() - left_out if was.get(name) != is_.get(name))


def gate_settings(config: CodeGenerationConfig) -> GateSettings:
    """The thresholds and lists by which gates judge."""
    return GateSettings(
        coverage_floor=config.coverage,
        timeout=config.timeout,
        mutation=config.mutation,
        packages=config.packages,
        licenses=config.licenses,
        database_url=config.database_url.get_secret_value() if config.database_url else None,
        waive=config.waive,
    )


def chosen_gates(config: CodeGenerationConfig) -> tuple[str, ...]:
    """The gates that decide, by `config.gates` and whether there are tests.

    Raises:
        ConfigError: a name that is no gate.
    """
    unknown = [name for name in config.gates if name not in GATE_NAMES]
    if unknown:
        raise ConfigError(f"there is no gate {unknown[0]!r}", f"the gates are {', '.join(GATE_NAMES)}")
    wanted = config.gates or GATE_NAMES
    return tuple(name for name in wanted if config.include_tests or name not in TEST_GATES)


def versions() -> dict[str, str]:
    """The versions that a session's outcome may depend on."""
    found: dict[str, str] = {}
    for name in ("autogen-devteam", "pyautogen", "autogen", "openai", "ruff", "mypy", "bandit", "pytest"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def secrets(config: CodeGenerationConfig) -> Sequence[str]:
    """Every value that must never be written: the key, and secrets of the environment."""
    known = {value for name, value in os.environ.items() if _SECRET_NAME.search(name)}
    known |= {each.get_secret_value() for each in (config.api_key, config.database_url) if each is not None}
    return sorted((value for value in known if len(value) >= _SHORTEST_SECRET), key=len, reverse=True)
