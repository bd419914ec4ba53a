"""HumanEval through whole sessions: wrong answers are refused, right ones accepted, wrong tests repaired.

`python benchmarks/humaneval.py HumanEval.jsonl.gz [--mode mutant|test] [--review] [--jobs N] [--first N]`.

Mode `mutant`: the developer's first answer is a mutant of the reference solution that the problem's own
`check` refuses, the second is the reference. Counted is who is accepted at which iteration; right is all at
the second. Mode `test`: one expected value of the problem's `check` is wrong, and the developer's answer is
the reference. Right is that the tests are written twice and the code once; problem 116, whose text
contradicts its check, is rightly refused. Answers come from tapes: no model is asked.
"""

from __future__ import annotations

import argparse
import ast
import copy
import gzip
import json
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

GATES = ("syntax", "tests", "integrity")
SECONDS = 5.0
APPROVE = '{"verdict": "approve", "findings": []}'
CODE, TEST = '{"fault": "code", "reason": "by the text"}', '{"fault": "test", "reason": "by the text"}'


@dataclass(frozen=True)
class Problem:
    """One problem: its text, the function it asks for, the reference solution, and its own check."""

    name: str
    prompt: str
    entry_point: str
    solution: str
    check: str

    @property
    def tests(self) -> str:
        """The check as a test module."""
        return self.as_tests(self.check)

    def as_tests(self, check: str) -> str:
        """Any check as a test module, with the names of the solution that it uses."""
        used = {node.id for node in ast.walk(ast.parse(check)) if isinstance(node, ast.Name)}
        defined = {node.name for node in ast.parse(self.solution).body if isinstance(node, ast.FunctionDef)}
        names = ", ".join(sorted((used & defined) | {self.entry_point}))
        called = f"def test_check() -> None:\n    check({self.entry_point})\n"
        return f"from solution import {names}\n{check}\n\n{called}"


@dataclass(frozen=True)
class Ending:
    """How one session ended."""

    name: str
    accepted: bool
    iterations: int
    code_written: int
    tests_written: int
    asked_fault: bool
    seconds: float
    message: str


def read_problems(path: Path) -> list[Problem]:
    """The problems of the published file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        Problem(
            row["task_id"],
            row["prompt"],
            row["entry_point"],
            row["prompt"] + row["canonical_solution"],
            row["test"],
        )
        for row in rows
    ]


def mutants(source: str, function: str) -> Iterator[str]:
    """The source with one thing changed at a time, then with an answer that is always None."""
    swaps = {
        ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq,
        ast.NotEq: ast.Eq, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult,
        ast.Mod: ast.FloorDiv, ast.And: ast.Or, ast.Or: ast.And,
    }  # fmt: skip
    tree = ast.parse(source)
    for number, node in enumerate(ast.walk(tree)):
        changed = copy.deepcopy(tree)
        twin: Any = list(ast.walk(changed))[number]
        if isinstance(node, ast.Compare) and type(node.ops[0]) in swaps:
            twin.ops[0] = swaps[type(node.ops[0])]()
        elif isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in swaps:
            twin.op = swaps[type(node.op)]()
        elif isinstance(node, ast.Constant) and type(node.value) is int:
            twin.value = node.value + 1
        else:
            continue
        yield ast.unparse(changed)
    for definition in tree.body:
        if isinstance(definition, ast.FunctionDef) and definition.name == function:
            definition.body = [ast.Return(value=ast.Constant(value=None))]
    yield ast.unparse(ast.fix_missing_locations(tree))


def wrong_values(check: str, function: str) -> Iterator[str]:
    """The check with one expected value changed at a time, the first ones first."""
    tree = ast.parse(check)
    for number, node in enumerate(ast.walk(tree)):
        if not (isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq) and _is_call(node.left)):
            continue
        changed = copy.deepcopy(tree)
        twin: Any = list(ast.walk(changed))[number]
        try:
            value = ast.literal_eval(node.comparators[0])
        except ValueError:
            continue
        twin.comparators[0] = ast.parse(repr(_another(value)), mode="eval").body
        yield ast.unparse(changed)


def _is_call(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)


def _another(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value + "x"
        case list():
            return [*value, 1]
        case tuple():
            return (*value, 1)
    return 1


def is_refused(solution: str, tests: str) -> bool:
    """Whether a solution fails the tests, within the time it may take."""
    program = f"{solution}\n\n{tests.partition(chr(10))[2]}\ntest_check()\n"
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", program], capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return False  # such a mutant would only measure the time limit
    return done.returncode != 0


def mutant_session(problem: Problem, review: bool) -> Ending:
    """First a mutant that the check refuses, then the reference."""
    found = (m for m in mutants(problem.solution, problem.entry_point) if is_refused(m, problem.tests))
    answers = [
        ("architect", "One function in solution.py."),
        ("test_engineer", _block("tests/test_check.py", problem.tests)),
        ("developer", _block("solution.py", next(found))),
        ("code_reviewer", CODE),
        ("developer", _block("solution.py", problem.solution)),
    ]
    return _session(problem, answers, review)


def test_session(problem: Problem, review: bool) -> Ending:
    """First a check with one wrong expected value, then the right one; the code is right from the start."""
    wrong = (problem.as_tests(check) for check in wrong_values(problem.check, problem.entry_point))
    tests = next((tests for tests in wrong if is_refused(problem.solution, tests)), None)
    if tests is None:
        return Ending(problem.name, False, 0, 0, 0, False, 0.0, "its check compares with no written value")
    answers = [
        ("architect", "One function in solution.py."),
        ("test_engineer", _block("tests/test_check.py", tests)),
        ("developer", _block("solution.py", problem.solution)),
        ("code_reviewer", TEST),
        ("test_engineer", _block("tests/test_check.py", problem.tests)),
    ]
    return _session(problem, answers, review)


def _block(path: str, content: str) -> str:
    return f"```python\n# filename: {path}\n{content.strip()}\n```\n"


def _session(problem: Problem, answers: list[tuple[str, str]], review: bool) -> Ending:
    from team.config import CodeGenerationConfig
    from team.session import run_session
    from team.specs import TaskSpec
    from team.transcript import Transcript

    reviews = [("code_reviewer", APPROVE), ("architect", APPROVE)]
    lines = [
        json.dumps({"type": "model_call", "agent": agent, "answer": {"content": content}})
        for agent, content in [*answers, *reviews]
    ]
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="humaneval-") as folder:
        tape = Path(folder, "tape.jsonl")
        tape.write_text("\n".join(lines))
        config = CodeGenerationConfig(
            model=f"tape:{tape}",
            work_dir=Path(folder),
            gates=GATES,
            include_review=review,
            python=Path(sys.executable),
            timeout=30,
        )
        result = run_session(TaskSpec(requirements=problem.prompt), config)
        log = Transcript.open(result.path)
        asked = any(getattr(event, "step", "") == "fault" for event in log.events("verdict"))
        last = next((str(gate) for gate in result.gates.values() if gate.red), "")
        return Ending(
            problem.name,
            result.accepted,
            result.iterations,
            len(log.answers("developer")),
            len(log.answers("test_engineer")),
            asked,
            time.monotonic() - started,
            f"{result.message} {last}"[:1500],
        )


def main() -> None:
    """Run all sessions, some side by side, and print what became of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--mode", choices=("mutant", "test"), default="mutant")
    parser.add_argument("--review", action="store_true", help="with architect and reviewer")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--first", type=int, default=None, help="only so many problems")
    options = parser.parse_args()
    problems = read_problems(options.file)[: options.first]
    work = partial(mutant_session if options.mode == "mutant" else test_session, review=options.review)
    started = time.monotonic()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.jobs, mp_context=context) as pool:
        endings = list(pool.map(work, problems))
    _print(endings, options.mode, time.monotonic() - started)


def _print(endings: list[Ending], mode: str, seconds: float) -> None:
    ran = [ending for ending in endings if ending.iterations]
    accepted = Counter(ending.iterations for ending in ran if ending.accepted)
    print(f"{len(endings)} problems, {len(ran)} sessions, {seconds:.0f} s")
    for iteration in sorted({1, 2, *accepted}):
        print(f"accepted at iteration {iteration}: {accepted[iteration]}")
    if mode == "test":
        repaired = sum(e.accepted and (e.code_written, e.tests_written) == (1, 2) for e in ran)
        asked = sum(ending.asked_fault for ending in ran)
        print(f"the test was repaired, not the code: {repaired}; a reviewer was asked: {asked}")
    times = sorted(ending.seconds for ending in ran) or [0.0]
    print(f"seconds a session: median {statistics.median(times):.2f}, longest {times[-1]:.2f}")
    for ending in endings:
        if not (ending.accepted and ending.iterations == 2):
            print(f"- {ending.name}: {ending.message}")


if __name__ == "__main__":
    main()
