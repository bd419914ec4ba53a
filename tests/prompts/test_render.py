from pathlib import Path

import pytest

import prompts


def test_the_users_template_wins_over_ours(tmp_path: Path) -> None:
    (tmp_path / "turns").mkdir()
    (tmp_path / "turns" / "code.md.j2").write_text("Only this: {{ requirements }}\n")
    assert prompts.render("turns/code.md.j2", tmp_path, requirements="a clock") == "Only this: a clock\n"


def test_a_name_that_is_not_given_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.md.j2").write_text("{{ nobody }}")
    with pytest.raises(prompts.PromptError, match="'nobody' is undefined"):
        prompts.render("x.md.j2", tmp_path)


def test_a_mistake_in_a_template_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "x.md.j2").write_text("fine\n{% if %}")
    with pytest.raises(prompts.PromptError, match=r"x\.md\.j2, line 2"):
        prompts.render("x.md.j2", tmp_path)


def test_a_missing_template_is_named() -> None:
    with pytest.raises(prompts.PromptError, match=r"nothing\.md\.j2"):
        prompts.render("nothing.md.j2")


def test_values_are_not_escaped_and_the_last_newline_stays(tmp_path: Path) -> None:
    (tmp_path / "x.py.j2").write_text("{% if deep %}\n    {{ code }}\n{% endif %}\n")
    assert prompts.render("x.py.j2", tmp_path, code="a < b", deep=True) == "    a < b\n"
