import sys
from pathlib import Path

import pytest

from executors import EnvironmentUnavailable
from executors.interpreter import Interpreter, chosen_interpreter, own_interpreter


def test_our_own_needs_its_environment_and_its_base() -> None:
    own = own_interpreter()
    assert own.executable == Path(sys.executable)
    assert {Path(sys.prefix), Path(sys.base_prefix)} <= set(own.prefixes)


def test_chosen_one_is_asked_about_itself() -> None:
    chosen = chosen_interpreter(Path(sys.executable))
    assert (chosen.version, chosen.prefixes) == (own_interpreter().version, own_interpreter().prefixes)


def test_links_on_the_way_are_found(tmp_path: Path) -> None:
    prefix = tmp_path / "prefix"
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin" / "python3").touch()
    (tmp_path / "first").symlink_to("second")
    (tmp_path / "second").symlink_to(prefix / "bin" / "python3")
    links = Interpreter(tmp_path / "first", (prefix,), "3.11").links()
    assert links == ((tmp_path / "first", "second"), (tmp_path / "second", str(prefix / "bin" / "python3")))


def test_interpreter_that_would_open_the_home_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Path(sys.prefix) / "lib"
    monkeypatch.setenv("HOME", str(home))
    with pytest.raises(EnvironmentUnavailable, match="holds the home folder"):
        chosen_interpreter(Path(sys.executable))
