from __future__ import annotations

from support.gate_trees import Judge, Make

from team.gates import judge
from team.gates.base import GateSettings

Tree = dict[str, str]

HALF = """from app.calc import add


def test_add() -> None:
    assert add(1, 2) == 3
"""


def test_every_line_reached_passes(judged: Judge, good: Tree) -> None:
    result = judged("coverage", good)
    assert (result.status, result.why) == ("pass", "100 % of 6 lines; the floor is 80 %")


def test_lines_that_no_test_reaches_are_named(judged: Judge, good: Tree) -> None:
    result = judged("coverage", {**good, "tests/test_calc.py": HALF})

    assert (result.status, result.why) == ("fail", "50 % of 6 lines; the floor is 80 %")
    (finding,) = result.findings
    assert (finding.file, finding.line, finding.rule) == ("app/calc.py", 11, "coverage")
    assert finding.message == "no test reaches 3 lines: 11-13"


def test_the_floor_is_the_persons_choice(judged: Judge, good: Tree) -> None:
    files = {**good, "tests/test_calc.py": HALF}
    assert judged("coverage", files, GateSettings(coverage_floor=50)).status == "pass"


def test_a_module_that_no_test_imports_counts(judged: Judge, good: Tree) -> None:
    unused = "".join(f"x{n} = {n}\n" for n in range(10))
    result = judged("coverage", {**good, "app/unused.py": unused})
    assert [(f.file, f.message) for f in result.findings] == [
        ("app/unused.py", "no test reaches 10 lines: 1-10")
    ]


def test_no_comment_and_no_configuration_of_the_workspace_weakens_it(judged: Judge, good: Tree) -> None:
    result = judged(
        "coverage",
        {
            **good,
            "tests/test_calc.py": HALF,
            "app/calc.py": good["app/calc.py"].replace("-> float:", "-> float:  # pragma: no cover"),
            ".coveragerc": "[run]\nomit = *\n[report]\nexclude_lines = .\n",
            "pyproject.toml": "[tool.coverage.run]\nomit = ['*']\n",
        },
    )
    assert result.status == "fail"
    assert {f.rule for f in result.findings} == {"coverage", "suppression"}


def test_statements_of_many_lines_threads_and_coroutines_are_measured(judged: Judge) -> None:
    source = (
        "import threading\n\n\n"
        "async def a() -> dict:\n    return {\n        'x': 1,\n        'y': 2,\n    }\n\n\n"
        "def b(found: list) -> None:\n"
        "    thread = threading.Thread(\n        target=c,\n        args=(found,),\n    )\n"
        "    thread.start()\n    thread.join()\n\n\n"
        "def c(found: list) -> None:\n    found.append(\n        1\n    )\n"
    )
    tests = (
        "import asyncio\n\nfrom m import a, b\n\n\n"
        "def test_all() -> None:\n    found: list = []\n    b(found)\n"
        "    assert found == [1]\n    assert asyncio.run(a())['y'] == 2\n"
    )
    result = judged("coverage", {"m.py": source, "tests/test_m.py": tests})
    assert result.why == "100 % of 9 lines; the floor is 80 %"


def test_the_run_that_decides_runs_the_code_as_it_is(target: Make, good: Tree) -> None:
    good["tests/test_calc.py"] += (
        "\n\ndef test_nobody_measures() -> None:\n"
        "    import sys\n\n    assert sys.gettrace() is None\n    assert 'built-in' in repr(compile)\n"
    )
    tests, coverage = judge(target(good), ["tests", "coverage"])
    assert (tests.status, coverage.status) == ("pass", "pass")


def test_a_run_without_an_end_measures_nothing(judged: Judge, good: Tree) -> None:
    result = judged("coverage", {**good, "tests/conftest.py": "import os\n\nos._exit(0)\n"})
    assert (result.status, result.why) == ("fail", "not measured: the test run did not end")


def test_a_second_measurement_is_no_way_out(judged: Judge, good: Tree) -> None:
    second = "import coverage\n\nsecond = coverage.Coverage(omit=['*'])\nsecond.start()\n"
    result = judged("coverage", {**good, "tests/test_calc.py": HALF, "tests/conftest.py": second})
    assert result.status == "fail"


def test_without_sources_there_is_nothing_to_cover(judged: Judge) -> None:
    result = judged("coverage", {"tests/test_a.py": "def test_a() -> None:\n    assert 1\n"})
    assert (result.status, result.why) == ("skip", "there is no source file")
