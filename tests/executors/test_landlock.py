"""What is particular to the Landlock tier: no namespaces stand between the code and the machine."""

import os
import subprocess
import time
from pathlib import Path

import pytest
from support.landlocked import landlocked, python, require_landlock

from executors.landlocked import BY_DESIGN, LandlockExecutor
from executors.launcher import kernel
from executors.selftest import escapes


@pytest.fixture
def sandbox(tmp_path: Path) -> LandlockExecutor:
    return landlocked(tmp_path / "work")


@pytest.fixture
def work(sandbox: LandlockExecutor) -> Path:
    return sandbox.work_dir


def test_nothing_comes_through_but_what_is_by_design() -> None:
    require_landlock()
    came_through = escapes(lambda view, limits, argv: LandlockExecutor(view, limits, "").run_reporting(argv))
    assert came_through == (list(BY_DESIGN) if os.getuid() == 0 else [])


class TestMetadata:
    """Landlock does not govern modes, times and owners: the filter hands them over."""

    def test_it_can_be_changed_in_the_workspace(self, sandbox: LandlockExecutor, work: Path) -> None:
        code = """
        open('a', 'w').close(); os.mkdir('d'); os.symlink('a', 'l')
        os.chmod('a', 0o750); os.chmod(os.getcwd() + '/d', 0o700); os.utime('a', (1, 2))
        folder = os.open('.', os.O_RDONLY)
        os.utime('d', ns=(3, 4), dir_fd=folder); os.chmod('d/../a', 0o755, dir_fd=folder)
        os.utime('l', (5, 6), follow_symlinks=False)
        os.symlink('d', 'f'); os.chmod('f/../l', 0o751)
        with open('b', 'w') as file: os.fchmod(file.fileno(), 0o600); os.utime(file.fileno(), (7, 8))
        shutil.copy2('a', 'c'); shutil.copytree('d', 'e'); os.utime('e')
        print('done')
        """
        assert python(sandbox, code).output == "done\n"
        assert [(work / name).stat().st_mode & 0o777 for name in "abcde"] == [
            0o751,
            0o600,
            0o751,
            0o700,
            0o700,
        ]
        assert [(work / name).stat().st_mtime for name in "abc"] == [2, 8, 2]
        assert (work / "d").stat().st_mtime_ns == 4
        assert (work / "l").lstat().st_mtime == 6
        assert time.time() - (work / "e").stat().st_mtime < 60

    def test_it_cannot_be_changed_elsewhere(self, sandbox: LandlockExecutor, work: Path) -> None:
        outside = work.parent / "outside"
        outside.write_text("")
        (work / "link").symlink_to(outside)
        before = outside.stat()
        code = f"""
        sys_file, outside = os.__file__, {str(outside)!r}
        for path in (outside, 'link', '../outside', '/proc/self/cwd/../outside', sys_file, '/', '..'):
            attempt(path, lambda: os.chmod(path, 0o777))
            attempt(path, lambda: os.utime(path, (1, 1)))
            attempt(path, lambda: os.chown(path, os.getuid(), os.getgid()))
            attempt(path, lambda: os.setxattr(path, 'user.x', b'x'))
        handle = os.open(sys_file, os.O_RDONLY)
        attempt('fchmod', lambda: os.fchmod(handle, 0o777))
        attempt('futimens', lambda: os.utime(handle, (1, 1)))
        attempt('flags', lambda: __import__('fcntl').ioctl(handle, 0x40086602, b'\\0' * 8))
        attempt('out', lambda: os.fchmod(1, 0o777))
        attempt('link', lambda: os.link(sys_file, 'linked'))
        attempt('set-id', lambda: open('s', 'w') and os.chmod('s', 0o4755))
        """
        assert python(sandbox, code).output == ""
        after = outside.stat()
        assert (after.st_mode, after.st_mtime_ns, after.st_ctime_ns) == (
            before.st_mode, before.st_mtime_ns, before.st_ctime_ns,
        )  # fmt: skip

    @pytest.mark.skipif(os.getuid() != 0, reason="declared: only root can give a file to somebody else")
    def test_nobody_else_s_can_be_changed(self, sandbox: LandlockExecutor, work: Path) -> None:
        """Whoever answers these calls has no more rights than the code: none of root's."""
        (work / "theirs").touch(0o600)
        os.chown(work / "theirs", 65534, 65534)
        code = "attempt('chmod', lambda: os.chmod('theirs', 0o666))\n"
        code += (
            "print([number for number in range(41) if libc.prctl(23, number, 0, 0, 0)])"  # PR_CAPBSET_READ
        )
        assert python(sandbox, code).output == "[]\n"

    def test_nonsense_is_an_error_of_the_caller(self, sandbox: LandlockExecutor) -> None:
        code = """
        import mmap
        page = mmap.mmap(-1, 4096); page[:] = b'x' * 4096
        start = ctypes.addressof(ctypes.c_char.from_buffer(page))
        chmod = lambda address: (libc.chmod(ctypes.c_void_p(address), 0), ctypes.get_errno())
        print(chmod(1), chmod(0), chmod(start + 4000)[0], libc.chmod(b'', 0), libc.chmod(b'x' * 9000, 0))
        print(libc.fchmod(99, 0), ctypes.get_errno(), libc.chmod(b'none', 0), ctypes.get_errno())
        print(libc.utimensat(-1, b'none', 0, 0), ctypes.get_errno())
        """
        said = python(sandbox, code).output
        assert said == "(-1, 14) (-1, 14) -1 -1 -1\n-1 9 -1 2\n-1 9\n"

    def test_a_link_that_changes_meanwhile_gains_nothing(self, sandbox: LandlockExecutor, work: Path) -> None:
        outside = work.parent / "outside"
        outside.write_text("")
        outside.chmod(0o640)
        code = f"""
        os.mkdir('in'); open('in/f', 'w').close(); os.mkdir('out'); os.symlink({str(outside)!r}, 'out/f')
        os.symlink('in', 'a')
        def swap():
            while True:
                os.symlink('out', 'b'); os.rename('b', 'a'); os.symlink('in', 'b'); os.rename('b', 'a')
        threading.Thread(target=swap, daemon=True).start()
        for _ in range(400):
            try: os.chmod('a/f', 0o666)
            except OSError: pass
        os._exit(0)
        """
        assert python(sandbox, code).ok
        assert outside.stat().st_mode & 0o777 == 0o640

    def test_links_are_followed_no_further_than_a_folder(self, work: Path) -> None:
        for name, target in (("in", "."), ("out", "..")):
            (work / name).symlink_to(target)
        folder = os.open(work, os.O_PATH)
        try:
            os.close(kernel.open_beneath(folder, "in", os.O_PATH, links=True))
            for path, links in (("in", False), ("out", True), ("..", True), (str(work), True)):
                with pytest.raises(OSError):
                    kernel.open_beneath(folder, path, os.O_PATH, links=links)
        finally:
            os.close(folder)

    def test_callers_that_die_hold_nobody_up(self, sandbox: LandlockExecutor) -> None:
        code = """
        for _ in range(100):
            child = os.fork()
            if child == 0:
                while True: os.chmod('.', 0o755)
            os.kill(child, 9); os.waitpid(child, 0)
        os.chmod('.', 0o755)
        print('done')
        """
        assert python(sandbox, code).output == "done\n"


class TestRepository:
    """Rules only grant: beside a `.git` nothing new can be made."""

    @pytest.fixture
    def repository(self, work: Path) -> Path:
        for folder in (".git/hooks", "sub/.git", "sub/src", "src"):
            (work / folder).mkdir(parents=True)
        (work / "tree").mkdir()
        for file in (".git/config", "sub/.git/config", "tree/.git", "readme", "src/x"):
            (work / file).write_text("as it was")
        (work / "way").symlink_to(".git")
        return work

    def test_it_cannot_be_changed(self, sandbox: LandlockExecutor, repository: Path) -> None:
        code = """
        for root in ('.git', 'sub/.git'):
            attempt(root, lambda: open(root + '/config', 'w'))
            attempt(root, lambda: open(root + '/hooks/x', 'w'))
            attempt(root, lambda: os.chmod(root + '/config', 0o777))
            attempt(root, lambda: os.utime(root, (1, 1)))
            attempt(root, lambda: os.rename(root, 'g'))
            attempt(root, lambda: shutil.rmtree(root))
            attempt(root, lambda: os.link(root + '/config', 'src/c'))
            attempt(root, lambda: os.mkdir(root + '/d'))
        attempt('sub', lambda: os.rename('sub', 'src/sub'))
        attempt('link', lambda: open('way/config', 'w'))
        attempt('file', lambda: open('tree/.git', 'w'))
        """
        outcome = python(sandbox, code)
        assert (outcome.output, outcome.files_changed) == ("", ())

    def test_what_is_beside_it_can(self, sandbox: LandlockExecutor, repository: Path) -> None:
        code = """
        open('readme', 'w').write('new'); open('src/new', 'w'); os.remove('src/x'); open('sub/src/new', 'w')
        attempt('beside', lambda: open('beside', 'w'))
        attempt('sub/beside', lambda: open('sub/beside', 'w'))
        """
        outcome = python(sandbox, code)
        assert (outcome.exit_code, outcome.output) == (0, "")
        assert outcome.files_changed == ("readme", "src/new", "src/x", "sub/src/new")

    def test_a_link_is_not_taken_for_what_is_beside_it(
        self, sandbox: LandlockExecutor, repository: Path
    ) -> None:
        (repository.parent / "outside").mkdir()
        (repository / "link").symlink_to(repository.parent / "outside")
        assert not sandbox.run(["touch", "link/x"]).ok


class TestReach:
    def test_sockets_and_queues_are_closed(self, sandbox: LandlockExecutor) -> None:
        code = """
        for family in range(46):
            for kind in (1, 2, 3, 5):
                attempt(f'{family} {kind}', lambda: socket.socket(family, kind))
        attempt('datagram pair', lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM))
        left, right = socket.socketpair()
        attempt('bind', lambda: left.bind('s'))
        attempt('reconnect', lambda: left.connect('/run/x'))
        attempt('send elsewhere', lambda: left.sendto(b'x', '/run/x'))
        left.send(b'x'); right.recv(1)
        for call in ('shmget', 'msgget', 'semget'):
            if getattr(libc, call)(0, 1, 0o1600) != -1: print(call)
        if libc.mq_open(b'/x', os.O_CREAT | os.O_RDWR, 0o600, 0) != -1: print('mq_open')
        attempt('socket file', lambda: os.mknod('s', 0o140600))
        attempt('shm', lambda: open('/dev/shm/x', 'w'))
        attempt('tmp', lambda: open('/tmp/x', 'w'))
        """
        assert python(sandbox, code).output == ""

    def test_network_can_be_let_in(self, sandbox: LandlockExecutor) -> None:
        code = "s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())\n"
        code += "print(1); attempt('unix', lambda: socket.socket(socket.AF_UNIX))"
        assert python(sandbox, code, network=True).output == "1\n"

    def test_other_processes_keep_their_bounds(self, sandbox: LandlockExecutor) -> None:
        with subprocess.Popen(["sleep", "60"]) as bystander:
            code = f"""
            for pid in ({bystander.pid}, {os.getpid()}, os.getppid()):
                attempt('limit', lambda: resource.prlimit(pid, resource.RLIMIT_CPU, (0, 0)))
                attempt('nice', lambda: os.setpriority(os.PRIO_PROCESS, pid, 19))
                attempt('affinity', lambda: os.sched_setaffinity(pid, [0]))
                attempt('signal', lambda: os.kill(pid, 0))
                attempt('handle', lambda: signal.pidfd_send_signal(os.pidfd_open(pid), 9))
                for name in ('environ', 'cmdline', 'mem', 'maps', 'status', 'cwd/x'):
                    attempt(name, lambda: open(f'/proc/{{pid}}/{{name}}', 'rb').read(1))
            attempt('all', lambda: os.setpriority(os.PRIO_USER, os.getuid(), 19))
            """
            assert python(sandbox, code).output == ""
            os.kill(os.getpid(), 0)
            assert bystander.poll() is None
            bystander.kill()

    def test_standard_streams_have_their_names(self, sandbox: LandlockExecutor) -> None:
        outcome = sandbox.run(["sh", "-c", "echo out > /dev/stdout; echo err > /dev/stderr; cat < /dev/null"])
        assert outcome.output == "out\nerr\n"
