"""Every shared option has its field and its variable, and reaches the configuration."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from team.cli.options import SESSION, SHARED, Flags, settings_of, takes
from team.config import CodeGenerationConfig
from team.errors import ConfigError
from team.models.bounds import Bounds
from team.settings_sources import ALIASES, NEGATIONS, VARIABLES

CONTRACT = """
--model --base-url --role-model --executor --python --packages --image --work-dir --output
--language --specialty --gates --timeout --max-iterations --max-cost --price --max-calls
--coverage --mutation --prompts --no-tests --no-review --approve --json --quiet --verbose
--licenses --waive --database-url --role-budget --max-total-tokens --max-seconds --escalation-model
"""


def variable_of(flag: str) -> str:
    return "DEVTEAM_" + flag.removeprefix("--").replace("-", "_").upper()


def test_the_contracts_options_are_all_there() -> None:
    assert {option.flag for option in SHARED.values()} == set(CONTRACT.split())


@pytest.mark.parametrize("option", SHARED.values(), ids=lambda option: option.flag)
def test_every_option_has_a_field_a_variable_and_a_help(option: Any) -> None:
    assert option.field in CodeGenerationConfig.model_fields
    names = VARIABLES | ALIASES | NEGATIONS
    assert names[variable_of(option.flag)] == option.field
    assert option.help


@takes(*SESSION)
def command(flags: Flags, name: str = "") -> None:
    raise StopIteration(flags, name)


def given(**arguments: Any) -> tuple[Flags, str]:
    nothing = dict.fromkeys(SESSION)
    with pytest.raises(StopIteration) as stopped:
        command(**{**nothing, **arguments})
    flags, name = stopped.value.args
    return flags, name


def test_a_command_gets_only_the_flags_that_were_given() -> None:
    assert given(name="x", model="draft", role_models=[], quiet=False) == (
        {"model": "draft", "quiet": False},
        "x",
    )


def test_a_commands_signature_has_its_own_parameters_and_the_shared_ones() -> None:
    assert set(inspect.signature(command).parameters) == {"name", *SESSION}


@pytest.fixture
def nowhere(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in (*VARIABLES, *ALIASES):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("nowhere")
def test_flags_are_text_until_the_configuration_reads_them() -> None:
    flags = {
        "max_cost": "0.5",
        "price": "2.5,10",
        "role_models": ["developer=a", "architect=b"],
        "gates": "lint",
        "licenses": "MIT, BSD",
        "waive": "B608:app/db.py",
        "role_budgets": ["developer=0.50usd+20calls", "architect=1000tokens"],
        "escalation_model": "bigger",
    }
    config = settings_of(flags).config
    assert (config.max_cost, config.price) == (0.5, (2.5, 10))
    assert config.role_models == {"developer": "a", "architect": "b"}
    assert config.gates == ("lint",)
    assert (config.licenses, config.waive) == (("MIT", "BSD"), ("B608:app/db.py",))
    assert config.role_budgets == {
        "developer": Bounds(cost=0.5, calls=20),
        "architect": Bounds(tokens=1000),
    }
    assert config.escalation_model == "bigger"


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"max_iterations": "many"}, "--max-iterations is 'many' — it must be a valid integer"),
        ({"coverage": "101"}, "--coverage is '101' — it must be less than or equal to 100"),
        (
            {"executor": "podman"},
            "--executor is 'podman' — it must be 'auto', 'local', 'docker' or 'unconfined'",
        ),
    ],
)
def test_a_wrong_flag_is_named_with_what_is_allowed(flags: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_of(flags)
    assert str(caught.value) == words
