"""The surface of the kernel is small, and nothing is to be gained on it.

Part of the conformance suite for confined executors; `confinement` has the rest.
"""

from __future__ import annotations

import socket
from typing import ClassVar

import pytest

from executors import seccomp
from executors.base import Executor, Limits
from executors.conformance.fixtures import Conformance, python

_TRY = """
import os, socket, ctypes, mmap
def attempt(name, what):
    try:
        print(name, 'came through:', what())
    except (OSError, ValueError, AttributeError): pass
"""
_CLOSED = """
io_uring_setup io_uring_enter io_uring_register memfd_create memfd_secret clone3 openat2 fchmodat2 shmget
userfaultfd map_shadow_stack remap_file_pages bpf perf_event_open add_key request_key keyctl unshare setns
ptrace process_vm_readv process_vm_writev process_madvise process_mrelease pidfd_getfd kcmp mount umount2
pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr quotactl quotactl_fd
name_to_handle_at open_by_handle_at fanotify_init fanotify_mark kexec_load kexec_file_load init_module
finit_module delete_module reboot swapon swapoff syslog acct vhangup settimeofday clock_settime
clock_adjtime adjtimex sethostname setdomainname lookup_dcookie iopl ioperm modify_ldt uselib ustat sysfs
_sysctl nfsservctl mbind set_mempolicy migrate_pages move_pages set_mempolicy_home_node statmount listmount
lsm_set_self_attr
"""
LIBC = "libc = ctypes.CDLL(None, use_errno=True)\n"


def came_through(executor: Executor, attempts: str) -> str:
    """Run attempts, `attempt(name, function)` each; what they printed, empty when all were refused."""
    outcome = python(executor, _TRY + attempts)
    assert outcome.exit_code == 0, outcome.output
    return outcome.output


class SurfaceConformance(Conformance):
    """Calls, rights and limits."""

    own_user: ClassVar[bool] = True
    """Whether code is an ordinary user on a machine of another name, whoever runs it."""

    def test_whoever_ends_the_run_keeps_its_turn(self, executor: Executor) -> None:
        """A first process that never runs could not be ended, nor a server that has no descriptors left."""
        said = came_through(
            executor,
            "import resource\n"
            "for pid in {1, os.getppid()}:\n"
            "    attempt('scheduler', lambda: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0)))\n"
            "    attempt('affinity', lambda: os.sched_setaffinity(pid, [0]))\n"
            "    attempt('nice', lambda: os.setpriority(os.PRIO_PROCESS, pid, 19))\n"
            "    attempt('limit', lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (9, 9)))\n"
            "attempt('user', lambda: os.setpriority(os.PRIO_USER, os.getuid(), 19))\n"
            "attempt('group', lambda: os.setpriority(os.PRIO_PGRP, 1, 19))\n"
            "os.nice(1); os.sched_setaffinity(0, os.sched_getaffinity(0))\n"
            "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))",
        )
        assert said == ""

    def test_an_idle_first_process_delays_no_end(self, executor: Executor) -> None:
        """On time, with every processor busy."""
        code = (
            "import os\nfor pid in {1, os.getppid()}:\n"
            "    try: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))\n"
            "    except OSError: pass\n"
            "for _ in range(4): os.fork()\nwhile True: pass"
        )
        outcome = python(executor, code, Limits(wall_seconds=0.5))
        assert outcome.limit == "wall"
        assert outcome.seconds < 1.5

    def test_set_id_files_are_not_made(self, executor: Executor) -> None:
        """Not even for the time of the run: others on the machine could start them."""
        said = came_through(
            executor,
            "def held(path):\n"
            "    if os.stat(path).st_mode & 0o6000: return path\n"
            "    raise OSError\n"
            "def made(path): os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o6755)); return held(path)\n"
            "attempt('open', lambda: made('a'))\n"
            "attempt('mknod', lambda: (os.mknod('b', 0o106755), held('b')))\n"
            "attempt('mkdir', lambda: (os.mkdir('c', 0o2755), held('c')))\n"
            "attempt('chmod', lambda: (open('d', 'w'), os.chmod('d', 0o4755), held('d')))\n"
            "attempt('nameless', lambda: os.open('.', os.O_TMPFILE | os.O_RDWR, 0o4755))",
        )
        assert said == ""

    def test_limits_are_not_raised(self, executor: Executor) -> None:
        """Nor privileges gained, nor priorities."""
        said = came_through(
            executor,
            "import resource\n"
            "for name in ('FSIZE', 'NOFILE', 'CORE', 'MEMLOCK', 'MSGQUEUE'):\n"
            "    number = getattr(resource, 'RLIMIT_' + name, 12)\n"
            "    soft, hard = resource.getrlimit(number)\n"
            "    if hard < 0: print(name, 'has no limit')\n"
            "    attempt(name, lambda: resource.setrlimit(number, (soft, hard + 1)))\n"
            "attempt('nice', lambda: os.nice(-1))\n"
            "attempt('real time', lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1)))\n"
            "attempt('user', lambda: os.setuid(os.getuid() + 1))\n"
            "attempt('groups', lambda: os.setgroups([0]))",
        )
        assert said == ""

    def test_kernel_surface_is_closed(self, executor: Executor) -> None:
        """Namespaces, mounts, keys, BPF, io_uring, performance events, page faults, memory files, modules."""
        numbers = {name: seccomp.number_of(name) for name in _CLOSED.split()}
        numbers |= {f"unknown {number}": number for number in range(463, 550)}
        said = came_through(
            executor,
            LIBC
            + f"for name, number in {numbers!r}.items():\n"
            + "    if number is None: continue\n"
            + "    flags = 0x10000000 if name in ('unshare', 'setns') else 0\n"
            + "    if libc.syscall(number, flags, 0, 0, 0, 0) != -1 or ctypes.get_errno() not in (1, 38):\n"
            + "        print(name, ctypes.get_errno())\n"
            + "import fcntl\nattempt('terminal', lambda: os.open('/dev/tty', os.O_RDWR))\n"
            + "for request in (0x5412, 0x541C, 0x5423):\n"
            + "    attempt(request, lambda: fcntl.ioctl(os.openpty()[1], request, b'x\\0\\0\\0'))\n"
            + "if libc.personality(0x0040000) != -1: print('personality')",
        )
        assert said == ""

    def test_it_has_no_privileges(self, executor: Executor) -> None:
        """No capability, and none to be gained."""
        code = (
            "import ctypes, os, struct\nlibc = ctypes.CDLL(None)\nsets = ctypes.create_string_buffer(24)\n"
            "libc.capget(struct.pack('=Ii', 0x20080522, 0), sets)\n"
            "print(any(sets.raw), libc.prctl(39, 0, 0, 0, 0))"  # PR_GET_NO_NEW_PRIVS
        )
        assert python(executor, code).output == "False 1\n"

    def test_it_is_an_ordinary_user(self, executor: Executor) -> None:
        """Not root, with nothing in the bounding set; and no host name of ours."""
        if not self.own_user:
            pytest.skip("declared: code is the user who runs it")
        outcome = executor.run(["sh", "-c", "id -u; grep CapBnd /proc/self/status; hostname"])
        assert "CapBnd:\t0000000000000000" in outcome.output
        assert not outcome.output.startswith("0\n")
        assert socket.gethostname() not in outcome.output.splitlines()
