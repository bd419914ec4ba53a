from collections.abc import Callable
from pathlib import Path

import pytest

from team.errors import SessionNotFound
from team.transcript import Transcript
from team.transcript.store import SessionLog
from team.transcript.summary import write_summary

Make = Callable[..., Transcript]


def test_opened_by_folder_log_or_id(make_session: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_session().folder
    monkeypatch.chdir(folder.parent.parent)
    name = folder.name
    for given in (folder, str(folder), folder / "transcript.jsonl", name, f"workspace/{name}"):
        assert Transcript.open(given).session == name
    assert Transcript.open(name, work_dir=folder.parent).session == name


def test_unknown_session_names_the_nearest(make_session: Make) -> None:
    work_dir = make_session().folder.parent
    with pytest.raises(SessionNotFound, match="did you mean 20260102-030405-counter-beef"):
        Transcript.open("20260102-030405-conuter-beef", work_dir)
    with pytest.raises(SessionNotFound, match="devteam list"):
        Transcript.open("qqq", work_dir / "nowhere")


def test_what_a_session_holds(make_session: Make) -> None:
    log = make_session()
    assert [message.agent for message in log.messages()] == ["", "developer"]
    assert [call.step for call in log.answers("developer")] == ["code", "repair_code"]
    assert log.answers("architect") == ()
    assert [(gate.name, gate.status) for gate in log.gates(1)] == [("syntax", "pass"), ("lint", "fail")]
    assert len(log.gates()) == 4
    assert [event.type for event in log.events("verdict")] == ["verdict"]
    assert log.iterations == 2 and log.damage == ()
    assert log.ended is not None and log.ended.status == "accepted"


def test_cost_by_role_and_iteration(make_session: Make) -> None:
    log = make_session()
    usage = log.cost()["developer"]
    assert (usage.calls, usage.prompt_tokens, usage.completion_tokens) == (2, 200, 20)
    assert usage.cost_usd is None, "the price of one call is unknown"
    assert log.cost(by="iteration")["0"].cost_usd == 0.5
    assert set(log.cost(by="model")) == {"m"}


def test_diff_of_an_iteration_and_of_the_whole(make_session: Make) -> None:
    log = make_session()
    assert "-x = y\n+x = 1\n" in log.diff(2)
    assert "+x = y\n" in log.diff(1)
    assert "+x = 1\n" in log.diff() and "x = y" not in log.diff()
    assert log.changes() == {"a.py": (1, 0)}
    assert log.diff(7) == ""


def test_without_history_there_is_no_diff(tmp_path: Path) -> None:
    SessionLog.create(tmp_path / "s1").close()
    log = Transcript.open(tmp_path / "s1")
    assert log.diff() == "" and not (tmp_path / "s1" / "history.git").exists()


def test_session_json_is_believed_when_it_is_final(make_session: Make) -> None:
    folder = make_session().folder
    write_summary(folder, {"session": folder.name, "status": "rejected"})
    assert Transcript.open(folder).summary == {"session": folder.name, "status": "rejected"}


def test_fields_of_a_wrong_kind_are_taken_from_the_log(make_session: Make) -> None:
    folder = make_session().folder
    wrong = {"config": "x", "spec": [1], "kind": {}, "totals": 7, "status": ["x"], "title": "counter"}
    write_summary(folder, wrong)
    summary = Transcript.open(folder).summary
    assert (summary["status"], summary["title"], summary["kind"]) == ("accepted", "counter", "run")
    assert (summary["config"], summary["spec"]) == ({"model": "m"}, {"requirements": "count"})
    write_summary(folder, wrong | {"status": "accepted"})
    assert Transcript.open(folder).summary["config"] == {"model": "m"}


def test_ending_in_the_log_wins_over_a_summary_from_before(make_session: Make) -> None:
    folder = make_session().folder
    write_summary(folder, {"session": folder.name, "status": "running", "title": "counter"})
    summary = Transcript.open(folder).summary
    assert (summary["status"], summary["title"], summary["kind"]) == ("accepted", "counter", "run")


def test_killed_session_is_told_from_a_running_one(make_session: Make) -> None:
    folder = make_session().folder
    path = folder / "transcript.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    killed = Transcript.open(folder).summary
    assert (killed["status"], killed["reason"]) == ("stopped", "interrupted")
    assert "devteam resume" in killed["message"] and killed["totals"]["calls"] == 2
    with SessionLog.reopen(folder):
        assert Transcript.open(folder).summary["status"] == "running"


def test_when_it_began(make_session: Make) -> None:
    assert make_session().when == "2026-01-02 03:04"
    assert make_session("by-hand").when == "2026-01-02 03:04"
