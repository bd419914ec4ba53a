from collections.abc import Callable

import pytest

from team.transcript import Transcript
from team.transcript.verify import chain_breaks

Change = Callable[[list[bytes]], list[bytes]]


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (lambda lines: lines, []),
        (lambda lines: [lines[0].replace(b'"run"', b'"api"'), *lines[1:]], ["line 1: was changed"]),
        (
            lambda lines: [lines[0], *lines[2:]],
            ["line 1: was changed", "line 2: carries the number 2"],
        ),
        (
            lambda lines: [lines[0], b"x\n", *lines[1:]],
            ["line 2: not a JSON object", "line 3: carries"],
        ),
        (lambda lines: lines[1:], ["line 1: names a line before it", "line 1: carries the number 1"]),
        (lambda lines: [*lines, b'{"torn'], ["line 15: torn off"]),
    ],
)
def test_every_change_breaks_the_chain(
    make_session: Callable[..., Transcript], change: Change, broken: list[str]
) -> None:
    path = make_session().folder / "transcript.jsonl"
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))
    breaks = chain_breaks(path)
    assert len(breaks) >= len(broken) and bool(breaks) == bool(broken)
    assert all(found.startswith(expected) for found, expected in zip(breaks, broken, strict=False))
