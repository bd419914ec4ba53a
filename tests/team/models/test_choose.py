from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.openai_server import KEY

from team.config import CodeGenerationConfig
from team.errors import ConfigError
from team.models.base import AnswerSource, Request
from team.models.budget import Budget
from team.models.choose import choose_source
from team.models.draft import DraftSource
from team.models.live import LiveSource
from team.models.tape import TapeSource
from team.specs import CrudSpec, ProblemSpec, TaskSpec

SPECS = {
    "run": TaskSpec(requirements="Write it."),
    "crud": CrudSpec(entities=[{"name": "Note", "fields": [{"name": "text", "type": "text"}]}]),
    "solve": ProblemSpec(description="Add two numbers."),
}
SOURCES: list[AnswerSource] = []


@pytest.fixture(autouse=True)
def hang_up():
    yield
    for source in SOURCES:
        if isinstance(source, LiveSource):
            source.close()
    SOURCES.clear()


def choose(kind: str = "run", environ: dict[str, str] | None = None, **settings: object):
    said: list[str] = []
    source = choose_source(
        CodeGenerationConfig(**settings),
        SPECS[kind],
        budget=Budget(),
        tree=dict,
        on_status=said.append,
        environ=environ or {},
    )
    source.said = said
    SOURCES.append(source)
    return source


def ask(source, step: str = "code") -> str:
    return source.answer(Request(agent="developer", step=step, system="s", user="u")).content


def test_a_named_model_is_asked(openai_server):
    server = openai_server(["done"])
    source = choose(model="m1", base_url=server.url, api_key=KEY)
    assert isinstance(source, LiveSource)
    assert (source.name, ask(source)) == ("m1", "done")


def test_key_and_endpoint_come_from_the_environment(openai_server):
    server = openai_server(["done"])
    assert ask(choose(model="m1", environ={"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.url})) == "done"


def test_a_key_alone_means_a_default_model():
    assert choose(environ={"OPENAI_API_KEY": KEY}).name == "gpt-4o"


def test_the_draft_is_used_when_nothing_is_configured_and_says_so():
    source = choose("crud")
    assert isinstance(source, DraftSource)
    assert source.said == ["no model is named, so the draft is used; --model NAME asks a model"]
    assert "Note" in ask(source, step="plan")


def test_the_draft_is_used_when_it_is_named():
    source = choose("crud", model="draft")
    assert isinstance(source, DraftSource)
    assert source.said == []


@pytest.mark.parametrize("kind", ["run", "solve"])
def test_without_model_and_drafter_the_ways_to_configure_are_shown(kind):
    with pytest.raises(ConfigError, match="no model is configured") as caught:
        choose(kind)
    for word in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OAI_CONFIG_LIST", "ollama", "--base-url", "make demo"):
        assert word in caught.value.mend
    assert len(caught.value.mend.splitlines()) < 24


def test_a_model_without_key_or_endpoint_says_what_is_missing():
    with pytest.raises(ConfigError, match="no key for m1: OPENAI_API_KEY is not set"):
        choose(model="m1")


def test_an_endpoint_without_model_says_how_to_list_them():
    with pytest.raises(ConfigError, match=r"curl http://127\.0\.0\.1:1/v1/models"):
        choose(base_url="http://127.0.0.1:1/v1")


def test_free_form_requirements_cannot_be_drafted():
    with pytest.raises(ConfigError, match="free-form requirements cannot be drafted"):
        choose(model="draft")


def test_a_draft_cannot_choose_speakers():
    with pytest.raises(ConfigError, match="speaker_selection='auto'"):
        choose("crud", model="draft", speaker_selection="auto")


@pytest.mark.parametrize("name", ["  ", "\t", "a\nb", "gpt\x1b[2J"])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(ConfigError, match="model's name"):
        choose(model=name)


def test_a_tape_is_served(tmp_path: Path):
    path = tmp_path / "a b.jsonl"
    note = {"type": "note", "text": "written by hand"}
    call = {"type": "model_call", "agent": "developer", "answer": {"content": "done"}}
    path.write_text("\n".join(json.dumps(each) for each in (note, call)))
    source = choose(model=f"tape:{path}")
    assert isinstance(source, TapeSource)
    assert (source.said, ask(source)) == (["written by hand"], "done")


@pytest.mark.parametrize(
    ("name", "word"), [("tape:", "names no file"), ("tape: ", "names no file"), ("tape:no.jsonl", "no.jsonl")]
)
def test_a_tape_that_is_missing_is_named(name, word):
    with pytest.raises(ConfigError, match=word):
        choose(model=name)


@pytest.mark.parametrize("name", ["draft", "tape:x", " "])
def test_a_role_needs_a_model(name):
    with pytest.raises(ConfigError, match="cannot answer for the role developer"):
        choose(model="m1", api_key=KEY, role_models={"developer": name})


def test_a_bound_on_money_needs_a_price():
    with pytest.raises(ConfigError, match="the price of m1 is unknown — give it with --price"):
        choose(model="m1", api_key=KEY, max_cost=1.0)
    with pytest.raises(ConfigError, match="the price of m2 is unknown"):
        choose(model="m1", api_key=KEY, max_cost=1.0, price=(1, 1), role_models={"developer": "m2"})
    assert choose(model="m1", api_key=KEY, max_cost=1.0, price=(1, 1))
    assert choose(model="gpt-4o", api_key=KEY, max_cost=1.0)


# OAI_CONFIG_LIST ----------------------------------------------------------------------------------------


@pytest.fixture
def listed(openai_server):
    server = openai_server(lambda request: request.body["model"])
    entries = [{"model": name, "api_key": KEY, "base_url": server.url} for name in ("m1", "m2")]
    return {"OAI_CONFIG_LIST": json.dumps(entries)}


@pytest.mark.parametrize(("model", "answering"), [("", "m1"), ("m2", "m2"), ("m3", "m3")])
def test_autogens_list_is_honoured(listed, model, answering):
    assert ask(choose(model=model, environ=listed)) == answering


def test_a_listed_model_is_asked_rather_than_the_draft(listed):
    assert ask(choose("crud", environ=listed)) == "m1"


def test_autogens_list_may_be_a_file(listed, tmp_path: Path):
    (tmp_path / "list.json").write_text(listed["OAI_CONFIG_LIST"])
    assert ask(choose(environ={"OAI_CONFIG_LIST": str(tmp_path / "list.json")})) == "m1"


def test_a_setting_stands_before_the_list(listed, openai_server):
    server = openai_server(["mine"], key=None)
    assert ask(choose(model="m1", base_url=server.url, environ=listed)) == "mine"


def test_a_list_that_is_none_is_refused():
    with pytest.raises(ConfigError, match="OAI_CONFIG_LIST"):
        choose(environ={"OAI_CONFIG_LIST": "[{]"})


def priced(listed, model: str, price: object) -> dict[str, str]:
    """The list with a price for one of its models, in USD per thousand tokens, as AutoGen writes it."""
    entries = json.loads(listed["OAI_CONFIG_LIST"])
    return {
        "OAI_CONFIG_LIST": json.dumps(
            [entry | ({"price": price} if entry["model"] == model else {}) for entry in entries]
        )
    }


def test_the_lists_price_counts_for_the_model_it_stands_beside(listed):
    for model, known in (("m2", True), ("m1", False), ("m3", False)):
        source = choose(model=model, environ=priced(listed, "m2", [0.25, 0.75]))
        answer = source.answer(Request(agent="developer", step="code", system="s", user="u"))
        dollars = (answer.prompt_tokens * 250 + answer.completion_tokens * 750) / 1e6
        assert answer.cost_usd == (pytest.approx(dollars) if known else None)


def test_the_lists_price_is_enough_for_a_bound_on_money(listed):
    assert choose(model="m2", max_cost=1.0, environ=priced(listed, "m2", [0.25, 0.75]))
    with pytest.raises(ConfigError, match="the price of m1 is unknown"):
        choose(model="m1", max_cost=1.0, environ=priced(listed, "m2", [0.25, 0.75]))


@pytest.mark.parametrize("price", ["0.1", [1], [1, "x"], [-1, 1], [1, 2, 3]])
def test_a_price_in_the_list_that_is_none_is_refused(listed, price):
    with pytest.raises(ConfigError, match="USD per thousand tokens"):
        choose(model="m2", environ=priced(listed, "m2", price))


def test_a_roles_bound_on_money_needs_a_price_too():
    with pytest.raises(ConfigError, match="the budget of the developer cannot be kept"):
        choose(model="m1", api_key=KEY, role_budgets={"developer": "0.5usd"})
    assert choose(model="m1", api_key=KEY, role_budgets={"developer": "20calls"})
