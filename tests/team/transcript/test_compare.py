from collections.abc import Callable

from sample_session import answer, conversation

from team.transcript import Transcript
from team.transcript.compare import divergences
from team.transcript.events import Event

Make = Callable[..., Transcript]


def changed(events: list[Event], index: int, **fields: object) -> list[Event]:
    return [event.model_copy(update=fields) if at == index else event for at, event in enumerate(events)]


def test_same_session_again_has_no_divergence(make_session: Make) -> None:
    assert divergences(make_session("a"), make_session("b"), {}) == []


def test_left_over_answers(make_session: Make) -> None:
    assert divergences(make_session("a"), make_session("b"), {"developer": 2}) == [
        "developer: 2 recorded answer(s) left over"
    ]


def test_another_tree(make_session: Make) -> None:
    found = divergences(make_session("a"), make_session("b", last_line="x = 2\n"))
    assert found == ["iteration 2: other files: a.py"]


def test_another_question(make_session: Make) -> None:
    old = [answer("developer", "x", digest="1" * 64, request=({"content": "same\nwrite a"},))]
    new = [answer("developer", "x", digest="2" * 64, request=({"content": "same\nwrite b"},))]
    found = divergences(make_session("a", events=old), make_session("b", events=new))
    assert found == [
        "developer: the answer for 'code' belongs to another question: line 2 was 'write a', is 'write b'"
    ]


def test_other_gates_verdicts_outcomes_and_ending(make_session: Make) -> None:
    usual = conversation()
    other = changed(usual, 6, status="pass", findings=())
    other = changed(other, 7, exit_code=0)
    other = changed(other, 12, verdict="revise")
    other = changed(other, 13, status="rejected", reason="iterations")
    found = divergences(make_session("a", events=usual), make_session("b", events=other))
    assert found == [
        "iteration 1, command block: exit code 1 before, exit code 0 now",
        "iteration 1, gate lint: fail (a.py:1 F821) before, pass now",
        "iteration 2, review: approve before, revise now",
        "ending: accepted (accepted) before, rejected (iterations) now",
    ]


def test_what_only_one_side_has(make_session: Make) -> None:
    usual = conversation()
    found = divergences(make_session("a", events=usual), make_session("b", events=usual[:8]))
    assert "developer: an answer for 'repair_code' was only recorded" in found
    assert "iteration 2: only recorded" in found
    assert "iteration 2, gate lint: only recorded" in found
    assert "ending: accepted (accepted) before, not ended now" in found
