"""A person's word: at acceptance, on tests, packages and waived findings, and where data is lost."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.tapes import APPROVE, RIGHT, TASK, TESTS, WRONG, file_block, write_tape

from team.approval import ApprovalAnswer, ApprovalQuestion
from team.changed_tests import changed_tests
from team.config import CodeGenerationConfig
from team.replaying import resume_session
from team.result import GenerationResult, Reason
from team.session import run_session
from team.specs import TaskSpec
from team.transcript import Transcript
from team.transcript.events import Approval

YES = ApprovalAnswer(True)
QUICK = ("syntax", "tests", "dependencies")
FAULT_TEST = ("code_reviewer", '{"fault": "test", "reason": "underscores are fine"}')
OTHER_TESTS = TESTS.replace('"two-words"', '"two_words"')
REQUESTING = file_block("slug.py", '"""Slugs."""\n\nimport redis\n\nDASH = redis.__name__\n')
WEAK_HASH = file_block(
    "slug.py",
    '''
"""Digests of titles."""

import hashlib


def slug(title: str) -> str:
    """A short name of a title."""
    return hashlib.md5(title.encode()).hexdigest()
''',
)


class Person:
    """Answers in the given order, then yes; keeps the questions."""

    def __init__(self, *answers: ApprovalAnswer) -> None:
        self.asked: list[ApprovalQuestion] = []
        self._answers = iter(answers)

    def __call__(self, question: ApprovalQuestion) -> ApprovalAnswer:
        self.asked.append(question)
        return next(self._answers, YES)


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., GenerationResult]:
    """Runs a session over a tape."""

    def go(*answers: Any, approver: Person | None = None, **settings: Any) -> GenerationResult:
        tape = write_tape(tmp_path / "tape.jsonl", *answers)
        told = {"model": f"tape:{tape}", "work_dir": tmp_path / "ws", "gates": QUICK} | settings
        config = CodeGenerationConfig(**told)
        return run_session(TaskSpec(requirements=TASK), config, approver=approver)

    return go


def decisions(result: GenerationResult) -> list[tuple[str, bool]]:
    events = Transcript.open(result.path).events("approval")
    return [(event.kind, event.approved) for event in events if isinstance(event, Approval)]


# Changed tests --------------------------------------------------------------------------------------------

PLAN = ("architect", "One module.")
BLAMED = (PLAN, ("test_engineer", TESTS), ("developer", WRONG), FAULT_TEST, ("test_engineer", OTHER_TESTS))


def test_a_test_that_demands_something_else_is_shown_as_a_diff(run: Callable[..., GenerationResult]) -> None:
    person = Person()
    reviews = (("code_reviewer", APPROVE), ("architect", APPROVE))
    result = run(*BLAMED, *reviews, approver=person, approve="ask")
    assert result.reason is Reason.ACCEPTED
    assert decisions(result) == [("changed_test", True), ("acceptance", True)]
    assert '-    assert slug("Two Words") == "two-words"' in person.asked[0].details
    assert person.asked[0].files == ("tests/test_slug.py",)


def test_a_refused_change_is_put_back_and_the_code_has_to_change(
    run: Callable[..., GenerationResult],
) -> None:
    person = Person(ApprovalAnswer(False, "dashes are in the requirements"))
    reviews = (("code_reviewer", APPROVE), ("architect", APPROVE))
    result = run(*BLAMED, ("developer", RIGHT), *reviews, approver=person, approve="ask")
    assert (result.reason, result.iterations) == (Reason.ACCEPTED, 3)
    assert decisions(result) == [("changed_test", False), ("acceptance", True)]
    kept = next(file for file in result.files if file.endswith("test_slug.py"))
    assert '"two-words"' in Path(kept).read_text()
    told = " ".join(message.content for message in Transcript.open(result.path).messages())
    assert "dashes are in the requirements" in told


DEMANDING = """
import pytest

@pytest.mark.parametrize("n", [1, 2])
def test_one(n: int) -> None:
    assert f(n) == 3

class TestMore:
    def test_two(self) -> None:
        with pytest.raises(ValueError):
            f(0)
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("== 3", "== 4", True),
        ("[1, 2]", "[1]", True),
        ("ValueError", "Exception", True),
        ("test_two", "renamed", True),
        ("assert f(n) == 3", "assert f(n) == 3 or True", True),
        ("assert f(n)", "x = 1\n    assert f(n)", False),
        ("import pytest", "import pytest\n\n\ndef test_new() -> None:\n    assert f(9)", False),
        ("assert f(n) == 3", "assert f(n) == 3\n    assert f(n) > 0", False),
    ],
)
def test_what_counts_as_a_changed_test(old: str, new: str, told: bool) -> None:
    after = DEMANDING.replace(old, new)
    assert after != DEMANDING
    assert bool(changed_tests({"tests/test_a.py": DEMANDING}, {"tests/test_a.py": after})) is told


def test_a_test_file_that_is_gone_or_broken_is_a_changed_one() -> None:
    assert changed_tests({"tests/test_a.py": DEMANDING}, {})
    assert changed_tests({"tests/test_a.py": DEMANDING}, {"tests/test_a.py": "def ("})
    assert not changed_tests({}, {"tests/test_a.py": DEMANDING})


# New packages ---------------------------------------------------------------------------------------------


def test_a_refused_package_stays_a_finding_and_is_asked_for_once(
    run: Callable[..., GenerationResult],
) -> None:
    person = Person(ApprovalAnswer(False))
    alone = {"include_tests": False, "include_review": False, "approve": "ask", "gates": QUICK[::2]}
    result = run(
        ("developer", REQUESTING),
        ("developer", REQUESTING + "\n"),
        approver=person,
        max_iterations=2,
        **alone,
    )
    assert (result.reason, decisions(result)) == (Reason.ITERATIONS, [("dependency", False)])
    assert "redis" in person.asked[0].question
    assert result.gates["dependencies"].findings[0].rule == "not-installed"


def test_an_approved_package_that_cannot_be_installed_stays_a_finding(
    run: Callable[..., GenerationResult],
) -> None:
    alone = {"include_tests": False, "include_review": False, "approve": "ask", "gates": QUICK[::2]}
    own = Path(sys.executable)
    result = run(("developer", REQUESTING), approver=Person(), max_iterations=1, python=own, **alone)
    assert (result.reason, decisions(result)) == (Reason.ITERATIONS, [("dependency", True)])
    notes = [event.model_dump()["text"] for event in Transcript.open(result.path).events("note")]
    assert any("redis could not be installed" in note for note in notes)


# Waived findings ------------------------------------------------------------------------------------------

WAIVING = {
    "include_tests": False,
    "include_review": False,
    "gates": ("syntax", "security"),
    "waive": ("B324:slug.py",),
}


def test_a_waived_finding_needs_a_person_whatever_the_settings_say(
    run: Callable[..., GenerationResult],
) -> None:
    result = run(("developer", WEAK_HASH), **WAIVING)
    assert (result.reason, result.status) == (Reason.NOT_APPROVED, "rejected")
    assert "nobody is there to answer" in result.message
    person = Person()
    done = resume_session(Path(result.path), approver=person)
    assert (done.reason, decisions(done)) == (Reason.ACCEPTED, [("acceptance", True)])
    assert "B324" in person.asked[0].details
    assert "1 security findings were waived" in person.asked[0].question


def test_a_person_may_refuse_what_was_waived(run: Callable[..., GenerationResult]) -> None:
    result = run(
        ("developer", WEAK_HASH), approver=Person(ApprovalAnswer(False)), max_iterations=1, **WAIVING
    )
    assert (result.reason, decisions(result)) == (Reason.NOT_APPROVED, [("acceptance", False)])


def test_what_is_not_waived_decides(run: Callable[..., GenerationResult]) -> None:
    for waiver in ("B324:other.py", "B105", "b32"):
        settings = {**WAIVING, "waive": (waiver,)}
        result = run(("developer", WEAK_HASH), approver=Person(), max_iterations=1, **settings)
        assert (result.reason, decisions(result)) == (Reason.ITERATIONS, [])


def test_nothing_waived_nothing_asked(run: Callable[..., GenerationResult]) -> None:
    assert run(("developer", RIGHT), **WAIVING).reason is Reason.ACCEPTED


def test_under_autogens_own_selection_a_person_is_asked_as_well(run: Callable[..., GenerationResult]) -> None:
    person = Person(ApprovalAnswer(False))
    result = run(
        ("developer", WEAK_HASH),
        approver=person,
        speaker_selection="round_robin",
        max_iterations=1,
        **WAIVING,
    )
    assert (result.reason, len(person.asked)) == (Reason.NOT_APPROVED, 1)


# Lost data ------------------------------------------------------------------------------------------------

REVISIONS = {
    "alembic.ini": "[alembic]\nscript_location = %(here)s/alembic\npath_separator = os\n",
    "alembic/env.py": """import os

import sqlalchemy as sa

from alembic import context

metadata = sa.MetaData()
sa.Table("notes", metadata, sa.Column("id", sa.Integer, primary_key=True))
with sa.create_engine(os.environ["DATABASE_URL"]).begin() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    context.run_migrations()
""",
    "alembic/versions/first.py": """import sqlalchemy as sa

from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    op.create_table("notes", sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.Text))


def downgrade() -> None:
    op.drop_table("notes")
""",
    "alembic/versions/second.py": """import sqlalchemy as sa

from alembic import op

revision = "2"
down_revision = "1"


def upgrade() -> None:
    op.drop_column("notes", "text")


def downgrade() -> None:
    op.add_column("notes", sa.Column("text", sa.Text))
""",
}
DROPPING = "\n".join(file_block(path, text) for path, text in REVISIONS.items())


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (Person(YES), Reason.ACCEPTED),
        (Person(ApprovalAnswer(False, "keep it")), Reason.NOT_APPROVED),
        (None, Reason.NOT_APPROVED),
    ],
)
def test_a_migration_that_loses_data_asks_though_nobody_wanted_to_be_asked(
    run: Callable[..., GenerationResult], person: Person | None, reason: Reason
) -> None:
    result = run(
        ("developer", DROPPING),
        approver=person,
        gates=("syntax", "migration"),
        include_tests=False,
        include_review=False,
        max_iterations=1,
    )
    assert result.reason is reason
    assert result.gates["migration"].status == "pass"
    if person is not None:
        assert "a migration loses data" in person.asked[0].question
        assert "second.py:10: the upgrade to 2 loses data" in person.asked[0].details
