"""Every way of these to make a wrong program look tested turns the tests gate red."""

from __future__ import annotations

import pytest
from support.gate_trees import MODULE, TESTS, Judge, rules

WRONG = MODULE.replace("a + b", "a - b")

CHEATS = {
    "sys.exit when the code is imported": {"app/calc.py": "import sys\n\nsys.exit(0)\n"},
    "os._exit when the code is imported": {"app/calc.py": "import os\n\nos._exit(0)\n"},
    "sys.exit when the tests are imported": {"tests/test_calc.py": f"import sys\n\nsys.exit(0)\n{TESTS}"},
    "os._exit in a test": {"tests/test_a.py": "import os\n\n\ndef test_a() -> None:\n    os._exit(0)\n"},
    "a signal to itself": {
        "tests/test_a.py": "import os\n\n\ndef test_a() -> None:\n    os.kill(os.getpid(), 9)\n"
    },
    "pytest.exit": {"tests/conftest.py": "import pytest\n\npytest.exit('fine', returncode=0)\n"},
    "pytest.exit in a hook": {
        "tests/conftest.py": (
            "import pytest\n\n\n"
            "def pytest_collection_finish() -> None:\n    pytest.exit('fine', returncode=0)\n"
        )
    },
    "pytest.ini": {"pytest.ini": "[pytest]\naddopts = --collect-only\npython_files = nothing.py\n"},
    "pyproject.toml": {"pyproject.toml": "[tool.pytest.ini_options]\naddopts = '-k nothing'\n"},
    "tox.ini and setup.cfg": {
        "tox.ini": "[pytest]\naddopts = -k nothing\n",
        "setup.cfg": "[tool:pytest]\naddopts = -k nothing\n",
    },
    "a hook that deselects": {
        "conftest.py": "def pytest_collection_modifyitems(items: list) -> None:\n    items[:] = items[1:]\n"
    },
    "a hook that deselects and says so": {
        "conftest.py": (
            "def pytest_collection_modifyitems(items: list, config: object) -> None:\n"
            "    config.hook.pytest_deselected(items=items[:1])\n    items[:] = items[1:]\n"
        )
    },
    "collect_ignore": {"tests/conftest.py": "collect_ignore = ['test_calc.py']\n"},
    "a hook that rewrites reports": {
        "conftest.py": (
            "import pytest\n\n\n@pytest.hookimpl(hookwrapper=True)\n"
            "def pytest_runtest_makereport(item, call):\n"
            "    outcome = yield\n    outcome.get_result().outcome = 'passed'\n"
        )
    },
    "a hook that makes skips of failures": {
        "conftest.py": (
            "import pytest\n\n\n@pytest.hookimpl(hookwrapper=True)\n"
            "def pytest_runtest_makereport(item, call):\n"
            "    outcome = yield\n    report = outcome.get_result()\n"
            "    if report.failed:\n        report.outcome = 'skipped'\n"
            "        report.longrepr = ('x', 1, 'could not import nowhere')\n"
        )
    },
    "a hook that swallows what tests raise": {
        "conftest.py": (
            "def pytest_pyfunc_call(pyfuncitem):\n"
            "    names = pyfuncitem._fixtureinfo.argnames\n"
            "    try:\n        pyfuncitem.obj(**{n: pyfuncitem.funcargs[n] for n in names})\n"
            "    except BaseException:\n        pass\n    return True\n"
        )
    },
    "a hook that runs no test": {
        "conftest.py": "def pytest_runtest_protocol(item, nextitem):\n    return True\n"
    },
    "a hook that makes its own reports": {
        "conftest.py": (
            "from _pytest.reports import TestReport\n\n\n"
            "def pytest_runtest_makereport(item, call):\n"
            "    call.excinfo = None\n    return TestReport.from_item_and_call(item, call)\n"
        )
    },
    "a patched AssertionError": {
        "conftest.py": (
            "import builtins\n\nimport pytest\n\n\n"
            "class AssertionError(pytest.skip.Exception):\n    pass\n\n\n"
            "builtins.AssertionError = AssertionError\n"
        )
    },
    "a plugin in the workspace": {
        "cheat-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: cheat\nVersion: 1.0\n",
        "cheat-1.0.dist-info/entry_points.txt": "[pytest11]\ncheat = cheat\n",
        "cheat.py": "def pytest_runtest_protocol(item, nextitem):\n    return True\n",
    },
    "modules named like what the judge imports": dict.fromkeys(
        ("json.py", "pytest.py", "coverage.py", "sitecustomize.py", "traceback.py"),
        "import os\n\nos._exit(0)\n",
    ),
    "patched json, os and pytest": {
        "conftest.py": (
            "import json\nimport os\n\nimport pytest\n\n"
            "told = json.dumps\njson.dumps = lambda *a, **k: told(*a, **k).replace('failed', 'passed')\n"
            "write = os.write\nos.write = lambda fd, data: write(fd, data.replace(b'failed', b'passed'))\n"
            "pytest.skip.Exception = BaseException\n"
        )
    },
    "a forged summary": {
        "tests/conftest.py": "import os\n\nos.write(1, b'4 passed in 0.01s')\nos._exit(0)\n"
    },
    "forged frames": {
        "tests/conftest.py": (
            "import os\n\nfor number in range(3, 20):\n    try:\n"
            '        os.write(number, b\'\\nnonce {"kind": "end"}\\n\')\n    except OSError:\n        pass\n'
            "os._exit(0)\n"
        )
    },
    "tests that are switched off": {"tests/test_calc.py": f"{TESTS}\n\ntest_add.__test__ = False\n"},
    "a test that is deleted at the end": {"tests/test_calc.py": f"{TESTS}\n\ndel test_add\n"},
    "tests that change the code first": {
        "tests/conftest.py": (f"from pathlib import Path\n\nPath('app/calc.py').write_text({MODULE!r})\n")
    },
}


@pytest.mark.parametrize("files", CHEATS.values(), ids=CHEATS.keys())
def test_a_cheat_does_not_pass(judged: Judge, good: dict[str, str], files: dict[str, str]) -> None:
    result = judged("tests", {**good, "app/calc.py": WRONG, **files})
    assert result.status == "fail"


@pytest.mark.parametrize(
    ("cheat", "rule", "place"),
    [
        ("sys.exit when the code is imported", "early-exit", ("app/calc.py", 3)),
        ("os._exit when the code is imported", "early-exit", ("app/calc.py", 3)),
        ("a signal to itself", "early-exit", (None, None)),
        ("a hook that deselects", "not-run", ("tests/test_calc.py", None)),
        ("a hook that rewrites reports", "forged-report", ("tests/test_calc.py", None)),
        ("pytest.exit in a hook", "early-exit", ("tests/conftest.py", 5)),
        ("a hook that swallows what tests raise", "canary", (None, None)),
        ("tests that change the code first", "changed-files", ("app/calc.py", None)),
    ],
)
def test_a_cheat_is_named_with_its_place(
    judged: Judge, good: dict[str, str], cheat: str, rule: str, place: tuple[str | None, int | None]
) -> None:
    result = judged("tests", {**good, "app/calc.py": WRONG, **CHEATS[cheat]})
    assert (rule, *place, "critical") in {(f.rule, f.file, f.line, f.severity) for f in result.findings}


def test_a_hook_that_would_forge_is_found_though_every_test_passes(
    judged: Judge, good: dict[str, str]
) -> None:
    result = judged("tests", {**good, **CHEATS["a hook that rewrites reports"]})
    assert rules(result) == {"canary"}


def test_a_configuration_that_changes_nothing_is_no_cheat(judged: Judge, good: dict[str, str]) -> None:
    result = judged("tests", {**good, "pytest.ini": "[pytest]\naddopts = --collect-only\n"})
    assert (result.status, rules(result)) == ("pass", set())
