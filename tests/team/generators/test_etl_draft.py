"""Drafted pipelines pass their own tests and the gates in a real sandbox, whatever goes in and out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from executors import Executor, SandboxUnavailable, open_executor
from team.errors import SpecError
from team.gates import judge, make_target
from team.gates.base import GateSettings
from team.generators.etl import EtlDraft
from team.specs import PipelineSpec, load_spec

ORDERS = Path(__file__).resolve().parents[3] / "examples" / "orders.yaml"

SALES = """
name: Sales by region
source: "csv:in/sales.csv"
transformations:
  - {op: derive, column: revenue, expression: "round(quantity * price, 2)"}
  - {op: join, with: "csv:in/customers.csv", "on": {customer: id}, how: inner}
  - {op: filter, where: "region in ['EU', 'US'] and not (quantity <= 0 or price < 0.5)"}
  - {op: fill_nulls, columns: {channel: web}}
  - {op: replace, column: channel, values: {www: web}}
  - {op: aggregate, by: [region, channel], columns: {revenue: sum, sales: count(*), top: max(revenue)}}
  - {op: sort, columns: [revenue], descending: true}
destination: {kind: csv, path: out/summary.csv, mode: upsert, key: [region, channel]}
on_bad_rows: fail
"""
READINGS = """
name: readings
source: {kind: jsonl, path: "in/*.jsonl"}
transformations:
  - {op: cast, columns: {value: number, taken: datetime, ok: boolean, station: integer}}
  - {op: filter, where: "ok and value is not None"}
  - {op: derive, column: fahrenheit, expression: "value * 9 / 5 + 32"}
  - {op: drop_duplicates, columns: [station, taken]}
destination: {kind: parquet, path: out/readings.parquet, mode: append}
checks: [{column: value, rule: max, value: 60}, {column: station, rule: in, value: [1, 2, 3]}]
on_bad_rows: drop
"""
CUSTOMERS = """
name: customers
source: {kind: sql, url: "sqlite:///crm.db", query: "SELECT id, vip, revenue FROM customers"}
transformations:
  - {op: cast, columns: {id: integer, vip: boolean, revenue: decimal, since: date}}
destination: {kind: sql, url: "sqlite:///warehouse.db", table: customers, mode: append}
incremental: {column: since}
"""


def draft(text: str) -> EtlDraft:
    spec = load_spec("etl", yaml.safe_load(text))
    assert isinstance(spec, PipelineSpec)
    return EtlDraft(spec)


def tree(of: EtlDraft) -> dict[str, str]:
    return {**of.code(), **of.tests()}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Executor]:
    root = tmp_path / "files"
    root.mkdir()
    try:
        with open_executor("auto", work_dir=root) as executor:
            yield executor
    except SandboxUnavailable as missing:
        pytest.skip(f"no sandbox on this machine: {missing}")


@pytest.mark.parametrize(
    ("text", "gates"),
    [
        (SALES, ["lint", "types", "security", "dependencies", "tests", "coverage"]),
        pytest.param(READINGS, ["lint", "types", "tests"], marks=pytest.mark.slow),
        pytest.param(CUSTOMERS, ["lint", "types", "tests"], marks=pytest.mark.slow),
    ],
    ids=["sales", "readings", "customers"],
)
def test_a_draft_passes_the_gates(text: str, gates: list[str], sandbox: Executor) -> None:
    for path, content in tree(draft(text)).items():
        place = sandbox.work_dir / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
    target = make_target(sandbox.work_dir, sandbox, GateSettings(coverage_floor=90, timeout=120))
    results = judge(target, gates)
    assert {result.name: result.findings for result in results if result.status != "pass"} == {}


def test_the_same_spec_gives_the_same_bytes() -> None:
    assert tree(draft(ORDERS.read_text())) == tree(draft(ORDERS.read_text()))


def test_a_sample_lies_where_the_pattern_looks() -> None:
    files = tree(draft(ORDERS.read_text()))
    assert files["data/orders-sample.csv"].startswith("Order ID,amount,ordered_at\n1001,")


def test_what_is_not_needed_is_not_there() -> None:
    files = tree(draft(CUSTOMERS))
    assert "summarize" not in files["pipeline/whole.py"]
    assert "csv" not in files["pipeline/extract.py"]
    assert "{%" not in "".join(files.values())


@pytest.mark.parametrize("change", [{"source": "our shop's exports"}, {"destination": "the warehouse"}])
def test_a_source_in_prose_cannot_be_drafted(change: dict[str, Any]) -> None:
    spec = load_spec("etl", yaml.safe_load(ORDERS.read_text()) | change)
    assert isinstance(spec, PipelineSpec)
    with pytest.raises(SpecError, match="is in prose"):
        EtlDraft(spec)


def test_a_step_in_prose_stays_open() -> None:
    given = yaml.safe_load(ORDERS.read_text())
    given["transformations"].append("Guess the customer's segment")
    spec = load_spec("etl", given)
    assert isinstance(spec, PipelineSpec)
    assert spec.prose_rules() == ("Guess the customer's segment",)
    assert "nobody has implemented it yet" in EtlDraft(spec).code()["README.md"]
