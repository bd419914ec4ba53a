"""The columns of a pipeline, step by step, and the mistakes that this finds."""

from typing import Any

import pytest

from team.errors import SpecError
from team.pipelines import layout_of
from team.specs import PipelineSpec, load_spec

TO = {"kind": "sql", "url": "sqlite:///w.db", "table": "t"}


def pipeline(*steps: Any, source: Any = "csv:in.csv", **more: Any) -> PipelineSpec:
    spec = load_spec("etl", {"source": source, "transformations": list(steps), "destination": TO} | more)
    assert isinstance(spec, PipelineSpec)
    return spec


def test_columns_are_followed_through_names_and_types() -> None:
    layout = layout_of(
        pipeline(
            {"op": "rename", "columns": {"Order ID": "id"}},
            {"op": "cast", "columns": {"amount": "decimal"}},
            {"op": "derive", "column": "cents", "expression": "amount * 100"},
            {"op": "select", "columns": ["id", "cents"]},
        )
    )
    assert layout.source == {"Order ID": "text", "amount": "text"}
    assert (layout.final, layout.closed) == ({"id": "text", "cents": "decimal"}, True)


def test_what_is_computed_with_is_read_as_a_number() -> None:
    layout = layout_of(pipeline({"op": "filter", "where": "price * quantity > 10"}))
    assert layout.final == {"price": "number", "quantity": "number"}
    assert layout.steps[0].number == 0  # a cast that nobody wrote


def test_what_is_asked_for_after_a_join_is_the_joined_tables() -> None:
    layout = layout_of(
        pipeline(
            {"op": "join", "with": "csv:people.csv", "on": ["person"]},
            {"op": "filter", "where": "country == 'DE'"},
        )
    )
    assert layout.tables == {0: {"person": "text"}, 1: {"country": "text"}}


def test_the_mark_is_compared_once_the_column_is_what_it_will_be() -> None:
    steps = [
        {"op": "rename", "columns": {"at": "moment"}},
        {"op": "cast", "columns": {"moment": "datetime"}},
        {"op": "drop_nulls", "columns": ["moment"]},
    ]
    assert layout_of(pipeline(*steps, incremental={"column": "moment"})).marked_after == 2


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([{"op": "rename", "columns": {"a": "b"}}, {"op": "drop_nulls", "columns": ["a"]}],
         "transformation 2: there is no column 'a' here: it is called 'b' now"),
        ([{"op": "select", "columns": ["a"]}, {"op": "sort", "columns": ["b"]}],
         "transformation 2: there is no column 'b'"),
        ([{"op": "cast", "columns": {"a": "money"}}], "transformation 1: unknown type 'money'"),
        ([{"op": "filter", "where": "a >"}], "transformation 1: it is not an expression"),
        ([{"op": "cast", "columns": {"a": "text"}}, {"op": "filter", "where": "a > 3"}],
         "transformation 2: 3 is no value"),
        ([{"op": "drop_duplicates", "keep": "any"}], "keep 'any' is not first or last"),
        ([{"op": "aggregate", "by": ["a"], "columns": {"b": "total"}}], "unknown function 'total'"),
        ([{"op": "join", "with": "csv:x.csv", "on": ["a"], "how": "outer"}],
         "how 'outer' is not left or inner"),
        ([{"op": "cast", "columns": {"a": "date"}}, {"op": "fill_nulls", "columns": {"a": "x"}}],
         "transformation 2: 'x' is no value of 'a'"),
    ],
)  # fmt: skip
def test_steps_that_cannot_be_done_are_told_with_their_number(steps: list[Any], words: str) -> None:
    with pytest.raises(SpecError, match=words.replace("(", "\\(")):
        pipeline(*steps)


def test_a_replaced_table_cannot_grow() -> None:
    with pytest.raises(SpecError, match="mode replace"):
        pipeline(incremental={"column": "at"}, destination=TO | {"mode": "replace"})
