"""Which migration a new one follows, where people have written some since."""

import pytest

from team.regeneration.revisions import follow_newest


def revision(name: str, before: str | None) -> str:
    follows = "None" if before is None else f'"{before}"'
    facts = f'revision: str = "{name}"\ndown_revision: str | None = {follows}\n'
    return f'"""It.\n\nFollows: {before}\n"""\n\n{facts}'


NEW = {"0002_b.py": revision("0002", "0001")}
FIRST = {"0001_a.py": revision("0001", None)}


@pytest.mark.parametrize(
    ("there", "followed"),
    [
        (FIRST, None),
        (FIRST | {"x.py": revision("x", "0001")}, "x"),
        (FIRST | {"x.py": revision("x", "0001"), "y.py": revision("y", "x")}, "y"),
        (FIRST | {"x.py": revision("x", "0001"), "y.py": revision("y", "0001")}, None),
        (FIRST | {"other.py": revision("other", None)}, None),
        (FIRST | {"broken.py": "def ("}, None),
        ({"x.py": revision("x", "x")}, None),
        ({}, None),
    ],
    ids=[
        "nothing new",
        "one more",
        "two more",
        "two heads",
        "another chain",
        "broken",
        "a circle",
        "nothing",
    ],
)
def test_it_follows_the_one_newest_of_its_own_chain(there: dict[str, str], followed: str | None) -> None:
    moved = follow_newest(NEW, there)
    assert moved == ({} if followed is None else {"0002_b.py": revision("0002", followed)})
