"""Which workspace paths are allowed. What is refused is refused on every system alike."""

import posixpath
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from executors.paths import UnsafePath, escaped, folded, safe_path


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        ("src/x.py", "src/x.py"),
        ("./src//./x.py", "src/x.py"),
        ("with space/ünïcödé 日本.txt", "with space/ünïcödé 日本.txt"),
        ("cafe\u0301.py", "caf\u00e9.py"),
        ("a..b/..c/...d", "a..b/..c/...d"),
        (".github/workflows/ci.yml", ".github/workflows/ci.yml"),
        (".gitignore", ".gitignore"),
        ("src/routes/[id]/+page.svelte", "src/routes/[id]/+page.svelte"),
        ("console.py", "console.py"),
        ("git/x", "git/x"),
        ("a" * 255, "a" * 255),
    ],
)
def test_allowed(path: str, normal: str) -> None:
    assert safe_path(path) == normal


@pytest.mark.parametrize(
    "path",
    [
        *("", ".", "./", "//", "a/", "a/."),
        *("..", "../x", "a/../b", "a/..", "./../x"),
        *("/etc/passwd", "//server/share", "~/.bashrc", "~root/x"),
        *("C:/x", "c:x", "a\\b", "\\\\server\\x", "x.py:stream"),
        *("a\0b", "a\nb", "a\rb", "a\tb", "a\x1b[2Jb", "a\x7fb", "a\x85b"),
        *("a\u2028b", "a\u202eyp.x", "a\u200bb", "\ufeffa", "a\ud800b", "a\u00adb"),
        *(".git/config", ".GIT/hooks/x", "sub/.Git/x", ".git", ".git./x", ".git /x", ".g\u200cit/x"),
        *("git~1/config", "GIT~2/x", "\uff0egit/x", ".ｇｉｔ/x", "\u2024git/x"),
        *(
            "a\uff0fb",
            "a\u2215b",
            "a\u2044b",
            "a\uff3cb",
            "a\u29f5b",
            "\u2025/x",
            "\uff0e\uff0e/x",
            "a\u2024py",
        ),
        *("con", "CON.txt", "aux.py", "src/nul/x", "com1", "LPT9.log", "com\u00b9", "prn .txt", "conin$"),
        *("a./b", "a /b", " a/b", "a/ b", "a.py ", "a.py.", "..."),
        *("a*b", "a?b", "a<b", "a>b", 'a"b', "a|b", "-rf", "src/-c.py"),
        *("a" * 256, "é" * 128, "a/" * 150 + "b", "x" * 301),
    ],
)
def test_refused(path: str) -> None:
    with pytest.raises(UnsafePath) as caught:
        safe_path(path)
    assert str(caught.value).isprintable()


names = st.text(st.one_of(st.sampled_from(".git/~\\: CONau\u200c\uff0e\u0301"), st.characters()), max_size=12)


@given(st.lists(names, max_size=4).map("/".join))
@example(".\u0301/x")
@example("\u1fef/x")
def test_an_allowed_path_stays_below_the_workspace_in_every_spelling(path: str) -> None:
    try:
        safe = safe_path(path)
    except UnsafePath as refusal:
        assert str(refusal).isprintable()
        return
    assert safe_path(safe) == safe
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        spelled = unicodedata.normalize(form, safe)
        assert spelled.count("/") == safe.count("/")
        assert not posixpath.normpath(spelled).startswith(("/", ".."))
        assert ".git" not in spelled.casefold().split("/")


def test_names_that_a_file_system_may_take_for_one() -> None:
    assert folded("README.md") == folded("readme.MD")
    assert folded("caf\u00e9") == folded("CAFE\u0301")
    assert folded("straße") == folded("STRASSE")
    assert folded("a.py") != folded("b.py")


def test_escaped_text_prints_on_one_line() -> None:
    assert escaped("a\n\x1b[31mé\u202e") == "a\\n\\x1b[31mé\\u202e"
