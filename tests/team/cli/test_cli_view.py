"""`devteam view` and `devteam show --html`, as commands."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.transcripts import write_small_session

Command = Callable[..., subprocess.CompletedProcess[str]]
TCP = Path("/proc/net/tcp")
NAME = "20260101-000000-task-0001"


@pytest.fixture
def work_dir(project: Path) -> Path:
    write_small_session(project / "workspace" / NAME, 1)
    return project / "workspace"


def test_a_session_becomes_one_file(devteam: Command, work_dir: Path, project: Path) -> None:
    done = devteam("show", "last", "--html", "page.html")
    assert (done.returncode, done.stdout.split()[0]) == (0, "page.html")
    page = (project / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and "task number 1" in page
    assert "http://" not in page.replace("http://www.w3.org/", "") and "src=" not in page


def test_the_page_can_go_to_stdout(devteam: Command, work_dir: Path) -> None:
    assert devteam("show", NAME, "--html", "-").stdout.startswith("<!doctype html>")


@pytest.mark.parametrize("file", ["nowhere/page.html", "."])
def test_a_file_that_cannot_be_written_is_named(devteam: Command, work_dir: Path, file: str) -> None:
    done = devteam("show", "last", "--html", file)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and file in done.stderr


@pytest.fixture
def started(work_dir: Path, environ: dict[str, str]) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    running = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "team.cli", "view", *arguments]
        pipe = subprocess.PIPE
        running.append(
            subprocess.Popen(command, cwd=work_dir.parent, env=environ, stdout=pipe, stderr=pipe, text=True)
        )
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_its_address_serves_and_ends_quietly(
    started: Callable[..., subprocess.Popen[str]], number: signal.Signals
) -> None:
    process = started("last")
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:") and address.endswith(f"/s/{NAME}")
    with urllib.request.urlopen(address, timeout=20) as answer:
        assert answer.status == 200
    process.send_signal(number)
    _, told = process.communicate(timeout=20)
    assert process.returncode == 0
    assert told.splitlines() == ["Ctrl-C ends the viewer; only this machine reaches it"]


def test_a_port_that_is_taken_is_named(devteam: Command, work_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = devteam("view", "--port", str(port))
    assert done.returncode == 2
    assert f"port {port} cannot be used" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [("nothing",), ("--port", "70000"), ("--port", "x")])
def test_what_cannot_be_viewed_is_a_usage_error(
    devteam: Command, work_dir: Path, arguments: tuple[str, ...]
) -> None:
    done = devteam("view", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("devteam: ") and "Traceback" not in done.stderr


def test_only_this_machine_reaches_it(started: Callable[..., subprocess.Popen[str]]) -> None:
    process = started()
    assert process.stdout is not None
    port = int(process.stdout.readline().split(":")[2].strip("/\n"))
    if not TCP.exists():
        pytest.skip("this machine does not tell who listens")
    listening = TCP.read_text()
    assert f"0100007F:{port:04X} 00000000:0000 0A" in listening
    assert f"00000000:{port:04X} 00000000:0000 0A" not in listening
