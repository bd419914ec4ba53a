"""What only a container can do, or have done to it. Against a real daemon."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker.errors
import pytest

from executors import EnvironmentUnavailable, Limits, SandboxUnavailable, open_executor, open_tools
from executors.container import OURS_MB
from executors.daemon import HOST, OWNER, SESSION, connect, labels, reap
from executors.docker import DockerExecutor
from executors.image import image_name

ROOT = Path(__file__).resolve().parents[2]
HELD = """
import sys, time
from pathlib import Path
from executors import open_executor
executor = open_executor("docker", work_dir=Path(sys.argv[1]))
executor.run(["true"])
print("running", flush=True)
executor.run(["python", "-c", "import time\\nwhile True: open('beat', 'a').write('.'); time.sleep(0.01)"])
"""

WITHOUT_NAMESPACES = """
import ctypes, platform, sys
from pathlib import Path
from executors import open_executor
from executors.bpf import Assembly

class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]

refused = Assembly()
refused.load(16)
refused.keep_bits(0x10000000)  # CLONE_NEWUSER, which bubblewrap starts with
refused.unless_equal(0, 1)
refused.allow()
rules = Assembly()
rules.load(0)
rules.call({"x86_64": 56, "aarch64": 220}[platform.machine()], refused)
rules.allow()
code = rules.bytes()
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(Filter(len(code) // 8, code))) == 0
with open_executor(work_dir=Path(sys.argv[1]), python=None) as executor:
    print(executor.name)
    print(executor.run(["echo", "fine"]).output, end="")
"""


@pytest.fixture
def work_dir(tmp_path: Path) -> Path:
    folder = tmp_path / tmp_path.name
    folder.mkdir()
    return folder


@pytest.fixture
def client() -> Iterator[Any]:
    try:
        found = connect()
    except SandboxUnavailable as missing:
        pytest.skip(str(missing))
    yield found
    found.close()


@pytest.fixture
def executor(work_dir: Path) -> Iterator[DockerExecutor]:
    try:
        opened = open_executor("docker", work_dir=work_dir, limits=Limits(wall_seconds=20))
    except SandboxUnavailable as missing:
        pytest.skip(str(missing))
    assert isinstance(opened, DockerExecutor)
    with opened:
        yield opened


def containers(client: Any, work_dir: Path) -> list[Any]:
    found: list[Any] = client.containers.list(
        all=True, filters={"label": f"{SESSION}={work_dir.name}"}, ignore_removed=True
    )
    return found


def wait_for(what: Any, seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while not what() and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(what())


class TestHardening:
    def test_container_is_closed_on_all_sides(
        self, executor: DockerExecutor, client: Any, work_dir: Path
    ) -> None:
        executor.run(["true"], limits=Limits(memory_mb=300, processes=50))
        (container,) = containers(client, work_dir)
        host, config = container.attrs["HostConfig"], container.attrs["Config"]
        assert host["ReadonlyRootfs"] and host["Init"] and host["AutoRemove"] and not host["Privileged"]
        assert host["CapDrop"] == ["ALL"]
        assert "no-new-privileges" in host["SecurityOpt"]
        assert any(option.startswith("seccomp={") for option in host["SecurityOpt"])
        assert host["Memory"] == host["MemorySwap"] == (300 + OURS_MB) * 1024 * 1024
        assert 200 < host["PidsLimit"] < 220
        assert host["NanoCpus"] > 0
        assert host["NetworkMode"] == "none"
        assert config["User"].split(":")[0] not in ("", "0", "root")
        assert container.labels[OWNER].startswith(f"{os.getpid()}-")
        assert host["IpcMode"] == "private" and host["LogConfig"]["Type"] == "none"
        assert not host["Binds"] and not host["Devices"] and not host["PidMode"]
        writable = [mount["Destination"] for mount in container.attrs["Mounts"] if mount["RW"]]
        assert writable == ["/workspace"]

    def test_programs_and_those_who_watch_them_are_different_users(self, executor: DockerExecutor) -> None:
        show = "import os; print({os.stat(f'/proc/{p}').st_uid for p in os.listdir('/proc') if p.isdigit()})"
        owners = executor.run(["python", "-c", show]).output
        assert len(owners.split(",")) >= 2, owners

    def test_server_cannot_be_looked_into(self, executor: DockerExecutor) -> None:
        code = (
            "import os\nserver = os.getppid()\n"
            "for name in ('mem', 'fd/1', 'environ', 'maps', 'cwd'):\n"
            "    try: print(os.open(f'/proc/{server}/{name}', os.O_RDONLY))\n"
            "    except OSError as error: print(error.errno)"
        )
        assert set(executor.run(["python", "-c", code]).output.split()) <= {"1", "13"}

    def test_what_an_image_asks_for_beyond_programs_is_not_given(
        self, client: Any, work_dir: Path, tmp_path: Path
    ) -> None:
        """Volumes would lie on the disk, entry points and health checks would run."""
        name = "devteam-test:asking"
        (tmp_path / "Dockerfile").write_text(
            f'FROM {image_name()}\nVOLUME /data\nENTRYPOINT ["false"]\nHEALTHCHECK CMD touch /tmp/beat\n'
        )
        try:
            client.images.build(path=str(tmp_path), tag=name, rm=True, forcerm=True)
        except docker.errors.BuildError as missing:
            pytest.skip(str(missing))
        try:
            with open_executor("docker", work_dir=work_dir, image=name) as executor:
                assert executor.run(["sh", "-c", "echo fine; touch /data/x"]).output.startswith(
                    "fine\ntouch:"
                )
                (container,) = containers(client, work_dir)
                assert [mount["Type"] for mount in container.attrs["Mounts"]] == ["bind"]
                assert container.attrs["State"].get("Health", {}).get("Status", "none") == "none"
        finally:
            client.images.remove(name, force=True)

    def test_what_is_mounted_below_the_workspace_stays_out(
        self, executor: DockerExecutor, work_dir: Path
    ) -> None:
        if os.geteuid() != 0:
            pytest.skip("needs root, to mount something")
        (work_dir / "below").mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "none", work_dir / "below"], check=True)
        try:
            (work_dir / "below" / "file").touch()
            assert executor.run(["ls", "below"]).output == ""
        finally:
            subprocess.run(["umount", work_dir / "below"], check=True)

    def test_network_is_let_in_when_asked_for(self, executor: DockerExecutor, client: Any) -> None:
        if not client.networks.list(names=["bridge"]):
            pytest.skip("this daemon has no bridge network")
        interfaces = ["sh", "-c", "ls /sys/class/net | grep -v lo"]
        assert not executor.run(interfaces).ok
        assert executor.run(interfaces, limits=Limits(network=True)).ok

    def test_folders_in_memory_have_a_size(self, executor: DockerExecutor) -> None:
        code = (
            "import os\nfor folder in ('/tmp', '/dev/shm'):\n"
            "    room = os.statvfs(folder)\n    print(room.f_blocks * room.f_frsize >> 20, room.f_files)"
        )
        said = executor.run(["python", "-c", code], limits=Limits(memory_mb=64, files=2000)).output
        assert said == "32 3000\n32 3000\n"

    def test_limits_of_a_run_are_its_own(self, executor: DockerExecutor) -> None:
        code = ["python", "-c", "x = bytearray(b'x' * 150_000_000)"]
        assert executor.run(code, limits=Limits(memory_mb=100)).limit == "memory"
        assert executor.run(code, limits=Limits(memory_mb=400)).ok


class TestBetweenRuns:
    def test_container_stays_warm(self, executor: DockerExecutor, client: Any, work_dir: Path) -> None:
        executor.run(["true"])
        before = [container.id for container in containers(client, work_dir)]
        executor.run(["sh", "-c", "sleep 60 & exit 3"])
        assert [container.id for container in containers(client, work_dir)] == before

    def test_nothing_is_left_for_the_next(self, executor: DockerExecutor) -> None:
        plant = (
            "import os, socket, subprocess\n"
            "os.makedirs('/tmp/deep/er'); open('/dev/shm/s', 'w').write('x'); os.mkfifo('/tmp/pipe')\n"
            "os.chmod('/tmp/deep', 0)\n"
            "s = socket.socket(1); s.bind('\\0kept'); s.listen()\n"
            "subprocess.Popen(['sleep', '60'], start_new_session=True)"
        )
        look = (
            "import os, socket\n"
            "print(os.listdir('/tmp'), os.listdir('/dev/shm'))\n"
            "print(socket.socket(1).connect_ex('\\0kept') != 0)"
        )
        assert executor.run(["python", "-c", plant]).ok
        assert executor.run(["python", "-c", look]).output == "['home'] []\nTrue\n"

    @pytest.mark.parametrize("make", ["msgget(7, 0o1666)", "semget(7, 1, 0o1666)"])
    def test_queues_and_semaphores_do_not_stay(self, executor: DockerExecutor, make: str) -> None:
        code = f"import ctypes; print(ctypes.CDLL(None).{make} >= 0)"
        assert executor.run(["python", "-c", code]).output == "True\n"
        assert executor.run(["python", "-c", code.replace("0o1666", "0")]).output == "False\n"

    def test_program_that_kills_all_it_can_ends_only_itself(self, executor: DockerExecutor) -> None:
        code = "import os\nos.kill(os.getppid(), 9); os.kill(-1, 9)"
        assert executor.run(["python", "-c", code]).exit_code == 128 + signal.SIGKILL
        assert executor.run(["echo", "fine"]).output == "fine\n"

    def test_program_that_stops_the_server_ends_on_time(self, executor: DockerExecutor) -> None:
        code = "import os, signal, time\nos.kill(os.getppid(), signal.SIGSTOP); time.sleep(60)"
        outcome = executor.run(["python", "-c", code], limits=Limits(wall_seconds=0.5))
        assert outcome.limit == "wall"
        assert outcome.seconds < 1
        assert executor.run(["echo", "fine"]).output == "fine\n"

    def test_container_killed_while_idle_is_replaced(
        self, executor: DockerExecutor, client: Any, work_dir: Path
    ) -> None:
        executor.run(["true"])
        containers(client, work_dir)[0].remove(force=True)
        assert executor.run(["echo", "fine"]).output == "fine\n"

    def test_container_with_a_stranger_is_replaced(
        self, executor: DockerExecutor, client: Any, work_dir: Path
    ) -> None:
        executor.run(["true"])
        (container,) = containers(client, work_dir)
        container.exec_run(["sleep", "60"], user="1234", detach=True)
        executor.run(["sleep", "0.2"])
        assert executor.run(["true"]).ok
        assert container.id not in [other.id for other in containers(client, work_dir)]

    def test_repository_that_appears_is_protected(self, executor: DockerExecutor, work_dir: Path) -> None:
        assert executor.run(["touch", "a"]).ok
        (work_dir / ".git").mkdir()
        assert not executor.run(["touch", ".git/config"]).ok

    def test_another_folder_has_a_container_of_its_own(
        self, executor: DockerExecutor, client: Any, work_dir: Path, tmp_path: Path
    ) -> None:
        other = tmp_path / f"{work_dir.name}-other"
        other.mkdir()
        (work_dir / "mine").touch()
        with executor.over(other) as second:
            assert second.run(["sh", "-c", "ls; touch made"]).output == ""
            assert executor.run(["ls"]).output == "mine\n"
        assert (other / "made").exists()
        assert containers(client, other) == []
        assert len(containers(client, work_dir)) == 1


class TestEnds:
    @pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
    def test_nothing_outlives_the_host_process(
        self, executor: DockerExecutor, client: Any, work_dir: Path, how: signal.Signals
    ) -> None:
        host = subprocess.Popen(
            [sys.executable, "-c", HELD, str(work_dir)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        try:
            assert host.stdout is not None and host.stdout.readline() == "running\n"
            assert wait_for((work_dir / "beat").exists)
            assert len(containers(client, work_dir)) == 1
        finally:
            host.send_signal(how)
            host.wait()
        assert wait_for(lambda: not containers(client, work_dir))
        beats = (work_dir / "beat").stat().st_size
        time.sleep(0.1)
        assert (work_dir / "beat").stat().st_size == beats

    def test_closing_takes_less_than_a_second(
        self, executor: DockerExecutor, client: Any, work_dir: Path
    ) -> None:
        executor.run(["true"])
        started = time.monotonic()
        executor.close()
        assert time.monotonic() - started < 1
        assert wait_for(lambda: not containers(client, work_dir), 1)

    def test_container_killed_from_outside_is_no_outcome(
        self, executor: DockerExecutor, client: Any, work_dir: Path
    ) -> None:
        executor.run(["true"])
        (container,) = containers(client, work_dir)
        killer = threading.Timer(0.3, container.kill)
        killer.start()
        with pytest.raises(SandboxUnavailable, match="ended from outside"):
            executor.run(["sleep", "20"])
        killer.join()
        assert executor.run(["echo", "fine"]).output == "fine\n"

    def test_daemon_that_goes_away_is_no_outcome(
        self, client: Any, work_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with Relay(tmp_path / "s", os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")) as relay:
            monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 's'}")
            with open_executor("docker", work_dir=work_dir) as executor:
                executor.run(["true"])
                breaker = threading.Timer(0.3, relay.cut)
                breaker.start()
                with pytest.raises(SandboxUnavailable, match="daemon") as gone:
                    executor.run(["sleep", "20"])
                breaker.join()
        assert gone.value.mend
        assert wait_for(lambda: not containers(client, work_dir))

    def test_orphans_are_reaped_by_label_and_others_left_alone(
        self, executor: DockerExecutor, client: Any, work_dir: Path
    ) -> None:
        executor.run(["true"])
        image = image_name()
        gone = {**labels("orphan"), OWNER: "999999999-1-boot"}
        orphan = client.containers.create(image, ["true"], labels=gone)
        foreign = client.containers.create(image, ["true"], labels={**gone, HOST: "another"})
        try:
            reap(client)  # or somebody else who opens an executor meanwhile
            with pytest.raises(docker.errors.NotFound):
                orphan.reload()
            foreign.reload()
            assert len(containers(client, work_dir)) == 1
        finally:
            foreign.remove(force=True)


class TestOutput:
    def test_a_hundred_megabytes_cost_little_memory(self, executor: DockerExecutor, work_dir: Path) -> None:
        code = (
            "import resource, sys\nfrom executors import open_executor\n"
            "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
            f"with open_executor('docker', work_dir={str(work_dir)!r}) as executor:\n"
            "    executor.run(['echo', 'x'])\n    before = peak()\n"
            "    outcome = executor.run(['sh', '-c', 'head -c 100000000 /dev/zero'])\n"
            "    print(outcome.ok, peak() - before)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        )
        ok, kilobytes = done.stdout.split()
        assert ok == "True"
        assert int(kilobytes) < 20_000


class TestOpening:
    def test_missing_daemon_is_named_with_its_mend(
        self, work_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{work_dir}/nothing")
        with pytest.raises(SandboxUnavailable, match="daemon does not answer") as refusal:
            open_executor("docker", work_dir=work_dir)
        assert "docker info" in refusal.value.mend

    def test_missing_image_is_named_with_the_command(self, client: Any, work_dir: Path) -> None:
        with pytest.raises(SandboxUnavailable, match="no image no-such-image") as refusal:
            open_executor("docker", work_dir=work_dir, image="no-such-image")
        assert refusal.value.mend == "docker pull no-such-image"
        with pytest.raises(SandboxUnavailable) as refusal:
            open_executor("docker", work_dir=work_dir, packages=["left-pad==9"])
        assert "devteam doctor --build-image --packages 'left-pad==9'" in refusal.value.mend

    def test_auto_takes_docker_where_namespaces_are_forbidden(self, client: Any, work_dir: Path) -> None:
        client.ping()
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT_NAMESPACES, str(work_dir)],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.stdout == "docker\nfine\n", done.stderr

    def test_interpreter_of_this_machine_is_refused(self, work_dir: Path) -> None:
        with pytest.raises(EnvironmentUnavailable, match="of this machine"):
            open_executor("docker", work_dir=work_dir, python=Path(sys.executable))

    def test_readable_paths_are_seen_at_their_own_place(
        self, executor: DockerExecutor, work_dir: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "shown").write_text("shown")
        (tmp_path / "shown").chmod(0o666)
        show = ["sh", "-c", f"cat {tmp_path}/shown; echo x > {tmp_path}/shown"]
        with open_executor("docker", work_dir=work_dir, readable=[tmp_path / "shown"]) as other:
            assert other.run(show).output.startswith("shown")
        assert (tmp_path / "shown").read_text() == "shown"

    def test_tools_run_on_this_machine(self, work_dir: Path) -> None:
        with open_tools(work_dir, name="docker") as tools:
            assert tools.name != "docker"
            assert tools.run(["ruff", "--version"]).ok

    def test_packages_of_the_image_are_seen_by_tools(self, executor: DockerExecutor) -> None:
        found = executor.interpreter
        done = subprocess.run([found.executable, "-c", "import tenacity"], check=False)
        assert done.returncode == 0
        assert not list(found.executable.parents[1].glob("lib/*/site-packages/*.pth"))


class Relay:
    """A socket that passes on to the daemon until it is cut."""

    def __init__(self, place: Path, daemon: str) -> None:
        if not daemon.startswith("unix://"):
            pytest.skip("needs a daemon on a Unix socket, to stand in between")
        self._daemon = daemon.removeprefix("unix://")
        self._open: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(place))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()

    def cut(self) -> None:
        """End all connections, and take no new ones."""
        for held in (self._listener, *self._open):
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)
            held.close()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._daemon)
            self._open += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return
