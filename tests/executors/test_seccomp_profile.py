"""The profile for Docker says what the filter says."""

from __future__ import annotations

import errno
import json
from typing import Any

import pytest

from executors import syscalls
from executors.seccomp_profile import profile

RULES: list[dict[str, Any]] = json.loads(profile())["syscalls"]


def answer(call: str, *arguments: int) -> int:
    """The errno with which a call is refused, 0 when it is let through; as the kernel would see it."""
    given = [*arguments, *[0] * (6 - len(arguments))]
    for rule in RULES:
        if call in rule["names"] and all(holds(given[c["index"]], c) for c in rule["args"]):
            return int(rule["errnoRet"])
    return 0


def holds(value: int, condition: dict[str, Any]) -> bool:
    return {
        "SCMP_CMP_MASKED_EQ": value & condition["value"] == condition["valueTwo"],
        "SCMP_CMP_GT": value > condition["value"],
        "SCMP_CMP_NE": value != condition["value"],
    }[str(condition["op"])]


def test_every_closed_call_is_closed() -> None:
    assert {answer(call) for call in syscalls.MISSING} == {errno.ENOSYS}
    assert {answer(call) for call in syscalls.FORBIDDEN} == {errno.EPERM}
    assert answer("openat") == 0


@pytest.mark.parametrize("upper", [0, 1 << 32, 1 << 63], ids=["plain", "upper half", "sign"])
def test_the_upper_half_of_an_argument_changes_nothing(upper: int) -> None:
    vsock, tiocsti, new_user = 40, 0x5412, 0x10000000
    assert answer("socket", upper | vsock, 1, 0) == errno.EAFNOSUPPORT
    assert answer("socket", upper | 3, 1, 0) == errno.EAFNOSUPPORT
    assert answer("socket", upper | 16, 3, 9) != 0
    assert answer("ioctl", 0, upper | tiocsti) == errno.EPERM
    assert answer("clone", upper | new_user | 17) == errno.EPERM
    assert answer("fchmodat", 0, 0, upper | 0o4755) == errno.EPERM
    assert answer("openat", 0, 0, upper | 0o101, upper | 0o4755) == errno.EPERM
    assert answer("sched_setscheduler", upper | 9, 5) == errno.EPERM


def test_what_programs_need_is_open() -> None:
    for family in (1, 2, 10):
        assert answer("socket", family, 1, 0) == 0
    assert answer("socket", 16, 3, 0) == 0  # the interfaces are listed with it
    assert answer("clone", 0x01200011) == 0  # fork
    assert answer("clone", 0x3D0F00) == 0  # a thread
    assert answer("ioctl", 0, 0x5401) == 0
    assert answer("chmod", 0, 0o755) == 0
    assert answer("openat", 0, 0, 0o101, 0o755) == answer("openat", 0, 0, 0, 0o4755) == 0
    assert answer("prlimit64", 0, 7) == answer("setpriority", 0, 0, 5) == answer("ioprio_set", 1, 0) == 0
    assert answer("personality", 0) == 0
