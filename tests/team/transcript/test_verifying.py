"""Whoever changes a byte of a session is found out, and told where."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.tapes import APPROVE, RIGHT, TASK, write_tape

from team.config import CodeGenerationConfig
from team.session import run_session
from team.specs import TaskSpec
from team.transcript import Transcript
from team.transcript.verify import verify_session

Change = Callable[[Path], object]


@pytest.fixture(scope="module")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real, accepted session; tests work on copies."""
    folder = tmp_path_factory.mktemp("verifying")
    answers = [
        ("architect", "One module."),
        ("developer", RIGHT),
        ("code_reviewer", APPROVE),
        ("architect", APPROVE),
    ]
    tape = write_tape(folder / "tape.jsonl", *answers)
    config = CodeGenerationConfig(
        model=f"tape:{tape}",
        work_dir=folder / "workspace",
        include_tests=False,
        gates=("syntax",),
        executor="unconfined",
        temperature=0.5,
    )
    return Path(run_session(TaskSpec(requirements=TASK), config).path)


@pytest.fixture
def session(accepted: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(accepted, tmp_path / accepted.name))


def problems(folder: Path) -> list[str]:
    return [str(problem) for problem in verify_session(Transcript(folder)).problems]


def test_an_untouched_session_is_intact(session: Path) -> None:
    found = verify_session(Transcript(session))
    assert (found.problems, found.notes, found.intact) == ((), (), True)


def test_a_changed_byte_of_any_line_is_found_in_that_line(session: Path) -> None:
    path = session / "transcript.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    for number, line in enumerate(lines):
        at = line.rindex(b'"') - 1
        changed = line[:at] + (b"X" if line[at : at + 1] != b"X" else b"Y") + line[at + 1 :]
        path.write_bytes(b"".join([*lines[:number], changed, *lines[number + 1 :]]))
        assert any(f"transcript.jsonl, line {number + 1}" in what for what in problems(session)), number


def edit_json(change: Callable[[dict[str, object]], object]) -> Change:
    def apply(folder: Path) -> None:
        told = json.loads((folder / "session.json").read_text())
        change(told)
        (folder / "session.json").write_text(json.dumps(told))

    return apply


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: (folder / "files/slug.py").write_text("x"), "files/slug.py: was changed since"),
        (lambda folder: (folder / "files/slug.py").unlink(), "files/slug.py: is missing since"),
        (lambda folder: (folder / "files/evil.py").write_text("x"), "files/evil.py: was added since"),
        (lambda folder: (folder / "session.json").unlink(), "session.json: is missing"),
        (lambda folder: shutil.rmtree(folder / "history.git"), "history.git: is missing"),
        (
            edit_json(lambda told: told.update(status="rejected")),
            "session.json: status is not what the log says",
        ),
        (
            edit_json(lambda told: told["spec"].update(requirements="x")),
            "session.json: spec.requirements is not",
        ),  # type: ignore[attr-defined]
        (edit_json(lambda told: told["totals"].update(calls=0)), "session.json: totals.calls is not"),  # type: ignore[attr-defined]
        (edit_json(lambda told: told["config"].update(model="x")), "session.json: config.model is not"),  # type: ignore[attr-defined]
    ],
)
def test_what_was_changed_is_named(session: Path, change: Change, said: str) -> None:
    change(session)
    assert any(what.startswith(said) for what in problems(session)), problems(session)


def test_a_damaged_history_is_named(session: Path) -> None:
    blob = max(
        (session / "history.git/objects").rglob("*"), key=lambda path: path.is_file() and path.stat().st_size
    )
    blob.chmod(0o644)
    blob.write_bytes(b"\0" + blob.read_bytes()[1:])
    assert any(what.startswith("history.git:") for what in problems(session))


def test_a_log_written_anew_with_another_answer_is_found_out_by_its_requests(session: Path) -> None:
    """Whoever chains all lines again still has to make the questions match their digests."""
    from team.transcript.jsonlines import digest, encode

    path, prev, lines = session / "transcript.jsonl", "", []
    for line in path.read_text().splitlines():
        data = json.loads(line.replace("One module.", "Two modules.")) | {"prev": prev}
        lines.append(encode(data))
        prev = digest(lines[-1])
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    found = problems(session)
    assert any("what developer was asked (code) has another digest" in what for what in found)
    assert any("is not the last line that session.json names" in what for what in found)


def test_a_log_that_is_cut_off_is_noted(session: Path) -> None:
    path = session / "transcript.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-2]))
    assert any("is not the last line that session.json names" in what for what in problems(session))
    (session / "session.json").write_text(json.dumps({"session": session.name, "status": "running"}))
    assert any("has no end" in note for note in verify_session(Transcript(session)).notes)


def test_a_log_without_any_digest_is_not_intact_and_says_so_once(session: Path) -> None:
    path = session / "transcript.jsonl"
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    for data in lines:
        del data["prev"]
    path.write_text("".join(json.dumps(data) + "\n" for data in lines))
    found = problems(session)
    assert found[0].startswith("transcript.jsonl, line 1: names no digest, nor does any other")
    assert len(found) == 2 and "is not the last line that session.json names" in found[1]


def test_lone_surrogates_are_a_change_and_no_crash(session: Path) -> None:
    path = session / "transcript.jsonl"
    path.write_bytes(path.read_bytes().replace(b"slug(title)", b"\\ud800slug(title)"))
    assert any("what architect was asked (plan) has another digest" in what for what in problems(session))
