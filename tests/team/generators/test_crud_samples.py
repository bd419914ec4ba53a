from typing import Any

import pytest

from team.errors import SpecError
from team.generators.crud.candidates import other_value
from team.generators.crud.entities import either, literal
from team.generators.crud.fields import enum_members
from team.generators.crud.samples import Samples
from team.specs import EntitySpec, FieldSpec

STATUS = {"name": "status", "type": "enum", "values": ["draft", "paid"], "default": "draft"}
TOTAL = {"name": "total", "type": "integer"}
DUE = {"name": "due", "type": "date", "required": False}


def samples(fields: list[dict[str, Any]], *rules: str) -> Samples:
    return Samples(EntitySpec(name="Invoice", fields=fields, business_rules=rules))  # type: ignore[arg-type]


def test_the_example_is_realistic_and_within_the_limits() -> None:
    full = samples(
        [
            {"name": "number", "type": "string"},
            {"name": "customer_name", "type": "string", "max_length": 6},
            {"name": "note", "type": "text", "min": 8},
            {"name": "total", "type": "integer", "max": 5},
        ]
    ).full
    assert full == {"number": "INV-001", "customer_name": "Ada Lo", "note": "Notexxxx", "total": 5}


def test_the_example_keeps_all_rules_even_many() -> None:
    fields = [{"name": f"f{n}", "type": "integer"} for n in range(12)]
    rules = [f"f{n} > {n * 100}" for n in range(12)]
    assert all(samples(fields, *rules).full[f"f{n}"] > n * 100 for n in range(12))


def test_each_rule_can_be_broken_alone() -> None:
    found = samples(
        [STATUS, TOTAL, DUE], "status != 'paid' or total > 0", "status != 'paid' or due is not None"
    )
    assert found.breaking(0) == {"status": "paid", "total": 0}
    assert found.breaking(1) == {"status": "paid", "due": None}


def test_a_rule_that_always_holds_cannot_be_broken() -> None:
    assert samples([TOTAL], "total > 5 or total <= 5").breaking(0) is None


def test_the_least_example_leaves_out_what_it_may() -> None:
    found = samples([STATUS, TOTAL, DUE], "status != 'draft' or total < 5")
    assert found.least == {"status": "draft", "total": 4, "due": None}
    assert samples([STATUS, TOTAL, DUE], "due is not None").least is None


def test_rules_that_exclude_each_other() -> None:
    with pytest.raises(SpecError, match="no example of Invoice was found"):
        _ = samples([TOTAL], "total > 5", "total < 3").full


def test_other_values_of_unique_fields() -> None:
    code = FieldSpec(name="code", type="string", unique=True, max_length=4)
    assert [other_value(code, "A-01", n) for n in (1, 2)] == ["A-02", "A-03"]
    email = FieldSpec(name="email", type="email", unique=True)
    assert other_value(email, "ada@example.com", 1) == "bada@example.com"
    number = FieldSpec(name="number", type="integer", min=5, max=5)
    assert other_value(number, 5, 1) is None


def test_names_for_enum_values() -> None:
    assert enum_members(("in-progress", "in_progress", "2fa", "EUR", "…")) == {
        "IN_PROGRESS": "in-progress",
        "IN_PROGRESS_2": "in_progress",
        "VALUE_2FA": "2fa",
        "EUR": "EUR",
        "VALUE": "…",
    }


def test_long_texts_become_literals_that_belong_together() -> None:
    text = "word " * 40 + "end"
    source = literal(text)
    assert eval(source) == text
    assert max(len(part) for part in source.split("' '")) < 80
    assert either(["a", "b", "c"]) == "a, b or c"
    assert either([]) == ""
