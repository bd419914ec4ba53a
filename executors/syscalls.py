"""System calls that the filter (see `seccomp`) closes, by name.

With their numbers for (x86_64, aarch64); None where the architecture does not have the call. Source: the
Linux kernel's `arch/x86/entry/syscalls/syscall_64.tbl` and `include/uapi/asm-generic/unistd.h`.
"""

from __future__ import annotations

import errno

Numbers = tuple[int | None, int | None]

NEWEST = 462
"""`mseal`, of Linux 6.10. What is numbered above it nobody here has looked at, and it is closed unseen."""

MISSING: dict[str, Numbers] = {
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "memfd_create": (319, 279),  # memory that neither RLIMIT_AS nor a poll of the processes sees
    "memfd_secret": (447, 447),
    "clone3": (435, 435),  # its flags lie in memory, out of the filter's sight; libc falls back to clone
    "fchmodat2": (452, 452),
    "openat2": (437, 437),  # its mode lies in memory, too
    "shmget": (29, 194),  # System V memory counts for no process until it is attached
    "userfaultfd": (323, 282),
    "map_shadow_stack": (453, 453),
    "remap_file_pages": (216, 234),
}
"""What programs know how to do without."""
FORBIDDEN: dict[str, Numbers] = {
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
"""What no program needs that is none of the system's own."""

NESTING = frozenset({"unshare", "setns", "mount", "umount2"})
"""Those of them that only our own server of warm runs makes, to build the namespaces of each run."""

# The rest is for code that no namespaces of its own surround. Landlock governs the
# opening of files, TCP and signals, but not these: metadata by path, other sockets, shared memory and
# queues, watching folders, and the bounds of other processes of the same user.

IPC: dict[str, Numbers] = {
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "shmdt": (67, 197),
    "semget": (64, 190),
    "semop": (65, 193),
    "semctl": (66, 191),
    "semtimedop": (220, 192),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
}
WATCHING: dict[str, Numbers] = {
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "inotify_add_watch": (254, 27),
}
OWNERSHIP: dict[str, Numbers] = {
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
}
ATTRIBUTES: dict[str, Numbers] = {
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "getxattr": (191, 8),
    "lgetxattr": (192, 9),
    "fgetxattr": (193, 10),
    "listxattr": (194, 11),
    "llistxattr": (195, 12),
    "flistxattr": (196, 13),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
}
CONNECTING: dict[str, Numbers] = {
    "connect": (42, 203),
    "accept": (43, 202),
    "accept4": (288, 242),
    "bind": (49, 200),
    "listen": (50, 201),
}

REFUSED: tuple[tuple[dict[str, Numbers], int], ...] = (
    (IPC, errno.ENOSYS),
    (WATCHING, errno.ENOSYS),
    (OWNERSHIP, errno.EPERM),
    (ATTRIBUTES, errno.EOPNOTSUPP),
)
"""Calls with what they answer: what an older kernel or a plainer file system would."""

ON_PROCESSES: dict[str, tuple[int | None, int | None, int, int | None]] = {
    "prlimit64": (302, 261, 0, None),
    "setpriority": (141, 140, 1, 0),
    "ioprio_set": (251, 30, 1, 1),
    "sched_setparam": (142, 118, 0, None),
    "sched_setscheduler": (144, 119, 0, None),
    "sched_setaffinity": (203, 122, 0, None),
    "sched_setattr": (314, 274, 0, None),
}
"""Calls that bound or slow a process, with the place of its number among the arguments, 0 being the caller.

Where the first argument says whether the number is that of a process, a group or a user: what it is for a
process, the only kind that is allowed.
"""

ANSWERED: dict[str, Numbers] = {
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "utimensat": (280, 88),
}
"""Calls that the sandbox carries out for the code, where it may write (see `launcher.clerk`)."""

SOCKETPAIR = (53, 199)
CONNECTED_TYPES = (1, 5)
"""SOCK_STREAM and SOCK_SEQPACKET: a datagram socket of a pair could still be sent elsewhere from."""

IOCTLS = (0x40049409, 0x4020940D, 0x80086601, 0x2)
"""FICLONE, FICLONERANGE, FS_IOC_GETFLAGS, FIGETBSZ; and all for terminals, pipes and descriptors (0x54…)."""
