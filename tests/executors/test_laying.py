"""Laying blocks down in a real folder, whatever was planted there before."""

import os
import resource
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executors.blocks import BadBlock, Block, CommandBlock, EditBlock, FileBlock, Hunk
from executors.laying import Laid, Refusal, lay_down, read_text


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "workspace").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.py").write_text("SECRET\n")
    return tmp_path / "workspace"


@pytest.fixture
def secret(root: Path) -> Iterator[Path]:
    """A file outside the workspace that must be the same afterwards, with nothing beside it."""
    secret = root.parent / "outside" / "secret.py"
    yield secret
    assert secret.read_text() == "SECRET\n"
    assert os.listdir(secret.parent) == ["secret.py"]  # noqa: PTH208
    assert sorted(os.listdir(root.parent)) == ["outside", "workspace"]  # noqa: PTH208


def refusal(laid: Laid) -> Refusal:
    assert laid.changed == ()
    (refused,) = laid.refused
    return refused


def test_files_and_edits_are_laid_down_in_order(root: Path) -> None:
    blocks: list[Block] = [
        FileBlock("app/x.py", "x = 1\n"),
        FileBlock("./app//x.py", "x = 2\n"),
        EditBlock("app/x.py", (Hunk("x = 2\n", "x = 3\n"),)),
        EditBlock("app/y.py", (Hunk("", "y = 1\n"),)),
        CommandBlock("sh", "touch never"),
    ]
    assert lay_down(root, blocks) == Laid(("app/x.py", "app/y.py"), ())
    assert (root / "app/x.py").read_text() == "x = 3\n"
    assert (root / "app/y.py").read_text() == "y = 1\n"
    assert sorted(path.name for path in root.rglob("*")) == ["app", "x.py", "y.py"]


def test_only_what_is_different_counts_as_changed(root: Path) -> None:
    blocks = [FileBlock("x.py", "x = 1\n"), FileBlock("y.py", "")]
    assert lay_down(root, blocks).changed == ("x.py", "y.py")
    assert lay_down(root, blocks).changed == ()


def test_a_script_is_executable_and_nothing_else(root: Path) -> None:
    old = os.umask(0o077)
    try:
        lay_down(root, [FileBlock("run", "#!/bin/sh\n"), FileBlock("x.py", "x = 1\n")])
    finally:
        os.umask(old)
    assert stat.S_IMODE((root / "run").stat().st_mode) == 0o755
    assert stat.S_IMODE((root / "x.py").stat().st_mode) == 0o644


def test_one_refusal_does_not_stop_the_rest(root: Path) -> None:
    laid = lay_down(root, [FileBlock("../x", ""), BadBlock("name the file", None), FileBlock("y.py", "1\n")])
    assert laid.changed == ("y.py",)
    assert [(refused.path, refused.rule) for refused in laid.refused] == [("../x", "path"), (None, "block")]


def test_a_file_of_another_role_is_refused_by_its_normal_path(root: Path) -> None:
    asked = []

    def may_write(path: str) -> bool:
        asked.append(path)
        return not path.startswith("tests/")

    laid = lay_down(root, [FileBlock("./tests//x.py", ""), FileBlock("x.py", "")], may_write=may_write)
    assert asked == ["tests/x.py", "x.py"]
    assert laid.changed == ("x.py",)
    assert laid.refused[0].rule == "owner"


def test_a_hunk_that_does_not_apply_leaves_the_file_alone(root: Path) -> None:
    (root / "x.py").write_text("a = 1\nb = 2\n")
    laid = lay_down(root, [EditBlock("x.py", (Hunk("a = 1", "a = 3"), Hunk("b = 3", "b = 4")))])
    assert refusal(laid).rule == "edit"
    assert "    2| b = 2" in refusal(laid).message
    assert (root / "x.py").read_text() == "a = 1\nb = 2\n"


def test_an_edit_of_a_missing_file_makes_no_folders(root: Path) -> None:
    assert refusal(lay_down(root, [EditBlock("a/b/x.py", (Hunk("a", "b"),))])).rule == "edit"
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("block", [FileBlock("x.py", "new\n"), EditBlock("x.py", (Hunk("SECRET", "new"),))])
def test_a_planted_link_is_not_followed(root: Path, secret: Path, block: Block) -> None:
    (root / "x.py").symlink_to(secret)
    assert refusal(lay_down(root, [block])).rule == "path"
    assert read_text(root, "x.py") is None
    assert (root / "x.py").is_symlink()


@pytest.mark.parametrize("target", ["../outside", "/tmp", ".", "missing", "../outside/missing"])
def test_a_planted_link_to_a_folder_is_not_entered(root: Path, secret: Path, target: str) -> None:
    (root / "src").symlink_to(target)
    blocks: list[Block] = [FileBlock("src/secret.py", "new\n"), FileBlock("src/a/b.py", "new\n")]
    laid = lay_down(root, [*blocks, EditBlock("src/secret.py", (Hunk("SECRET", "new"),))])
    assert laid.changed == ()
    assert [refused.rule for refused in laid.refused] == ["path"] * 3
    assert read_text(root, "src/secret.py") is None


def test_a_hard_link_is_replaced_and_never_written_through(root: Path, secret: Path) -> None:
    (root / "x.py").hardlink_to(secret)
    assert read_text(root, "x.py") is None
    assert refusal(lay_down(root, [EditBlock("x.py", (Hunk("SECRET", "new"),))])).rule == "path"
    assert lay_down(root, [FileBlock("x.py", "SECRET\n")]).changed == ("x.py",)
    assert (root / "x.py").stat().st_ino != secret.stat().st_ino


def test_pipes_and_sockets_are_neither_waited_on_nor_replaced(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(root / "pipe")
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as planted:
        planted.bind("socket")
        for name in ("pipe", "socket"):
            assert read_text(root, name) is None
            assert refusal(lay_down(root, [FileBlock(name, "x")])).rule == "path"
            assert refusal(lay_down(root, [EditBlock(name, (Hunk("a", "b"),))])).rule == "path"


def test_a_folder_where_a_file_is_wanted_and_the_other_way_round(root: Path) -> None:
    (root / "folder").mkdir()
    (root / "file").write_text("")
    assert refusal(lay_down(root, [FileBlock("folder", "x")])).message == "folder is a folder"
    assert refusal(lay_down(root, [FileBlock("file/x.py", "x")])).rule == "path"
    assert read_text(root, "folder") is None
    assert read_text(root, "file/x.py") is None


@pytest.mark.parametrize("path", ["src/x.py", "SRC/y.py", "Src/Y.PY", "Src/cafe\u0301.py".upper()])
def test_another_spelling_of_what_is_there_is_refused(root: Path, path: str) -> None:
    (root / "Src").mkdir()
    (root / "Src" / "y.py").write_text("")
    (root / "Src" / "caf\u00e9.py").write_text("")
    assert "differs only in letter case" in refusal(lay_down(root, [FileBlock(path, "x")])).message


def test_two_spellings_in_one_answer_are_refused_too(root: Path) -> None:
    laid = lay_down(root, [FileBlock("app/User.py", "x"), FileBlock("app/user.py", "y")])
    assert laid.changed == ("app/User.py",)
    assert laid.refused[0].rule == "path"


@pytest.mark.parametrize(
    ("content", "message"), [("x" * 2_000_001, "2,000,000 are allowed"), ("\ud800", "not valid Unicode")]
)
def test_a_content_that_cannot_be_a_text_file(root: Path, content: str, message: str) -> None:
    refused = refusal(lay_down(root, [FileBlock("x.txt", content)]))
    assert refused.rule == "block"
    assert message in refused.message
    assert list(root.iterdir()) == []


def test_an_edit_of_what_is_no_text_or_too_large_is_refused(root: Path) -> None:
    (root / "x.bin").write_bytes(b"\xff\xfe")
    with (root / "big").open("wb") as big:
        big.truncate(1 << 40)
    hunks = (Hunk("a", "b"),)
    laid = lay_down(root, [EditBlock("x.bin", hunks), EditBlock("big", hunks)])
    assert [refused.rule for refused in laid.refused] == ["edit", "path"]
    assert read_text(root, "x.bin") == "\ufffd\ufffd"
    assert read_text(root, "big") is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter every folder")
def test_a_folder_closed_by_the_code_is_a_refusal(root: Path) -> None:
    (root / "closed").mkdir(0)
    try:
        assert refusal(lay_down(root, [FileBlock("closed/x.py", "x")])).rule == "path"
    finally:
        (root / "closed").chmod(0o700)


def test_the_path_of_a_refusal_prints_on_one_line(root: Path) -> None:
    refused = refusal(lay_down(root, [FileBlock("\x1b]0;title\x07\n" * 99, "x")]))
    assert refused.path is not None
    assert refused.path.isprintable()
    assert len(refused.path) <= 300


def test_a_full_disk_leaves_the_old_file_whole(root: Path) -> None:
    """A limit on file size fails a write in the middle, as a full disk does."""
    lay_down(root, [FileBlock("x.py", "old\n")])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            lay_down(root, [FileBlock("x.py", "x" * 100_000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [(path.name, path.read_text()) for path in root.iterdir()] == [("x.py", "old\n")]


def test_a_workspace_that_is_not_there_is_the_callers_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        lay_down(tmp_path / "missing", [FileBlock("x.py", "x")])


parts = st.sampled_from(
    [
        "..",
        ".",
        "",
        "~",
        "src",
        "SRC",
        "x.py",
        "link",
        "loop",
        "pipe",
        "file",
        ".git",
        ".GIT ",
        "con",
        "a\0",
        "\n",
    ]
)
paths = st.one_of(st.lists(parts, min_size=1, max_size=5).map("/".join), st.text(max_size=20))
blocks = st.one_of(
    st.builds(FileBlock, paths, st.text(max_size=20)),
    st.builds(
        EditBlock, paths, st.lists(st.builds(Hunk, st.text(max_size=3), st.text()), max_size=2).map(tuple)
    ),
    st.builds(BadBlock, st.text(), st.none() | paths),
)


@given(st.lists(blocks, max_size=6))
def test_nothing_outside_is_touched_and_nothing_raises(
    tmp_path_factory: pytest.TempPathFactory, answer: list[Block]
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "x.py").write_text("canary")
    root = outside / "workspace"
    (root / "src").mkdir(parents=True)
    (root / "link").symlink_to(outside)
    (root / "loop").symlink_to("loop")
    (root / "file").hardlink_to(outside / "x.py")
    os.mkfifo(root / "pipe")
    lay_down(root, answer)
    assert (outside / "x.py").read_text() == "canary"
    assert sorted(path.name for path in outside.iterdir()) == ["workspace", "x.py"]
    assert not [path for path in root.rglob("*") if path.name.casefold().strip(" .") == ".git"]
    assert not list(root.rglob("*.part"))
