"""Sessions end to end: real agents, real sandbox, real gates; only the answers come from a tape."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import venv
from pathlib import Path
from typing import Any

import pytest
from support.tapes import APPROVE, QUICK, RIGHT, TASK, TESTS, UNTYPED, WRONG, write_tape

from team.approval import ApprovalAnswer, ApprovalQuestion
from team.config import CodeGenerationConfig
from team.errors import ConfigError
from team.result import GenerationResult, Reason
from team.session import run_session
from team.specs import TaskSpec
from team.transcript import Transcript

REVISE = '{"verdict": "revise", "findings": [{"file": "slug.py", "severity": "major", "problem": "no lock"}]}'
FAULT = '{"fault": "code", "reason": "the requirements say dashes"}'
PLAN = ("architect", "One module, slug.py, with one function.")
HAPPY = (
    PLAN,
    ("test_engineer", TESTS),
    ("developer", RIGHT),
    ("code_reviewer", APPROVE),
    ("architect", APPROVE),
)
ALONE = {"include_tests": False, "include_review": False}


def run(tmp_path: Path, *answers: Any, approver: Any = None, **settings: Any) -> GenerationResult:
    """A session over these answers."""
    tape = write_tape(tmp_path / "tape.jsonl", *answers)
    told = {"model": f"tape:{tape}", "work_dir": tmp_path / "workspace", "gates": QUICK} | settings
    config = CodeGenerationConfig(**told)
    return run_session(TaskSpec(requirements=TASK), config, approver=approver)


def steps(result: GenerationResult) -> list[str]:
    """The steps in which something was said."""
    return [event.step for event in Transcript.open(result.path).events("message")]  # type: ignore[attr-defined]


def test_a_whole_team_accepts_what_every_gate_passes(tmp_path: Path) -> None:
    result = run(tmp_path, *HAPPY)
    assert (result.reason, result.iterations) == (Reason.ACCEPTED, 1)
    assert steps(result) == ["start", "plan", "tests", "code", "execute", "review", "sign_off"]
    assert {Path(file).name for file in result.files} == {"slug.py", "test_slug.py"}
    assert {gate.status for gate in result.gates.values()} <= {"pass", "skip"}
    assert result.evidence == ("tests",)


def test_the_chat_is_between_the_agents_by_name(tmp_path: Path) -> None:
    result = run(tmp_path, *HAPPY)
    names = [message["name"] for message in result["chat_history"]]
    assert names == [
        "executor",
        "architect",
        "test_engineer",
        "developer",
        "executor",
        "code_reviewer",
        "architect",
    ]


def test_a_wrong_first_answer_is_found_and_repaired(tmp_path: Path) -> None:
    result = run(
        tmp_path,
        PLAN,
        ("test_engineer", TESTS),
        ("developer", WRONG),
        ("code_reviewer", FAULT),
        ("developer", RIGHT),
        ("code_reviewer", APPROVE),
        ("architect", APPROVE),
    )
    assert (result.reason, result.iterations) == (Reason.ACCEPTED, 2)
    assert steps(result)[4:7] == ["execute", "fault", "repair_code"]
    first = {gate.name: gate.status for gate in Transcript.open(result.path).gates(1)}
    assert first["tests"] == "fail"


def test_a_finding_in_the_source_goes_straight_to_the_developer(tmp_path: Path) -> None:
    result = run(tmp_path, *HAPPY[:2], ("developer", UNTYPED), ("developer", RIGHT), *HAPPY[3:])
    assert (result.reason, result.iterations) == (Reason.ACCEPTED, 2)
    assert "fault" not in steps(result)


def test_a_finding_in_the_tests_goes_to_the_test_engineer(tmp_path: Path) -> None:
    unused = TESTS.replace("from slug", "import os\n\nfrom slug").replace(
        "def test_one", "x = undefined\n\n\ndef test_one"
    )
    result = run(
        tmp_path, PLAN, ("test_engineer", unused), ("developer", RIGHT), ("test_engineer", TESTS), *HAPPY[3:]
    )
    assert result.reason is Reason.ACCEPTED
    assert steps(result)[5] == "repair_tests"


def test_a_review_sends_work_back(tmp_path: Path) -> None:
    better = RIGHT.replace("in lower case", "all in lower case")
    result = run(tmp_path, *HAPPY[:3], ("code_reviewer", REVISE), ("developer", better), *HAPPY[3:])
    assert (result.reason, result.iterations) == (Reason.ACCEPTED, 2)


def test_without_review_there_is_no_architect_and_no_reviewer(tmp_path: Path) -> None:
    result = run(tmp_path, *HAPPY[1:3], include_review=False)
    assert result.reason is Reason.ACCEPTED
    assert steps(result) == ["start", "tests", "code", "execute"]


def test_without_tests_there_is_no_test_engineer_and_no_test_gate(tmp_path: Path) -> None:
    result = run(tmp_path, PLAN, *HAPPY[2:], include_tests=False)
    assert result.reason is Reason.ACCEPTED
    assert steps(result) == ["start", "plan", "code", "execute", "review", "sign_off"]
    assert not {"tests", "coverage"} & set(result.gates)


def test_with_neither_developer_and_executor_talk(tmp_path: Path) -> None:
    result = run(tmp_path, ("developer", UNTYPED), ("developer", RIGHT), **ALONE)
    assert result.reason is Reason.ACCEPTED
    assert steps(result) == ["start", "code", "execute", "repair_code", "execute"]


def test_an_unreadable_answer_is_asked_again_once(tmp_path: Path) -> None:
    result = run(tmp_path, ("developer", "I would rather talk about it."), ("developer", RIGHT), **ALONE)
    assert (result.reason, result.usage.calls) == (Reason.ACCEPTED, 2)


def test_blocks_outside_an_authors_part_are_refused(tmp_path: Path) -> None:
    meddling = RIGHT + TESTS.replace('"two-words"', '"two_words"')
    result = run(tmp_path, *HAPPY[:2], ("developer", meddling), *HAPPY[3:])
    assert result.reason is Reason.ACCEPTED
    kept = next(file for file in result.files if file.endswith("test_slug.py"))
    assert '"two-words"' in Path(kept).read_text()


def test_iterations_used_up_end_with_the_best_attempt(tmp_path: Path) -> None:
    worse = UNTYPED.replace('"""Slugs for titles."""', "import os")
    result = run(tmp_path, ("developer", UNTYPED), ("developer", worse), max_iterations=2, **ALONE)
    assert (result.reason, result.status) == (Reason.ITERATIONS, "rejected")
    assert "import os" not in Path(result.files[0]).read_text()


def test_a_circle_ends_stuck_after_one_new_plan(tmp_path: Path) -> None:
    answers = [PLAN, ("test_engineer", TESTS), *[("developer", UNTYPED)] * 4, ("architect", "Another way.")]
    result = run(tmp_path, *answers)
    assert (result.reason, result.status) == (Reason.STUCK, "stopped")
    assert steps(result).count("replan") == 1


def test_a_review_that_never_approves_ends_not_approved(tmp_path: Path) -> None:
    result = run(tmp_path, *HAPPY[:3], ("code_reviewer", REVISE), max_iterations=1)
    assert (result.reason, result.status) == (Reason.NOT_APPROVED, "rejected")


def test_a_person_may_refuse_and_say_why(tmp_path: Path) -> None:
    said = iter([ApprovalAnswer(False, "name it slugify"), ApprovalAnswer(True)])
    asked: list[ApprovalQuestion] = []

    def person(question: ApprovalQuestion) -> ApprovalAnswer:
        asked.append(question)
        return next(said)

    better = RIGHT.replace("in lower case", "all in lower case")
    result = run(
        tmp_path, ("developer", RIGHT), ("developer", better), approver=person, approve="ask", **ALONE
    )
    assert (result.reason, len(asked)) == (Reason.ACCEPTED, 2)


def test_asking_a_person_needs_a_person(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="somebody to ask"):
        run(tmp_path, ("developer", RIGHT), approve="ask")
    assert not (tmp_path / "workspace").exists()


def test_a_person_who_interrupts_leaves_a_session_to_resume(tmp_path: Path) -> None:
    def leave(question: ApprovalQuestion) -> ApprovalAnswer:
        raise KeyboardInterrupt

    result = run(tmp_path, ("developer", RIGHT), approver=leave, approve="ask", **ALONE)
    assert (result.reason, result.status) == (Reason.INTERRUPTED, "stopped")
    assert f"devteam resume {result.session}" in result.message


def test_the_call_budget_ends_a_session(tmp_path: Path) -> None:
    result = run(tmp_path, *HAPPY, max_calls=2)
    assert (result.reason, result.usage.calls) == (Reason.BUDGET_CALLS, 2)


def test_the_cost_budget_ends_a_session(tmp_path: Path) -> None:
    dear = {"type": "model_call", "agent": "developer", "answer": {"content": UNTYPED}, "cost_usd": 0.5}
    result = run(tmp_path, dear, dear, dear, max_cost=0.9, **ALONE)
    assert (result.reason, result.usage.cost_usd) == (Reason.BUDGET_COST, 0.5)
    assert [Path(file).name for file in result.files] == ["slug.py"]


def test_a_roles_budget_ends_a_session_as_well(tmp_path: Path) -> None:
    result = run(tmp_path, *HAPPY, role_budgets={"test_engineer": "20calls", "architect": "1call"})
    assert (result.reason, result.usage.calls) == (Reason.BUDGET_CALLS, 4)
    assert "by the architect" in result.message


def test_the_time_budget_ends_a_session(tmp_path: Path) -> None:
    assert run(tmp_path, *HAPPY, max_seconds=0.001).reason is Reason.BUDGET_TIME


def test_a_tape_at_its_end_fails_with_a_transcript(tmp_path: Path) -> None:
    result = run(tmp_path, *HAPPY[:2])
    assert (result.reason, result.status) == (Reason.TAPE_EXHAUSTED, "failed")
    assert "developer" in result.message
    assert json.loads(Path(result.path, "session.json").read_text())["reason"] == "tape_exhausted"


def test_a_missing_interpreter_is_no_failed_program(tmp_path: Path) -> None:
    result = run(tmp_path, *HAPPY, python=tmp_path / "no-python")
    assert (result.reason, result.status) == (Reason.SANDBOX_UNAVAILABLE, "failed")
    assert [event.type for event in Transcript.open(result.path).events()] == [
        "session_started",
        "session_ended",
    ]


def a_python_of_its_own(folder: Path, *packages: str) -> Path:
    """An interpreter that has these packages of ours, and no others."""
    venv.create(folder, with_pip=False)
    (there,) = folder.glob("lib/python3*/site-packages")
    for name in packages:
        found = importlib.util.find_spec(name)
        assert found is not None and found.origin is not None
        origin = Path(found.origin)
        if origin.name == "__init__.py":
            shutil.copytree(origin.parent, there / name)
        else:
            shutil.copy(origin, there)
    return folder / "bin" / "python"


def test_pytest_is_all_that_an_interpreter_needs(tmp_path: Path) -> None:
    needed = ("pytest", "_pytest", "py", "pluggy", "iniconfig", "packaging", "pygments")
    python = a_python_of_its_own(tmp_path / "venv", *needed)
    result = run(tmp_path, *HAPPY, python=python, gates=("tests", "coverage"))
    assert (result.reason, result.gates["coverage"].why) == (
        Reason.ACCEPTED,
        "100 % of 2 lines; the floor is 80 %",
    )


def test_a_gate_that_cannot_be_run_is_no_red_gate(tmp_path: Path) -> None:
    result = run(tmp_path, *HAPPY, python=a_python_of_its_own(tmp_path / "venv", "pytest"))
    assert (result.reason, result.status) == (Reason.GATE_ERROR, "failed")
    assert "the test runner" in result.message


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system")
def test_a_full_disk_ends_the_session_with_a_result(tmp_path: Path) -> None:
    small = tmp_path / "workspace"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)], check=False)
    if mounted.returncode:
        pytest.skip("this machine does not let root mount a file system")
    try:
        large = RIGHT.replace('"""Slugs for titles."""', '"""' + "Slugs. " * 20_000 + '"""')
        result = run(tmp_path, PLAN, ("test_engineer", TESTS), ("developer", large))
    finally:
        subprocess.run(["umount", str(small)], check=True)
    assert (result.reason, result.status) == (Reason.DISK, "failed")


def test_an_unwritable_work_dir_is_refused_before_anything(tmp_path: Path) -> None:
    (tmp_path / "workspace").write_text("a file is in the way")
    with pytest.raises(ConfigError, match="work-dir"):
        run(tmp_path, *HAPPY)


def test_an_unknown_gate_is_refused_before_anything(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no gate 'beauty'"):
        run(tmp_path, *HAPPY, gates=("beauty",))
    assert not (tmp_path / "workspace").exists()


def test_a_copy_of_the_files_is_put_where_asked(tmp_path: Path) -> None:
    run(tmp_path, ("developer", RIGHT), output=tmp_path / "out", **ALONE)
    assert "def slug" in (tmp_path / "out" / "slug.py").read_text()


def test_round_robin_reaches_the_same_end(tmp_path: Path) -> None:
    result = run(tmp_path, *HAPPY, speaker_selection="round_robin")
    assert result.reason is Reason.ACCEPTED


def test_auto_selection_asks_the_model_who_is_next(tmp_path: Path) -> None:
    order = ["architect", "test_engineer", "developer", "executor", "code_reviewer", "architect"]
    result = run(tmp_path, *HAPPY, *[("chat_manager", role) for role in order], speaker_selection="auto")
    assert result.reason is Reason.ACCEPTED
    assert result.usage.by_role["chat_manager"].calls == len(order)
