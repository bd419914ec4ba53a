"""`run`, `crud`, `resume`, `replay`: the commands that let the team work."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from team.cli.options import PRESENTING, SESSION, Flags, settings_of, takes
from team.cli.terminal import interruptible, notices, stdout_for_results

if TYPE_CHECKING:
    from team.approval import ApprovalAnswer, ApprovalQuestion, Approver
    from team.config import CodeGenerationConfig
    from team.replaying import ReplayReport
    from team.result import GenerationResult
    from team.settings_sources import Settings
    from team.transcript.progress import Observer

SessionName = Annotated[
    str, typer.Argument(metavar="SESSION", help="An id, the unique beginning of one, a path, or `last`.")
]


@takes(*SESSION)
def run(
    flags: Flags,
    requirements: Annotated[
        str | None, typer.Argument(help="What to build, in your words; - reads it from stdin.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="F", help="Read the requirements from a file.")
    ] = None,
) -> None:
    """Let the team build what free-form requirements ask for."""
    from team.cli.requirements import read_requirements

    settings = _ready(flags)
    said = read_requirements(requirements, file)
    _work(settings, "run", {"requirements": said})


@takes(*SESSION)
def api(
    flags: Flags,
    spec: Annotated[Path, typer.Argument(help="An endpoint spec, YAML or JSON.")],
) -> None:
    """Let the team build API endpoints; without a model they are drafted from templates."""
    _work(_ready(flags), "api", spec)


@takes(*SESSION)
def crud(
    flags: Flags,
    spec: Annotated[Path, typer.Argument(help="An entity spec or an OpenAPI document, YAML or JSON.")],
) -> None:
    """Let the team build a CRUD module: models, API, tests; without a model it is drafted from templates."""
    _work(_ready(flags), "crud", spec)


@takes(*SESSION)
def solve(
    flags: Flags,
    problem: Annotated[Path, typer.Argument(help="A problem, Markdown, YAML or JSON, with examples.")],
) -> None:
    """Let the team solve an algorithm problem; its examples are asked from another process."""
    _work(_ready(flags), "solve", problem)


@takes(*SESSION)
def etl(
    flags: Flags,
    spec: Annotated[Path, typer.Argument(help="A pipeline spec, YAML or JSON.")],
) -> None:
    """Let the team build an ETL pipeline; what is not in prose is drafted from templates without a model."""
    _work(_ready(flags), "etl", spec)


@takes(*SESSION)
def resume(flags: Flags, session: SessionName) -> None:
    """Go on with a session that was interrupted or killed; no recorded answer is paid for again."""
    from team.cli.history import find_session, tell_what_was_lost

    settings = _ready(flags)
    folder = find_session(session, settings.config.work_dir)
    tell_what_was_lost(folder)
    config = recorded_settings(flags, folder)
    from team.replaying import resume_session

    result = watched(
        config,
        lambda observers, approver: resume_session(
            folder, config=config, observers=observers, approver=approver
        ),
    )
    _finish(settings, result)


@takes(*SESSION)
def fork(
    flags: Flags,
    session: SessionName,
    at: Annotated[
        int, typer.Option("--at", metavar="SEQ", min=0, help="The last event to keep: show names it.")
    ],
    message: Annotated[
        str, typer.Option("--message", "-m", metavar="TEXT", help="What every role is told from there on.")
    ] = "",
) -> None:
    """Branch off: a new session from an event on, with other settings or a word of yours."""
    from team.cli.history import find_session, tell_what_was_lost

    settings = _ready(flags)
    folder = find_session(session, settings.config.work_dir)
    tell_what_was_lost(folder)
    config = recorded_settings(flags, folder)
    from team.forking import fork_session

    result = watched(
        config,
        lambda observers, approver: fork_session(
            folder, at, message=message, config=config, observers=observers, approver=approver
        ),
    )
    _finish(settings, result)


@takes("work_dir", "executor", "python", "packages", "timeout", *PRESENTING)
def replay(flags: Flags, session: SessionName) -> None:
    """Run a session's recorded answers again through the real sandbox and gates, and report what differs."""
    from team.cli.history import find_session
    from team.cli.outcome import print_divergences

    settings = _ready(flags)
    folder = find_session(session, settings.config.work_dir)
    config = recorded_settings(flags, folder, output=None)
    from team.replaying import replay_session

    report: ReplayReport = watched(
        config, lambda observers, approver: replay_session(folder, config=config, observers=observers)
    )
    print_divergences(report, settings.config)
    raise typer.Exit(_replay_code(report))


def _ready(flags: Flags) -> Settings[CodeGenerationConfig]:
    """The settings of this call, once the folder for its session is known to be writable."""
    from team.doctor import trouble_with
    from team.errors import ConfigError

    settings = settings_of(flags)
    trouble = trouble_with(settings.config.work_dir)
    if trouble:
        raise ConfigError(
            f"cannot write to {settings.config.work_dir}: {trouble}", "choose another --work-dir"
        )
    return settings


def recorded_settings(flags: Flags, folder: Path, **fixed: Any) -> CodeGenerationConfig:
    """The settings a session ran with, changed by this call's flags.

    The key is never on record: it is looked up for the recorded model. How results are printed is this call's
    affair too.

    Raises:
        team.errors.ConfigError: the record asks for what no file may say, and this call does not say it.
    """
    from team.replaying import recorded_config
    from team.transcript import Transcript

    model = Transcript.open(folder).summary.get("config", {}).get("model")
    now = settings_of({"model": model or None, **flags}).config
    chosen: dict[str, Any] = {name: getattr(now, name) for name in (*flags, *PRESENTING)}
    unrecorded = {"work_dir": folder.parent, "api_key": now.api_key, "database_url": now.database_url}
    return recorded_config(folder, **unrecorded | chosen | fixed)


def _work(settings: Settings[CodeGenerationConfig], kind: str, given: Path | dict[str, Any]) -> None:
    """Read the spec, before anything heavy is imported, and let the team work on it."""
    from team.specs import load_spec

    config, spec = settings.config, load_spec(kind, given)
    from team.session import run_session

    result = watched(
        config,
        lambda observers, approver: run_session(spec, config, observers=observers, approver=approver),
    )
    _finish(settings, result)


def watched(config: CodeGenerationConfig, work: Callable[[Sequence[Observer], Approver | None], Any]) -> Any:
    """Do the work with progress on stderr, stdout kept for the result, and an orderly Ctrl-C."""
    from team.cli.asking import ask_on_terminal
    from team.cli.traces import traced
    from team.transcript.live import LiveProgress

    if config.executor == "unconfined" and not config.quiet:
        notices().print("unconfined: what models write can do here whatever you can", style="bold red")
    if not config.verbose:
        logging.disable(logging.INFO)  # the libraries' own chatter; ours are events
    with interruptible(), stdout_for_results(), traced() as tracers:
        # Some findings are for a person to decide whatever `approve` says: whoever is there is asked.
        asked = config.approve == "ask" or sys.stdin.isatty()
        if config.quiet:
            return work(tracers, ask_on_terminal if asked else None)
        with LiveProgress(notices(), verbose=config.verbose) as progress:

            def ask(question: ApprovalQuestion) -> ApprovalAnswer:
                with progress.paused():
                    return ask_on_terminal(question)

            return work((progress, *tracers), ask if asked else None)


def _finish(settings: Settings[CodeGenerationConfig], result: GenerationResult) -> None:
    from team.cli.outcome import print_outcome

    print_outcome(result, settings)
    raise typer.Exit(result.exit_code)


def _replay_code(report: ReplayReport) -> int:
    """0 for the same again; 1 for a difference; infrastructure and interruption keep their own."""
    own = report.result.reason.exit_code
    if own in (3, 130) and report.divergences:
        return own
    return 1 if report.divergences else 0
