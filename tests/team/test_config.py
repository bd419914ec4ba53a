"""Settings: the order of their sources, their places, and what is refused with which words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from team import settings_sources
from team.config import CodeGenerationConfig
from team.errors import ConfigError
from team.settings_sources import load_settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own folder and an empty home, and none of the developer's own variables."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OAI_CONFIG_LIST", *settings_sources.VARIABLES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def user_toml(text: str) -> Path:
    file = settings_sources.user_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_every_source_wins_over_the_next(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user_toml("max_iterations = 1\ncoverage = 61\ntimeout = 31\nmax_calls = 41\nlanguage = 'go'\n")
    pyproject = home / "pyproject.toml"
    pyproject.write_text("[tool.devteam]\nmax_iterations = 2\ncoverage = 62\ntimeout = 32\nmax_calls = 42\n")
    (home / ".env").write_text("DEVTEAM_MAX_ITERATIONS=3\nDEVTEAM_COVERAGE=63\nDEVTEAM_TIMEOUT=33\nOTHER=x\n")
    monkeypatch.setenv("DEVTEAM_MAX_ITERATIONS", "4")
    monkeypatch.setenv("DEVTEAM_COVERAGE", "64")

    loaded = load_settings({"max_iterations": 5}, flag_names={"max_iterations": "--max-iterations"})

    config, origins = loaded.config, loaded.origins
    assert (config.max_iterations, origins["max_iterations"]) == (5, "--max-iterations")
    assert (config.coverage, origins["coverage"]) == (64, "DEVTEAM_COVERAGE")
    assert (config.timeout, origins["timeout"]) == (33, f"DEVTEAM_TIMEOUT in {home / '.env'}")
    assert (config.max_calls, origins["max_calls"]) == (42, f"max_calls in {pyproject}")
    assert (config.language, origins["language"]) == ("go", f"language in {settings_sources.user_file()}")
    assert (config.specialty, origins["specialty"]) == ("general", "default")


def test_the_constructor_reads_nothing_but_its_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEVTEAM_COVERAGE", "10")
    assert CodeGenerationConfig().coverage == 80
    assert CodeGenerationConfig.load().coverage == 10


def test_a_flag_that_is_none_counts_as_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEVTEAM_MODEL", "gpt-4o")
    assert CodeGenerationConfig.load(model=None).model == "gpt-4o"


def test_key_and_endpoint_come_from_openais_names_and_the_key_stays_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", " sk-secret\n")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    config = CodeGenerationConfig.load()
    assert config.api_key is not None
    assert config.api_key.get_secret_value() == "sk-secret"
    assert config.base_url == "http://127.0.0.1:9/v1"
    assert "sk-secret" not in repr(config) + json.dumps(config.public())


def test_our_own_name_wins_over_openais(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://openai.invalid/v1")
    monkeypatch.setenv("DEVTEAM_BASE_URL", "http://ours.invalid/v1")
    assert CodeGenerationConfig.load().base_url == "http://ours.invalid/v1"


def test_text_becomes_lists_pairs_and_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEVTEAM_PACKAGES", "numpy>=2,<3, pandas[sql,excel]==2.2,httpx")
    monkeypatch.setenv("DEVTEAM_GATES", "lint, tests")
    monkeypatch.setenv("DEVTEAM_ROLE_MODEL", "developer=gpt-4o,architect=o3")
    monkeypatch.setenv("DEVTEAM_PRICE", "2.5,10")
    config = CodeGenerationConfig.load()
    assert config.packages == ("numpy>=2,<3", "pandas[sql,excel]==2.2", "httpx")
    assert config.gates == ("lint", "tests")
    assert config.role_models == {"developer": "gpt-4o", "architect": "o3"}
    assert config.price == (2.5, 10)


def test_toml_keeps_its_own_types(home: Path) -> None:
    (home / "pyproject.toml").write_text(
        '[tool.devteam]\npackages = ["numpy"]\nprice = [1, 2.5]\nrole_models = {developer = "x"}\n'
    )
    config = CodeGenerationConfig.load()
    assert (config.packages, config.price, config.role_models) == (("numpy",), (1, 2.5), {"developer": "x"})


def test_switches_can_be_said_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEVTEAM_NO_TESTS", "1")
    monkeypatch.setenv("DEVTEAM_INCLUDE_REVIEW", "false")
    config = CodeGenerationConfig.load()
    assert not config.include_tests
    assert not config.include_review
    assert CodeGenerationConfig.load(include_tests=True).include_tests


def test_an_empty_variable_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEVTEAM_MAX_COST", "")
    assert CodeGenerationConfig.load().max_cost is None


def test_the_cache_folders_variable_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEVTEAM_CACHE_DIR", "elsewhere")
    assert load_settings({}).config == CodeGenerationConfig()


def test_paths_in_a_file_are_seen_from_that_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".git").mkdir()
    (home / "pyproject.toml").write_text('[tool.devteam]\nwork_dir = "out"\nmodel = "tape:tapes/a.jsonl"\n')
    below = home / "src"
    below.mkdir()
    monkeypatch.chdir(below)
    config = CodeGenerationConfig.load()
    assert config.work_dir == home / "out"
    assert config.model == f"tape:{home / 'tapes/a.jsonl'}"


def test_paths_in_flags_and_variables_are_seen_from_the_current_folder(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEVTEAM_OUTPUT", "~/out")
    monkeypatch.setenv("HOME", str(home.parent))
    config = CodeGenerationConfig.load(model="tape:a.jsonl", work_dir="w")
    assert (config.model, config.work_dir, config.output) == (
        f"tape:{home / 'a.jsonl'}",
        home / "w",
        home.parent / "out",
    )


def test_outside_a_repository_no_folder_further_up_has_a_say(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "pyproject.toml").write_text('[tool.devteam]\nmodel = "theirs"\n')
    below = home / "src"
    below.mkdir()
    monkeypatch.chdir(below)
    assert CodeGenerationConfig.load().model == ""


def test_use_docker_is_executor_docker_and_a_stronger_source_takes_it_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DEVTEAM_USE_DOCKER", "true")
    assert CodeGenerationConfig.load().executor == "docker"
    assert CodeGenerationConfig.load(executor="local").executor == "local"
    with pytest.raises(ConfigError, match="use_docker contradicts executor"):
        CodeGenerationConfig.load(executor="local", use_docker=True)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (".env", "DEVTEAM_EXECUTOR=unconfined\n"),
        ("pyproject.toml", '[tool.devteam]\nexecutor = "unconfined"\n'),
    ],
)
def test_unconfined_is_never_taken_from_a_file(home: Path, file: str, text: str) -> None:
    (home / file).write_text(text)
    with pytest.raises(ConfigError, match=r"never taken from a file — pass --executor unconfined"):
        CodeGenerationConfig.load()


def test_unconfined_is_not_taken_from_the_users_own_file_either() -> None:
    user_toml('executor = "unconfined"\n')
    with pytest.raises(ConfigError, match="never taken from a file"):
        CodeGenerationConfig.load(executor="local")


def test_unconfined_by_flag_or_variable_is_a_persons_word(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CodeGenerationConfig.load(executor="unconfined").executor == "unconfined"
    monkeypatch.setenv("DEVTEAM_EXECUTOR", "unconfined")
    assert CodeGenerationConfig.load().executor == "unconfined"


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        (".env", "DEVTEAM_MODLE=x\n", r"'DEVTEAM_MODLE' \(the variables in .*\.env\).*DEVTEAM_MODEL\?"),
        ("pyproject.toml", "[tool.devteam]\nmax_itterations = 3\n", r"pyproject\.toml\).*max_iterations\?"),
        ("pyproject.toml", "[tool.devteam\n", r"pyproject\.toml is not valid TOML"),
        ("pyproject.toml", "[tool]\ndevteam = 3\n", r"\[tool\.devteam\] in .* is not a table"),
        ("pyproject.toml", "[tool.devteam]\ncoverage = 140\n", r"coverage in .* is 140 — .* or equal to 100"),
        (".env", "DEVTEAM_EXECUTOR=podman\n", r"DEVTEAM_EXECUTOR in .* is 'podman' — .*'auto', 'local'"),
    ],
)
def test_what_a_file_gets_wrong_is_named_with_the_file(home: Path, file: str, text: str, words: str) -> None:
    (home / file).write_text(text)
    with pytest.raises(ConfigError, match=words) as caught:
        CodeGenerationConfig.load()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        (
            "DEVTEAM_MAX_COTS",
            "1",
            r"'DEVTEAM_MAX_COTS' \(the environment\) — did you mean DEVTEAM_MAX_COST\?",
        ),
        ("DEVTEAM_TIMEOUT", "soon", r"^DEVTEAM_TIMEOUT is 'soon' — it must be a valid number$"),
        ("DEVTEAM_TIMEOUT", "inf", r"DEVTEAM_TIMEOUT is '?inf"),
        ("DEVTEAM_PRICE", "3", r"DEVTEAM_PRICE is '3' — write IN,OUT"),
        ("DEVTEAM_ROLE_MODEL", "gpt-4o", r"DEVTEAM_ROLE_MODEL is 'gpt-4o' — write ROLE=NAME"),
        ("DEVTEAM_ROLE_MODEL", "boss=x", r"there is no role 'boss'; the roles are architect"),
        ("DEVTEAM_NO_TESTS", "perhaps", r"DEVTEAM_NO_TESTS is 'perhaps' — it must be true or false"),
        ("OPENAI_BASE_URL", "localhost:11434", r"OPENAI_BASE_URL is 'localhost:11434' — .* http://"),
        ("OAI_CONFIG_LIST", "[{", r"OAI_CONFIG_LIST is not JSON"),
        ("OAI_CONFIG_LIST", "nowhere.json", r"OAI_CONFIG_LIST is 'nowhere.json' — it must be a JSON list"),
    ],
)
def test_what_a_variable_gets_wrong_is_named_with_the_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=words):
        CodeGenerationConfig.load()


def test_an_unknown_argument_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"'modle' .* did you mean model\?"):
        CodeGenerationConfig.load(modle="x")
    with pytest.raises(ValidationError, match="modle"):
        CodeGenerationConfig(modle="x")  # type: ignore[call-arg]


def test_autogens_list_brings_model_endpoint_and_key_together(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [
        {"model": "first", "base_url": "http://one.invalid/v1", "api_key": "key-one"},
        {"model": "second", "base_url": "http://two.invalid/v1", "api_key": "key-two"},
    ]
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    monkeypatch.setenv("OAI_CONFIG_LIST", json.dumps(entries))
    first, second = CodeGenerationConfig.load(), CodeGenerationConfig.load(model="second")
    other = CodeGenerationConfig.load(model="gpt-4o")

    def endpoint(config: CodeGenerationConfig) -> tuple[str, str | None, str | None]:
        return config.model, config.base_url, config.api_key and config.api_key.get_secret_value()

    assert endpoint(first) == ("first", "http://one.invalid/v1", "key-one")
    assert endpoint(second) == ("second", "http://two.invalid/v1", "key-two")
    assert endpoint(other) == ("gpt-4o", None, "sk-openai")

    monkeypatch.delenv("OAI_CONFIG_LIST")
    (home / "OAI_CONFIG_LIST").write_text(json.dumps(entries))
    assert endpoint(CodeGenerationConfig.load()) == endpoint(first)


def test_a_roles_budget_is_written_as_text_or_as_a_table(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user_toml("[role_budgets.developer]\ncalls = 3\n")
    assert CodeGenerationConfig.load().role_budgets["developer"].calls == 3
    monkeypatch.setenv("DEVTEAM_ROLE_BUDGETS", "developer=0.5usd+20calls,architect=1")
    budgets = CodeGenerationConfig.load().role_budgets
    assert (budgets["developer"].cost, budgets["developer"].calls, budgets["architect"].cost) == (0.5, 20, 1)
    for wrong, words in (
        ("developer=20cows", "20cows"),
        ("boss=1", "no role 'boss'"),
        ("developer", "ROLE="),
    ):
        monkeypatch.setenv("DEVTEAM_ROLE_BUDGETS", wrong)
        with pytest.raises(ConfigError, match=words):
            CodeGenerationConfig.load()
