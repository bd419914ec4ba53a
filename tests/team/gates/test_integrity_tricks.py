"""Every trick of these turns the integrity gate red by the files alone, and honest code does not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from support.gate_trees import GOOD, MODULE, TESTS

from team.gates.base import Finding
from team.gates.integrity.looking import look
from team.gates.integrity.past import Mandate
from team.gates.integrity.state import read_state


def looked(root: Path, files: Mapping[str, str]) -> list[Finding]:
    """The findings about the good tree with these files in it."""
    for path, text in {**GOOD, **files}.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return [f for f in look(root, read_state(root, Mandate())) if f.severity != "minor"]


def source(code: str, imports: str = "") -> dict[str, str]:
    return {"app/calc.py": f"{imports}\n{MODULE}\n\n{code}\n"}


def a_test(body: str, imports: str = "") -> dict[str, str]:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return {
        "tests/test_more.py": f"import pytest\n{imports}\nfrom app import calc\n\n\ndef test_it():\n{lines}"
    }


CHEATS = {
    # tests that cannot fail
    "assert True": (a_test("assert True"), "constant-assertion"),
    "assert on a tuple": (a_test("assert (calc.add(1, 2) == 4, 'wrong')"), "constant-assertion"),
    "assert x == x": (a_test("x = calc.add(1, 2)\nassert x == x"), "constant-assertion"),
    "or True": (a_test("assert calc.add(1, 2) == 4 or True"), "constant-assertion"),
    "a or not a": (a_test("x = calc.add(1, 2)\nassert x or not x"), "constant-assertion"),
    "a generator": (a_test("assert (calc.add(1, n) == 0 for n in [1])"), "constant-assertion"),
    "a length": (a_test("x = [calc.add(1, 2)]\nassert len(x) >= 0"), "constant-assertion"),
    "a module's constant": (
        {"tests/test_more.py": "YES = 1\n\n\ndef test_it():\n    assert YES\n"},
        "constant-assertion",
    ),
    "any object": (a_test("assert isinstance(calc.add(1, 2), object)"), "constant-assertion"),
    "an emptied test": (a_test("pass"), "empty-test"),
    "a docstring for a test": (a_test('"""Adds."""'), "empty-test"),
    "a swallowed assertion": (
        a_test("try:\n    assert calc.add(1, 2) == 4\nexcept AssertionError:\n    pass"),
        "swallowed-assertion",
    ),
    "swallowed with everything": (
        a_test("try:\n    assert calc.add(1, 2) == 4\nexcept:\n    print('well')"),
        "swallowed-assertion",
    ),
    "suppressed": (
        a_test(
            "with contextlib.suppress(AssertionError):\n    assert calc.add(1, 2) == 4", "import contextlib"
        ),
        "swallowed-assertion",
    ),
    "a failing assertion is expected": (
        a_test("with pytest.raises(AssertionError):\n    assert calc.add(1, 2) == 4"),
        "swallowed-assertion",
    ),
    "any exception": (a_test("with pytest.raises(Exception):\n    calc.half(-1)"), "any-error"),
    "parametrised over nothing": (
        {
            "tests/test_more.py": "import pytest\n\n\n@pytest.mark.parametrize('n', [])\n"
            "def test_n(n):\n    assert n\n"
        },
        "no-cases",
    ),
    "another all": (
        a_test("def all(things):\n    return True\nassert all([calc.add(1, 2) == 4])"),
        "shadowed-builtin",
    ),
    "a tolerance of everything": (
        a_test("assert calc.half(3) == pytest.approx(9.0, rel=1e9)"),
        "loose-tolerance",
    ),
    "a verdict that is returned": (a_test("return calc.add(1, 2) == 4"), "returned-verdict"),
    # tests that do not run
    "skip": (
        {
            "tests/test_calc.py": TESTS.replace(
                "def test_add", "@pytest.mark.skip(reason='not available')\ndef test_add"
            )
        },
        "switched-off",
    ),
    "skipif True": (
        {
            "tests/test_calc.py": TESTS.replace(
                "def test_add", "@pytest.mark.skipif(True, reason='needs more')\ndef test_add"
            )
        },
        "switched-off",
    ),
    "xfail": (
        {"tests/test_calc.py": TESTS.replace("def test_add", "@pytest.mark.xfail\ndef test_add")},
        "switched-off",
    ),
    "pytestmark": (
        {
            "tests/test_calc.py": TESTS.replace(
                "def test_add", "pytestmark = pytest.mark.skip\n\n\ndef test_add"
            )
        },
        "switched-off",
    ),
    "skip in the body": (a_test("pytest.skip('missing')\nassert calc.add(1, 2) == 3"), "switched-off"),
    "skip at the top": (
        {"tests/test_calc.py": f"import pytest\n\npytest.skip('x', allow_module_level=True)\n{TESTS}"},
        "switched-off",
    ),
    "a class that is no test": (
        {
            "tests/test_calc.py": TESTS.replace(
                "class TestNegative:", "class TestNegative:\n    __test__ = False\n"
            )
        },
        "switched-off",
    ),
    # the subject is not tested
    "a mocked subject": (
        a_test("monkeypatch.setattr('app.calc.add', lambda a, b: 3)\nassert calc.add(1, 2) == 3"),
        "mocked-subject",
    ),
    "a subject patched by mock": (
        a_test(
            "with mock.patch('app.calc.add', return_value=3):\n    assert calc.add(1, 2) == 3",
            "from unittest import mock",
        ),
        "mocked-subject",
    ),
    "a subject that is assigned": (
        a_test("calc.add = lambda a, b: 3\nassert calc.add(1, 2) == 3"),
        "mocked-subject",
    ),
    "another module in its place": (
        a_test("sys.modules['app.calc'] = object()\nassert calc.add(1, 2) == 3", "import sys"),
        "mocked-subject",
    ),
    "a copy of the implementation": (
        {
            "tests/test_more.py": (
                "from app.calc import half\n\n\ndef expected(n):\n    if n < 0:\n"
                "        raise ValueError('negative')\n"
                "    return n / 2\n\n\ndef test_half():\n    assert half(4) == expected(4)\n"
            )
        },
        "copied-implementation",
    ),
    # the way tests are run
    "deselecting": (
        {"conftest.py": "def pytest_collection_modifyitems(items):\n    items[:] = []\n"},
        "hook",
    ),
    "rewriting reports": (
        {"tests/conftest.py": "def pytest_runtest_makereport(item, call):\n    return None\n"},
        "hook",
    ),
    "swallowing what tests raise": (
        {"conftest.py": "def pytest_pyfunc_call(pyfuncitem):\n    return True\n"},
        "hook",
    ),
    "a configure that does more": (
        {"conftest.py": "def pytest_configure(config):\n    config.option.keyword = 'nothing'\n"},
        "hook",
    ),
    "collect_ignore": ({"tests/conftest.py": "collect_ignore = ['test_calc.py']\n"}, "hook"),
    "a plugin": ({"tests/conftest.py": "pytest_plugins = ['app.cheat']\n"}, "plugin"),
    "an entry point": ({"x-1.dist-info/entry_points.txt": "[pytest11]\nx = x\n"}, "plugin"),
    "sitecustomize": ({"sitecustomize.py": "x = 1\n"}, "start-up-file"),
    "usercustomize": ({"src/usercustomize.py": "x = 1\n"}, "start-up-file"),
    "a .pth file": ({"x.pth": "import os\n"}, "hidden-code"),
    "compiled code": ({"app/fast.so": "\x7fELF"}, "hidden-code"),
    "code in a hidden folder": ({".real/calc.py": "x = 1\n"}, "hidden-code"),
    "code in node_modules": ({"node_modules/calc.py": "x = 1\n"}, "hidden-code"),
    "a module named json": ({"json.py": "def dumps(x):\n    return ''\n"}, "shadows-standard"),
    "a package named random": ({"random/__init__.py": "x = 1\n"}, "shadows-standard"),
    # the process
    "sys.exit at import": (source("sys.exit(0)", "import sys"), "early-exit"),
    "SystemExit at import": (source("if add(1, 2):\n    raise SystemExit"), "early-exit"),
    "quit at import": (source("quit()"), "early-exit"),
    "os._exit in code": (source("def stop() -> None:\n    os._exit(0)", "import os"), "early-exit"),
    "os._exit by another name": (
        source("def stop() -> None:\n    bye(0)", "from os import _exit as bye"),
        "early-exit",
    ),
    "sys.exit in a test": (a_test("sys.exit(0)", "import sys"), "early-exit"),
    "pytest.exit": (a_test("pytest.exit('fine', returncode=0)"), "early-exit"),
    "a signal": (a_test("os.kill(os.getpid(), 9)", "import os"), "early-exit"),
    "atexit": (a_test("atexit.register(print)\nassert calc.add(1, 2)", "import atexit"), "early-exit"),
    # the standard library
    "patched time": (source("time.sleep = lambda s: None", "import time"), "patched-standard"),
    "patched random": (source("random.random = lambda: 0.5", "import random"), "patched-standard"),
    "patched json": (source("json.dumps = str", "import json"), "patched-standard"),
    "patched open": (source("builtins.open = print", "import builtins"), "patched-standard"),
    "patched assert": (
        source("setattr(builtins, 'AssertionError', Warning)", "import builtins"),
        "patched-standard",
    ),
    "patched pytest": (
        {"tests/conftest.py": "import pytest\n\npytest.skip.Exception = Exception\n"},
        "patched-standard",
    ),
    "patched os in a test": (
        a_test("os.write = print\nassert calc.add(1, 2) == 3", "import os"),
        "patched-standard",
    ),
    # code that asks
    "asks sys.modules": (source("FAST = 'pytest' in sys.modules", "import sys"), "asks-for-tests"),
    "asks sys.modules in pieces": (
        source("FAST = ('py' + 'test') in sys.modules", "import sys"),
        "asks-for-tests",
    ),
    "looks through sys.modules": (source("N = [m for m in sys.modules]", "import sys"), "asks-for-tests"),
    "asks the environment": (
        source("T = 'PYTEST_CURRENT_TEST' in os.environ", "import os"),
        "asks-for-tests",
    ),
    "asks the environment in pieces": (
        source("T = os.environ.get('PYTEST' + '_CURRENT_TEST')", "import os"),
        "asks-for-tests",
    ),
    "imports pytest": (source("", "import pytest"), "asks-for-tests"),
    "looks at frames": (
        source("def f() -> object:\n    return sys._getframe(1)", "import sys"),
        "runner-access",
    ),
    "looks at the stack": (
        source("def f() -> object:\n    return inspect.stack()", "import inspect"),
        "runner-access",
    ),
    "searches the memory": (
        {"tests/conftest.py": "import gc\nimport sys\n\nfound = sys._current_frames()\n"},
        "runner-access",
    ),
    "writes to the judge": (a_test("os.write(5, b'end')", "import os"), "runner-access"),
    "imports differently": (source("sys.meta_path.insert(0, object())", "import sys"), "runner-access"),
    # types
    "Any everywhere": (
        {"app/calc.py": "from typing import Any\n\n\ndef f(a: Any, b: Any) -> Any:\n    return a\n"},
        "any-everywhere",
    ),
    "cast to Any": (source("X = cast(Any, 1)", "from typing import Any, cast"), "any-cast"),
    "another world for mypy": (
        source(
            "if TYPE_CHECKING:\n    def g() -> int: ...\nelse:\n    def g():\n        return 'x'",
            "from typing import TYPE_CHECKING",
        ),
        "type-checking-trick",
    ),
    # configuration
    "pytest.ini": ({"pytest.ini": "[pytest]\naddopts = -k nothing\n"}, "weak-configuration"),
    "pytest in pyproject": (
        {"pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--collect-only'\n"},
        "weak-configuration",
    ),
    "tox.ini": ({"tox.ini": "[pytest]\npython_files = nothing.py\n"}, "weak-configuration"),
    "setup.cfg": ({"setup.cfg": "[tool:pytest]\naddopts = --ignore=tests\n"}, "weak-configuration"),
    ".coveragerc": ({".coveragerc": "[report]\nexclude_lines =\n    def \n"}, "weak-configuration"),
    "mypy.ini": ({"mypy.ini": "[mypy]\nignore_errors = True\n"}, "weak-configuration"),
    "mypy in pyproject": (
        {"pyproject.toml": "[[tool.mypy.overrides]]\nmodule = 'app.*'\nignore_errors = true\n"},
        "weak-configuration",
    ),
    "ruff.toml": ({"ruff.toml": "[lint]\nignore = ['ALL']\n"}, "weak-configuration"),
    "ruff in pyproject": ({"pyproject.toml": "[tool.ruff.lint]\nignore = ['F401']\n"}, "weak-configuration"),
    ".bandit": ({".bandit": "[bandit]\nskips = B602\n"}, "weak-configuration"),
    "bandit in pyproject": ({"pyproject.toml": "[tool.bandit]\nskips = ['B602']\n"}, "weak-configuration"),
}


@pytest.mark.parametrize(("files", "rule"), CHEATS.values(), ids=CHEATS.keys())
def test_a_trick_is_found(tmp_path: Path, files: dict[str, str], rule: str) -> None:
    assert rule in {finding.rule for finding in looked(tmp_path, files)}


HONEST = {
    "the good tree": {},
    "a command line": source(
        "def main() -> None:\n    sys.exit(add(1, 2))\n\n\nif __name__ == '__main__':\n    sys.exit(main())",
        "import sys",
    ),
    "fixtures": {
        "tests/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef number():\n    return 1\n\n\n"
        "def pytest_configure(config):\n    config.addinivalue_line('markers', 'slow: takes long')\n"
    },
    "a usual pyproject": {
        "pyproject.toml": "[tool.pytest.ini_options]\ntestpaths = ['tests']\npythonpath = ['src']\n"
        "addopts = '-q -ra'\n"
        "[tool.ruff]\nline-length = 100\n[tool.ruff.lint]\nselect = ['E', 'F']\nignore = ['E501', 'D100']\n"
        "[tool.ruff.lint.per-file-ignores]\n'tests/*' = ['S101']\n'__init__.py' = ['F401']\n"
        "[tool.mypy]\nstrict = true\n[[tool.mypy.overrides]]\nmodule = 'x.*'\nignore_missing_imports = true\n"
        "[tool.coverage.report]\nexclude_lines = ['pragma: no cover', 'if TYPE_CHECKING:']\nfail_under = 80\n"
        "[tool.coverage.run]\nomit = ['tests/*']\n"
    },
    "an expected error": a_test("with pytest.raises(ValueError):\n    calc.half(-1)"),
    "an error looked at": a_test(
        "try:\n    calc.half(-1)\nexcept ValueError as error:\n    assert 'negative' in str(error)\n"
        "else:\n    pytest.fail('accepted')"
    ),
    "cleaning up": a_test("try:\n    assert calc.add(1, 2) == 3\nfinally:\n    print('done')"),
    "a variable named like a built-in function": a_test(
        "sum = calc.add(1, 2)\nstr = 'x'\nassert sum == 3 and str == 'x'"
    ),
    "a close tolerance": a_test("assert calc.half(3) == pytest.approx(1.5, abs=0.01)"),
    "the same twice": a_test("assert calc.add(1, 2) == calc.add(1, 2)"),
    "a place that is not reached": a_test(
        "for n in range(3):\n    if calc.add(n, 1) > 9:\n        assert False, n"
    ),
    "that nothing is raised": a_test("calc.add(1, 2)"),
    "a dependency replaced": {
        "app/shop.py": "from app import calc\n\n\ndef price(n: int) -> int:\n    return calc.add(n, 1)\n",
        "tests/test_shop.py": "from app import shop\n\n\ndef test_price(monkeypatch):\n"
        "    monkeypatch.setattr('app.calc.add', lambda a, b: 9)\n    assert shop.price(1) == 9\n",
    },
    "time replaced for one test": a_test(
        "monkeypatch.setattr(time, 'sleep', print)\nassert calc.add(1, 2) == 3", "import time"
    ),
    "environment variables": a_test("monkeypatch.setenv('HOME', '/')\nassert calc.add(1, 2) == 3"),
    "only on some machines": {
        "tests/test_calc.py": TESTS.replace(
            "def test_add",
            "@pytest.mark.skipif(sys.platform == 'win32', reason='only on Linux')\ndef test_add",
        ).replace("import pytest", "import sys\n\nimport pytest", 1)
    },
    "what a program exits with": a_test("with pytest.raises(SystemExit):\n    sys.exit(2)", "import sys"),
    "types for the checker": source(
        "def f(path: 'Path') -> str:\n    return str(path)",
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from pathlib import Path\n",
    ),
    "some Any": source(
        "def g(data: dict[str, Any], name: str, other: int) -> Any:\n    return data[name]",
        "from typing import Any",
    ),
    "its own module": source("HERE = sys.modules[__name__]", "import sys"),
    "a stream replaced": source("def quiet() -> None:\n    sys.stdout = sys.stderr", "import sys"),
    "a module named queue": {"app/queue.py": "x = 1\n", "calendar_utils.py": "x = 1\n"},
    "unittest": {
        "tests/test_unit.py": "import unittest\n\nfrom app.calc import add\n\n\n"
        "class AddTest(unittest.TestCase):\n"
        "    def test_add(self):\n        self.assertEqual(add(1, 2), 3)\n"
    },
    "properties": {
        "tests/test_properties.py": "from hypothesis import given\n"
        "from hypothesis import strategies as st\n\n"
        "from app.calc import add\n\n\n@given(st.integers(), st.integers())\ndef test_order(a, b):\n"
        "    assert add(a, b) == add(b, a)\n"
    },
    "an oracle of its own": {
        "tests/test_oracle.py": "from app.calc import add\n\n\ndef slowly(a, b):\n"
        "    for _ in range(b):\n        a += 1\n"
        "    return a\n\n\ndef test_add():\n    assert add(2, 3) == slowly(2, 3)\n"
    },
}


@pytest.mark.parametrize("files", HONEST.values(), ids=HONEST.keys())
def test_honest_code_is_left_alone(tmp_path: Path, files: dict[str, str]) -> None:
    assert looked(tmp_path, files) == []


def test_a_finding_says_where_and_what_to_do(tmp_path: Path) -> None:
    (finding,) = looked(tmp_path, a_test("assert calc.add(1, 2) == 4 or True"))
    assert (finding.file, finding.line) == ("tests/test_more.py", 7)
    assert finding.message == "`assert calc.add(1, 2) == 4 or True` always holds: it is a constant"
