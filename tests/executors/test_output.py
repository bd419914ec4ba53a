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


def test_character_cut_in_two_is_no_trouble() -> None:
    capture = Capture(5)
    capture.add("é".encode() * 100)
    assert "bytes cut" in capture.text()
