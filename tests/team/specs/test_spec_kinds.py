from typing import Any

import pytest

from team.errors import SpecError
from team.specs import CrudSpec, TaskSpec, load_spec

ENDPOINT: dict[str, Any] = {
    "path": "/api/users/{user_id}",
    "method": "put",
    "description": "Update user profile information",
    "request_schema": {
        "name": "string (optional)",
        "email": "string (optional, must be valid email)",
        "preferences": "object (optional)",
        "tags": "array of string (optional)",
        "role": "enum(admin, user)",
    },
    "response_schema": {"id": "integer", "updated_at": "datetime"},
}
PIPELINE: dict[str, Any] = {
    "name": "orders",
    "source": {"kind": "csv", "path": "data/orders-*.csv"},
    "transformations": [
        {"op": "rename", "columns": {"Order ID": "order_id"}},
        {"op": "drop_duplicates", "columns": ["order_id"], "keep": "last"},
        "mask the e-mail addresses",
    ],
    "destination": {
        "kind": "sql",
        "url": "sqlite:///w.db",
        "table": "orders",
        "mode": "upsert",
        "key": ["order_id"],
    },
    "incremental": {"column": "ordered_at"},
    "checks": [{"column": "amount", "rule": "min", "value": 0}],
}


def test_a_task_has_a_title_and_its_own_words() -> None:
    task = TaskSpec(requirements="## A `rate limiter`\nwith a token bucket")
    assert (task.kind, task.title) == ("run", "A rate limiter")
    assert TaskSpec(requirements="x", title="Short").title == "Short"
    assert len(TaskSpec(requirements="word " * 50).title) <= 60
    with pytest.raises(SpecError, match="the requirements are empty"):
        load_spec("run", {"requirements": " "})


def test_endpoints() -> None:
    spec = load_spec("api", ENDPOINT)
    assert spec.title == "PUT /api/users/{user_id}"
    assert "- `email`: string (optional, must be valid email)" in spec.requirements_text()
    assert spec.prose_rules() == ()
    assert load_spec("api", spec.model_dump(mode="json")) == spec


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"path": "users"}, "must look like"),
        ({"path": "/a/{x}/{x}"}, "has a parameter twice"),
        ({"method": "FETCH"}, "method: 'FETCH' is not allowed"),
        ({"request_schema": {"name": "strng"}}, "name: unknown schema word 'strng'; did you mean 'string'?"),
        ({"respons_schema": {}}, "unknown key 'respons_schema'; did you mean 'response_schema'?"),
    ],
)
def test_endpoints_that_make_no_sense(change: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_spec("api", ENDPOINT | change)
    assert words in str(caught.value)


def test_pipelines() -> None:
    spec = load_spec("etl", PIPELINE)
    assert spec.title == "orders"
    assert spec.prose_rules() == ("mask the e-mail addresses",)
    assert "3. mask the e-mail addresses" in spec.requirements_text()
    assert load_spec("etl", spec.model_dump(mode="json")) == spec
    assert load_spec("etl", PIPELINE | {"source": "csv:data/orders-*.csv"}) == spec


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"transformations": [{"op": "renam"}]}, "unknown op 'renam'; did you mean 'rename'?"),
        ({"transformations": [{"op": "rename"}]}, "rename needs columns"),
        ({"transformations": [{"op": "filter", "where": "a", "wher": "b"}]}, "unknown key 'wher' of filter"),
        ({"source": {"kind": "sql", "url": "sqlite://"}}, "a sql source needs url and query"),
        ({"destination": {"kind": "parquet"}}, "a parquet destination needs path"),
        ({"checks": [{"column": "a", "rule": "min"}]}, "the check min of a needs a value"),
        ({"on_bad_rows": "ignore"}, "on_bad_rows: 'ignore' is not allowed"),
    ],
)
def test_pipelines_that_make_no_sense(change: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_spec("etl", PIPELINE | change)
    assert words in str(caught.value)


def test_problems() -> None:
    spec = load_spec(
        "solve",
        {
            "name": "Two Sum",
            "description": "Find two.",
            "examples": [{"input": {"n": [1]}, "expected": None}],
        },
    )
    assert spec.title == "Two Sum"
    assert "Write the function `run_code` in python." in spec.requirements_text()
    assert '- input `{"n": [1]}` → expected `null`' in spec.requirements_text()


def test_an_entity_in_words_is_the_same_each_time() -> None:
    data = {
        "name": "Invoice",
        "fields": [
            {"name": "price", "type": "decimal", "min": "0.01", "default": 1.5},
            {"name": "status", "type": "enum", "values": ["draft", "paid"], "required": False},
        ],
        "business_rules": ["price > 0.5", {"rule": "price < 100", "message": "too dear"}, "Be nice"],
    }
    spec = load_spec("crud", data)
    assert isinstance(spec, CrudSpec)
    text = spec.requirements_text()
    assert "- `price`: decimal, required, at least 0.01, 4 decimal places, default 1.5" in text
    assert "- `status`: one of draft, paid, optional" in text
    assert "- `price < 100`: too dear" in text
    assert "- `price > 0.5`: this must hold: price > 0.5" in text
    assert spec.prose_rules() == ("Be nice",)
    assert load_spec("crud", dict(data)).requirements_text() == text


def test_a_relationship_that_no_field_makes_stays_open() -> None:
    line = {"name": "Line", "fields": [{"name": "invoice_id", "type": "integer", "references": "Invoice.id"}]}
    invoice = {
        "name": "Invoice",
        "fields": [{"name": "number", "type": "string"}],
        "relationships": [
            {"name": "lines", "target": "Line", "kind": "one_to_many"},
            {"name": "tags", "target": "Line", "kind": "many_to_many"},
            {"name": "parent", "target": "Line", "kind": "many_to_one"},
        ],
    }
    spec = load_spec("crud", {"entities": [invoice, line]})
    assert spec.prose_rules() == ("Invoice.parent: many-to-one with Line",)
