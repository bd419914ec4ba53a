"""Programs of ours that run inside a sandbox: their source is sent, nothing of them is imported there."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent

# With -I the interpreter would also ignore the fixed hash seed of the sandbox, which makes what tests
# print the same each time; so only the workspace is taken off the path, before anything is imported.
_START = "import sys; sys.path.remove(''); source = sys.argv.pop(); exec(compile(source, '<judge>', 'exec'))"


def program(name: str) -> str:
    """The source text of one of the programs of this folder, such as ``run_pytest``."""
    return (_FOLDER / f"{name}.py").read_text(encoding="utf-8")


def command(name: str) -> list[str]:
    """What runs a program with the sandbox's interpreter, apart from the workspace."""
    return ["python", "-s", "-c", _START, program(name)]
