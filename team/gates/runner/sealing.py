"""The end of a test run's channel that code in the same process can neither reach nor imitate.

What is told is signed with a key that lives in an audit hook alone. No name, object or frame leads to a
hook, it cannot be taken out, and it hides from the garbage collector. It believes nobody by their word:

* a step is taken from our own functions only, and the last steps from `main` itself;
* that a test ran to the end of its body is told by a mark compiled into it, and counts when the code object
  that runs is the one which pytest compiled from the file, each file once;
* roads to the memory of this process, and traces set by the workspace, are told to the judge.

A line is ``MAC NUMBER {json}``. Lines that are left out, repeated or exchanged break the sequence.
"""

from __future__ import annotations

import gc
import inspect
import json
import os
import sys
import threading
from _blake2 import blake2b
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import CodeType
from typing import Any

SAID, COMPILED = "devteam.said", "devteam.compiled"
REACHED, ASSERTED = "devteam.reached", "devteam.asserted"
FROM_MAIN = frozenset({"ready", "coverage", "disturbed", "end"})
MOST_ASSERTIONS = 50_000
NEAR = 4
"""How many frames around a call are looked at for code of the workspace."""


class SealedReport:
    """What the runner says its steps to."""

    def __init__(self) -> None:
        # Taken before the workspace is imported, which may put something else in their places.
        self._encode = json.JSONEncoder().encode
        self._audit = sys.audit

    def say(self, kind: str, **fields: Any) -> None:
        """Tell one step."""
        self._audit(SAID, kind, self._encode({"kind": kind, **fields}))


def seal(descriptor: int, key: bytes, root: str, tellers: Iterable[CodeType]) -> None:
    """Sign and send what is said from here on.

    Call it from the function whose word the first and last steps are.

    Args:
        descriptor: where the judge reads.
        key: what only the judge and this hook know; the caller forgets it.
        root: the workspace.
        tellers: the functions that may say something.
    """
    main = sys._getframe(1)
    say = SealedReport.say.__code__
    known = {id(code): code for teller in tellers for code in codes_in(teller)}
    frame_at, own, getpid, write = sys._getframe, os.getpid(), os.getpid, os.write
    encode = json.JSONEncoder().encode
    stat, proc, frozen = os.stat, Path("/proc").stat().st_dev, gc.get_freeze_count
    was_on, switch_off, switch_on = gc.isenabled, gc.disable, gc.enable
    starts, ends, folder = str.startswith, str.endswith, root + os.sep
    doctests = str(Path(threading.__file__).with_name("doctest.py"))
    lock, number = threading.RLock(), 0
    bodies: dict[int, tuple[CodeType, str]] = {}  # by identity: nothing of a code object is asked
    files: set[str] = set()
    reached: set[str] = set()
    asserted: set[str] = set()

    def tell(payload: str) -> None:
        nonlocal number
        if getpid() != own:  # a fork of a test's
            return
        collecting = was_on()
        switch_off()  # nobody's finaliser runs in here
        with lock:
            text = f"{number} {payload}".encode("ascii")
            line = b"\n" + blake2b(text, key=key, digest_size=16).hexdigest().encode() + b" " + text + b"\n"
            number += 1
            while line:
                line = line[write(descriptor, line) :]
        if collecting:
            switch_on()

    def said(args: tuple[Any, ...]) -> None:
        kind, payload = args
        teller = frame_at(3)
        if type(kind) is not str or type(payload) is not str or not payload.isascii():
            tell('{"kind": "tampered", "error": "sys.audit"}')
            return
        honest = frame_at(2).f_code is say and id(teller.f_code) in known
        if not honest or (kind in FROM_MAIN and teller is not main):
            tell('{"kind": "tampered", "error": "sys.audit"}')
            return
        if kind == "start":
            reached.clear()
        tell(payload)

    def compiled(args: tuple[Any, ...]) -> None:
        path, code = args
        if type(path) is not str or type(code) is not CodeType or path in files:
            tell('{"kind": "tampered", "error": "a test file is compiled again"}')
            return
        files.add(path)
        bodies.update({id(body): (body, name) for body, name in bodies_of(code, path)})

    def at_end(args: tuple[Any, ...]) -> None:
        _, name = bodies.get(id(frame_at(2).f_code), (None, ""))
        if name and name not in reached:
            reached.add(name)
            tell(f'{{"kind": "reached", "id": {encode(name)}}}')

    def at_assertion(args: tuple[Any, ...]) -> None:
        (place,) = args
        if type(place) is str and place not in asserted and len(asserted) < MOST_ASSERTIONS:
            asserted.add(place)
            tell(f'{{"kind": "asserted", "id": {encode(place)}}}')

    def opened(args: tuple[Any, ...]) -> None:
        path = args[0]
        if type(path) is bytes:
            path = path.decode("latin-1")
        if type(path) is not str:
            return
        suspicious = ends(path, "/mem") or path == "mem"
        try:
            found = stat(path)
            suspicious = suspicious and found.st_dev == proc
            suspicious = suspicious or (found.st_dev == proc and found.st_mode & 0o777 == 0o600)
        except (OSError, ValueError):
            pass
        if suspicious:
            tell('{"kind": "tampered", "error": "/proc/self/mem"}')

    def traced(args: tuple[Any, ...]) -> None:
        frame: Any = frame_at(2)
        if starts(frame.f_code.co_filename, doctests):  # it puts back the trace that there was
            return
        for _ in range(NEAR):
            if frame is None:
                return
            if starts(frame.f_code.co_filename, folder):
                tell('{"kind": "tampered", "error": "the frames of a running program"}')
                return
            frame = frame.f_back

    def searched(args: tuple[Any, ...]) -> None:
        if not frozen():
            tell('{"kind": "tampered", "error": "gc.unfreeze"}')

    def alone(args: tuple[Any, ...]) -> None:
        raise RuntimeError("another audit hook would be called from within this one")

    acts: dict[str, Callable[[tuple[Any, ...]], None]] = {
        SAID: said,
        COMPILED: compiled,
        REACHED: at_end,
        ASSERTED: at_assertion,
        "open": opened,
        "sys.settrace": traced,
        "sys.setprofile": traced,
        "sys._current_frames": traced,
        "gc.get_objects": searched,
        "gc.get_referrers": searched,
        "sys.addaudithook": alone,
    }

    def hook(event: str, args: tuple[Any, ...]) -> None:
        act = acts.get(event)
        if act is not None:
            act(args)

    sys.addaudithook(hook)
    gc.freeze()


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """A code object and those of the functions within it."""
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from codes_in(inner)


def bodies_of(code: CodeType, path: str) -> Iterator[tuple[CodeType, str]]:
    """The functions of a module and of its classes, as ``path::Class::function``."""
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            name = f"{path}::{inner.co_name}"
            yield inner, name
            if not inner.co_flags & inspect.CO_NEWLOCALS:
                yield from bodies_of(inner, name)
