"""Where settings come from, strongest first, and which place each value came from.

Flags > environment > `.env` > `[tool.devteam]` of a pyproject.toml > the user's TOML file > defaults. Each
source becomes a `Layer`; merging them keeps the place of every value, so that an error can name it and
`devteam config show` can print it. AutoGen's `OAI_CONFIG_LIST` names a model, its endpoint and its key
together, so it stands before the single `OPENAI_…` names: no key is ever sent to another's endpoint.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args

from pydantic import TypeAdapter, ValidationError

from team.config import CodeGenerationConfig
from team.errors import ConfigError
from team.settings_text import parse_setting

PREFIX = "DEVTEAM_"
FIELDS = tuple(CodeGenerationConfig.model_fields)
PATHS = frozenset(
    name
    for name, field in CodeGenerationConfig.model_fields.items()
    if Path in (field.annotation, *get_args(field.annotation))
)
# Names that follow an option or a habit of the field rather than the setting's own name.
ALIASES = {
    "DEVTEAM_ROLE_MODEL": "role_models",
    "DEVTEAM_ROLE_BUDGET": "role_budgets",
    "DEVTEAM_JSON": "json_output",
    "OPENAI_API_KEY": "api_key",
    "OPENAI_BASE_URL": "base_url",
}
NEGATIONS = {"DEVTEAM_NO_TESTS": "include_tests", "DEVTEAM_NO_REVIEW": "include_review"}
VARIABLES = {PREFIX + name.upper(): name for name in FIELDS}
# Variables of the executors: where their cache lies, and the mark on what they run. No setting, but ours.
PLACES = frozenset({"DEVTEAM_CACHE_DIR", "DEVTEAM_RUN"})

Config = TypeVar("Config", bound=CodeGenerationConfig)


@dataclass(frozen=True)
class Layer:
    """The settings of one source, with the place of each as a person would look for it."""

    values: Mapping[str, Any]
    places: Mapping[str, str]


@dataclass(frozen=True)
class Settings(Generic[Config]):
    """A configuration and, for every field, the place its value came from."""

    config: Config
    origins: Mapping[str, str]


def load_settings(
    flags: Mapping[str, Any],
    *,
    flag_names: Mapping[str, str] | None = None,
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
    model: type[Config] = CodeGenerationConfig,  # type: ignore[assignment]
) -> Settings[Config]:
    """Gather all sources as seen from `folder` (the current one) and merge them.

    `flag_names` gives a flag's name for people, such as ``--max-cost`` for ``max_cost``.

    Raises:
        ConfigError: an unknown name, or a value that is not allowed; one line that names its place.
    """
    layers = list(_layers(flags, flag_names or {}, folder or Path.cwd(), environ or os.environ))
    values: dict[str, Any] = {}
    origins = dict.fromkeys(FIELDS, "default")
    for layer in reversed(layers):
        values |= layer.values
        origins |= layer.places
    try:
        config = model(**values)
    except ValidationError as error:
        raise ConfigError(*_in_words(error, origins)) from None
    return Settings(config, origins)


def user_file() -> Path:
    """The user's own settings, in the place that the platform has for them."""
    from platformdirs import user_config_dir

    return Path(user_config_dir("devteam", appauthor=False)) / "config.toml"


def _layers(
    flags: Mapping[str, Any], flag_names: Mapping[str, str], folder: Path, environ: Mapping[str, str]
) -> Iterable[Layer]:
    from team.oai_config_list import read_config_list

    given = {name: value for name, value in flags.items() if value is not None}
    openai = {name: text for name, text in environ.items() if not name.startswith(PREFIX)}
    ours = {name: text for name, text in environ.items() if name.startswith(PREFIX) and name not in PLACES}
    strong = [_named_layer(given, flag_names, folder), _variables_layer(ours, "", folder)]
    weaker = [_variables_layer(openai, "", folder)]
    dotenv = folder / ".env"
    if dotenv.is_file():
        weaker.append(_refuse_unconfined(_variables_layer(_read_dotenv(dotenv), f" in {dotenv}", folder)))
    chosen = next((layer.values["model"] for layer in strong + weaker if layer.values.get("model")), "")
    listed, place = read_config_list(environ, folder, chosen)
    yield from (*strong, Layer(listed, dict.fromkeys(listed, place)), *weaker)
    for file, table in ((_pyproject(folder), ("tool", "devteam")), (user_file(), ())):
        if file is not None and file.is_file():
            yield _refuse_unconfined(_toml_layer(file, table))


def _named_layer(given: Mapping[str, Any], names: Mapping[str, str], folder: Path) -> Layer:
    places = {name: names.get(name, name) for name in given}
    for name in given:
        _known(name, FIELDS, "the settings")
    return _finished(given, places, folder)


def _variables_layer(variables: Mapping[str, str], suffix: str, folder: Path) -> Layer:
    """The layer of all variables that are ours; a name for the field itself wins over another name."""
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    for variable in sorted(variables, key=lambda name: name in VARIABLES):
        text = variables[variable].strip()
        ours = variable in VARIABLES or variable in ALIASES or variable in NEGATIONS
        if variable.startswith(PREFIX) and not ours:
            known = (*VARIABLES, *ALIASES, *NEGATIONS)
            _known(variable, known, f"the variables{suffix}" if suffix else "the environment")
        if not ours or not text:
            continue
        name = VARIABLES.get(variable) or ALIASES.get(variable) or NEGATIONS[variable]
        places[name] = variable + suffix
        values[name] = not _truth(text, places[name]) if variable in NEGATIONS else text
    return _finished(values, places, folder)


def _toml_layer(file: Path, table: tuple[str, ...]) -> Layer:
    try:
        content: Any = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not valid TOML", str(error)) from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be read", error.strerror or str(error)) from None
    for key in table:
        content = content.get(key, {})
        if not isinstance(content, dict):
            raise ConfigError(f"[{'.'.join(table)}] in {file} is not a table")
    for name in content:
        _known(name, FIELDS, str(file))
    return _finished(content, {name: f"{name} in {file}" for name in content}, file.parent)


def _finished(values: Mapping[str, Any], places: Mapping[str, str], base: Path) -> Layer:
    """Text becomes values, `use_docker` becomes `executor`, paths become absolute, seen from `base`."""
    done = {name: parse_setting(name, value, places[name]) for name, value in values.items()}
    for name in PATHS & done.keys():
        if isinstance(done[name], str | Path):
            done[name] = base / Path(done[name]).expanduser()
    model = done.get("model")
    if isinstance(model, str) and model.startswith("tape:") and model != "tape:":
        done["model"] = f"tape:{base / Path(model.removeprefix('tape:')).expanduser()}"
    kept = dict(places)
    if "use_docker" in done and _truth(done.pop("use_docker"), places["use_docker"]):
        if done.get("executor", "docker") not in ("auto", "docker"):
            raise ConfigError(f"{places['use_docker']} contradicts {places['executor']}", "set one of them")
        done["executor"] = "docker"
        kept["executor"] = places["use_docker"]
    return Layer(done, {name: place for name, place in kept.items() if name in done})


def _refuse_unconfined(layer: Layer) -> Layer:
    """Giving up the sandbox is a person's decision of the moment, so no file may make it."""
    if layer.values.get("executor") == "unconfined":
        raise ConfigError(
            f"{layer.places['executor']}: 'unconfined' is never taken from a file",
            "pass --executor unconfined if you mean it",
        )
    return layer


def _read_dotenv(file: Path) -> dict[str, str]:
    from dotenv import dotenv_values

    try:
        values = dotenv_values(file, encoding="utf-8")
    except (UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{file} cannot be read", str(error)) from None
    return {name: value for name, value in values.items() if value is not None}


def _pyproject(folder: Path) -> Path | None:
    """The nearest pyproject.toml with our table, from `folder` up to its repository's root.

    Outside a repository only `folder` itself counts: a folder further up may be anyone's.
    """
    line = [folder.resolve(), *folder.resolve().parents]
    root = next((index for index, place in enumerate(line) if (place / ".git").exists()), 0)
    for place in line[: root + 1]:
        file = place / "pyproject.toml"
        if file.is_file() and _toml_layer_present(file):
            return file
    return None


def _toml_layer_present(file: Path) -> bool:
    try:
        return "devteam" in tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError):
        return True  # reading it as a layer says what is wrong


def _known(name: str, names: Iterable[str], where: str) -> None:
    names = tuple(names)
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        mend = f"did you mean {near[0]}?" if near else "`devteam config show` lists the settings"
        raise ConfigError(f"there is no setting {name!r} ({where})", mend)


def _truth(value: Any, place: str) -> bool:
    try:
        return TypeAdapter(bool).validate_python(value)
    except ValidationError:
        raise ConfigError(f"{place} is {value!r}", "it must be true or false") from None


def _in_words(error: ValidationError, origins: Mapping[str, str]) -> tuple[str, str]:
    """The first complaint as problem and mend, with the place the value came from."""
    first = error.errors(include_url=False)[0]
    if not first["loc"]:
        return first["msg"].removeprefix("Value error, "), ""
    name = str(first["loc"][0])
    place = origins.get(name, name)
    given = str(first["input"]) if isinstance(first["input"], Path) else first["input"]
    shown = "" if name in ("api_key", "database_url") else f" is {given!r}"
    cause = first.get("ctx", {}).get("error")
    allowed = str(cause) if cause else first["msg"].split(", unable")[0].replace("Input should", "it must")
    return f"{place}{shown}", allowed
