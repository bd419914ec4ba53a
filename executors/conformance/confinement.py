"""Code reaches nothing but its workspace, and leaves nothing in it that reaches out later.

For confined executors only.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import ClassVar

import pytest

from executors.base import Executor, Limits
from executors.conformance.fixtures import python
from executors.conformance.surface import LIBC, SurfaceConformance, came_through

_MEDDLE = """
echo x >> .git/config; echo x > .git/hooks/post-commit; echo x > sub/.git/config; mv .git g; rm -rf .git
"""
# Into the folder for temporary files, and into memory's where there is one; else into the former again.
_FILL = """
import tempfile, time
for number, folder in enumerate((tempfile.gettempdir(), '/dev/shm')):
    try: file = open(f'{{folder}}/kept{{number}}', 'wb')
    except OSError: file = open(f'{{tempfile.gettempdir()}}/kept{{number}}', 'wb')
    file.write(bytes({size}))
"""


class ConfinementConformance(SurfaceConformance):
    """Attempts to get out, and traps for those who come in.

    What a confinement cannot give is declared by a subclass, in so many words, instead of being left out.
    """

    own_network: ClassVar[bool] = True
    """Whether there are sockets within the run."""

    def test_files_outside_are_invisible(self, executor: Executor, tmp_path: Path) -> None:
        """By any path: straight, through links, and through /proc."""
        secret = tmp_path / "secret"
        secret.write_text("secret")
        (executor.work_dir / "planted").symlink_to(secret)
        paths = [str(secret), "planted", f"/proc/1/root{secret}", f"/proc/self/root{secret}"]
        paths += [
            "/etc/shadow",
            "/proc/1/environ",
            "/proc/1/mem",
            "/proc/kcore",
            "/proc/kmsg",
            "/dev/mem",
            "/dev/kmsg",
            "/var/run/docker.sock",
            f"/proc/{os.getpid()}/root{secret}",
            f"/proc/{os.getpid()}/cwd/README.md",
            f"/proc/{os.getpid()}/environ",
        ]
        paths += [str(path) for path in Path.home().glob(".*") if path.is_file()]
        code = f"for path in {paths!r}: attempt(path, lambda: len(open(path, 'rb').read(9)) or 1 / len(''))"
        said = came_through(executor, code.replace("1 / len('')", "int('')"))
        assert said == ""

    def test_nothing_outside_can_be_written(self, executor: Executor, tmp_path: Path) -> None:
        """Nor linked to."""
        outside = tmp_path / "outside"
        outside.mkdir()
        (executor.work_dir / "planted").symlink_to(outside)
        places = [
            "/",
            "/usr",
            "/etc",
            "/dev",
            "/var",
            "/run/devteam",
            "/proc/sys/kernel/core_pattern",
            "planted",
            str(outside),
        ]
        said = came_through(
            executor,
            f"for place in {places!r}:\n"
            "    path = os.path.join(place, 'x') if os.path.isdir(place) else place\n"
            "    attempt(place, lambda: open(path, 'w'))\n"
            "attempt('link', lambda: os.link('/etc/passwd', 'p'))\n"
            "import sys\nattempt('interpreter', lambda: open(sys.prefix + '/x', 'w'))\n"
            "attempt('device', lambda: os.mknod('d', 0o60660, os.makedev(8, 0)))",
        )
        assert said == ""
        assert list(outside.iterdir()) == []

    def test_tmp_is_its_own(self, executor: Executor) -> None:
        """And empty at every start."""
        assert python(executor, _FILL.format(size=1)).ok
        assert not Path("/tmp/kept0").exists()
        look = (
            "import os, tempfile\nopen(tempfile.gettempdir() + '/new', 'w')\n"
            "print([n for n in os.listdir(tempfile.gettempdir()) if n.startswith('kept')])"
        )
        assert python(executor, look).output == "[]\n"

    def test_there_is_no_network(self, executor: Executor, tmp_path: Path) -> None:
        """No TCP, UDP, Unix, abstract Unix, vsock or packet socket that leads out."""
        tcp = socket.create_server(("127.0.0.1", 0))
        unix, abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        folder = Path("/tmp") / f"devteam-{os.getpid()}"  # short, as socket paths must be
        folder.mkdir()
        try:
            unix.bind(str(folder / "s"))
            abstract.bind(f"\0devteam-{os.getpid()}")
            for listener in (unix, abstract):
                listener.listen()
            port = tcp.getsockname()[1]
            said = came_through(
                executor,
                f"attempt('tcp', lambda: socket.create_connection(('127.0.0.1', {port}), 1))\n"
                "attempt('udp', lambda: socket.socket(2, 2).sendto(b'x', ('192.0.2.1', 9)))\n"
                f"attempt('unix', lambda: socket.socket(1).connect({str(folder / 's')!r}))\n"
                f"attempt('abstract', lambda: socket.socket(1).connect('\\0devteam-{os.getpid()}'))\n"
                "attempt('docker', lambda: socket.socket(1).connect('/var/run/docker.sock'))\n"
                "for family in set(range(46)) - {1, 2, 10, 16}:\n"
                "    attempt(family, lambda: socket.socket(family, socket.SOCK_RAW))\n"
                "    attempt(family, lambda: socket.socket(family, socket.SOCK_STREAM))\n"
                "attempt('audit', lambda: socket.socket(16, 3, 9))",
            )
            assert said == ""
        finally:
            for open_socket in (tcp, unix, abstract):
                open_socket.close()
            shutil.rmtree(folder)

    def test_sockets_within_the_run_work(self, executor: Executor) -> None:
        """Tests of servers need them."""
        if not self.own_network:
            pytest.skip("declared: code has no network of its own, so it has none")
        code = (
            "import socket, asyncio\ns = socket.create_server(('127.0.0.1', 0))\n"
            "socket.create_connection(s.getsockname()).close(); socket.socketpair()\n"
            "asyncio.run(asyncio.sleep(0))\n"
            "u = socket.socket(1); u.bind('/tmp/u'); u.listen(); socket.socket(1).connect('/tmp/u')\n"
            "print('ok')"
        )
        assert python(executor, code).output == "ok\n"

    def test_other_processes_are_out_of_reach(self, executor: Executor) -> None:
        """They are not seen, not signalled, not traced."""
        bystander = subprocess.Popen(["sleep", "60"])
        try:
            said = came_through(
                executor,
                LIBC
                + f"for pid in ({os.getpid()}, {bystander.pid}):\n"
                + "    attempt('kill', lambda: os.kill(pid, 9))\n"
                + "    attempt('proc', lambda: open(f'/proc/{pid}/status') and pid > 9)\n"
                + "print(libc.ptrace(16, 1, 0, 0)) if libc.ptrace(16, 1, 0, 0) == 0 else None",
            )
            assert said == ""
            assert bystander.poll() is None
        finally:
            bystander.kill()
            bystander.wait()

    def test_git_of_the_workspace_is_read_only(self, executor: Executor) -> None:
        """A hook planted in it would run as the user."""
        for folder in (".git/hooks", "sub/.git"):
            (executor.work_dir / folder).mkdir(parents=True)
        (executor.work_dir / ".git/config").write_text("[core]\n")
        outcome = executor.run(["sh", "-c", _MEDDLE])
        assert outcome.exit_code != 0
        assert (executor.work_dir / ".git/config").read_text() == "[core]\n"
        assert outcome.files_changed == ()

    def test_what_is_planted_is_taken_out(self, executor: Executor) -> None:
        """Repositories, pipes, sockets, links that lead out, set-id bits, closed folders; and it is told."""
        outcome = executor.run(
            [
                "sh",
                "-c",
                "mkdir -p a/.git closed/deeper; echo x > a/.git/config; mkfifo pipe; ln -s /etc/passwd out; "
                "ln -s ../.. up; ln -s a in; echo x > closed/deeper/f; chmod 0 closed/deeper closed; "
                "python -c \"import socket; socket.socket(1).bind('s')\"",
            ]
        )
        left = sorted(path.name for path in executor.work_dir.iterdir())
        assert left == ["a", "closed", "in"]
        assert list((executor.work_dir / "a").iterdir()) == []
        assert (executor.work_dir / "closed/deeper/f").read_text() == "x\n"
        named = [denial.split(":")[0] for denial in outcome.denials]
        assert named == ["a/.git", "out", "pipe", *(["s"] if self.own_network else []), "up"]

    def test_memory_in_file_systems_counts(self, executor: Executor) -> None:
        """What lies in /tmp and /dev/shm is memory."""
        code = _FILL.format(size=46_500_000) + "time.sleep(60)"
        assert python(executor, code, Limits(wall_seconds=20, memory_mb=90)).limit == "memory"

    def test_files_in_tmp_count(self, executor: Executor) -> None:
        """They take memory of the kernel."""
        code = (
            "import itertools, tempfile\nfolder = tempfile.gettempdir()\n"
            "for n in itertools.count(): open(f'{folder}/f{n}', 'w')"
        )
        assert python(executor, code, Limits(wall_seconds=20, files=2000)).limit == "files"
