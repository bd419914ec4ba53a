"""Problems that are solved in JavaScript, with a real node; only the answers come from a tape."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.tapes import APPROVE, write_tape
from support.toolchains import require

from team import CodeGenerationConfig, GenerationResult, ProblemSolver
from team.result import Reason
from team.transcript import Transcript
from team.transcript.events import Gate

PROBLEM = {
    "name": "Two sum",
    "description": "Return the indices of the two numbers that add up to the target.",
    "language": "javascript",
    "entry_point": "twoSum",
    "examples": [
        {"input": {"nums": [2, 7, 11, 15], "target": 9}, "expected": [0, 1]},
        {"input": {"nums": [], "target": 6}, "raises": "ValueError"},
    ],
}
CASES = """```yaml
- {name: The example, kind: happy, input: {nums: [2, 7, 11, 15], target: 9}, expected: [0, 1]}
- {name: twice the same, kind: edge, input: {target: 6, nums: [3, 3]}, expected: [0, 1]}
- {name: nothing fits, kind: error, input: {nums: [1], target: 6}, raises: Error}
```"""
WRONG_CASES = CASES.replace("nums: [3, 3]}, expected: [0, 1]", "nums: [3, 3]}, expected: [1, 0]")
FEWER_CASES = "\n".join(line for line in CASES.splitlines() if "twice" not in line)
SOLUTION = """```js
// filename: solution.js
/** Indices of the two numbers that add up to the target. */
export function twoSum(nums, target) {
  const seen = new Map();
  for (const [index, number] of nums.entries()) {
    if (seen.has(target - number)) return [seen.get(target - number), index];
    seen.set(number, index);
  }
  throw new Error("no two numbers add up");
}
```"""
WRONG = SOLUTION.replace("[seen.get(target - number), index]", "[index, seen.get(target - number)]")
BROKEN = SOLUTION.replace("for (const", "for const")
EXAMPLES = ("twoSum(nums=[2, 7, 11, 15], target=9) == [0, 1]", "twoSum(nums=[], target=6) raises ValueError")


def solved(tmp_path: Path, *answers: tuple[str, str], review: bool = False) -> GenerationResult:
    """The result of a session with these answers."""
    require("node")
    tape = write_tape(tmp_path / "tape.jsonl", *answers)
    config = CodeGenerationConfig(model=f"tape:{tape}", work_dir=tmp_path, include_review=review)
    return ProblemSolver(config).solve(PROBLEM)


def gate(result: GenerationResult, iteration: int, name: str) -> Gate:
    """What a gate said in one iteration."""
    log = Transcript.open(Path(result.work_dir).parent)
    return next(event for event in log.gates(iteration) if event.name == name)


def asked(result: GenerationResult, role: str) -> str:
    """What a role was told at its first turn."""
    calls = Transcript.open(Path(result.work_dir).parent).events("model_call")
    call = next(event for event in calls if event.agent == role)
    return "\n".join(str(message["content"]) for message in call.model_dump()["request"])


def test_a_wrong_solution_is_mended_and_accepted_in_the_second_iteration(tmp_path: Path) -> None:
    result = solved(tmp_path, ("test_engineer", CASES), ("developer", WRONG), ("developer", SOLUTION))
    assert (result.reason, result.evidence) == (Reason.ACCEPTED, ("contract", "tests"))
    assert result.iterations == 2
    assert [Path(path).name for path in result.files] == ["solution.js", "cases.json"]
    assert result.gates["contract"].cases == dict.fromkeys(EXAMPLES, "pass")
    assert list(result.gates["tests"].cases) == [
        "tests/cases.json::The example",
        "tests/cases.json::twice the same",
        "tests/cases.json::nothing fits",
    ]
    assert result.gates["types"].why == "it judges Python, and this is JavaScript"
    assert gate(result, 1, "contract").cases[EXAMPLES[0]] == "it returns [1, 0]"
    assert result.usage.by_role["developer"].calls == 2
    told = asked(result, "developer")
    assert "`twoSum(nums, target)` in JavaScript, in `solution.js`" in told
    assert "Export the function" in told
    assert "packages are installed" not in told
    assert "mypy" not in told


def test_a_file_that_does_not_compile_is_a_finding_at_its_line(tmp_path: Path) -> None:
    result = solved(tmp_path, ("test_engineer", CASES), ("developer", BROKEN), ("developer", SOLUTION))
    (finding,) = gate(result, 1, "syntax").findings
    assert (finding.file, finding.line) == ("solution.js", 4)
    assert "Unexpected" in finding.message
    assert result.reason == Reason.ACCEPTED


def test_a_wrong_case_goes_back_to_the_test_engineer_where_an_example_says_so(tmp_path: Path) -> None:
    wrong = CASES.replace("target: 9}, expected: [0, 1]", "target: 9}, expected: [1, 0]")
    result = solved(tmp_path, ("test_engineer", wrong), ("developer", SOLUTION), ("test_engineer", CASES))
    assert (result.reason, result.iterations) == (Reason.ACCEPTED, 2)


def test_where_evidence_is_silent_the_reviewer_says_whose_fault_it_is(tmp_path: Path) -> None:
    result = solved(
        tmp_path,
        ("architect", "One function."),
        ("test_engineer", WRONG_CASES),
        ("developer", SOLUTION),
        ("code_reviewer", '{"fault": "test", "reason": "the first index comes first"}'),
        ("test_engineer", CASES),
        ("code_reviewer", APPROVE),
        ("architect", APPROVE),
        review=True,
    )
    assert (result.reason, result.iterations) == (Reason.ACCEPTED, 2)


@pytest.mark.parametrize("later", [FEWER_CASES, WRONG_CASES], ids=["one gone", "one changed"])
def test_a_case_that_nobody_asked_to_change_has_to_stay(tmp_path: Path, later: str) -> None:
    wrong = CASES.replace("target: 9}, expected: [0, 1]", "target: 9}, expected: [1, 0]")
    result = solved(
        tmp_path,
        ("test_engineer", wrong),
        ("developer", SOLUTION),
        ("test_engineer", later),
        ("test_engineer", CASES),
    )
    second = gate(result, 2, "tests")
    assert "case-changed" in {finding.rule for finding in second.findings}
    assert (result.reason, result.iterations) == (Reason.ACCEPTED, 3)
