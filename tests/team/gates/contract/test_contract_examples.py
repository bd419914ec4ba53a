"""The examples of requirements, asked from another process, of honest code and of code that cheats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from support.gate_trees import Make

from team.gates import judge
from team.gates.base import GateResult, GateSettings
from team.specs import ProblemSpec, Spec, TaskSpec

Contract = Callable[..., GateResult]

SQUARES = TaskSpec(requirements="Write square(n).\n\n>>> square(3)\n9\n>>> square(-2)\n4\n")
TESTS = "from squares import square\ndef test_it():\n    assert square(3) == 9\n    assert square(-2) == 4\n"
RIGHT = "def square(n: int) -> int:\n    return n * n\n"


@pytest.fixture
def contract(target: Make) -> Contract:
    """The contract gate's result: ``contract(spec, {path: text})``."""

    def one(spec: Spec, files: Mapping[str, str], seconds: float = 30) -> GateResult:
        tree = replace(target(files, GateSettings(timeout=seconds)), spec=spec)
        (result,) = judge(tree, ["contract"])
        return result

    return one


def test_code_that_holds_the_examples_passes_and_says_what_that_is(contract: Contract) -> None:
    result = contract(SQUARES, {"squares.py": RIGHT})
    assert (result.status, result.evidence, result.why) == ("pass", "examples", "2 of 2 examples hold")
    assert result.cases == {"square(3) == 9": "pass", "square(-2) == 4": "pass"}


def test_code_that_does_not_is_told_so_at_its_place(contract: Contract) -> None:
    result = contract(SQUARES, {"src/lib/squares.py": "X = 1\n\n\n" + RIGHT.replace("n * n", "n * 3")})
    (finding,) = result.findings
    assert (finding.file, finding.line, finding.rule) == ("src/lib/squares.py", 4, "example")
    assert finding.message == "the requirements say square(-2) == 4, but it returns -6"
    assert (result.status, result.cases["square(3) == 9"]) == ("fail", "pass")


CHEATS = {
    "an object that is equal to everything": (
        "class Any:\n    def __eq__(self, other): return True\n    def __repr__(self): return '9'\n"
        "def square(n): return Any()\n"
    ),
    "an integer that is": (
        "class Any(int):\n    def __eq__(self, other): return True\n    def __index__(self): return 9\n"
        "def square(n): return Any(0)\n"
    ),
    "the process ends well at once": "import os\nos._exit(0)\ndef square(n): return 0\n",
    "the call ends the process": "import os\ndef square(n): os._exit(0)\n",
    "the call never ends": "def square(n):\n    while True: pass\n",
    "the tests are read for the answers": (
        "from pathlib import Path\n"
        "def square(n):\n    text = Path('tests/test_squares.py').read_text()\n"
        "    return int(text.split(f'square({n}) == ')[1].split()[0])\n"
    ),
    "the judge is looked for in the process": (
        "import sys, json, gc\n"
        "def square(n):\n"
        "    for found in gc.get_objects():\n"
        "        if isinstance(found, dict) and 'expected' in found: return found['expected']\n"
    ),
    "the report is forged": (
        "import os, json\n"
        "for fd in range(3, 64):\n"
        "    for number in range(9):\n"
        "        try: os.write(fd, (json.dumps({'id': number, 'passed': True}) + '\\n').encode())\n"
        "        except OSError: pass\n"
        "def square(n): return None\n"
    ),
    "the functions of the worker are replaced": (
        "import sys\nmain = sys.modules['__main__']\n"
        "main.encode = lambda value: True\nmain.answer = lambda *_: {'returned': True}\n"
        "def square(n): return None\n"
    ),
    "json is replaced": "import json\njson.dumps = lambda *a, **k: 'true'\ndef square(n): return None\n",
}


@pytest.mark.parametrize("source", CHEATS.values(), ids=CHEATS.keys())
def test_no_cheat_holds_an_example(contract: Contract, source: str) -> None:
    result = contract(SQUARES, {"squares.py": source, "tests/test_squares.py": TESTS}, seconds=3)
    assert (result.status, len(result.findings)) == ("fail", 2)
    assert set(result.cases.values()).isdisjoint({"pass"})


def test_each_call_has_a_process_of_its_own(contract: Contract) -> None:
    spec = ProblemSpec.model_validate(
        {
            "description": "Count.",
            "entry_point": "count",
            "examples": [{"input": {"n": 1}, "expected": 1}, {"input": {"n": 2}, "expected": 2}],
        }
    )
    remembers = "seen = []\ndef count(n):\n    seen.append(n)\n    return n if len(seen) == 1 else -1\n"
    assert contract(spec, {"solution.py": remembers}).status == "pass"


def test_a_problem_is_asked_by_name_and_may_raise(contract: Contract) -> None:
    spec = ProblemSpec.model_validate(
        {
            "description": "Divide.",
            "examples": [
                {"input": {"a": 6, "b": 3}, "expected": [2, 0]},
                {"input": {"a": 6, "b": 0}, "raises": "ArithmeticError"},
            ],
        }
    )
    result = contract(spec, {"solution.py": "async def run_code(a, b):\n    return divmod(a, b)\n"})
    assert (result.status, result.evidence) == ("pass", "contract")


@pytest.mark.parametrize(
    ("spec", "files", "status", "why"),
    [
        (TaskSpec(requirements="Make it nice."), {"a.py": "A = 1\n"}, "skip", "no example"),
        (SQUARES, {"a.py": "A = 1\n"}, "skip", "no source file defines them: square"),
        (TaskSpec(requirements="def square(n):\n>>> square(3)\n9"), {"a.py": "A = 1\n"}, "fail", "0 of 1"),
        (ProblemSpec(description=">>> run_code(1)\n1"), {"a.py": "A = 1\n"}, "fail", "0 of 1"),
        (SQUARES, {"a.py": "def square(n):\n    raise ValueError('no')\n"}, "fail", "0 of 2"),
        (SQUARES, {"a.py": "import nothing_like_it\ndef square(n): return n * n\n"}, "fail", "0 of 2"),
        (TaskSpec(requirements="`other.square(3) == 8`"), {"squares.py": RIGHT}, "skip", "not asked"),
        (TaskSpec(requirements="`squares.square(3) == 9`"), {"app/squares.py": RIGHT}, "pass", "1 of 1"),
    ],
)
def test_what_is_asked(contract: Contract, spec: Any, files: dict[str, str], status: str, why: str) -> None:
    result = contract(spec, files)
    assert (result.status, why in result.why) == (status, True)
