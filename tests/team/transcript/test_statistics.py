"""The figures over a handful of sessions that can be worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.transcripts import write_log

from team.gates.base import GateStatus
from team.transcript.catalog import Catalog
from team.transcript.events import Event, Gate, ModelCall, SessionEnded, SessionStarted
from team.transcript.finding import newest
from team.transcript.statistics import CallFigures, GateFigures, SessionFigures, grouped, overall

Turn = dict[str, GateStatus]
GREEN: Turn = {"lint": "pass", "tests": "pass", "contract": "skip"}
RED_TESTS: Turn = GREEN | {"tests": "fail"}
RED_BOTH: Turn = {"lint": "fail", "tests": "error", "contract": "skip"}


def session(
    kind: str, prompts: str, turns: list[Turn], *calls: ModelCall, status: str = "accepted"
) -> Iterator[Event]:
    """Turns with their gates, the calls before the first; without a status nothing ends it."""
    yield SessionStarted(kind=kind, spec={}, config={"model": "m"}, versions={"prompts": prompts})
    yield from calls
    for number, turn in enumerate(turns, start=1):
        for name, said in turn.items():
            yield Gate(agent="executor", iteration=number, name=name, status=said)
    if status:
        yield SessionEnded(iteration=len(turns), status=status, reason=status, message=status)


def call(agent: str, model: str, cost: float | None, *, times: int = 1) -> ModelCall:
    answer = {"content": "x", "model": model, "calls": times}
    return ModelCall(
        agent=agent, answer=answer, prompt_tokens=100, completion_tokens=10, cost_usd=cost, seconds=2
    )


SESSIONS = {
    "1": session("run", "p1", [GREEN], call("developer", "big", 0.5), call("architect", "big", 0.25)),
    "2": session("run", "p1", [RED_BOTH, RED_TESTS, GREEN], call("developer", "big", 0.25, times=2)),
    "3": session("run", "p2", [RED_TESTS, RED_TESTS], call("developer", "small", 0.1), status="rejected"),
    "4": session("crud", "p2", [GREEN], call("developer", "draft", 0.0, times=0)),
    "5": session("crud", "p2", [RED_TESTS], call("developer", "odd", None), status=""),
    "6": session("etl", "p2", [], status="failed"),
}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    folder = tmp_path_factory.mktemp("statistics")
    for name, events in SESSIONS.items():
        write_log(folder / "workspace" / f"2026010{name}-000000-task-000{name}", events)
    return Catalog(folder / "workspace", folder / "catalog.sqlite")


def test_all_sessions(catalog: Catalog) -> None:
    assert catalog.ask(overall) == SessionFigures(
        sessions=6,
        ended=5,
        accepted=3,
        acceptance=0.6,
        iterations_to_green=1.0,
        calls=6,
        prompt_tokens=600,
        completion_tokens=60,
        cost_usd=None,
        seconds=12.0,
    )


def test_by_requirement_type_and_prompt_version(catalog: Catalog) -> None:
    kinds = catalog.ask(lambda db: grouped(db, "kind"))
    run, crud, etl = (kinds[name] for name in ("run", "crud", "etl"))
    assert isinstance(run, SessionFigures) and isinstance(crud, SessionFigures)
    assert isinstance(etl, SessionFigures)
    assert (run.sessions, run.accepted, run.acceptance, run.iterations_to_green) == (3, 2, 0.6667, 2.0)
    assert (run.calls, run.cost_usd) == (5, 1.1)
    assert (crud.sessions, crud.ended, crud.acceptance, crud.calls, crud.cost_usd) == (2, 1, 1.0, 1, None)
    assert (etl.acceptance, etl.iterations_to_green, etl.calls, etl.cost_usd) == (0.0, None, 0, 0.0)
    prompts = catalog.ask(lambda db: grouped(db, "prompt"))
    told = {
        name: (found.acceptance, found.iterations_to_green)
        for name, found in prompts.items()
        if isinstance(found, SessionFigures)
    }
    assert told == {"p2": (0.3333, 1.0), "p1": (1.0, 2.0)}


def test_failures_by_gate(catalog: Catalog) -> None:
    assert catalog.ask(lambda db: grouped(db, "gate")) == {
        "contract": GateFigures(runs=8, red=0, skipped=8, sessions=5, sessions_red=0),
        "lint": GateFigures(runs=8, red=1, skipped=0, sessions=5, sessions_red=1),
        "tests": GateFigures(runs=8, red=5, skipped=0, sessions=5, sessions_red=3),
    }


def test_cost_by_role(catalog: Catalog) -> None:
    roles = catalog.ask(lambda db: grouped(db, "role"))
    assert roles["architect"] == CallFigures(1, 1, 100, 10, 0.25, 2.0)
    assert roles["developer"] == CallFigures(5, 5, 500, 50, None, 10.0)


def test_each_session_has_its_own_sums(catalog: Catalog) -> None:
    rows = {row.name[7]: row for row in catalog.ask(newest)}
    assert [(name, row.calls, row.cost_usd) for name, row in sorted(rows.items())] == [
        ("1", 2, 0.75),
        ("2", 2, 0.25),
        ("3", 1, 0.1),
        ("4", 0, 0.0),
        ("5", 1, None),
        ("6", 0, 0.0),
    ]
    assert (rows["5"].status, rows["6"].status) == ("", "failed")
