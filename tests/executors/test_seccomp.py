import struct
from collections.abc import Iterator

import pytest

from executors import seccomp, syscalls

ALLOW, ERRNO, ASK = 0x7FFF0000, 0x00050000, 0x7FC00000
X86_64, I386, AARCH64 = 0xC000003E, 0x40000003, 0xC00000B7
EPERM, ENOTTY, ENOSYS, EAFNOSUPPORT, EPROTONOSUPPORT, EOPNOTSUPP = 1, 25, 38, 97, 93, 95


def answer(program: bytes, arch: int, number: int, *arguments: int) -> int:
    """What the kernel's interpreter of classic BPF would say."""
    data = struct.pack("=iIQ6Q", number, arch, 0, *(list(arguments) + [0] * 6)[:6])
    instructions = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    word, at = 0, 0
    while True:
        code, if_true, if_false, value = instructions[at]
        at += 1
        if code == 0x06:
            return int(value)
        if code == 0x20:
            (word,) = struct.unpack_from("=I", data, value)
        elif code == 0x54:
            word &= value
        else:
            at += if_true if (word == value if code == 0x15 else word >= value) else if_false


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ((0,), ALLOW),  # read
        ((57,), ALLOW),  # fork
        ((272, 0x10000000), ERRNO | EPERM),  # unshare
        ((425,), ERRNO | ENOSYS),  # io_uring_setup
        ((435,), ERRNO | ENOSYS),  # clone3
        ((56, 0x01200011), ALLOW),  # clone, as fork does it
        ((56, 0x10000011), ERRNO | EPERM),  # clone, with a user namespace
        ((41, 2, 1, 0), ALLOW),  # socket: AF_INET
        ((41, 40, 1, 0), ERRNO | EAFNOSUPPORT),  # AF_VSOCK
        ((41, 17, 3, 0), ERRNO | EAFNOSUPPORT),  # AF_PACKET
        ((41, 16, 3, 0), ALLOW),  # AF_NETLINK: routes
        ((41, 16, 3, 9), ERRNO | EPROTONOSUPPORT),  # AF_NETLINK: audit
        ((16, 0, 0x5413), ALLOW),  # ioctl: TIOCGWINSZ
        ((16, 0, 0x5412), ERRNO | EPERM),  # TIOCSTI
        ((16, 0, 0xFFFFFFFF00005412), ERRNO | EPERM),  # the kernel looks at the low half only
        ((90, 0, 0o755), ALLOW),  # chmod
        ((90, 0, 0o4755), ERRNO | EPERM),
        ((2, 0, 0o100, 0o644), ALLOW),  # open
        ((2, 0, 0, 0o4755), ALLOW),  # which makes nothing
        ((2, 0, 0o100, 0o4755), ERRNO | EPERM),
        ((257, 0, 0, 0o20200000, 0o2755), ERRNO | EPERM),  # openat, without a name
        ((133, 0, 0o104755), ERRNO | EPERM),  # mknod
        ((437,), ERRNO | ENOSYS),  # openat2
        ((144, 1, 5), ERRNO | EPERM),  # sched_setscheduler: of the first process
        ((144, 7, 5), ALLOW),
        ((141, 0, 7), ALLOW),  # setpriority
        ((141, 1, 7), ERRNO | EPERM),  # of a group
        ((135, 0xFFFFFFFF), ALLOW),  # personality: asks
        ((135, 0x0040000), ERRNO | EPERM),  # ADDR_NO_RANDOMIZE
        ((0x40000000 + 1,), ERRNO | ENOSYS),  # x32
    ],
)
def test_calls_on_x86_64(call: tuple[int, ...], expected: int) -> None:
    assert answer(seccomp.program(machine="x86_64"), X86_64, *call) == expected


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ((63,), ALLOW),  # read
        ((97, 0x10000000), ERRNO | EPERM),  # unshare
        ((198, 40, 1, 0), ERRNO | EAFNOSUPPORT),  # AF_VSOCK
        ((220, 0x01200011), ALLOW),  # clone
        ((279,), ERRNO | ENOSYS),  # memfd_create
        ((53, 0, 0, 0o4755), ERRNO | EPERM),  # fchmodat
    ],
)
def test_calls_on_aarch64(call: tuple[int, ...], expected: int) -> None:
    assert answer(seccomp.program(machine="aarch64"), AARCH64, *call) == expected


def test_other_architectures_on_the_same_machine_are_refused() -> None:
    assert answer(seccomp.program(machine="x86_64"), I386, 3) == ERRNO | ENOSYS


def test_unix_sockets_can_be_closed() -> None:
    closed = seccomp.program(machine="x86_64", unix_sockets=False)
    assert answer(closed, X86_64, 41, 1, 1, 0) == ERRNO | EAFNOSUPPORT
    assert answer(closed, X86_64, 53, 1, 1, 0) == ALLOW  # socketpair


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ((41, 2, 1, 0), ERRNO | EAFNOSUPPORT),  # socket: AF_INET
        ((41, 1, 1, 0), ERRNO | EAFNOSUPPORT),  # AF_UNIX
        ((41, 16, 3, 0), ERRNO | EAFNOSUPPORT),  # AF_NETLINK
        ((53, 1, 1, 0), ALLOW),  # socketpair: AF_UNIX, SOCK_STREAM
        ((53, 1, 0o2000001, 0), ALLOW),  # with SOCK_CLOEXEC
        ((53, 1, 5, 0), ALLOW),  # SOCK_SEQPACKET
        ((53, 1, 2, 0), ERRNO | EPROTONOSUPPORT),  # SOCK_DGRAM could be sent anywhere from
        ((42, 3), ERRNO | EPERM),  # connect
        ((49, 3), ERRNO | EPERM),  # bind
        ((302, 0, 7), ALLOW),  # prlimit64: of itself
        ((302, 4711, 7), ERRNO | EPERM),
        ((141, 0, 0), ALLOW),  # setpriority
        ((141, 2, 0), ERRNO | EPERM),  # of all processes of the user
        ((203, 1), ERRNO | EPERM),  # sched_setaffinity
        ((142, 1), ERRNO | EPERM),  # sched_setparam
        ((144, 1), ERRNO | EPERM),  # sched_setscheduler
        ((144, 0), ALLOW),
        ((314, 1), ERRNO | EPERM),  # sched_setattr
        ((251, 1, 1), ERRNO | EPERM),  # ioprio_set
        ((251, 3, 0), ERRNO | EPERM),  # of all processes of the user
        ((468, 0), ERRNO | ENOSYS),  # file_getattr
        ((469, 0), ERRNO | ENOSYS),  # file_setattr
        ((90, 0, 0o755), ASK),  # chmod
        ((280, 3, 0), ASK),  # utimensat
        ((92, 0), ERRNO | EPERM),  # chown
        ((191, 0), ERRNO | EOPNOTSUPP),  # getxattr
        ((240, 0), ERRNO | ENOSYS),  # mq_open
        ((30, 0), ERRNO | ENOSYS),  # shmat
        ((254, 3), ERRNO | ENOSYS),  # inotify_add_watch
        ((16, 0, 0x5413), ALLOW),  # ioctl: TIOCGWINSZ
        ((16, 0, 0x5412), ERRNO | EPERM),  # TIOCSTI
        ((16, 0, 0x40049409), ALLOW),  # FICLONE
        ((16, 0, 0x40086602), ERRNO | ENOTTY),  # FS_IOC_SETFLAGS
    ],
)
def test_what_leads_out_is_closed_where_no_namespaces_are(call: tuple[int, ...], expected: int) -> None:
    assert answer(seccomp.program(machine="x86_64", namespaces=False), X86_64, *call) == expected


def test_network_can_be_let_in_without_namespaces() -> None:
    open_ = seccomp.program(machine="aarch64", namespaces=False, network=True)
    assert answer(open_, AARCH64, 198, 2, 1, 0) == ALLOW
    assert answer(open_, AARCH64, 203, 3) == ALLOW
    assert answer(open_, AARCH64, 198, 1, 1, 0) == ERRNO | EAFNOSUPPORT  # the host's Unix sockets


def numbers(column: int) -> Iterator[int]:
    tables = [syscalls.MISSING, syscalls.FORBIDDEN, syscalls.ANSWERED, syscalls.CONNECTING]
    tables += [calls for calls, _ in syscalls.REFUSED]
    for calls in tables:
        yield from (pair[column] for pair in calls.values() if pair[column] is not None)  # type: ignore[misc]
    for *pair, _, _ in syscalls.ON_PROCESSES.values():
        yield pair[column]  # type: ignore[misc]
    for *pair, _ in [*seccomp.MAKING.values(), *seccomp.OPENING.values()]:
        if pair[column] is not None:
            yield pair[column]


@pytest.mark.parametrize("column", [0, 1])
def test_no_number_stands_for_two_calls(column: int) -> None:
    listed = list(numbers(column))
    assert len(listed) == len(set(listed))
