"""Marks find the lines that the `coverage` package finds, and change nothing that code can tell."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from coverage.parser import PythonParser

ROOT = Path(__file__).resolve().parents[3]

EVERYTHING = '''"""Every kind of statement."""

from __future__ import annotations

import contextlib
import enum
from dataclasses import dataclass

WHEN = (
    1,
    2,
)


@dataclass(
    frozen=True
)
class Point:
    """A place."""

    x: int = 0
    """Documented."""
    y: int = 0


class Colour(enum.Enum):
    RED = 1
    BLUE = 2

    @property
    def warm(self) -> bool:
        return self is Colour.RED


def documented():
    """Says only this."""


def bare(value):
    if value == 1:
        return "one"
    elif value == 2:
        return "two"
    else:
        pass
    for number in range(value):
        if number > 2:
            break
        continue
    else:
        value += 1
    while value > 100:
        value -= 1
    return value


def tries(error):
    try:
        raise error
    except (
        KeyError
    ):
        return "key"
    except ValueError as found:
        return str(found)
    except:
        return "other"
    finally:
        error = None


def never(error):
    try:
        return error
    except KeyError:
        return "key"


def matches(value):
    match value:
        case 1:
            return "one"
        case [2, *rest] if rest:
            return "list"
        case str():
            return "text"


def matches_all(value):
    match value:
        case 1:
            return "one"
        case 2 | _:
            return "other"


def generate():
    yield 1
    yield from (2, 3)


async def wait():
    async with contextlib.AsyncExitStack() as stack:
        async for number in _numbers():
            stack.callback(lambda: number)
    return [each async for each in _numbers()]


async def _numbers():
    yield 1


def nested():
    count = 0

    def up():
        nonlocal count
        count += 1
        return count

    with contextlib.suppress(ValueError), contextlib.suppress(
        KeyError
    ):
        up()
        raise KeyError
    global WHEN
    WHEN = [number for number in WHEN if number]
    assert WHEN, "never"
    del count; return (
        "long",
    )
'''
CALLS = """
import asyncio, everything as e
e.bare(1), e.bare(4), e.documented(), e.tries(ValueError("v")), e.tries(OSError()), e.never(1)
e.matches([2, 3]), e.matches("text"), e.matches_all(5), list(e.generate()), asyncio.run(e.wait())
e.Colour.RED.warm, e.nested()
"""
MARKED = """
import json, sys
from team.gates.runner.marks import Marked
measured = Marked(sys.argv[1])
measured.start()
sys.path.insert(0, sys.argv[1])
{calls}
print(json.dumps(measured.lines()))
"""
TRACED = """
import json, sys
from coverage import Coverage
measured = Coverage(data_file=None, config_file=False, source=[sys.argv[1]])
measured.start()
sys.path.insert(0, sys.argv[1])
{calls}
measured.stop()
print(json.dumps({{"everything.py": measured.get_data().lines(e.__file__)}}))
"""


def executed(folder: Path, program: str, calls: str = CALLS) -> set[int]:
    """The executable lines that a program says were executed, by the first line of each statement."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", program.format(calls=calls), str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    parser = PythonParser(text=(folder / "everything.py").read_text())
    parser.parse_source()
    lines = json.loads(done.stdout.splitlines()[-1])["everything.py"]
    return {parser.first_line(line) for line in lines} & parser.statements


def test_marks_find_what_the_coverage_package_finds(tmp_path: Path) -> None:
    (tmp_path / "everything.py").write_text(EVERYTHING)
    marked = executed(tmp_path, MARKED)
    assert marked == executed(tmp_path, TRACED)
    assert len(marked) > 60


UNCHANGED = """
import everything as e, inspect, pickle, runpy
assert e.documented.__doc__ == "Says only this." and e.bare.__doc__ is None and e.__doc__
assert e.Point.__annotations__ == {"x": "int", "y": "int"}
assert "yield from" in inspect.getsource(e.generate)
assert pickle.loads(pickle.dumps(e.Point(1))) == e.Point(1) and pickle.loads(pickle.dumps(e.bare)) is e.bare
assert not [name for name in vars(e) if "mark" in name.lower()] and set(vars(e.Colour)) >= {"RED", "BLUE"}
assert eval(compile("1 + 1", "<string>", "eval")) == 2
assert runpy.run_path(e.__file__)["Point"]().x == 0
"""


def test_code_cannot_tell_by_what_it_normally_looks_at(tmp_path: Path) -> None:
    (tmp_path / "everything.py").write_text(EVERYTHING)
    assert executed(tmp_path, MARKED, UNCHANGED)


def test_a_module_that_is_only_run_by_its_path_is_measured(tmp_path: Path) -> None:
    (tmp_path / "everything.py").write_text("def f():\n    return 1\n\n\nf()\n")
    calls = "import runpy; runpy.run_path(sys.argv[1] + '/everything.py')"
    assert executed(tmp_path, MARKED, calls) == {1, 2, 5}


def test_futures_are_those_of_the_module_that_asks(tmp_path: Path) -> None:
    """`compile` hands on what its caller has imported from `__future__`; ours must not hand on its own."""
    (tmp_path / "everything.py").write_text(
        "code = compile('def f(x: Unknown): ...', 'f.py', 'exec')\n"
        "try:\n    exec(code)\nexcept NameError:\n    failed = True\n"
    )
    assert executed(tmp_path, MARKED, "import everything as e; assert e.failed") == {1, 2, 3, 4, 5}
