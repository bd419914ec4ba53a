"""A seccomp filter as classic BPF, assembled here: which system calls confined code may make.

Everything is allowed but what is listed, as ordinary programs need hundreds of calls, and what is newer
than the list. A refused call fails with an errno (the program goes on and can say what it missed) instead
of killing the process. `ENOSYS` is answered where libraries know how to do without, `EPERM` elsewhere.
"""

from __future__ import annotations

import errno
import platform
from collections.abc import Mapping, Sequence

from executors import syscalls
from executors.bpf import Assembly

_FILTERED = {"socket": (41, 198), "clone": (56, 220), "ioctl": (16, 29), "personality": (135, 92)}
# With the place of the mode among the arguments.
CHMOD: dict[str, tuple[int | None, int | None, int]] = {
    "chmod": (90, None, 1),
    "fchmod": (91, 52, 1),
    "fchmodat": (268, 53, 2),
}
MAKING: dict[str, tuple[int | None, int | None, int]] = {
    "creat": (85, None, 1),
    "mknod": (133, None, 1),
    "mknodat": (259, 33, 2),
}
OPENING: dict[str, tuple[int | None, int | None, int]] = {  # with the flags before the mode
    "open": (2, None, 2),
    "openat": (257, 56, 3),
}

_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

AF_UNIX, AF_INET, AF_INET6, AF_NETLINK = 1, 2, 10, 16
NEW_NAMESPACE = 0x7E020000 | 0x80  # the CLONE_NEW… flags
_TERMINAL_REQUESTS = 0x5400
_SOCKET_TYPE = 0xF
TERMINAL_INPUT = (0x5412, 0x541C, 0x5423)  # TIOCSTI, TIOCLINUX, TIOCSETD
SET_ID = 0o6000
CREATING = 0o100 | 0o20000000  # O_CREAT and what O_TMPFILE adds to O_DIRECTORY
FIRST_PROCESS = 1
THIS_PERSONALITY = 0xFFFFFFFF  # only asks

_NUMBER_AT, _ARCH_AT, _ARGS_AT = 0, 4, 16


def supported() -> bool:
    """Whether the filter can be made for this machine's architecture."""
    return platform.machine() in _ARCHITECTURES


def number_of(call: str) -> int | None:
    """The number of a refused system call on this machine; None where it does not exist."""
    return {**syscalls.MISSING, **syscalls.FORBIDDEN}[call][_ARCHITECTURES[platform.machine()][0]]


def answered_calls() -> dict[int, str]:
    """Number → name of the calls of this machine that somebody outside has to answer; see `program`."""
    column = _ARCHITECTURES[platform.machine()][0]
    found = ((numbers[column], name) for name, numbers in syscalls.ANSWERED.items())
    return {number: name for number, name in found if number is not None}


def program(
    *,
    machine: str | None = None,
    unix_sockets: bool = True,
    namespaces: bool = True,
    network: bool = False,
    nesting: bool = False,
) -> bytes:
    """The filter as an array of `struct sock_filter`, in this machine's byte order.

    Args:
        machine: the architecture, as `platform.machine()` names it; default: this one.
        unix_sockets: whether AF_UNIX may be opened. Without a network namespace, abstract Unix sockets
            of the host would be in reach. `socketpair` is always allowed.
        namespaces: whether namespaces for network, processes and IPC surround the code. Without them, the
            filter closes what leads out of it, and `answered_calls` wait for an answer from outside.
        network: without namespaces: whether the code may use the machine's network.
        nesting: whether to allow what makes namespaces. For a program of ours that runs no code of a
            workspace before it has taken the filter without this.

    Raises:
        KeyError: the architecture is not supported.
    """
    column, audit = _ARCHITECTURES[machine or platform.machine()]
    code = Assembly()
    _check_architecture(code, audit)
    _refuse_calls(code, column, namespaces=namespaces, network=network, nesting=nesting)
    if namespaces:
        _filter_inside_namespaces(code, column, unix_sockets=unix_sockets)
    else:
        _filter_without_namespaces(code, column, network=network)
    _filter_arguments(code, column)
    code.allow()
    return code.bytes()


def _check_architecture(code: Assembly, audit: int) -> None:
    """Let in calls of this architecture that are known, and leave the call's number to be compared."""
    code.load(_ARCH_AT)
    code.unless_equal(audit, errno.ENOSYS)
    code.load(_NUMBER_AT)
    code.refuse_from(syscalls.NEWEST + 1, errno.ENOSYS)  # x86_64's second numbering as well


def _refuse_calls(code: Assembly, column: int, *, namespaces: bool, network: bool, nesting: bool) -> None:
    """Refuse calls whatever their arguments."""
    refused = [(syscalls.MISSING, errno.ENOSYS), (syscalls.FORBIDDEN, errno.EPERM)]
    if not namespaces:
        refused += syscalls.REFUSED
        refused += [] if network else [(syscalls.CONNECTING, errno.EPERM)]
    for calls, answer in refused:
        for name, numbers in calls.items():
            if (number := numbers[column]) is not None and not (nesting and name in syscalls.NESTING):
                code.refuse_if(number, answer)


def _filter_inside_namespaces(code: Assembly, column: int, *, unix_sockets: bool) -> None:
    families = [AF_INET, AF_INET6] + ([AF_UNIX] if unix_sockets else [])
    code.call(_FILTERED["socket"][column], _sockets([*families, AF_NETLINK]))
    code.call(_FILTERED["ioctl"][column], _ioctls())
    _close_modes(code, column, CHMOD)
    _spare_the_first_process(code, column)


def _filter_without_namespaces(code: Assembly, column: int, *, network: bool) -> None:
    families = [AF_INET, AF_INET6, AF_NETLINK] if network else []
    code.call(_FILTERED["socket"][column], _sockets(families))
    code.call(_FILTERED["ioctl"][column], _known_ioctls())
    _close_ways_out(code, column)


def _filter_arguments(code: Assembly, column: int) -> None:
    _close_modes(code, column, MAKING)
    _close_opening(code, column)
    code.call(_FILTERED["clone"][column], _masked(0, NEW_NAMESPACE))
    personality = Assembly()
    personality.load(_ARGS_AT)
    personality.allow_if((0, THIS_PERSONALITY))
    personality.refuse(errno.EPERM)
    code.call(_FILTERED["personality"][column], personality)


def _close_modes(
    code: Assembly, column: int, calls: Mapping[str, tuple[int | None, int | None, int]]
) -> None:
    """Refuse set-id bits."""
    for *numbers, place in calls.values():
        if (number := numbers[column]) is not None:
            code.call(number, _masked(place, SET_ID))


def _close_opening(code: Assembly, column: int) -> None:
    """Refuse set-id bits for a file that is made by opening it. Else, the mode means nothing."""
    for *numbers, place in OPENING.values():
        if (number := numbers[column]) is not None:
            body = Assembly()
            body.load(_ARGS_AT + 8 * (place - 1))
            body.keep_bits(CREATING)
            body.allow_if((0,))
            body.load(_ARGS_AT + 8 * place)
            body.keep_bits(SET_ID)
            body.unless_equal(0, errno.EPERM)
            body.allow()
            code.call(number, body)


def _spare_the_first_process(code: Assembly, column: int) -> None:
    """It is ours, and the kernel lets go of a namespace only when it gets its turn."""
    for *numbers, place, kind in syscalls.ON_PROCESSES.values():
        if (number := numbers[column]) is not None:
            body = _on_a_process(kind)
            body.load(_ARGS_AT + 8 * place)
            body.refuse_if(FIRST_PROCESS, errno.EPERM)
            body.allow()
            code.call(number, body)


def _on_a_process(kind: int | None) -> Assembly:
    """Refuse calls on a group or on a user."""
    body = Assembly()
    if kind is not None:
        body.load(_ARGS_AT)
        body.unless_equal(kind, errno.EPERM)
    return body


def _close_ways_out(code: Assembly, column: int) -> None:
    for *numbers, place, kind in syscalls.ON_PROCESSES.values():
        if (number := numbers[column]) is not None:
            body = _on_a_process(kind)
            body.load(_ARGS_AT + 8 * place)
            body.unless_equal(0, errno.EPERM)
            body.allow()
            code.call(number, body)
    for answered in syscalls.ANSWERED.values():
        if (number := answered[column]) is not None:
            code.ask_if(number)
    pair = Assembly()
    pair.load(_ARGS_AT)
    pair.unless_equal(AF_UNIX, errno.EAFNOSUPPORT)
    pair.load(_ARGS_AT + 8)
    pair.keep_bits(_SOCKET_TYPE)
    pair.allow_if(syscalls.CONNECTED_TYPES)
    pair.refuse(errno.EPROTONOSUPPORT)
    code.call(syscalls.SOCKETPAIR[column], pair)


def _ioctls() -> Assembly:
    code = Assembly()
    code.load(_ARGS_AT + 8)
    for request in TERMINAL_INPUT:
        code.refuse_if(request, errno.EPERM)
    code.allow()
    return code


def _known_ioctls() -> Assembly:
    """Only requests that are known to be harmless: some file systems change names and flags by others."""
    code = Assembly()
    code.load(_ARGS_AT + 8)
    for request in TERMINAL_INPUT:
        code.refuse_if(request, errno.EPERM)
    code.allow_if(syscalls.IOCTLS)
    code.keep_bits(0xFFFFFF00)
    code.unless_equal(_TERMINAL_REQUESTS, errno.ENOTTY)
    code.allow()
    return code


def _sockets(families: Sequence[int]) -> Assembly:
    code = Assembly()
    code.load(_ARGS_AT)
    code.allow_if(family for family in families if family != AF_NETLINK)
    if AF_NETLINK not in families:
        code.refuse(errno.EAFNOSUPPORT)
        return code
    code.unless_equal(AF_NETLINK, errno.EAFNOSUPPORT)
    code.load(_ARGS_AT + 16)
    code.unless_equal(0, errno.EPROTONOSUPPORT)  # NETLINK_ROUTE: libc lists the interfaces with it
    code.allow()
    return code


def _masked(place: int, mask: int) -> Assembly:
    """Refuse when the argument at that place has any bit of the mask."""
    code = Assembly()
    code.load(_ARGS_AT + 8 * place)
    code.keep_bits(mask)
    code.unless_equal(0, errno.EPERM)
    code.allow()
    return code
