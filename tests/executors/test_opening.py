import socket
import sys
import venv
from pathlib import Path

import pytest

from executors import EnvironmentUnavailable, Limits, open_executor, open_tools
from executors.bubblewrap import find_bubblewrap

OURS = Path(sys.executable)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "x.py").write_text("import os\n")
    return tmp_path / "tree"


@pytest.mark.parametrize("name", ["auto", "local", "unconfined"])
def test_executor_is_opened_by_name(name: str, tree: Path) -> None:
    with open_executor(name, work_dir=tree, python=OURS) as executor:
        assert executor.run(["python", "x.py"]).ok
        assert executor.name == ("local" if name == "auto" else name)
        assert ("unconfined" in executor.tier) == (name == "unconfined")


def test_unknown_name_is_a_mistake_of_the_caller(tree: Path) -> None:
    with pytest.raises(ValueError, match="'podman'"):
        open_executor("podman", work_dir=tree, python=OURS)


def test_workspace_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError, match="nowhere"):
        open_executor(work_dir=tmp_path / "nowhere", python=OURS)


def test_confining_program_is_never_taken_from_the_workspace(tmp_path: Path) -> None:
    program = find_bubblewrap(tmp_path)
    assert program is not None
    assert find_bubblewrap(program.parent) != program


def test_interpreter_without_pytest_is_refused(tree: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    with pytest.raises(EnvironmentUnavailable, match="has no pytest") as refusal:
        open_executor(work_dir=tree, python=tmp_path / "bare/bin/python")
    assert "pip install pytest" in refusal.value.mend


def test_interpreter_that_is_none_is_refused(tree: Path) -> None:
    with pytest.raises(EnvironmentUnavailable, match="cannot be used"):
        open_executor(work_dir=tree, python=tree / "x.py")


def test_packages_do_not_go_into_an_interpreter_of_the_user(tree: Path) -> None:
    with pytest.raises(EnvironmentUnavailable, match="of your own"):
        open_executor(work_dir=tree, python=OURS, packages=["requests"])


def test_readable_paths_are_seen_at_their_own_place(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "shown").write_text("shown")
    (tmp_path / "hidden").write_text("hidden")
    show = ["sh", "-c", f"cat {tmp_path}/shown; cat {tmp_path}/hidden; echo x > {tmp_path}/shown"]
    with open_executor("local", work_dir=tree, python=OURS, readable=[tmp_path / "shown"]) as executor:
        outcome = executor.run(show)
    assert outcome.output.startswith("shown")
    assert "hidden" not in outcome.output.replace("/hidden", "")
    assert (tmp_path / "shown").read_text() == "shown"


class TestTools:
    def test_workspace_is_read_only_and_the_cache_is_not(self, tree: Path, tmp_path: Path) -> None:
        cache = tmp_path / "cache"
        cache.mkdir()
        with open_tools(tree, cache=cache) as tools:
            assert (tools.workspace, tools.cache) == ("/workspace", "/cache")
            assert not tools.run(["touch", "y"]).ok
            assert tools.run(["touch", "/cache/y"]).ok
        assert (cache / "y").exists()

    def test_our_tools_are_on_the_path(self, tree: Path) -> None:
        with open_tools(tree) as tools:
            reported = tools.run_reporting(
                ["ruff", "check", "--isolated", "--no-cache", "--output-format", "concise", "x.py"]
            )
        assert b"F401" in reported.report
        assert reported.outcome.exit_code == 1

    def test_formatter_may_be_let_write(self, tree: Path) -> None:
        (tree / "x.py").write_text("x=1\n")
        with open_tools(tree, writable=True) as tools:
            outcome = tools.run(["ruff", "format", "--isolated", "--no-cache", "x.py"])
        assert outcome.files_changed == ("x.py",)
        assert (tree / "x.py").read_text() == "x = 1\n"

    def test_unconfined_tools_see_the_paths_as_they_are(self, tree: Path, tmp_path: Path) -> None:
        with open_tools(tree, cache=tmp_path, name="unconfined") as tools:
            assert (tools.workspace, tools.cache) == (str(tree), str(tmp_path))
            assert tools.run(["ruff", "--version"]).ok

    def test_start_is_cheap(self, tree: Path) -> None:
        with open_tools(tree) as tools:
            fastest = min(tools.run(["true"]).seconds for _ in range(5))
        assert fastest < 0.1


def test_sandbox_follows_to_another_folder(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with open_executor("local", work_dir=tree, python=OURS, limits=Limits(wall_seconds=9)) as executor:
        other = executor.over(tmp_path / "other")
        assert other.limits == executor.limits
        assert other.run(["ls"]).output == ""


def test_network_can_be_let_in(tree: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = ("127.0.0.1", server.getsockname()[1])
        connect = f"import socket; socket.create_connection({place!r}, 5); print('in')"
        with open_executor("local", work_dir=tree, python=OURS) as executor:
            assert executor.run(["python", "-c", connect], limits=Limits(network=True)).output == "in\n"
            assert not executor.run(["python", "-c", connect]).ok
            unix = ["python", "-c", "import socket; socket.socketpair(); socket.socket(1)"]
            assert "Address family" in executor.run(unix, limits=Limits(network=True)).output
