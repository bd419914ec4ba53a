"""Which answer source a configuration means."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from team.config import CodeGenerationConfig
from team.errors import ConfigError, SpecError
from team.generators.drafters import drafter_of
from team.models.base import AnswerSource
from team.models.budget import Budget
from team.models.draft import DraftSource
from team.models.drafted import DraftFirstSource
from team.models.live import LiveSource
from team.models.pricing import Price, price_of
from team.models.tape import TapeSource
from team.oai_config_list import NAME as LIST_NAME
from team.oai_config_list import read_config_list

if TYPE_CHECKING:
    from team.specs import Spec

KEY_NAME = "OPENAI_API_KEY"
URL_NAME = "OPENAI_BASE_URL"
DEFAULT_MODEL = "gpt-4o"
"""Asked at OpenAI's own endpoint when there is a key and no model is named."""

Status = Callable[[str], None]

HOW_TO_CONFIGURE = f"""choose where answers come from:

  OpenAI             export {KEY_NAME}=…
                     devteam run --model {DEFAULT_MODEL} "…"
  Ollama             ollama pull qwen2.5-coder
                     devteam run --model qwen2.5-coder --base-url http://127.0.0.1:11434/v1 "…"
  another server     export {KEY_NAME}=… {URL_NAME}=https://…/v1
                     devteam run --model NAME "…"
  AutoGen's list     export {LIST_NAME}='[{{"model": "…", "api_key": "…", "base_url": "…"}}]'

To see the team at work without any model:

  make demo          a CRUD module from an entity spec, drafted, tested and judged
  devteam run --file examples/rate_limiter/requirements.md --model tape:examples/rate_limiter/tape.jsonl"""


class Account(NamedTuple):
    """An endpoint with its key, where the key was named, and what its model costs, if that is said."""

    model: str
    base_url: str | None
    api_key: str | None
    key_name: str
    price: Price | None = None


def choose_source(
    config: CodeGenerationConfig,
    spec: Spec,
    *,
    budget: Budget,
    tree: Callable[[], Mapping[str, str]],
    on_status: Status,
    environ: Mapping[str, str] | None = None,
) -> AnswerSource:
    """The source that `config` means for `spec`: a tape, the draft or a live model.

    Args:
        config: its `model`, `role_models`, `base_url`, `api_key`, `price`, `model_timeout`.
        spec: what is to be built.
        budget: what the source may spend.
        tree: gives the current files, for the draft's reviews.
        on_status: is told when nothing is configured and the draft is used, and what is waited for.
        environ: where the key, the base URL and the list are looked up that `config` does not have.

    Raises:
        ConfigError: the settings name no source, or one that cannot be.
        SpecError: the spec cannot be drafted.
    """
    model = _model_name(config.model)
    if model.startswith("tape:"):
        return _tape(model.removeprefix("tape:"), budget, on_status)
    if model == "draft":
        return _draft(config, spec, tree)
    account = _account(config, model, os.environ if environ is None else environ)
    if not account.model and drafter_of(spec, config.output):
        on_status("no model is named, so the draft is used; --model NAME asks a model")
        return _draft(config, spec, tree)
    live = _live(config, _checked(account, spec), budget, on_status)
    return _drafted_first(config, spec, live, tree, on_status)


def _drafted_first(
    config: CodeGenerationConfig,
    spec: Spec,
    live: LiveSource,
    tree: Callable[[], Mapping[str, str]],
    on_status: Status,
) -> LiveSource | DraftFirstSource:
    """A model that is asked only for what the draft of a spec leaves open, where there is such a draft."""
    if config.speaker_selection != "workflow" or config.language != "python":
        return live
    try:
        drafter = drafter_of(spec, config.output)
    except SpecError as error:
        on_status(f"{error.problem}; so the model writes everything")
        return live
    if drafter is None:
        return live
    left = len(spec.prose_rules())
    asked = f"for {left} open rule{'' if left == 1 else 's'}" if left else "only where a check fails"
    on_status(f"drafted from templates first; {live.name} is asked {asked}")
    return DraftFirstSource(DraftSource(drafter, tree), live)


def _model_name(model: str) -> str:
    name = model.strip()
    if model and not name:
        raise ConfigError("the model's name is blank", "name one with --model, or leave it out")
    if not name.isprintable():
        raise ConfigError(f"the model's name {name!r} holds characters that no name has")
    return name


def _tape(path: str, budget: Budget, on_status: Status) -> TapeSource:
    from team.transcript.tape import read_tape

    if not path.strip():
        raise ConfigError("--model tape: names no file", "write tape:PATH, with a transcript or a tape")
    try:
        tape = read_tape(Path(path).expanduser())
    except SpecError as error:
        raise ConfigError(error.problem, error.mend) from error
    for note in tape.notes:
        on_status(note)
    return TapeSource(tape, budget=budget)


def _draft(config: CodeGenerationConfig, spec: Spec, tree: Callable[[], Mapping[str, str]]) -> DraftSource:
    drafter = drafter_of(spec, config.output)
    if drafter is None:
        what = "free-form requirements" if spec.kind == "run" else f"a spec of the kind {spec.kind!r}"
        raise ConfigError(f"{what} cannot be drafted", "name a model with --model")
    if config.speaker_selection == "auto":
        raise ConfigError("speaker_selection='auto' asks a model who speaks next", "name one with --model")
    return DraftSource(drafter, tree)


def _live(config: CodeGenerationConfig, account: Account, budget: Budget, on_status: Status) -> LiveSource:
    for role, name in config.role_models.items():
        if name == "draft" or name.startswith("tape:") or not name.strip():
            raise ConfigError(f"{name!r} cannot answer for the role {role}", "name a model")
    if config.escalation_model == "draft" or config.escalation_model.startswith("tape:"):
        raise ConfigError(f"{config.escalation_model!r} cannot take over", "name a model in escalation_model")
    _check_price(config, account)
    return LiveSource(
        model=account.model,
        base_url=account.base_url,
        api_key=account.api_key,
        key_name=account.key_name,
        role_models=config.role_models,
        timeout=config.model_timeout,
        budget=budget,
        price=config.price or account.price,
        on_status=on_status,
    )


def _checked(account: Account, spec: Spec) -> Account:
    """The account with a model to ask, and a key or an endpoint to ask it at."""
    if not account.model and account.base_url:
        mend = f"choose one with --model; `curl {account.base_url.rstrip('/')}/models` lists what there is"
        raise ConfigError(f"no model is named for {account.base_url}", mend)
    if account.api_key or account.base_url:
        return account._replace(model=account.model or DEFAULT_MODEL)
    if account.model:
        raise ConfigError(
            f"there is no key for {account.model}: {account.key_name} is not set", HOW_TO_CONFIGURE
        )
    what = "free-form requirements need" if spec.kind == "run" else f"a spec of the kind {spec.kind!r} needs"
    raise ConfigError(f"no model is configured, and {what} one", HOW_TO_CONFIGURE)


def _check_price(config: CodeGenerationConfig, account: Account) -> None:
    """A bound on money that nobody can count is no bound."""
    bounded = [role for role, bounds in config.role_budgets.items() if bounds.cost is not None]
    if config.max_cost is None and not bounded:
        return
    bound = "--max-cost" if config.max_cost is not None else f"the budget of the {bounded[0]}"
    for model in filter(None, (account.model, *config.role_models.values(), config.escalation_model)):
        known = config.price or account.price if model == account.model else None
        if known is None and price_of(model, account.base_url) is None:
            mend = "give it with --price IN,OUT" if model == account.model else "use --max-calls instead"
            raise ConfigError(f"{bound} cannot be kept: the price of {model} is unknown", mend)


def _account(config: CodeGenerationConfig, model: str, environ: Mapping[str, str]) -> Account:
    key = config.api_key.get_secret_value() if config.api_key else ""
    listed = {} if key or config.base_url else _listed(model, environ)
    if listed:
        name, url = model or listed.get("model", ""), listed.get("base_url")
        price = listed.get("price") if name == listed.get("model") else None
        return Account(name, url, listed.get("api_key"), LIST_NAME, price)
    key = key or environ.get(KEY_NAME, "").strip()
    base_url = config.base_url or environ.get(URL_NAME, "").strip() or None
    return Account(model, base_url, key or None, _key_name(key, environ))


def _key_name(key: str, environ: Mapping[str, str]) -> str:
    """Where a key most likely comes from, for messages."""
    if not key or key == environ.get(KEY_NAME, "").strip():
        return KEY_NAME
    return LIST_NAME if environ.get(LIST_NAME) else "api_key"


def _listed(model: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """The entry of AutoGen's list for `model`, else its first; empty without a list in the environment."""
    if not environ.get(LIST_NAME, "").strip():
        return {}
    entry, _ = read_config_list(environ, Path.cwd(), model)
    if not entry and not environ.get(KEY_NAME, "").strip():
        entry, _ = read_config_list(environ, Path.cwd(), "")
    return entry
