"""The profile for Docker says what the filter says."""

from __future__ import annotations

import errno
import json
from typing import Any

import pytest

from executors import seccomp, syscalls
from executors.seccomp_profile import profile

PROFILE: dict[str, Any] = json.loads(profile())


def answer(call: str, *arguments: int) -> int:
    """The errno with which a call is refused, 0 when it is let through; as the kernel would see it."""
    given = [*arguments, *[0] * (6 - len(arguments))]
    for rule in PROFILE["syscalls"]:
        if call in rule["names"] and all(holds(given[c["index"]], c) for c in rule.get("args", [])):
            return int(rule.get("errnoRet", 0))
    return int(PROFILE["defaultErrnoRet"])


def holds(value: int, condition: dict[str, Any]) -> bool:
    assert condition["op"] == "SCMP_CMP_MASKED_EQ"
    return bool(value & condition["value"] == condition["valueTwo"])


def test_what_is_not_listed_is_refused() -> None:
    assert PROFILE["defaultAction"] == "SCMP_ACT_ERRNO"
    assert answer("a_call_of_next_year") == errno.ENOSYS


def test_every_closed_call_is_closed() -> None:
    assert {answer(call) for call in syscalls.MISSING} == {errno.ENOSYS}
    assert {answer(call) for call in syscalls.FORBIDDEN} == {errno.EPERM}
    assert answer("openat") == 0


@pytest.mark.parametrize("upper", [0, 1 << 32, 1 << 63], ids=["plain", "upper half", "sign"])
def test_the_upper_half_of_an_argument_changes_nothing(upper: int) -> None:
    vsock, new_user = 40, 0x10000000
    calls: list[tuple[str, list[int]]] = [
        ("socket", [upper | vsock, 1, 0]),
        ("socket", [upper | 3, 1, 0]),
        ("socket", [upper | 16, 3, 9]),
        *(("ioctl", [0, upper | request]) for request in seccomp.TERMINAL_INPUT),
        ("clone", [upper | new_user | 17]),
        ("fchmodat", [0, 0, upper | 0o4755]),
        ("mknod", [0, upper | 0o2755]),
        ("openat", [0, 0, upper | 0o101, upper | 0o4755]),
        ("sched_setscheduler", [upper | 9, 5]),
        ("setpriority", [1, 0]),
        ("personality", [upper | 0x0040000]),
    ]
    assert [call for call, arguments in calls if answer(call, *arguments) == 0] == []


def test_what_programs_need_is_open() -> None:
    for family in (1, 2, 10):
        assert answer("socket", family, 1, 0) == 0
    assert answer("socket", 16, 3, 0) == 0  # the interfaces are listed with it
    assert answer("clone", 0x01200011) == 0  # fork
    assert answer("clone", 0x3D0F00) == 0  # a thread
    for request in (0, 0x5401, 0x5411, 0x5413, 0x541B, 0x541D, 0x5422, 0x5424, 0x80045430, 0xFFFFFFFF):
        assert answer("ioctl", 0, request) == 0
    assert answer("chmod", 0, 0o755) == 0
    assert answer("openat", 0, 0, 0o101, 0o755) == answer("openat", 0, 0, 0, 0o4755) == 0
    assert answer("prlimit64", 0, 7) == answer("setpriority", 0, 0, 5) == answer("ioprio_set", 1, 0) == 0
    assert answer("personality", 0) == answer("personality", 0xFFFFFFFF) == 0
