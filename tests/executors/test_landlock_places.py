"""Where the Landlock tier is what is left: in containers and wherever else namespaces are forbidden."""

import json
import shutil
import subprocess
import sys
import sysconfig
import textwrap
from pathlib import Path

import pytest
from support.landlocked import require_landlock
from support.tapes import APPROVE, RIGHT, TASK, TESTS, WRONG, write_tape

from executors import SandboxUnavailable
from executors.daemon import connect
from executors.image import find_image
from executors.landlocked import BY_DESIGN

FAULT = '{"fault": "code", "reason": "the requirements say dashes"}'


@pytest.fixture
def work(tmp_path: Path) -> Path:
    require_landlock()
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


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
