"""The options that commands share: one table, and the decorator that puts them on a command.

Every option sets one field of `CodeGenerationConfig`, which also has a variable (`team.settings_sources`).
Values stay text here: the configuration checks them, so a flag, a variable and a file are refused alike.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from team.config import CodeGenerationConfig
    from team.settings_sources import Settings

Flags = Mapping[str, Any]
"""What was given on the command line: field → value, without what was left out."""


@dataclass(frozen=True)
class Shared:
    """One shared option: the field it sets, how it is written, and what it says of itself."""

    field: str
    names: str
    help: str
    metavar: str = ""
    panel: str = "Options"
    kind: Literal["text", "texts", "switch"] = "text"

    @property
    def flag(self) -> str:
        """The name by which messages call it."""
        return self.names.split("/")[-1]


_TABLE = (
    Shared("model", "--model", "who answers", "NAME|draft|tape:PATH", "Model"),
    Shared("base_url", "--base-url", "an OpenAI-compatible endpoint", "URL", "Model"),
    Shared("role_models", "--role-model", "a role's own model; repeatable", "ROLE=NAME", "Model", "texts"),
    Shared("escalation_model", "--escalation-model", "goes on when a new plan did not help", "NAME", "Model"),
    Shared("price", "--price", "USD per million tokens, when it is not known", "IN,OUT", "Model"),
    Shared("executor", "--executor", "where code runs; auto: the best confinement here",
           "auto|local|docker|unconfined", "Sandbox"),
    Shared("python", "--python", "your own interpreter for the sandbox; it needs pytest", "PATH", "Sandbox"),
    Shared("packages", "--packages", "requirements to add to the sandbox", "LIST", "Sandbox"),
    Shared("image", "--image", "the container image for docker; default: ours", "NAME", "Sandbox"),
    Shared("timeout", "--timeout", "seconds for one execution; default 120", "S", "Sandbox"),
    Shared("work_dir", "--work-dir", "where sessions land; default ./workspace", "DIR", "Files"),
    Shared("output", "--output", "bring DIR up to date with the result; edits stay", "DIR", "Files"),
    Shared("prompts", "--prompts", "a folder of prompts that win over ours", "DIR", "Files"),
    Shared("language", "--language", "what the code is written in; default python", "NAME", "Work"),
    Shared("specialty", "--specialty", "what the developer knows best",
           "general|python|frontend|backend|data", "Work"),
    Shared("include_tests", "--tests/--no-tests", "with or without a test engineer", "", "Work", "switch"),
    Shared("include_review", "--review/--no-review", "with or without reviews", "", "Work", "switch"),
    Shared("approve", "--approve", "ask: a person has the last word", "auto|ask", "Work"),
    Shared("gates", "--gates", "the gates that decide; default: all that apply", "LIST", "Work"),
    Shared("coverage", "--coverage", "percent of lines that tests must reach; default 80", "PCT", "Work"),
    Shared("mutation", "--mutation", "percent of mutants that tests must notice; default: report only", "PCT",
           "Work"),
    Shared("licenses", "--licenses", "licences that imported packages may have; default: any", "LIST",
           "Work"),
    Shared("database_url", "--database-url", "a PostgreSQL server on which migrations are tried too", "URL",
           "Work"),
    Shared("waive", "--waive", "security findings to let pass; a person has to approve the result",
           "RULE[:PATH],…", "Work"),
    Shared("max_iterations", "--max-iterations", "rounds of code and checks; default 10", "N", "Limits"),
    Shared("max_calls", "--max-calls", "model calls", "N", "Limits"),
    Shared("max_cost", "--max-cost", "stop before a call that would cost more", "USD", "Limits"),
    Shared("max_total_tokens", "--max-total-tokens", "tokens, in and out together", "N", "Limits"),
    Shared("max_seconds", "--max-seconds", "wall time of the whole session", "S", "Limits"),
    Shared("role_budgets", "--role-budget", "bounds of a role, such as developer=0.50usd+20calls; repeatable",
           "ROLE=BOUNDS", "Limits", "texts"),
    Shared("json_output", "--json", "one JSON object on stdout", "", "Output", "switch"),
    Shared("quiet", "--quiet", "the verdict and the path only", "", "Output", "switch"),
    Shared("verbose", "--verbose", "more detail, and tracebacks", "", "Output", "switch"),
)  # fmt: skip
SHARED: dict[str, Shared] = {option.field: option for option in _TABLE}

PRINTING = ("json_output", "verbose")
SANDBOX = ("executor", "python", "packages", "image", "timeout")
PRESENTING = ("json_output", "quiet", "verbose")
SESSION = tuple(SHARED)


def takes(*fields: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the shared options of these fields; it receives them as its argument `flags`."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def parsed(**given: Any) -> None:
            flags = {name: given.pop(name) for name in fields}
            command(**given, flags={name: value for name, value in flags.items() if value not in (None, [])})

        own = inspect.signature(command, eval_str=True)
        kept = [parameter for parameter in own.parameters.values() if parameter.name != "flags"]
        kept = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in kept]
        shared = [_parameter(SHARED[name]) for name in fields]
        signature = own.replace(parameters=kept + shared)
        parsed.__signature__ = signature  # type: ignore[attr-defined]
        parsed.__annotations__ = {name: item.annotation for name, item in signature.parameters.items()}
        return parsed

    return decorate


def settings_of(flags: Flags) -> Settings[CodeGenerationConfig]:
    """The settings of this call: its flags over environment and files.

    Raises:
        team.errors.ConfigError: a value or a name is wrong.
    """
    from team.settings_sources import load_settings

    settings: Settings[CodeGenerationConfig] = load_settings(
        flags, flag_names={name: SHARED[name].flag for name in flags if name in SHARED}
    )
    return settings


def _parameter(option: Shared) -> inspect.Parameter:
    kinds = {"text": str | None, "texts": list[str] | None, "switch": bool | None}
    about = typer.Option(
        option.names,
        help=option.help,
        metavar=option.metavar,
        rich_help_panel=option.panel,
        show_default=False,
    )
    return inspect.Parameter(
        option.field,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kinds[option.kind], about],
    )
