import pytest

from executors.output import Capture, harmless


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"plain\ttext\n", "plain\ttext\n"),
        ("naïve ✓ 漢字 \U0001f600".encode(), "naïve ✓ 漢字 \U0001f600"),
        (b"\xff\xfe half", "�� half"),
        (b"nul \x00 bell \x07 back \x08", "nul \\x00 bell \\x07 back \\x08"),
        (b"\x1b[1;31mred\x1b[0m \x1b[2J\x1b[H", "red "),
        (b"\x1b]0;title\x07a\x1b]52;c;Y2xpcA==\x1b\\b", "ab"),
        (b"\x1b]8;;http://evil.invalid\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"unfinished \x1b]0;title", "unfinished \\x1b]0;title"),
        ("c1 \x9b31m".encode(), "c1 \\x9b31m"),
        ("moc.\u202eexe".encode(), "moc.\\u202eexe"),
        ("hidden \U000e0041\u200b\ufeff".encode(), "hidden \\U000e0041\\u200b\\ufeff"),
        (b"10%\r20%\r\nend", "10%\n20%\nend"),
        ("one\u2028line".encode(), "one\\u2028line"),
    ],
)
def test_text_cannot_act(written: bytes, read: str) -> None:
    assert harmless(written) == read


def test_hostile_escapes_take_linear_time() -> None:
    assert len(harmless(b"\x1b]" * 200_000 + b"\x1b[" + b"0;" * 200_000)) > 400_000


def test_short_output_is_kept_whole() -> None:
    capture = Capture(10)
    for piece in (b"01234", b"56789"):
        capture.add(piece)
    assert capture.text() == "0123456789"


def test_long_output_loses_its_middle() -> None:
    capture = Capture(8)
    for _ in range(1000):
        capture.add(b"head")
    capture.add(b"tail")
    assert capture.text() == "head\n[… 3996 bytes cut …]\ntail"


@pytest.mark.parametrize("keep", range(2, 40))
@pytest.mark.parametrize(
    "piece", ["é", "漢", "\U0001f600", "\x1b[31m", "\x1b]0;t\x07", "\x1b]8;;u\x1b\\", "\x1b(B"]
)
def test_a_cut_leaves_no_half_of_a_character_or_escape_sequence(keep: int, piece: str) -> None:
    capture = Capture(keep)
    for _ in range(2000):
        capture.add(f"{piece}a".encode())
    head, mark, tail = capture.text().split("\n")
    kept = piece if not piece.startswith("\x1b") else ""
    assert set(head + tail) <= set(f"{kept}a")
    assert mark.endswith("bytes cut …]")


def test_the_number_of_bytes_that_were_cut_is_told() -> None:
    capture = Capture(6)
    capture.add("éé".encode() * 100)
    head, mark, tail = capture.text().split("\n")
    assert int(mark.split()[1]) == 400 - len((head + tail).encode())


def test_one_giant_line_stays_small_in_memory() -> None:
    capture = Capture(1000)
    for _ in range(200):
        capture.add(b"x" * 262_144)
    assert len(capture.text()) < 1100
    assert len(capture._tail) < 300_000
