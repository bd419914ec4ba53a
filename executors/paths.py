"""Which paths may be written in a workspace.

A path is allowed when it means the same file on every system: what one system takes as a separator, a
device, the parent folder or another spelling of ``.git`` is refused on all.
"""

from __future__ import annotations

import unicodedata

LONGEST_PATH = 300
"""Characters of a whole path."""

LONGEST_NAME = 255
"""UTF-8 bytes of one component."""

_NOT_PORTABLE = frozenset('<>"|?*:')
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in "0123456789"}
)
# Look like a separator, a colon or a dot without being compatibility forms of them.
_LOOK_ALIKES = frozenset("∕⁄╱⧸⟋⧵⧹∖╲⟍꞉∶ː׃ꓽ‧·∙⋅")
_REFUSED_CATEGORIES = {
    "Cc": "a control character",
    "Cf": "an invisible character",
    "Cs": "half a character",
    "Co": "a private character",
    "Cn": "an unassigned character",
    "Zl": "a line separator",
    "Zp": "a paragraph separator",
}


class UnsafePath(ValueError):
    """A path that is not written to; the message says why, in words for the author."""


def safe_path(path: str) -> str:
    """Return the workspace path in its one normal form: POSIX, relative, NFC, without ``.`` and ``//``.

    Raises:
        UnsafePath: the path could mean something outside the workspace, its ``.git``, or different
            files on different systems.
    """
    if len(path) > LONGEST_PATH:
        raise UnsafePath(f"the path has {len(path)} characters, {LONGEST_PATH} are allowed")
    _check_characters(path)
    path = unicodedata.normalize("NFC", path)
    if path.startswith(("/", "~")):
        raise UnsafePath("paths are relative to the workspace: no leading '/' or '~'")
    if path.endswith(("/", "/.")):
        raise UnsafePath("the path names a folder, not a file")
    names = [name for name in path.split("/") if name not in ("", ".")]
    if not names:
        raise UnsafePath("the path is empty")
    for name in names:
        _check_name(name)
    return "/".join(names)


def folded(name: str) -> str:
    """Return the form under which file systems that ignore case and composition keep a name."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def escaped(text: str) -> str:
    """Return a text of unknown origin fit for one line of a report: what does not print is escaped."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _check_characters(path: str) -> None:
    if "\\" in path:
        raise UnsafePath("folders are separated by '/', never by '\\'")
    for char in path:
        if char in _NOT_PORTABLE:
            raise UnsafePath(f"the path contains {char!r}, which not every system allows")
        if " " <= char <= "~":
            continue
        kind = _REFUSED_CATEGORIES.get(unicodedata.category(char))
        if kind is not None:
            raise UnsafePath(f"the path contains {kind} ({_code(char)})")
        if char in _LOOK_ALIKES or set(unicodedata.normalize("NFKC", char)) & set('./\\:~ <>"|?*'):
            raise UnsafePath(f"the path contains {_code(char)}, which looks like another character")


def _check_name(name: str) -> None:
    if name == "..":
        raise UnsafePath("'..' leaves the workspace or goes in a circle: give the plain path")
    if name != name.strip(" ") or name.endswith("."):
        raise UnsafePath(f"{name!r} begins or ends with a space, or ends with a dot")
    if name.startswith("-"):
        raise UnsafePath(f"{name!r} begins with '-', which programs take for an option")
    if len(name.encode("utf-8")) > LONGEST_NAME:
        raise UnsafePath(f"a name in the path is longer than {LONGEST_NAME} bytes")
    plain = unicodedata.normalize("NFKC", name).casefold()
    if plain == ".git" or (plain.startswith("git~") and plain[4:].isdigit()):
        raise UnsafePath("'.git' is not part of the workspace")
    if plain.split(".")[0].rstrip(" ") in _DEVICES:
        raise UnsafePath(f"{name!r} is the name of a device on some systems: choose another")


def _code(char: str) -> str:
    return f"U+{ord(char):04X}"
