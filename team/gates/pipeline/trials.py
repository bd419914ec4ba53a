"""What a pipeline is put through, one trial after another; each says what was not as it must be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from executors.base import Outcome
from team.gates.base import Finding, Target
from team.gates.pipeline.stage import MOST_ROWS, Held, Stage, staged
from team.gates.reading import FileFacts
from team.gates.wording import told
from team.pipelines import Layout
from team.pipelines import steps as s
from team.pipelines.reference import Rows, carry, greatest, load
from team.pipelines.samples import Samples, Table
from team.pipelines.texts import text_of
from team.specs.pipeline import DestinationSpec, PipelineSpec

ROWS = 6
MANY = 3000
"""Rows of the source in the trial in which the pipeline is killed."""
_SHARES = (0.6, 0.85)
"""When it is killed, as shares of the time that it needs."""


@dataclass(frozen=True)
class Case:
    """A pipeline on trial."""

    target: Target
    spec: PipelineSpec
    layout: Layout
    samples: Samples
    facts: Mapping[str, FileFacts]

    @property
    def destination(self) -> DestinationSpec:
        """Where its rows go; a case is only made of pipelines for which that is no prose."""
        assert isinstance(self.spec.destination, DestinationSpec)
        return self.spec.destination

    def carried(self, tables: Mapping[int, Table], mark: Any = None) -> Rows:
        """The rows that must arrive."""
        return carry(self.spec, self.layout, tables, mark=mark).rows

    def stage(self, *, warm: bool = True) -> AbstractContextManager[Stage]:
        """A fresh stage."""
        return staged(self.target, self.spec, self.layout, self.facts if warm else None)


def arrives_and_arrives_once(case: Case) -> Iterator[Finding]:
    """Good rows arrive as they must, and a second run changes nothing."""
    tables = case.samples.tables(ROWS)
    expected = load(case.spec, [], case.carried(tables))
    with case.stage() as stage:
        stage.deliver(tables)
        yield from _loads(stage, expected, case, "arrival", "a first run")
        first = stage.held()
        yield from _loads(stage, None, case, "idempotence", "a second run over the same source")
        again = stage.held()
    if _plain(again.rows, None) != _plain(first.rows, None):
        yield finding(
            "idempotence", f"a second run over the same source changes {first.count} rows to {again.count}"
        )


def takes_what_is_new(case: Case) -> Iterator[Finding]:
    """A later delivery is added to what was loaded before."""
    spec = case.spec
    if case.destination.mode == "replace" or any(isinstance(p.step, s.Aggregate) for p in case.layout.steps):
        return
    both = case.samples.tables(ROWS + 3)
    first = {**both, 0: both[0][:ROWS]}
    loaded = load(spec, [], case.carried(first))
    mark = greatest(loaded, spec.incremental.column) if spec.incremental else None
    as_file = not _one_place(spec)
    later = {**both, 0: both[0][ROWS:] if as_file else both[0]}
    newer = case.carried(later if as_file or spec.incremental else both, mark)
    expected = load(spec, loaded, newer) if spec.incremental or as_file else load(spec, [], newer)
    if not spec.incremental and not as_file and case.destination.mode == "append":
        return
    with case.stage() as stage:
        stage.deliver(first)
        stage.run()
        stage.deliver(later, "2" if as_file else "1")
        yield from _loads(stage, expected, case, "increment", "a run over a later delivery")


def refuses_bad_rows(case: Case) -> Iterator[Finding]:
    """Dirty rows do not arrive; whether the others do is for the spec to say."""
    tables = case.samples.tables(ROWS)
    dirty = case.samples.dirty(40)
    mixed = {**tables, 0: [*tables[0][:2], *dirty, *tables[0][2:]]}
    bad = carry(case.spec, case.layout, mixed).tally.bad
    if not bad:
        return
    with case.stage() as stage:
        stage.deliver(mixed)
        if case.spec.on_bad_rows == "fail":
            yield from _refuses(stage, "bad-rows", f"a source with {len(bad)} bad rows (on_bad_rows: fail)")
        else:
            expected = load(case.spec, [], case.carried(mixed))
            yield from _loads(stage, expected, case, "bad-rows", f"a source with {len(bad)} bad rows")


def notices_drift(case: Case) -> Iterator[Finding]:
    """A column that is gone is told, and nothing is loaded; one that is new does no harm."""
    tables = case.samples.tables(ROWS)
    widened = {**tables, 0: [{**row, "a_new_column": "x"} for row in tables[0]]}
    if not case.layout.closed:
        with case.stage() as stage:
            stage.deliver(tables)
            stage.run()
            stage.deliver(widened)
            if (outcome := stage.run()).exit_code != 0:
                yield finding("drift", f"a source with a new column is not loaded: {said(outcome)}")
    kind = getattr(case.spec.source, "kind", "")
    if case.layout.source and kind in ("csv", "parquet", "sql"):
        gone = next(iter(case.layout.source))
        with case.stage() as stage:
            stage.deliver(tables)
            stage.run()
            before = stage.held()
            narrowed = {
                **tables,
                0: [{k: v for k, v in row.items() if k != gone} or {"x": "1"} for row in tables[0]],
            }
            stage.deliver(narrowed)
            yield from _refuses(stage, "drift", f"a source without the column {gone!r}", before)


def survives_a_kill(case: Case) -> Iterator[Finding]:
    """Killed in the middle, a run leaves nothing half-loaded, and the next one loads everything."""
    tables = case.samples.many(MANY)
    with case.stage(warm=False) as stage:
        stage.deliver(tables)
        whole = stage.run()
        expected = stage.held()
    if whole.exit_code != 0:
        yield finding("kill", f"a run over {MANY} good rows fails: {said(whole)}")
        return
    for share in _SHARES:
        with case.stage(warm=False) as stage:
            stage.deliver(tables)
            stage.run(seconds=max(0.2, whole.seconds * share))
            left = stage.held()
            if left.count not in (0, expected.count):
                yield finding(
                    "kill", f"a run that was killed leaves {left.count} of {expected.count} rows loaded"
                )
                return
            outcome = stage.run()
            after = stage.held()
        if outcome.exit_code != 0 or after.count != expected.count:
            why = f"; {said(outcome)}" if outcome.exit_code else ""
            yield finding(
                "kill",
                f"after a run that was killed, the next loads {after.count} of {expected.count} rows{why}",
            )
            return


def _loads(stage: Stage, expected: Rows | None, case: Case, rule: str, what: str) -> Iterator[Finding]:
    """The run ends well, and the destination holds the expected rows."""
    outcome = stage.run()
    if outcome.exit_code != 0:
        yield finding(rule, f"{what} should end with exit code 0: {said(outcome)}")
        return
    if expected is None:
        return
    held = stage.held()
    if held.count != len(expected):
        yield finding(
            rule, f"{what} should leave {len(expected)} rows in the destination, and leaves {held.count}"
        )
        return
    yield from _differences(held, expected, case, rule, what)


def _differences(held: Held, expected: Rows, case: Case, rule: str, what: str) -> Iterator[Finding]:
    names = list(case.layout.final) or list(expected[0] if expected else ())
    wanted = [{name: text_of(row.get(name)) for name in names} for row in expected[:MOST_ROWS]]
    missing = [name for name in names if held.rows and name not in held.rows[0]]
    if missing:
        yield finding(rule, f"{what}: the destination has no column {missing[0]!r}")
        return
    found = _plain(held.rows, names)
    for row in sorted(wanted, key=_order):
        if row not in found:
            yield finding(
                rule, f"{what}: no row of the destination is {row}; there is {_nearest(row, found)}"
            )
            return
        found.remove(row)


def _nearest(row: Mapping[str, str], found: Sequence[Mapping[str, str]]) -> str:
    def alike(other: Mapping[str, str]) -> int:
        return sum(other.get(name) == value for name, value in row.items())

    return told(str(max(found, key=alike))) if found else "none"


def _refuses(stage: Stage, rule: str, what: str, before: Held | None = None) -> Iterator[Finding]:
    outcome = stage.run()
    held = stage.held()
    if outcome.exit_code == 0:
        yield finding(rule, f"{what} should end with exit code 1, and ends with 0")
    if _plain(held.rows, None) != (_plain(before.rows, None) if before else []):
        yield finding(rule, f"{what} should leave the destination as it was, and does not")


def _plain(rows: Sequence[Mapping[str, str | None]], names: Sequence[str] | None) -> list[dict[str, str]]:
    plain = [{name: text_of(row.get(name)) for name in names or row} for row in rows]
    return sorted(plain, key=_order)


def _order(row: Mapping[str, str]) -> str:
    return str(sorted(row.items()))


def _one_place(spec: PipelineSpec) -> bool:
    """Whether a later delivery comes in the place of the first, and not as a file beside it."""
    source = spec.source
    return (
        isinstance(source, str)
        or source.kind == "sql"
        or "*" not in str(source.path)
        or spec.incremental is not None
    )


def said(outcome: Outcome) -> str:
    """How a run ended, and its last words, in one line."""
    how = f"limit {outcome.limit}" if outcome.limit else f"exit code {outcome.exit_code}"
    lines = [line for line in outcome.output.splitlines() if line.strip()]
    return told(f"{how}, {lines[-1][:300]}" if lines else how)


def finding(rule: str, message: str) -> Finding:
    """What a trial found; no place in the code is known."""
    return Finding(rule=rule, message=message)
