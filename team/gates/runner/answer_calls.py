"""Calls functions of a workspace and says what they answer. It knows no expected value and judges nothing.

Runs in a sandbox with nothing but Python 3.9 or newer, behind `plain_values`. Input (stdin), as JSON:
`files`, the Python files that may define functions, the likeliest first; `calls`, each with `id`, `function`,
`args`, `kwargs`; `seconds` for one call; `together`, how many run side by side. Output (the report): a line
of JSON per call. Each call runs in a fork of its own: what one does, another does not see, and one that hangs
or dies is the only one.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import json
import os
import select
import signal
import sys
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .plain_values import decode, encode

MOST_BYTES = 4_000_000
MOST_TEXT = 500


class Missing(Exception):
    """No file defines the function, or the file that does cannot be imported."""


def main() -> None:
    """Answer every call and leave without running what the workspace left behind."""
    channel = os.dup(1)
    os.dup2(2, 1)
    job = json.loads(sys.stdin.buffer.read())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    leave = os._exit
    sys.dont_write_bytecode = True
    sys.path[:0] = [str(folder) for folder in (Path.cwd(), Path.cwd() / "src") if folder.is_dir()]
    write = os.write
    functions = Functions(job["files"])
    for line in answers(job, functions):
        data = (json.dumps(line) + "\n").encode()
        while data:
            data = data[write(channel, data) :]
    leave(0)


class Functions:
    """Finds functions by name; a module is imported when one of its functions is first asked for."""

    def __init__(self, files: list[str]) -> None:
        self._places: dict[str, tuple[str, int]] = {}
        for rank in (False, True):  # what a file defines itself goes before what it only hands on
            for path in files:
                for name, line in defined(path, handed_on=rank):
                    self._places.setdefault(name, (path, line))
        self._found: dict[str, Callable[..., Any] | str] = {}

    def place(self, name: str) -> tuple[str, int] | None:
        """The file and the line that define a function."""
        return self._places.get(name)

    def find(self, name: str) -> Callable[..., Any]:
        """The function.

        Raises:
            Missing: with the reason.
        """
        if name not in self._found:
            self._found[name] = self._load(name)
        found = self._found[name]
        if isinstance(found, str):
            raise Missing(found)
        return found

    def _load(self, name: str) -> Callable[..., Any] | str:
        if name not in self._places:
            return f"no source file defines {name}"
        path = self._places[name][0]
        parts = path[: -len(".py")].split("/")
        dotted = ".".join(parts[parts[0] == "src" and len(parts) > 1 :])
        try:
            found = getattr(importlib.import_module(dotted.removesuffix(".__init__")), name)
        except BaseException as error:  # noqa: BLE001 - whatever the workspace throws at its import
            return f"{path} cannot be imported: {type(error).__name__}: {error}"[:MOST_TEXT]
        return found if callable(found) else f"{name} of {path} cannot be called"


def defined(path: str, *, handed_on: bool) -> Iterator[tuple[str, int]]:
    """The names that a file defines at its top, or those that it only imports or assigns."""
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if not handed_on:
                yield node.name, node.lineno
        elif handed_on and isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, node.lineno) for alias in node.names)
        elif handed_on and isinstance(node, ast.Assign):
            yield from ((target.id, node.lineno) for target in node.targets if isinstance(target, ast.Name))


def answers(job: dict[str, Any], functions: Functions) -> Iterator[dict[str, Any]]:
    """One line per call, in the order in which they end."""
    waiting = list(job["calls"])
    running: dict[int, Running] = {}
    while waiting or running:
        while waiting and len(running) < job["together"]:
            call = waiting.pop(0)
            place = functions.place(call["function"])
            try:
                started = Running(call, place, functions.find(call["function"]), job["seconds"])
            except Missing as missing:
                yield {"id": call["id"], "place": place, "missing": str(missing)}
                continue
            running[started.pipe] = started
        if not running:
            continue
        patience = max(0.0, min(one.deadline for one in running.values()) - time.monotonic())
        ready, _, _ = select.select(list(running), [], [], patience)
        for pipe in [pipe for pipe in running if pipe in ready or running[pipe].is_late]:
            if not running[pipe].goes_on(pipe in ready):
                yield running.pop(pipe).ending()


class Running:
    """One call in its own process."""

    def __init__(
        self,
        call: dict[str, Any],
        place: tuple[str, int] | None,
        function: Callable[..., Any],
        seconds: float,
    ) -> None:
        self._told = {"id": call["id"], "place": place}
        self._data = b""
        self.deadline = time.monotonic() + seconds
        self.pipe, writing = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            answer_in_child(function, call, writing)
        os.close(writing)

    @property
    def is_late(self) -> bool:
        """Whether the call has had its time."""
        return time.monotonic() >= self.deadline

    def goes_on(self, ready: bool) -> bool:
        """Take what was answered so far; false when there is no more to come."""
        if not ready:
            return False
        data = os.read(self.pipe, 1 << 16)
        self._data += data
        return bool(data) and len(self._data) <= MOST_BYTES

    def ending(self) -> dict[str, Any]:
        """What became of the call; nothing of it is left running."""
        os.close(self.pipe)
        late = self.is_late
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process, signal.SIGKILL)
        _, status = os.waitpid(self._process, 0)
        try:
            return {**self._told, **json.loads(self._data)}
        except (ValueError, TypeError, RecursionError):
            said = "late" if late else "died"
            return {**self._told, said: os.waitstatus_to_exitcode(status)}


def answer_in_child(function: Callable[..., Any], call: dict[str, Any], pipe: int) -> None:
    """Make the call, say what it answers, and end."""
    leave, write = os._exit, os.write
    try:
        line = json.dumps(answer(function, call)).encode()
    except BaseException as error:  # noqa: BLE001 - such as a repr that fails in an odd way
        line = json.dumps({"raised": [type(error).__name__, [], ""]}).encode()
    while line:
        line = line[write(pipe, line) :]
    leave(0)


def answer(function: Callable[..., Any], call: dict[str, Any]) -> dict[str, Any]:
    """What a call returns or raises, as plain data."""
    try:
        args = [decode(value) for value in call["args"]]
        kwargs = {name: decode(value) for name, value in call["kwargs"].items()}
        value = function(*args, **kwargs)
        if isinstance(value, types.CoroutineType):
            import asyncio  # takes longer than all other imports together

            value = asyncio.run(value)
    except BaseException as error:  # noqa: BLE001 - what it raises is its answer
        names = [kind.__name__ for kind in type(error).__mro__]
        return {"raised": [names[0], names, text_of(error)]}
    try:
        return {"returned": encode(value)}
    except BaseException as error:  # noqa: BLE001 - the value's own code may run
        return {"raised": ["NotPlain", [], f"the returned value cannot be read: {text_of(error)}"]}


def text_of(error: BaseException) -> str:
    """An exception's own words."""
    try:
        return str(error)[:MOST_TEXT]
    except BaseException:  # noqa: BLE001 - its own code runs here
        return ""


if __name__ == "__main__":
    main()
