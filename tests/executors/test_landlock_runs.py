"""How runs of the Landlock tier end, and where that tier is chosen."""

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import pytest
from support.landlocked import landlocked, python
from support.tapes import APPROVE, RIGHT, TASK, TESTS, WRONG, write_tape

from executors import SandboxUnavailable, launching
from executors.daemon import connect
from executors.image import find_image
from executors.landlocked import BY_DESIGN, LandlockExecutor

FAULT = '{"fault": "code", "reason": "the requirements say dashes"}'


@pytest.fixture
def sandbox(tmp_path: Path) -> LandlockExecutor:
    return landlocked(tmp_path / "work")


@pytest.fixture
def work(sandbox: LandlockExecutor) -> Path:
    return sandbox.work_dir


def held() -> tuple[set[str], set[Path]]:
    """The descriptors of this process, and the folders of its runs."""
    folders = Path(tempfile.gettempdir()).glob(f"devteam-run-{os.getpid()}-*")
    return {path.name for path in Path("/proc/self/fd").iterdir()}, set(folders)


ORPHANS = """
import os, time
def orphan(what):
    child = os.fork()
    if child == 0:
        if os.fork() == 0:
            os.setsid(); what(); os._exit(0)
        os._exit(0)
    os.waitpid(child, 0)
def burn():
    end = time.process_time() + 0.25
    while time.process_time() < end: pass
"""


class TestLimits:
    """Of the whole run, whatever became of its processes' parents."""

    def test_orphans_count(self, sandbox: LandlockExecutor) -> None:
        code = ORPHANS + "for _ in range(40): orphan(lambda: time.sleep(60))\ntime.sleep(60)"
        assert python(sandbox, code, processes=30).limit == "processes"

    def test_time_of_orphans_that_ended_counts(self, sandbox: LandlockExecutor) -> None:
        one_by_one = """
for _ in range(60):
    reading, writing = os.pipe()
    orphan(burn)
    os.close(writing); os.read(reading, 1); os.close(reading)
"""
        code = ORPHANS + one_by_one
        assert python(sandbox, code, cpu_seconds=1).limit == "cpu"

    def test_temporary_files_without_a_name_count(self, sandbox: LandlockExecutor) -> None:
        code = (
            "import tempfile, time\nf = tempfile.TemporaryFile()\nf.write(bytes(200_000_000)); time.sleep(60)"
        )
        assert python(sandbox, code, memory_mb=100).limit == "memory"


class TestEnd:
    def test_killing_everything_reaches_only_the_run(self, sandbox: LandlockExecutor) -> None:
        assert python(sandbox, "print(os.getsid(0) == os.getpid())").output == "True\n"
        with subprocess.Popen(["sleep", "60"]) as bystander:
            outcome = python(sandbox, "os.kill(-1, 9); os.kill(os.getppid(), 9)")
            assert "PermissionError" in outcome.output or outcome.exit_code == 1
            assert bystander.poll() is None
            bystander.kill()

    def test_no_process_hides(self, sandbox: LandlockExecutor, work: Path) -> None:
        code = """
        for _ in range(5):
            if os.fork() == 0:
                os.setsid(); signal.signal(15, signal.SIG_IGN)
                if os.fork() == 0:
                    loop = 'while :; do echo >> beat; sleep 0.01; done'
                    os.execve('/bin/sh', ['sh', '-c', loop], {'PATH': '/bin'})
                os._exit(0)
        while not os.path.exists('beat'): pass
        """
        assert python(sandbox, code).ok
        size = (work / "beat").stat().st_size
        time.sleep(0.1)
        assert (work / "beat").stat().st_size == size

    def test_nothing_is_left(self, sandbox: LandlockExecutor) -> None:
        sandbox.run(["true"])  # starts the launcher
        before = held()
        closed = "mkdir -p $TMPDIR/a/b; touch $TMPDIR/a/b/c; chmod 0 $TMPDIR/a/b $TMPDIR/a; nosuch"
        for _ in range(20):
            sandbox.run(["sh", "-c", closed])
            sandbox.run(["no-such-program"])
        python(sandbox, "os.chdir(os.environ['TMPDIR'])\nfor _ in range(1500): os.mkdir('d'); os.chdir('d')")
        assert held() == before

    def test_a_launcher_that_is_killed_is_replaced(self, sandbox: LandlockExecutor) -> None:
        assert sandbox.run(["true"]).ok
        assert launching._launcher is not None
        launching._launcher._process.kill()
        launching._launcher._process.wait()
        assert sandbox.run(["true"]).ok

    def test_what_a_killed_keeper_leaves_is_killed(self, sandbox: LandlockExecutor, work: Path) -> None:
        def kill_keeper() -> None:
            while not (work / "beat").exists():
                time.sleep(0.01)
            os.kill(int((work / "keeper").read_text()), signal.SIGKILL)

        loop = "echo $PPID > keeper; setsid sh -c 'while :; do echo >> beat; sleep 0.01; done'"
        sandbox.run(["true"])  # starts the launcher
        before = held()
        killer = threading.Thread(target=kill_keeper)
        killer.start()
        with pytest.raises(SandboxUnavailable, match="keeper was killed"):
            sandbox.run(["sh", "-c", loop])
        killer.join()
        assert held() == before
        time.sleep(0.2)
        size = (work / "beat").stat().st_size
        time.sleep(0.1)
        assert (work / "beat").stat().st_size == size

    def test_a_killed_holder_leaves_nothing(self, work: Path) -> None:
        code = f"""
        from pathlib import Path
        from executors.confinement import View
        from executors.interpreter import own_interpreter
        from executors.landlocked import LandlockExecutor
        from executors import Limits
        sandbox = LandlockExecutor(View(Path({str(work)!r}), own_interpreter()), Limits(), "")
        loop = "echo $TMPDIR > folder; (while :; do echo >> beat; sleep 0.01; done) & wait"
        sandbox.run(["sh", "-c", loop])
        """
        root = Path(__file__).resolve().parents[2]
        with subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], cwd=root) as holder:
            deadline = time.monotonic() + 20
            while not (work / "beat").exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            holder.send_signal(signal.SIGKILL)
        folder = Path((work / "folder").read_text().strip()).parent
        while folder.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        size = (work / "beat").stat().st_size
        time.sleep(0.1)
        assert (work / "beat").stat().st_size == size
        assert not folder.exists()


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare, of util-linux")
class TestWhereNamespacesAreForbidden:
    """As in a default container: a user namespace in which no other can be made."""

    FORBID = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'

    def forbidden(self, *argv: str) -> subprocess.CompletedProcess[str]:
        command = ["unshare", "--user", "--map-root-user", "sh", "-c", self.FORBID, "sh", *argv]
        root = Path(__file__).resolve().parents[2]
        done = subprocess.run(command, capture_output=True, text=True, cwd=root, check=False)
        if "unshare" in done.stderr.partition(":")[0] or "max_user_namespaces" in done.stderr:
            pytest.skip(f"cannot make a place where they are forbidden: {done.stderr.strip()}")
        return done

    def test_landlock_is_chosen_where_namespaces_are_forbidden(self, work: Path) -> None:
        code = (
            "import sys; from executors import open_executor, open_tools\n"
            "for opened in (open_executor('local', work_dir=sys.argv[1], python=sys.executable),\n"
            "               open_tools(sys.argv[1])):\n"
            "    with opened as ex: print(ex.name, ex.tier, ex.run(['python', '-c', 'print(1)']).output)"
        )
        done = self.forbidden(sys.executable, "-c", code, str(work))
        assert done.stdout.count("local Landlock ABI") == 2, done.stderr
        assert done.stdout.count("1\n\n") == 2

    def test_without_landlock_every_reason_is_told_where_namespaces_are_forbidden(self, work: Path) -> None:
        code = """
        import ctypes, sys
        from executors import SandboxUnavailable, open_tools
        from executors.bpf import Assembly

        class Filter(ctypes.Structure):
            _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]

        assembly = Assembly()
        assembly.load(0)
        assembly.refuse_if(444, 38)  # landlock_create_ruleset: ENOSYS
        assembly.allow()
        libc, code = ctypes.CDLL(None), assembly.bytes()
        assert libc.prctl(38, 1, 0, 0, 0) == 0
        assert libc.prctl(22, 2, ctypes.byref(Filter(len(code) // 8, code))) == 0
        try:
            open_tools(sys.argv[1], name="local")
        except SandboxUnavailable as refusal:
            print(refusal)
        """
        done = self.forbidden(sys.executable, "-c", textwrap.dedent(code), str(work))
        assert "namespaces: bubblewrap cannot make namespaces" in done.stdout, done.stderr
        assert "Landlock: this kernel has no Landlock" in done.stdout

    def test_a_whole_team_works_where_namespaces_are_forbidden(self, tmp_path: Path) -> None:
        answers = (("developer", WRONG), ("code_reviewer", FAULT), ("developer", RIGHT))
        reviews = (("code_reviewer", APPROVE), ("architect", APPROVE))
        tape = write_tape(
            tmp_path / "tape.jsonl",
            ("architect", "One module, slug.py."),
            ("test_engineer", TESTS),
            *answers,
            *reviews,
        )
        options = ["--model", f"tape:{tape}", "--executor", "local", "--work-dir", str(tmp_path / "sessions")]
        command = ["-c", "import team.cli; team.cli.main()", "run", TASK, *options, "--json"]
        done = self.forbidden(sys.executable, *command)
        told = json.loads(done.stdout)
        assert (told["status"], told["iterations"]) == ("accepted", 2), done.stderr
        assert {gate["status"] for gate in told["gates"].values()} <= {"pass", "skip"}
        session = json.loads((Path(told["path"]) / "session.json").read_text())
        assert session["sandbox"].startswith("Landlock ABI")


IN_A_CONTAINER = """
import json, os, sys
from pathlib import Path
if list(sys.version_info[:2]) != json.loads(sys.argv[1]):
    print(json.dumps({"other": sys.version}))
    raise SystemExit
from executors import open_tools
from executors.landlocked import LandlockExecutor
from executors.selftest import escapes
work = Path("/tmp/work"); work.mkdir()
with open_tools(work, writable=True, name="local") as sandbox:
    outcome = sandbox.run(["python", "-c", "import os; open('a', 'w'); os.chmod('a', 0o700); print('ran')"])
    print(json.dumps({
        "tier": sandbox.tier, "user": os.getuid(), "output": outcome.output,
        "escapes": escapes(lambda view, limits, argv: LandlockExecutor(view, limits, "").run_reporting(argv)),
    }))
"""


@pytest.mark.parametrize("user", [0, 65534])
def test_it_confines_in_a_default_container(user: int) -> None:
    """Whose own system call filter forbids namespaces. Against a real daemon."""
    try:
        client = connect()
        image = find_image(client, None)
    except SandboxUnavailable as missing:
        pytest.skip(str(missing))
    root, packages = str(Path(__file__).resolve().parents[2]), sysconfig.get_path("purelib")
    said = client.containers.run(
        image.id,
        ["-c", IN_A_CONTAINER, json.dumps(sys.version_info[:2])],
        entrypoint="python3",
        user=str(user),
        environment={
            "PYTHONPATH": f"{root}:{packages}",
            "HOME": "/nonexistent",
            "DEVTEAM_CACHE_DIR": "/tmp/c",
        },
        volumes={place: {"bind": place, "mode": "ro"} for place in (root, packages)},
        network_mode="none",
        remove=True,
    )
    told = json.loads(said)
    if "other" in told:
        pytest.skip(f"our packages are not for the image's Python {told['other']}")
    assert told["tier"].startswith("Landlock ABI")
    assert (told["user"], told["output"]) == (user, "ran\n")
    assert told["escapes"] == (list(BY_DESIGN) if user == 0 else [])
