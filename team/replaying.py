"""Going on after a crash, and running recorded answers again through the real sandbox and gates."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from team.approval import ApprovalAnswer, ApprovalQuestion, Approver
from team.config import CodeGenerationConfig
from team.errors import ConfigError, SpecError
from team.models.choose import choose_source
from team.models.tape import TapeSource
from team.result import GenerationResult
from team.session import Session, budget_of
from team.specs import load_spec
from team.transcript import Transcript
from team.transcript.compare import divergences
from team.transcript.events import Approval, ModelCall
from team.transcript.origin import Origin
from team.transcript.progress import Observer
from team.transcript.tape import Tape

if TYPE_CHECKING:
    from team.specs import Spec


@dataclass(frozen=True)
class ReplayReport:
    """What a replay found: every divergence in words, the new session's Result, what the record has lost."""

    divergences: tuple[str, ...]
    result: GenerationResult
    damage: tuple[str, ...] = ()


def recorded_config(folder: Path, **overrides: Any) -> CodeGenerationConfig:
    """The settings that a session ran with. Secrets are not on record, so the key comes in `overrides`.

    A session's folder may be somebody else's: neither the sandbox is given up nor a key sent to an
    endpoint on its word alone.

    Raises:
        ConfigError: the session ran unconfined, or asked an endpoint that is not the one in force here.
        SpecError: `session.json` does not hold settings that can be read.
    """
    recorded = Transcript.open(folder).summary.get("config", {})
    _refuse_what_no_file_may_say(folder.name, recorded, overrides)
    try:
        return CodeGenerationConfig(**{**recorded, **overrides})
    except (ValidationError, TypeError) as error:
        raise SpecError(f"{folder}/session.json holds settings that cannot be read: {error}") from error


def _refuse_what_no_file_may_say(
    session: str, recorded: Mapping[str, Any], overrides: Mapping[str, Any]
) -> None:
    if recorded.get("executor") == "unconfined" and "executor" not in overrides:
        raise ConfigError(
            f"{session} ran unconfined, which is never taken from a file",
            "pass --executor auto, or --executor unconfined if you mean it",
        )
    url = recorded.get("base_url")
    known = url in (None, overrides.get("base_url"), os.environ.get("OPENAI_BASE_URL"))
    if not known and "base_url" not in overrides and not _is_loopback(str(url)):
        raise ConfigError(
            f"{session} asked the model at {url}, which is not the endpoint in force here",
            f"pass --base-url {url} if your key may go there",
        )


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def resume_session(
    folder: Path,
    *,
    config: CodeGenerationConfig | None = None,
    observers: Sequence[Observer] = (),
    approver: Approver | None = None,
) -> GenerationResult:
    """Go on where the log ends. Recorded answers, executions and gates are served from it, not done again.

    Args:
        folder: the session's folder.
        config: settings to go on with, such as a larger budget; None is what the session ran with.
        observers: told of what is new.
        approver: asked where a human has the last word.
    """
    config = config or recorded_config(folder)
    budget = budget_of(config)
    spec = recorded_spec(folder)
    session = Session(config, observers=observers, approver=approver)
    source = choose_source(config, spec, budget=budget, tree=session.tree, on_status=session.status)
    if isinstance(source, TapeSource):
        source.skip(_recorded_answers(folder))
    return session.run(spec, folder=folder, source=source, budget=budget, origin=recorded_origin(folder))


def replay_session(
    folder: Path, *, config: CodeGenerationConfig | None = None, observers: Sequence[Observer] = ()
) -> ReplayReport:
    """Run a session's recorded answers again, in a new session beside it, and compare.

    A human who approved is not asked again: the recorded word is repeated.
    """
    config = config or recorded_config(folder)
    budget = budget_of(config)
    old = Transcript.open(folder)
    tape = TapeSource(_tape_of(old), budget=budget)
    session = Session(config, observers=observers, approver=_recorded_approver(old))
    result = session.run(recorded_spec(folder), source=tape, budget=budget, origin=recorded_origin(folder))
    new = Transcript.open(result.path)
    return ReplayReport(tuple(divergences(old, new, tape.left())), result, old.damage)


def recorded_spec(folder: Path) -> Spec:
    """What a session was asked to build.

    Raises:
        SpecError: neither its log nor `session.json` says.
    """
    summary = Transcript.open(folder).summary
    if not {"kind", "spec"} <= summary.keys():
        raise SpecError(f"{folder.name} lost its beginning", "nothing can go on from it or be replayed")
    return load_spec(str(summary["kind"]), dict(summary["spec"]))


def recorded_origin(folder: Path) -> Origin | None:
    """Where a session was forked from another; None for one that was not."""
    started = Transcript.open(folder).started
    return started.origin if started is not None else None


def _tape_of(log: Transcript) -> Tape:
    """The answers of that session alone, whatever else was written into its log."""
    answers = log.answers()
    if not answers:
        raise SpecError(f"{log.folder.name} recorded no answer", "there is nothing to replay")
    return Tape(log.folder, answers)


def _recorded_answers(folder: Path) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for event in Transcript.open(folder).events("model_call"):
        if isinstance(event, ModelCall):
            counts[event.agent] = counts.get(event.agent, 0) + 1
    return counts


def _recorded_approver(old: Transcript) -> Approver:
    given = [event for event in old.events("approval") if isinstance(event, Approval)]
    answers = iter(given)

    def answer(question: ApprovalQuestion) -> ApprovalAnswer:
        event = next(answers, None)
        return ApprovalAnswer(event.approved, event.comment) if event else ApprovalAnswer(False)

    return answer
