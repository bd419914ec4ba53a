"""Algorithm problems, from their files to an accepted solution; only the answers come from a tape."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.tapes import APPROVE, file_block, write_tape

from team import CodeGenerationConfig, ProblemSolver
from team.errors import SpecError
from team.generators.solve.cases import TESTS, as_files, as_tests, point_to_solution, read_cases
from team.result import Reason
from team.specs import ProblemSpec, TaskSpec, load_spec

PROBLEM = """# Two sum

Return the indices of the two numbers that add up to the target. Raise `ValueError` when there are none.

```yaml
- input: {nums: [2, 7, 11, 15], target: 9}
  expected: [0, 1]
- {input: {nums: [], target: 6}, raises: ValueError}
```
"""
CASES = """Three cases:

```yaml
- {name: The example, kind: happy, input: {nums: [2, 7, 11, 15], target: 9}, expected: [0, 1]}
- {name: twice the same, kind: edge, input: {nums: [3, 3], target: 6}, expected: [0, 1]}
- {name: nothing fits, kind: error, input: {nums: [1], target: 6}, raises: ValueError}
```
"""
SOLUTION = '''
"""Two numbers that add up."""


def run_code(nums: list[int], target: int) -> list[int]:
    """Indices of the two numbers that add up to the target."""
    seen: dict[int, int] = {}
    for index, number in enumerate(nums):
        if target - number in seen:
            return [seen[target - number], index]
        seen[number] = index
    raise ValueError("no two numbers add up")
'''
WRONG = SOLUTION.replace("[seen[target - number], index]", "[index, seen[target - number]]")


@pytest.fixture
def problem(tmp_path: Path) -> ProblemSpec:
    """The problem, read from its file."""
    path = tmp_path / "two-sum.md"
    path.write_text(PROBLEM)
    loaded = load_spec("solve", path)
    assert isinstance(loaded, ProblemSpec)
    return loaded


def test_a_markdown_problem_brings_its_examples_and_name(problem: ProblemSpec) -> None:
    assert (problem.title, problem.entry_point) == ("Two sum", "run_code")
    assert [example.raises for example in problem.examples] == ["", "ValueError"]
    assert "```" not in problem.description
    assert "raises `ValueError`" in problem.requirements_text()


@pytest.mark.parametrize(
    ("text", "entry_point", "examples"),
    [
        (
            'Add.\n\n```python\ndef add(a, b):\n    ...\n```\n\n```json\n[{"input": {}, "expected": 0}]\n```',
            "add",
            1,
        ),
        ("Add.\n```yaml\nentry_point: plus\nexamples:\n- input: {a: 1}\n  expected: 1\n```\n", "plus", 1),
        ("Add.\n```yaml\nversion: 3\n```\n", "run_code", 0),
        ("Two.\ndef a():\ndef b():\n", "run_code", 0),
    ],
)
def test_what_stands_in_blocks(tmp_path: Path, text: str, entry_point: str, examples: int) -> None:
    (tmp_path / "p.md").write_text(text)
    spec = load_spec("solve", tmp_path / "p.md")
    assert isinstance(spec, ProblemSpec)
    assert (spec.entry_point, len(spec.examples)) == (entry_point, examples)


def test_a_yaml_problem_with_a_wrong_example_or_language_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="either `expected` or `raises`"):
        load_spec("solve", {"description": "x", "examples": [{"input": {}}]})
    with pytest.raises(SpecError, match="cobol are not judged"):
        load_spec("solve", {"description": "x", "language": "cobol"})


def test_cases_become_tests_that_fail_one_by_one() -> None:
    text = as_tests(read_cases(CASES), "run_code")
    assert (
        "def test_the_example() -> None:\n    assert run_code(nums=[2, 7, 11, 15], target=9) == [0, 1]"
        in text
    )
    assert "with pytest.raises(ValueError):\n        run_code(nums=[1], target=6)" in text
    compile(text, TESTS, "exec")


@pytest.mark.parametrize(
    "answer",
    [
        '[{"name": "a", "input": {"n": 1}, "expected": 2}]',
        'Here.\n```json\n[{"name": "a", "input": {"n": 1}, "expected": 2, "why": "so"}]\n```\n',
        "- name: a\n  input: {n: 1}\n  expected: 2\n",
        "```yaml\n# filename: tests/cases.yaml\ncases:\n- {name: a, input: {n: 1}, expected: 2}\n```",
        "```\n- name: a\n  input: {n: 1}\n  expected: 2\n```",
    ],
)
def test_a_list_of_cases_is_found_however_it_is_sent(answer: str) -> None:
    ((case),) = read_cases(answer)
    assert (case.name, case.input, case.expected) == ("a", {"n": 1}, 2)


@pytest.mark.parametrize("answer", ["", "no list", "- 1\n- 2", "[]", "- {name: a}", "[" * 5000, "a: &a [*a]"])
def test_what_is_no_list_of_cases_stays_as_it_is(answer: str) -> None:
    assert as_files(ProblemSpec(description="x"), "test_engineer", answer) == answer


def test_odd_values_are_written_as_python() -> None:
    cases = read_cases(
        json.dumps(
            [
                {"name": "a", "input": {"class": 1, "b c": None}, "expected": [0.5, 2]},
                {"name": "a", "input": {"x": True}, "expected": {"k": [True]}},
                {"name": "", "input": {}, "expected": None},
            ]
        )
    )
    text = as_tests(cases, "f")
    assert "f(**{'class': 1, 'b c': None}) == pytest.approx([0.5, 2])" in text
    assert "def test_a_2() -> None:\n    assert f(x=True) == {" in text
    assert "def test_case() -> None:\n    assert f() is None" in text


def test_infinity_is_written_as_python() -> None:
    assert 'f(x=float("inf")) == [float("nan")]' in as_tests(
        read_cases("- {name: a, input: {x: .inf}, expected: [.nan]}"), "f"
    ).replace('pytest.approx([float("nan")])', '[float("nan")]')


def test_only_the_tests_of_a_problem_are_read_as_cases(problem: ProblemSpec) -> None:
    tests = file_block("tests/test_own.py", "def test_a() -> None:\n    assert True\n")
    assert as_files(problem, "developer", CASES) == CASES
    assert as_files(TaskSpec(requirements="x"), "test_engineer", CASES) == CASES
    assert as_files(problem, "test_engineer", tests) == tests


def test_the_tests_find_the_solution_where_it_is(tmp_path: Path, problem: ProblemSpec) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "src/app").mkdir(parents=True)
    (tmp_path / TESTS).write_text(as_tests(read_cases(CASES), "run_code"))
    (tmp_path / "src/app/two.py").write_text(SOLUTION)
    point_to_solution(tmp_path, problem)
    assert "from app.two import run_code\n" in (tmp_path / TESTS).read_text()


def test_a_wrong_solution_and_a_wrong_case_are_repaired_each_by_its_author(
    tmp_path: Path, problem: ProblemSpec
) -> None:
    wrong = CASES.replace("[0, 1]}\n- {name: twice", "[1, 0]}\n- {name: twice")
    tape = write_tape(
        tmp_path / "tape.jsonl",
        ("test_engineer", wrong),
        ("developer", file_block("solution.py", WRONG)),
        ("developer", file_block("solution.py", SOLUTION)),
        ("test_engineer", CASES),
        ("code_reviewer", APPROVE),
    )
    config = CodeGenerationConfig(model=f"tape:{tape}", work_dir=tmp_path, include_review=False)
    result = ProblemSolver(config).solve(problem)
    assert (result.reason, result.evidence) == (Reason.ACCEPTED, ("contract", "tests"))
    assert set(result.gates["tests"].cases.values()) == {"pass"}
    assert len(result.gates["contract"].cases) >= 2
    assert result.usage.by_role["developer"].calls == 2
    assert result.usage.by_role["test_engineer"].calls == 2
