from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from executors.blocks import FileBlock, read_message
from team.models.base import Request
from team.models.draft import DraftSource, render_files

FILES = {
    "app/main.py": 'x = """\n```python\ny\n```\n"""\n',
    "app/__init__.py": "",
    "README.md": "# App\n\n```sh\nls\n```\n\n````text\nx\n````\n",
    "pyproject.toml": "[project]\n",
    "alembic.ini": "[alembic]\n",
    "Dockerfile": "FROM python:3.11\n",
    "alembic/script.py.mako": "${up_revision}\n",
    "requirements.txt": "fastapi\n",
    "schema.sql": "SELECT 1;\n",
    "openapi.json": "{}\n",
}


class TwoFiles:
    def plan(self) -> str:
        return "Build it."

    def tests(self) -> Mapping[str, str]:
        return {"tests/test_app.py": "def test_one():\n    assert True\n"}

    def code(self) -> Mapping[str, str]:
        return {"app.py": "x = 1\n"}

    def review(self, tree: Mapping[str, str]) -> list[str]:
        return [] if "app.py" in tree else ["app.py is missing"]


def draft(step: str, tree: Mapping[str, str] = {"app.py": ""}):
    return DraftSource(TwoFiles(), lambda: tree).answer(Request(agent="a", step=step, system="", user=""))


def verdict(content: str) -> dict[str, object]:
    return json.loads(content.removeprefix("```json").strip().removesuffix("```"))


@pytest.mark.parametrize("step", ["plan", "replan"])
def test_a_plan_is_prose(step):
    assert draft(step).content == "Build it."


@pytest.mark.parametrize("step", ["tests", "repair_tests"])
def test_tests_are_files(step):
    assert [block.path for block in read_message(draft(step).content)] == ["tests/test_app.py"]


@pytest.mark.parametrize("step", ["code", "repair_code"])
def test_code_is_files(step):
    assert read_message(draft(step).content) == [FileBlock("app.py", "x = 1\n")]


@pytest.mark.parametrize("step", ["review", "sign_off"])
def test_a_review_approves_when_it_finds_nothing(step):
    assert verdict(draft(step).content) == {"verdict": "approve", "findings": []}
    refused = verdict(draft(step, {}).content)
    assert refused["verdict"] == "revise"
    assert refused["findings"][0]["problem"] == "app.py is missing"


def test_a_fault_is_readable():
    assert verdict(draft("fault").content)["fault"] == "code"


def test_a_draft_costs_nothing():
    answer = draft("code")
    assert (answer.calls, answer.prompt_tokens, answer.completion_tokens, answer.cost_usd) == (0, 0, 0, 0.0)


def test_a_step_that_nobody_drafts_is_an_error():
    with pytest.raises(ValueError, match="'select'"):
        draft("select")


def test_every_kind_of_file_is_read_back_as_it_was():
    assert {block.path: block.content for block in read_message(render_files(FILES))} == FILES
