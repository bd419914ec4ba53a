import json
from collections.abc import Callable
from pathlib import Path

import pytest

from team.errors import SpecError
from team.transcript import Transcript
from team.transcript.tape import Tape, read_tape


def written(tmp_path: Path, *lines: object) -> Tape:
    path = tmp_path / "tape.jsonl"
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return read_tape(path)


def by_hand(agent: str, content: str, **more: object) -> dict[str, object]:
    return {"type": "model_call", "agent": agent, "answer": {"content": content}} | more


def test_answers_are_served_per_role_in_order(tmp_path: Path) -> None:
    tape = written(
        tmp_path, by_hand("developer", "one"), by_hand("architect", "plan"), by_hand("developer", "two")
    )
    assert tape.left() == {"architect": 1, "developer": 2}
    served = [tape.next("developer") for _ in range(3)]
    assert [call and call.answer["content"] for call in served] == ["one", "two", None]
    assert tape.left() == {"architect": 1}
    assert tape.next("nobody") is None


def test_hand_written_tape_with_extras(tmp_path: Path) -> None:
    tape = written(
        tmp_path,
        {"type": "note", "text": "hand-written for the example"},
        "",
        by_hand("developer", "x", step="code", prompt_tokens=7, cost_usd=0.1, comment="flawed on purpose"),
    )
    call = tape.next("developer")
    assert call is not None and (call.step, call.prompt_tokens, call.cost_usd) == ("code", 7, 0.1)
    assert tape.notes == ("hand-written for the example",)


def test_any_transcript_is_a_tape(make_session: Callable[..., Transcript]) -> None:
    folder = make_session().folder
    for path in (folder, folder / "transcript.jsonl"):
        assert read_tape(path).left() == {"developer": 2}


def test_torn_end_of_a_transcript_is_no_error(make_session: Callable[..., Transcript]) -> None:
    path = make_session().folder / "transcript.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    assert read_tape(path).left() == {"developer": 2}


def test_last_line_without_newline_counts(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text(json.dumps(by_hand("developer", "x")))
    assert read_tape(tmp_path / "t.jsonl").left() == {"developer": 1}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{oops", "line 2: not a JSON object"),
        ([1], "line 2: not a JSON object"),
        ({"agent": "developer"}, "line 2: 'type' is missing"),
        ({"type": "model_call", "answer": {"content": "x"}}, "line 2: 'agent' is missing"),
        ({"type": "model_call", "agent": "developer", "answer": "x"}, "line 2: 'answer' has no text"),
        ({"type": "model_call", "agent": "developer", "answer": {"content": None}}, "'answer' has no text"),
        (by_hand("developer", "x", prompt_tokens="many"), "line 2: prompt_tokens: "),
    ],
)
def test_wrong_line_is_named(tmp_path: Path, line: object, problem: str) -> None:
    with pytest.raises(SpecError, match=r"tape\.jsonl") as caught:
        written(tmp_path, by_hand("developer", "x"), line, by_hand("developer", "y"))
    assert problem in str(caught.value)


def test_no_file_and_no_answers(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"cannot read the tape .*none\.jsonl"):
        read_tape(tmp_path / "none.jsonl")
    with pytest.raises(SpecError, match="holds no answer"):
        written(tmp_path, {"type": "note", "text": "only this"})
