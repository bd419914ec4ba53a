"""Assembles classic BPF programs for seccomp.

Layout: `struct seccomp_data` in the Linux kernel's `include/uapi/linux/seccomp.h`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_ALLOW, _ERRNO, _ASK = 0x7FFF0000, 0x00050000, 0x7FC00000


@dataclass(frozen=True)
class _Instruction:
    code: int
    if_true: int
    if_false: int
    value: int

    def bytes(self) -> bytes:
        return struct.pack("=HBBI", self.code, self.if_true, self.if_false, self.value)


class Assembly:
    """Instructions with only short forward jumps, so that their 8-bit offsets always suffice."""

    def __init__(self) -> None:
        self._instructions: list[_Instruction] = []

    def _add(self, code: int, value: int, if_true: int = 0, if_false: int = 0) -> None:
        self._instructions.append(_Instruction(code, if_true, if_false, value))

    def load(self, offset: int) -> None:
        """Load the 32-bit word at this offset of the call's data (the low half, on little-endian)."""
        self._add(_LOAD, offset)

    def keep_bits(self, mask: int) -> None:
        """Keep only these bits of the loaded word."""
        self._add(_AND, mask)

    def allow(self) -> None:
        """Let the call be made."""
        self._add(_RETURN, _ALLOW)

    def refuse(self, answer: int) -> None:
        """Let the call fail with this errno."""
        self._add(_RETURN, _ERRNO | answer)

    def refuse_if(self, value: int, answer: int) -> None:
        """Refuse when the loaded word is this."""
        self._add(_JUMP_EQUAL, value, if_false=1)
        self.refuse(answer)

    def ask_if(self, value: int) -> None:
        """Leave it to the listener of the filter what to answer, when the loaded word is this."""
        self._add(_JUMP_EQUAL, value, if_false=1)
        self._add(_RETURN, _ASK)

    def refuse_from(self, value: int, answer: int) -> None:
        """Refuse when the loaded word is this or more."""
        self._add(_JUMP_AT_LEAST, value, if_false=1)
        self.refuse(answer)

    def unless_equal(self, value: int, answer: int) -> None:
        """Refuse when the loaded word is not this."""
        self._add(_JUMP_EQUAL, value, if_true=1)
        self.refuse(answer)

    def allow_if(self, values: Iterable[int]) -> None:
        """Allow when the loaded word is one of these."""
        for value in values:
            self._add(_JUMP_EQUAL, value, if_false=1)
            self.allow()

    def call(self, number: int, body: Assembly) -> None:
        """Run the body, which ends in an answer, when the loaded word is this call's number."""
        self._add(_JUMP_EQUAL, number, if_false=len(body._instructions))
        self._instructions += body._instructions

    def bytes(self) -> bytes:
        """The program as an array of `struct sock_filter`, in this machine's byte order."""
        return b"".join(instruction.bytes() for instruction in self._instructions)
