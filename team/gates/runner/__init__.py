"""Programs of ours that run inside a sandbox: their source is sent, nothing of them is imported there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

_FOLDER = Path(__file__).parent

# With -I the interpreter would also ignore the fixed hash seed of the sandbox, which makes what tests
# print the same each time; so only the workspace is taken off the path, before anything is imported.
_START = """
import sys; sys.path.remove(''); import json, types
package = sys.modules['devteam_judge'] = types.ModuleType('devteam_judge')
package.__path__ = []
*parts, (_, source) = json.loads(sys.argv.pop())
for name, text in parts:
    module = sys.modules['devteam_judge.' + name] = types.ModuleType('devteam_judge.' + name)
    exec(compile(text, f'<judge {name}>', 'exec'), module.__dict__)
__package__ = 'devteam_judge'
exec(compile(source, '<judge>', 'exec'))
"""


def program(name: str) -> str:
    """The source text of one of the programs of this folder, such as ``run_pytest``."""
    return (_FOLDER / f"{name}.py").read_text(encoding="utf-8")


def command(name: str, parts: Sequence[str] = ()) -> list[str]:
    """What runs a program with the sandbox's interpreter, apart from the workspace.

    Args:
        name: the program.
        parts: the modules of this folder that it imports, as ``from .part``; each after those it needs.
    """
    return ["python", "-s", "-c", _START, json.dumps([(part, program(part)) for part in (*parts, name)])]
