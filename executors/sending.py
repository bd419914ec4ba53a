"""Sends programs of ours to where nothing of ours is installed: as text, for an interpreter's ``-c``.

The modules of a folder become a package of their own there, which knows them by relative imports.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

# Before anything is imported, the working directory is taken off the path: it may be a workspace.
_START = """
import sys; sys.path[:] = filter(None, sys.path); import json, types
package, *parts, (_, source) = json.loads(sys.argv.pop())
sys.modules[package] = types.ModuleType(package)
sys.modules[package].__path__ = []
for name, text in parts:
    module = sys.modules[f'{package}.{name}'] = types.ModuleType(f'{package}.{name}')
    module.__package__ = package
    exec(compile(text, f'<{package} {name}>', 'exec'), module.__dict__)
__package__ = package
exec(compile(source, f'<{package}>', 'exec'))
"""


def sent(package: str, folder: Path, names: Sequence[str]) -> list[str]:
    """The interpreter's arguments that run a program.

    Args:
        package: what they are called there, a name that nobody else takes; tracebacks show `<package name>`.
        folder: where their source lies.
        names: the modules, each after those it needs; the last one is the program itself.
    """
    parts = [(name, (folder / f"{name}.py").read_text(encoding="utf-8")) for name in names]
    return ["-c", _START, json.dumps([package, *parts])]
