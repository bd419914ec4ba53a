"""The rules of `seccomp` as a profile for Docker, whose daemon compiles it.

Docker compares whole 64-bit arguments where the kernel looks at the lower 32: all rules here mask, or the
upper half would get past them. Conditions on one argument are alternatives there.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from typing import Any

from executors import seccomp, syscalls

_WORD = 0xFFFFFFFF
_MASKED, _ABOVE, _DIFFERENT = "SCMP_CMP_MASKED_EQ", "SCMP_CMP_GT", "SCMP_CMP_NE"
_FAMILIES = (seccomp.AF_UNIX, seccomp.AF_INET, seccomp.AF_INET6, seccomp.AF_NETLINK)


def profile() -> str:
    """The profile as JSON. Calls that the daemon's library does not know yet are passed over by it."""
    return json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": list(_rules())})


def _rules() -> Iterator[dict[str, Any]]:
    yield _refused(list(syscalls.MISSING), errno.ENOSYS)
    yield _refused(list(syscalls.FORBIDDEN), errno.EPERM)
    for family in range(max(_FAMILIES)):
        if family not in _FAMILIES:
            yield _refused(["socket"], errno.EAFNOSUPPORT, _argument(0, _MASKED, _WORD, family))
    yield _refused(["socket"], errno.EAFNOSUPPORT, _argument(0, _ABOVE, max(_FAMILIES)))
    netlink = _argument(0, _MASKED, _WORD, seccomp.AF_NETLINK)
    yield _refused(["socket"], errno.EPROTONOSUPPORT, netlink, _argument(2, _DIFFERENT, 0))
    for bit in _bits(seccomp.NEW_NAMESPACE):
        yield _refused(["clone"], errno.EPERM, _argument(0, _MASKED, bit, bit))
    for request in seccomp.TERMINAL_INPUT:
        yield _refused(["ioctl"], errno.EPERM, _argument(1, _MASKED, _WORD, request))
    # Asking for the personality is refused with setting it: no condition can tell them apart here.
    yield _refused(["personality"], errno.EPERM, _argument(0, _DIFFERENT, 0))
    yield from _modes()
    # Other processes of the container are our server's, which has the programs' own user.
    for call, (*_, place, kind) in syscalls.ON_PROCESSES.items():
        if kind is not None:
            yield _refused([call], errno.EPERM, _argument(0, _DIFFERENT, kind))
        yield _refused([call], errno.EPERM, _argument(place, _DIFFERENT, 0))


def _modes() -> Iterator[dict[str, Any]]:
    """Set-id bits, at birth or later."""
    for bit in _bits(seccomp.SET_ID):
        for call, (*_, place) in {**seccomp.CHMOD, **seccomp.MAKING}.items():
            yield _refused([call], errno.EPERM, _argument(place, _MASKED, bit, bit))
        for call, (*_, place) in seccomp.OPENING.items():
            for flag in _bits(seccomp.CREATING):
                making = _argument(place - 1, _MASKED, flag, flag)
                yield _refused([call], errno.EPERM, making, _argument(place, _MASKED, bit, bit))


def _refused(names: list[str], answer: int, *arguments: dict[str, Any]) -> dict[str, Any]:
    return {"names": names, "action": "SCMP_ACT_ERRNO", "errnoRet": answer, "args": list(arguments)}


def _argument(place: int, comparison: str, value: int, under_mask: int = 0) -> dict[str, Any]:
    """A condition; with a mask as the value, the argument under it must equal `under_mask`."""
    return {"index": place, "op": comparison, "value": value, "valueTwo": under_mask}


def _bits(mask: int) -> list[int]:
    return [1 << place for place in range(32) if mask >> place & 1]
