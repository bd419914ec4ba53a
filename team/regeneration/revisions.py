"""A new migration in a folder in which people have written migrations too: it follows the newest of all."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

FOLDER = "alembic/versions"
_FOLLOWS = re.compile(r"""^(down_revision\b[^=\n]*=\s*)(["'])[^"'\n]*\2""", re.MULTILINE)


def follow_newest(new: Mapping[str, str], there: Mapping[str, str]) -> dict[str, str]:
    """The new migrations that have to follow others than they say, as they should be.

    Args:
        new: migrations that are about to be written, path → text.
        there: those that are there, without the new ones.
    """
    chain = _chain(there)
    followed = set(chain.values())
    moved: dict[str, str] = {}
    for path, text in new.items():
        before = _facts(text).get("down_revision")
        heads = [name for name in chain if name not in followed and _descends(name, before, chain)]
        if before in chain and before in followed and len(heads) == 1:
            following = _FOLLOWS.sub(rf"\g<1>\g<2>{heads[0]}\g<2>", text, count=1)
            moved[path] = following.replace(f"\nFollows: {before}\n", f"\nFollows: {heads[0]}\n", 1)
    return moved


def _chain(files: Mapping[str, str]) -> dict[str, str | None]:
    """Revision → the one that it follows."""
    facts = [_facts(text) for text in files.values()]
    return {str(each["revision"]): each.get("down_revision") for each in facts if each.get("revision")}


def _descends(name: str, from_: str | None, chain: Mapping[str, str | None]) -> bool:
    seen: set[str] = set()
    at: str | None = name
    while at is not None and at not in seen:
        if at == from_:
            return True
        seen.add(at)
        at = chain.get(at)
    return False


def _facts(text: str) -> dict[str, str | None]:
    """The constants of a migration; empty for what is no Python."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError):
        return {}
    facts: dict[str, str | None] = {}
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(value))):
                facts[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str(value))):
                facts[name] = value
    return facts
