"""Compiles files of another language and makes calls in it, each in a process of its own, side by side.

Runs in a sandbox with nothing but Python 3.9 or newer and the language's toolchain. Input (stdin), as JSON:
`harness`, the name and the text of our program in that language; `check`, the command that compiles, or
none; `call`, the command for one call, in both of which `{harness}` stands for the program's path; `calls`,
each with `id` and what our program is handed; `seconds` for one call; `together`, how many run side by side;
`nonce`. Output (the report): a line of JSON with `checked`, what the compiler printed and its exit code, then
one per call: what our program said behind the nonce, or `late`, or `died` with the exit code and last words.

What a solution prints lies on the same stdout and is passed over. It may forge an answer, which is no
better than to give it: what is expected is not here.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MOST_BYTES = 8_000_000
"""Of what a call prints, the end is kept; an answer is the last that it does."""
MOST_CHECKED = 20_000
MOST_WORDS = 200


def main() -> None:
    """Check, make the calls, and leave."""
    channel = os.dup(1)
    os.dup2(2, 1)
    job = json.loads(sys.stdin.buffer.read())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        harness = Path(folder, job["harness"][0])
        harness.write_text(job["harness"][1], encoding="utf-8")
        for line in told(job, str(harness)):
            data = (json.dumps(line) + "\n").encode()
            while data:
                data = data[os.write(channel, data) :]


def told(job: dict[str, Any], harness: str) -> Iterator[dict[str, Any]]:
    """What is to be reported, line by line."""
    if job["check"]:
        yield {"checked": checked(placed(job["check"], harness), job["seconds"])}
    yield from answers(job, placed(job["call"], harness))


def placed(command: list[str], harness: str) -> list[str]:
    """A command with the path of our program."""
    return [harness if part == "{harness}" else part for part in command]


def checked(command: list[str], seconds: float) -> dict[str, Any]:
    """What the compiler says."""
    with started(command) as process:
        try:
            output, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            ended(process)
            return {"late": True}
    return {"code": process.returncode, "output": output[:MOST_CHECKED].decode("utf-8", "replace")}


def answers(job: dict[str, Any], command: list[str]) -> Iterator[dict[str, Any]]:
    """One line per call, in the order in which they end."""
    waiting = list(job["calls"])
    running: dict[int, Running] = {}
    while waiting or running:
        while waiting and len(running) < job["together"]:
            one = Running(command, waiting.pop(0), job["nonce"], job["seconds"])
            running[one.pipe] = one
        patience = max(0.0, min(one.deadline for one in running.values()) - time.monotonic())
        ready, _, _ = select.select(list(running), [], [], patience)
        for pipe in [pipe for pipe in running if pipe in ready or running[pipe].is_late]:
            if not running[pipe].goes_on(pipe in ready):
                yield running.pop(pipe).ending()


class Running:
    """One call in a process of its own."""

    def __init__(self, command: list[str], call: dict[str, Any], nonce: str, seconds: float) -> None:
        self._id = call["id"]
        self._mark = nonce.encode()
        self._data = b""
        self._answers = False
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - closed at the call's ending
        self._process = started(command, self._words)
        self.deadline = time.monotonic() + seconds
        assert self._process.stdin and self._process.stdout
        self.pipe = self._process.stdout.fileno()
        try:
            self._process.stdin.write(json.dumps({**call, "nonce": nonce}).encode())
            self._process.stdin.close()
        except OSError:  # it died at once, as its ending will tell
            pass

    @property
    def is_late(self) -> bool:
        """Whether the call has had its time."""
        return time.monotonic() >= self.deadline

    def goes_on(self, ready: bool) -> bool:
        """Take what was printed so far; false when there is no more to come, or time is over."""
        if not ready:
            return False
        data = os.read(self.pipe, 1 << 16)
        self._answers = self._answers or self._mark in self._data[-len(self._mark) :] + data
        self._data += data
        if len(self._data) > 2 * MOST_BYTES:
            self._data = self._data[-MOST_BYTES:]
        # Not until the output is closed: a process that the call left behind may hold it open.
        said = self._answers and data.endswith(b"\n")
        return bool(data) and not said and not self.is_late

    def ending(self) -> dict[str, Any]:
        """What became of the call; nothing of its process group is left running."""
        late = self.is_late
        if not late:
            wait_a_little(self._process)
        ended(self._process)
        with self._words as file:
            file.seek(0)
            words = last_words(file.read())
        for line in reversed(self._data.splitlines()):
            if line.startswith(self._mark):
                try:
                    return {**json.loads(line[len(self._mark) :]), "id": self._id}
                except (ValueError, TypeError, RecursionError):
                    continue
        if late:
            return {"id": self._id, "late": True}
        return {"id": self._id, "died": self._process.returncode, "words": words}


def started(command: list[str], errors: Any = subprocess.STDOUT) -> subprocess.Popen[bytes]:
    """A process of a command, at the head of a group of its own."""
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
    )


def wait_a_little(process: subprocess.Popen[bytes]) -> None:
    """Let a process that has closed its output come to its own exit code."""
    try:
        process.wait(1.0)
    except subprocess.TimeoutExpired:
        return


def ended(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with its group, and wait for it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()


def last_words(said: bytes) -> str:
    """The last line of what a process complained, without the place of the workspace."""
    lines = said[-4000:].decode("utf-8", "replace").replace(f"{os.getcwd()}/", "").split("\n")  # noqa: PTH109
    plain = [line.strip() for line in lines if line.strip() and not line.startswith((" ", "Node.js v"))]
    return plain[-1][:MOST_WORDS] if plain else ""


if __name__ == "__main__":
    main()
