"""A seccomp filter as classic BPF, assembled here: which system calls confined code may make.

Everything is allowed but what is listed, as ordinary programs need hundreds of calls. A refused call
fails with an errno (the program goes on and can say what it missed) instead of killing the process.
`ENOSYS` is answered where libraries know how to do without, `EPERM` elsewhere.
System call numbers: the Linux kernel's `arch/x86/entry/syscalls/syscall_64.tbl` and
`include/uapi/asm-generic/unistd.h`. Layout: `struct seccomp_data` in `include/uapi/linux/seccomp.h`.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Iterable
from dataclasses import dataclass

# name: (x86_64, aarch64); None where the architecture does not have the call
_MISSING: dict[str, tuple[int | None, int | None]] = {
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "memfd_create": (319, 279),  # memory that neither RLIMIT_AS nor a poll of the processes sees
    "memfd_secret": (447, 447),
    "clone3": (435, 435),  # its flags lie in memory, out of the filter's sight; libc falls back to clone
    "fchmodat2": (452, 452),
    "shmget": (29, 194),  # System V memory counts for no process until it is attached
    "userfaultfd": (323, 282),
    "map_shadow_stack": (453, 453),
    "remap_file_pages": (216, 234),
}
_FORBIDDEN: dict[str, tuple[int | None, int | None]] = {
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "unshare": (272, 97),
    "setns": (308, 268),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_tree_attr": (467, 467),
    "statmount": (457, 457),
    "listmount": (458, 458),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "syslog": (103, 116),
    "acct": (163, 89),
    "vhangup": (153, 58),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "lookup_dcookie": (212, 18),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    "ustat": (136, None),
    "sysfs": (139, None),
    "_sysctl": (156, None),
    "nfsservctl": (180, 42),
    "mbind": (237, 235),
    "set_mempolicy": (238, 237),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "set_mempolicy_home_node": (450, 450),
    "lsm_set_self_attr": (460, 460),
}
_FILTERED = {"socket": (41, 198), "clone": (56, 220), "ioctl": (16, 29), "personality": (135, 92)}
_CHMOD: dict[str, tuple[int | None, int | None, int]] = {  # with the place of the mode among the arguments
    "chmod": (90, None, 1),
    "fchmod": (91, 52, 1),
    "fchmodat": (268, 53, 2),
}

_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32 = 0x40000000  # x86_64's second numbering of the same calls

_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16
_NEW_NAMESPACE = 0x7E020000 | 0x80  # the CLONE_NEW… flags
_TERMINAL_INPUT = (0x5412, 0x541C, 0x5423)  # TIOCSTI, TIOCLINUX, TIOCSETD
_SET_ID = 0o6000
_THIS_PERSONALITY = 0xFFFFFFFF  # only asks

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER_AT, _ARCH_AT, _ARGS_AT = 0, 4, 16


def supported() -> bool:
    """Whether the filter can be made for this machine's architecture."""
    return platform.machine() in _ARCHITECTURES


def number_of(call: str) -> int | None:
    """The number of a refused system call on this machine; None where it does not exist."""
    return {**_MISSING, **_FORBIDDEN}[call][_ARCHITECTURES[platform.machine()][0]]


def program(*, machine: str | None = None, unix_sockets: bool = True) -> bytes:
    """The filter as an array of `struct sock_filter`, in this machine's byte order.

    Args:
        machine: the architecture, as `platform.machine()` names it; default: this one.
        unix_sockets: whether AF_UNIX may be opened. Without a network namespace, abstract Unix sockets
            of the host would be in reach. `socketpair` is always allowed.

    Raises:
        KeyError: the architecture is not supported.
    """
    column, audit = _ARCHITECTURES[machine or platform.machine()]
    code = _Assembly()
    code.load(_ARCH_AT)
    code.unless_equal(audit, errno.ENOSYS)
    code.load(_NUMBER_AT)
    if column == 0:
        code.refuse_from(_X32, errno.ENOSYS)
    for calls, answer in ((_MISSING, errno.ENOSYS), (_FORBIDDEN, errno.EPERM)):
        for numbers in calls.values():
            if (number := numbers[column]) is not None:
                code.refuse_if(number, answer)
    _filter_arguments(code, column, unix_sockets)
    code.allow()
    return code.bytes()


def _filter_arguments(code: _Assembly, column: int, unix_sockets: bool) -> None:
    families = [_AF_INET, _AF_INET6] + ([_AF_UNIX] if unix_sockets else [])
    code.call(_FILTERED["socket"][column], _sockets(families))
    code.call(_FILTERED["clone"][column], _masked(0, _NEW_NAMESPACE))
    ioctl = _Assembly()
    ioctl.load(_ARGS_AT + 8)
    for request in _TERMINAL_INPUT:
        ioctl.refuse_if(request, errno.EPERM)
    ioctl.allow()
    code.call(_FILTERED["ioctl"][column], ioctl)
    personality = _Assembly()
    personality.load(_ARGS_AT)
    personality.allow_if((0, _THIS_PERSONALITY))
    personality.refuse(errno.EPERM)
    code.call(_FILTERED["personality"][column], personality)
    for *numbers, place in _CHMOD.values():
        if (number := numbers[column]) is not None:
            code.call(number, _masked(place, _SET_ID))


def _sockets(families: Iterable[int]) -> _Assembly:
    code = _Assembly()
    code.load(_ARGS_AT)
    code.allow_if(families)
    code.unless_equal(_AF_NETLINK, errno.EAFNOSUPPORT)
    code.load(_ARGS_AT + 16)
    code.unless_equal(0, errno.EPROTONOSUPPORT)  # NETLINK_ROUTE: libc lists the interfaces with it
    code.allow()
    return code


def _masked(place: int, mask: int) -> _Assembly:
    """Refuse when the argument at that place has any bit of the mask."""
    code = _Assembly()
    code.load(_ARGS_AT + 8 * place)
    code.keep_bits(mask)
    code.unless_equal(0, errno.EPERM)
    code.allow()
    return code


@dataclass(frozen=True)
class _Instruction:
    code: int
    if_true: int
    if_false: int
    value: int

    def bytes(self) -> bytes:
        return struct.pack("=HBBI", self.code, self.if_true, self.if_false, self.value)


class _Assembly:
    """Instructions with only short forward jumps, so that their 8-bit offsets always suffice."""

    def __init__(self) -> None:
        self._instructions: list[_Instruction] = []

    def _add(self, code: int, value: int, if_true: int = 0, if_false: int = 0) -> None:
        self._instructions.append(_Instruction(code, if_true, if_false, value))

    def load(self, offset: int) -> None:
        """Load the 32-bit word at this offset of the call's data (the low half, on little-endian)."""
        self._add(_LOAD, offset)

    def keep_bits(self, mask: int) -> None:
        self._add(_AND, mask)

    def allow(self) -> None:
        self._add(_RETURN, _ALLOW)

    def refuse(self, answer: int) -> None:
        self._add(_RETURN, _ERRNO | answer)

    def refuse_if(self, value: int, answer: int) -> None:
        self._add(_JUMP_EQUAL, value, if_false=1)
        self.refuse(answer)

    def refuse_from(self, value: int, answer: int) -> None:
        self._add(_JUMP_AT_LEAST, value, if_false=1)
        self.refuse(answer)

    def unless_equal(self, value: int, answer: int) -> None:
        self._add(_JUMP_EQUAL, value, if_true=1)
        self.refuse(answer)

    def allow_if(self, values: Iterable[int]) -> None:
        for value in values:
            self._add(_JUMP_EQUAL, value, if_false=1)
            self.allow()

    def call(self, number: int, body: _Assembly) -> None:
        """Run the body, which ends in an answer, when the loaded word is this call's number."""
        self._add(_JUMP_EQUAL, number, if_false=len(body._instructions))
        self._instructions += body._instructions

    def bytes(self) -> bytes:
        return b"".join(instruction.bytes() for instruction in self._instructions)
