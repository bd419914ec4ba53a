"""`run`, `crud`, `resume`, `replay`: the commands that let the team work."""

from __future__ import annotations

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
    from team.specs import load_spec

    settings = _ready(flags)
    spec = load_spec("run", {"requirements": read_requirements(requirements, file)})
    _work(settings, spec)


@takes(*SESSION)
def crud(
    flags: Flags,
    spec: Annotated[Path, typer.Argument(help="An entity spec, YAML or JSON.")],
) -> None:
    """Let the team build a CRUD module: models, API, tests; without a model it is drafted from templates."""
    from team.specs import load_spec

    _work(_ready(flags), load_spec("crud", spec))


@takes(*SESSION)
def resume(flags: Flags, session: SessionName) -> None:
    """Go on with a session that was interrupted or killed; no recorded answer is paid for again."""
    from team.cli.history import find_session
    from team.replaying import recorded_config, resume_session

    settings = _ready(flags)
    folder = find_session(session, settings.config.work_dir)
    config = recorded_config(folder, **_overrides(settings, flags, folder))
    result = _watched(
        config,
        lambda observers, approver: resume_session(
            folder, config=config, observers=observers, approver=approver
        ),
    )
    _finish(settings, result)


@takes("work_dir", "executor", "python", "packages", "timeout", *PRESENTING)
def replay(flags: Flags, session: SessionName) -> None:
    """Run a session's recorded answers again through the real sandbox and gates, and report what differs."""
    from team.cli.history import find_session
    from team.cli.outcome import print_divergences
    from team.replaying import recorded_config, replay_session

    settings = _ready(flags)
    folder = find_session(session, settings.config.work_dir)
    config = recorded_config(folder, **_overrides(settings, flags, folder), output=None)
    report: ReplayReport = _watched(
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


def _overrides(settings: Settings[CodeGenerationConfig], flags: Flags, folder: Path) -> dict[str, Any]:
    """What differs from the recorded settings: this call's flags, and the key, which is never on record."""
    chosen: dict[str, Any] = {name: getattr(settings.config, name) for name in flags}
    return {"work_dir": folder.parent, "api_key": settings.config.api_key} | chosen


def _work(settings: Settings[CodeGenerationConfig], spec: Any) -> None:
    from team.session import run_session

    config = settings.config
    result = _watched(
        config,
        lambda observers, approver: run_session(spec, config, observers=observers, approver=approver),
    )
    _finish(settings, result)


def _watched(config: CodeGenerationConfig, work: Callable[[Sequence[Observer], Approver | None], Any]) -> Any:
    """Do the work with progress on stderr, stdout kept for the result, and an orderly Ctrl-C."""
    from team.cli.asking import ask_on_terminal
    from team.transcript.live import LiveProgress

    with interruptible(), stdout_for_results():
        if config.quiet:
            return work((), ask_on_terminal if config.approve == "ask" else None)
        with LiveProgress(notices(), verbose=config.verbose) as progress:

            def ask(question: ApprovalQuestion) -> ApprovalAnswer:
                with progress.paused():
                    return ask_on_terminal(question)

            return work((progress,), ask if config.approve == "ask" else None)


def _finish(settings: Settings[CodeGenerationConfig], result: GenerationResult) -> None:
    from team.cli.outcome import print_outcome

    print_outcome(result, settings)
    raise typer.Exit(result.reason.exit_code)


def _replay_code(report: ReplayReport) -> int:
    """0 for the same again; 1 for a difference; infrastructure and interruption keep their own."""
    own = report.result.reason.exit_code
    if own in (3, 130) and report.divergences:
        return own
    return 1 if report.divergences else 0
