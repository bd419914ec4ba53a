"""Pipelines carried out by hand."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from team.pipelines import layout_of
from team.pipelines.reference import Carried, carry, load
from team.pipelines.samples import Samples
from team.pipelines.texts import text_of
from team.specs import PipelineSpec, load_spec

UPSERT = {"kind": "sql", "url": "sqlite:///w.db", "table": "t", "mode": "upsert", "key": ["id"]}


def pipeline(*steps: Any, **more: Any) -> PipelineSpec:
    spec = load_spec(
        "etl", {"source": "csv:in.csv", "transformations": list(steps), "destination": UPSERT} | more
    )
    assert isinstance(spec, PipelineSpec)
    return spec


def carried(spec: PipelineSpec, *rows: dict[str, Any], **more: Any) -> Carried:
    return carry(spec, layout_of(spec), {0: rows}, **more)


def test_every_row_is_accounted_for() -> None:
    spec = pipeline(
        {"op": "cast", "columns": {"amount": "decimal"}},
        {"op": "drop_nulls", "columns": ["id"]},
        {"op": "drop_duplicates", "columns": ["id"], "keep": "last"},
        {"op": "filter", "where": "amount > 0"},
        checks=[{"column": "amount", "rule": "max", "value": 100}],
    )
    rows = [("1", "5"), ("1", "7"), ("2", "x"), (None, "1"), ("3", "0"), ("4", "1000")]
    done = carried(spec, *({"id": key, "amount": amount} for key, amount in rows))
    assert done.rows == [{"id": "1", "amount": Decimal(7)}]
    assert (done.tally.read, done.tally.left_out, done.tally.bad) == (6, 3, ["amount", "amount"])


def test_groups_are_summed_up() -> None:
    spec = pipeline(
        {"op": "cast", "columns": {"amount": "integer"}},
        {"op": "aggregate", "by": ["id"], "columns": {"amount": ["sum", "mean"], "n": "count(*)"}},
    )
    rows = [("b", "1"), ("a", "2"), ("b", None), ("b", "4")]
    done = carried(spec, *({"id": key, "amount": amount} for key, amount in rows))
    assert done.rows == [
        {"id": "a", "amount_sum": 2, "amount_mean": 2.0, "n": 1},
        {"id": "b", "amount_sum": 5, "amount_mean": 2.5, "n": 3},
    ]


def test_only_newer_rows_are_carried() -> None:
    spec = pipeline({"op": "cast", "columns": {"at": "integer"}}, incremental={"column": "at"})
    rows = [{"id": str(number), "at": str(number)} for number in range(5)]
    done = carried(spec, *rows, mark=3)
    assert [row["at"] for row in done.rows] == [3, 4]  # an upsert may take those at the mark again
    assert done.tally.skipped == 3


def test_an_upsert_keeps_the_newest_of_each_key() -> None:
    spec = pipeline()
    held = load(spec, [{"id": 1, "v": "a"}, {"id": 2, "v": "b"}], [{"id": 1, "v": "c"}, {"id": 1, "v": "d"}])
    assert held == [{"id": 1, "v": "d"}, {"id": 2, "v": "b"}]


@given(
    st.integers(1, 40), st.sampled_from(["amount > 10", "amount < 3 or name == 'x'", "name in ['p', 'q']"])
)
def test_sample_rows_arrive(start: int, where: str) -> None:
    spec = pipeline({"op": "cast", "columns": {"amount": "decimal"}}, {"op": "filter", "where": where})
    layout = layout_of(spec)
    tables = Samples(spec, layout).tables(4, start=start)
    assert len(carry(spec, layout, tables).rows) == 4
    assert len({row["id"] for row in tables[0]}) == 4


def test_dirty_rows_do_not_arrive() -> None:
    spec = pipeline(
        {"op": "cast", "columns": {"amount": "decimal", "at": "datetime"}},
        checks=[{"column": "amount", "rule": "min", "value": 0}],
    )
    layout = layout_of(spec)
    dirty = Samples(spec, layout).dirty(9)
    assert len(dirty) == 4  # two types, the key, the check
    assert carry(spec, layout, {0: dirty}).rows == []


def test_values_are_the_same_text_however_they_are_stored() -> None:
    assert text_of(Decimal("10.00")) == text_of(10.0) == text_of("10")
    assert text_of("2026-01-05T08:30:00") == text_of("2026-01-05 08:30:00.000000")
    assert text_of("2026-01-05") == text_of("2026-01-05 00:00:00")
    assert text_of(True) == text_of(1) == text_of("true")
