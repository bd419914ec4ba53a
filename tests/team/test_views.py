"""What each role is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tapes import RIGHT, TESTS

from executors.blocks import FileBlock, read_message
from team.board import Board, Said
from team.gates.base import Finding, GateResult
from team.report import TurnReport
from team.specs import TaskSpec, load_spec
from team.steps import OPEN_STEPS, SPEAKER, Step
from team.verdicts import Verdict
from team.views import NARROWEST, ShownFile, view

TREE = {"app.py": "x = 1\n", "other.py": "y = 2\n", "tests/test_app.py": "def test_x() -> None: ...\n"}
FINDING = Finding(file="app.py", line=1, rule="F401", message="unused import")


def a_board(step: Step) -> Board:
    board = Board(TaskSpec(requirements="Build a stack."), plan="One class.", step=step)
    red = GateResult(name="lint", status="fail", findings=(FINDING,))
    board.executed(TurnReport(1, commit="c1", tree="t1", results=(red,), text="lint: fail"))
    return board


def shown(board: Board, narrow: int = 0) -> str:
    return view(board, TREE, packages=("fastapi",), narrow=narrow)


NOT_ASKED = (Step.EXECUTE, Step.HAND_OVER, Step.APPROVAL, *OPEN_STEPS)


@pytest.mark.parametrize("step", [step for step in SPEAKER if step not in NOT_ASKED])
def test_every_step_has_a_view_with_the_requirements(step: Step) -> None:
    assert "Build a stack." in shown(a_board(step))


@pytest.mark.parametrize("step", [Step.REPAIR_CODE, Step.REPAIR_TESTS, Step.FAULT, Step.REPLAN])
def test_who_mends_sees_files_and_findings(step: Step) -> None:
    text = shown(a_board(step))
    assert "x = 1" in text
    assert "lint: fail" in text


def test_a_review_is_shown_to_the_developer() -> None:
    board = a_board(Step.REPAIR_CODE)
    board.verdict = Verdict("revise", (Finding(rule="review", message="no lock is held"),))
    assert "no lock is held" in shown(board)


def test_the_developer_sees_tests_that_are_not_laid_down_yet() -> None:
    board = Board(TaskSpec(requirements="slug"), step=Step.CODE, pending=[Said("test_engineer", TESTS)])
    assert "test_words_are_joined_by_dashes" in view(board, {}, packages=())


def test_the_test_engineer_does_not_see_code_that_is_not_laid_down() -> None:
    board = Board(TaskSpec(requirements="slug"), step=Step.TESTS, pending=[Said("developer", RIGHT)])
    assert "def slug" not in view(board, {}, packages=())


def test_a_narrower_view_is_shorter_and_names_what_it_leaves_out() -> None:
    board = a_board(Step.REPAIR_CODE)
    views = [shown(board, narrow) for narrow in range(NARROWEST + 1)]
    assert len(views[0]) > len(views[1]) > len(views[2])
    assert "x = 1" in views[1]
    assert "y = 2" not in views[1]
    assert "other.py" in views[1]


def test_the_same_state_gives_the_same_bytes() -> None:
    reordered = dict(reversed(TREE.items()))
    board = a_board(Step.REPAIR_CODE)
    assert shown(board) == view(board, reordered, packages=("fastapi",))


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=300))
def test_a_shown_file_reads_back_as_it_was(content: str) -> None:
    file = ShownFile("notes.txt", content.rstrip("\n"))
    block = f"{file.fence}{file.language}\n{file.marker}\n{file.content}\n{file.fence}\n"
    assert read_message(block) == [FileBlock("notes.txt", file.content + "\n")]


SCHEMAS = "class NoteCreate:\n    title: str\n\n    def check(self) -> None:\n        self.done = 1\n"
DRAFT = {
    "app/models.py": "class Note:\n    title = 1\n\n    def x(self) -> int:\n        return 2\n",
    "app/schemas.py": SCHEMAS,
    "tests/test_notes_api.py": "async def test_it() -> None:\n    assert 3\n",
}


def focused(step: Step, narrow: int = 0) -> str:
    fields = [{"name": "title", "type": "string"}]
    spec = load_spec("crud", {"name": "Note", "fields": fields, "business_rules": ["Titles are kind"]})
    board = Board(spec, step=step, drafts="first", open_rules=("Titles are kind",), draft=DRAFT)
    board.executed(TurnReport(1, commit="c1", tree="t1", results=()))
    if step not in OPEN_STEPS:
        board.opened()
        board.executed(TurnReport(2, commit="c2", tree="t2", results=(), changed=("app/schemas.py",)))
    tree = DRAFT | {"app/schemas.py": SCHEMAS.replace("= 1", "= 10"), "tests/test_kind.py": "assert 'kind'\n"}
    return view(board, tree, packages=("fastapi",), narrow=narrow)


@pytest.mark.parametrize("step", [step for step in SPEAKER if step not in NOT_ASKED or step in OPEN_STEPS])
def test_once_a_draft_is_done_every_view_is_about_what_it_leaves_open(step: Step) -> None:
    if step not in (Step.PLAN, Step.TESTS, Step.CODE):
        assert "- Titles are kind" in focused(step)


@pytest.mark.parametrize("narrow", range(NARROWEST + 1))
def test_a_review_of_what_was_open_is_shown_the_changes(narrow: int) -> None:
    text = focused(Step.REVIEW, narrow)
    assert "-        self.done = 1\n+        self.done = 10" in text
    assert "+assert 'kind'" in text
    assert "return 2" not in text and "assert 3" not in text


def test_who_writes_what_was_open_sees_its_place_and_the_interfaces_around_it() -> None:
    text = focused(Step.OPEN_CODE)
    assert "self.done = 10" in text
    assert "title = 1" in text and "return 2" not in text
    assert "assert 3" not in text


def test_a_narrow_view_of_a_repair_has_the_changed_files_only() -> None:
    text = focused(Step.REPAIR_CODE, narrow=1)
    assert "self.done = 10" in text
    assert "filename: app/models.py" not in text
