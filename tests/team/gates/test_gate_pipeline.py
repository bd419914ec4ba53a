"""The pipeline gate: a drafted pipeline passes all trials, and broken ones are found."""

from collections.abc import Callable, Iterator

import pytest
import yaml

from executors import Executor, SandboxUnavailable, open_executor
from team.gates import judge, make_target
from team.gates.base import GateResult, GateSettings
from team.generators.etl import EtlDraft
from team.specs import PipelineSpec, load_spec

SPEC = """
name: orders
source: {kind: csv, path: "data/*.csv"}
transformations:
  - {op: cast, columns: {amount: decimal}}
  - {op: filter, where: amount > 0}
destination: {kind: sql, url: "sqlite:///warehouse.db", table: orders, mode: upsert, key: [order_id]}
checks: [{column: amount, rule: max, value: 5000}]
on_bad_rows: fail
"""
ALL_AT_ONCE = "in [pd.concat(list(_rows(path, config.chunk_rows, tally)), ignore_index=True)]"
Judged = Callable[..., GateResult]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Executor]:
    try:
        with open_executor("auto", work_dir=tmp_path_factory.mktemp("pipeline")) as executor:
            yield executor
    except SandboxUnavailable as missing:
        pytest.skip(f"no sandbox on this machine: {missing}")


@pytest.fixture
def judged(sandbox: Executor) -> Judged:
    """Judges the draft of a spec, with one text of it exchanged: ``judged("transform.py", old, new)``."""
    spec = load_spec("etl", yaml.safe_load(SPEC))
    assert isinstance(spec, PipelineSpec)
    files = EtlDraft(spec).code()

    def one(module: str = "run.py", old: str = "", new: str = "") -> GateResult:
        assert old in files[f"pipeline/{module}"]
        for path, text in files.items():
            place = sandbox.work_dir / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text.replace(old, new) if old and path.endswith(module) else text)
        target = make_target(sandbox.work_dir, sandbox, GateSettings(timeout=60), spec=spec)
        (result,) = judge(target, ["pipeline"])
        return result

    return one


def test_a_drafted_pipeline_passes(judged: Judged) -> None:
    result = judged()
    assert (result.status, result.findings, result.evidence) == ("pass", (), "contract")


@pytest.mark.parametrize(
    ("module", "old", "new", "rule"),
    [
        ("transform.py", '["amount"] > 0', '["amount"] > 20', "arrival"),
        ("load.py", "connection.execute(table.delete().where(same), keys)", "pass", "idempotence"),
        ("run.py", "if tally.bad:", "if not tally:", "bad-rows"),
        pytest.param(
            "extract.py",
            "in _rows(path, config.chunk_rows, tally)",
            ALL_AT_ONCE,
            "memory",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_pipeline_with_a_fault_is_found(judged: Judged, module: str, old: str, new: str, rule: str) -> None:
    result = judged(module, old, new)
    assert result.status == "fail"
    assert {finding.rule for finding in result.findings} == {rule}
    assert all("fails" not in finding.message for finding in result.findings)


def test_what_is_no_pipeline_is_skipped(sandbox: Executor) -> None:
    (result,) = judge(make_target(sandbox.work_dir, sandbox), ["pipeline"])
    assert (result.status, result.why) == ("skip", "it is no pipeline")


def test_a_database_elsewhere_is_skipped_with_a_reason(sandbox: Executor) -> None:
    given = yaml.safe_load(SPEC)
    given["destination"]["url"] = "postgresql://warehouse/orders"
    target = make_target(sandbox.work_dir, sandbox, spec=load_spec("etl", given))
    (result,) = judge(target, ["pipeline"])
    assert result.status == "skip"
    assert "not an SQLite file" in result.why
