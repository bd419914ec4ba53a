"""Sessions in which templates write first, and a model only what they cannot know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.open_rules import ANSWERS, APPROVING, DELETING, SPEC
from support.openai_server import OpenAIServer, Recorded
from support.tapes import file_block

from team.config import CodeGenerationConfig
from team.replaying import recorded_config, replay_session
from team.result import GenerationResult, Reason
from team.session import run_session
from team.specs import load_spec
from team.transcript import Transcript

NOTE = {"name": "Note", "fields": [{"name": "title", "type": "string"}]}
ARCHIVE = {
    "endpoints": [
        {
            "path": "/api/notes",
            "method": "POST",
            "request_schema": {"title": "string"},
            "response_schema": {"id": "integer", "title": "string"},
        },
        {
            "path": "/api/notes/count-words",
            "method": "POST",
            "description": "Count the words of a text",
            "request_schema": {"text": "string"},
            "response_schema": {"words": "integer"},
        },
    ]
}


@dataclass
class Played:
    result: GenerationResult
    requests: list[Recorded]

    @property
    def steps(self) -> list[str]:
        """The steps in which something was said."""
        return [e.step for e in Transcript.open(self.result.path).events("message")]  # type: ignore[attr-defined]


def play(tmp_path: Path, spec: dict[str, Any], answers: Any, kind: str = "crud", **settings: Any) -> Played:
    with OpenAIServer(answers) as server:
        told = {"model": "m", "base_url": server.url, "api_key": server.key, "work_dir": tmp_path / "ws"}
        config = CodeGenerationConfig(**told | {"gates": ("syntax", "lint")} | settings)
        return Played(run_session(load_spec(kind, spec), config), server.requests)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    yield play(tmp_path_factory.mktemp("ws"), SPEC, ANSWERS)


def test_the_model_is_asked_for_the_open_rules_only(played: Played) -> None:
    assert played.result.reason is Reason.ACCEPTED
    assert played.result.open_rules == ()
    assert (played.result.usage.calls, len(played.requests)) == (3, 3)
    assert played.steps == [
        *("start", "plan", "tests", "code", "execute"),
        *("open_tests", "open_code", "execute", "review", "sign_off"),
    ]


def test_it_costs_a_fifth_of_what_the_whole_module_would(played: Played) -> None:
    usage = played.result.usage
    files = (Path(file).read_text() for file in played.result.files if file.endswith(".py"))
    to_write_and_be_reviewed_twice = 3 * sum(map(len, files)) // 4  # what the whole would take at the least
    assert usage.prompt_tokens + usage.completion_tokens <= to_write_and_be_reviewed_twice / 4


def test_what_the_model_wrote_stands_beside_the_draft(played: Played) -> None:
    files = Path(played.result.work_dir)
    assert (files / "tests/test_invoice_rules.py").is_file()
    assert (files / "tests/test_invoices_api.py").is_file()
    schemas = (files / "app/schemas.py").read_text()
    assert "self.total_cents > 1_000_000" in schemas
    assert "class InvoiceQuery" in schemas


def test_each_is_shown_the_rules_and_what_its_work_needs(played: Played) -> None:
    tests, code, review = (request.user for request in played.requests)
    for asked in (tests, code, review):
        assert DELETING in asked and APPROVING in asked
        assert "customer_email: email" not in asked  # no whole spec
    assert "def invoice_data()" in tests and "async def remove" not in tests
    assert "async def remove" in code and "+async def test_only_a_draft_can_be_deleted(" in code
    assert "+        if invoice.status != InvoiceStatus.DRAFT:" in review
    assert "async def find" not in review
    assert "README.md" in tests and "# Invoices" not in tests


@pytest.mark.parametrize("answers", [ANSWERS, None], ids=["with a model", "by templates alone"])
def test_a_replay_drafts_first_too(tmp_path: Path, answers: Any) -> None:
    model: dict[str, Any] = {"model": "draft", "base_url": None, "api_key": None} if answers is None else {}
    done = play(tmp_path, SPEC, answers or [], gates=("syntax",), **model)
    folder = Path(done.result.path)
    report = replay_session(folder, config=recorded_config(folder))
    assert (report.divergences, report.result.reason) == ((), done.result.reason)
    assert report.result.open_rules == done.result.open_rules


def test_a_spec_that_leaves_nothing_open_asks_no_model(tmp_path: Path) -> None:
    done = play(tmp_path, NOTE, [], gates=("syntax",))
    assert done.result.reason is Reason.ACCEPTED
    assert done.requests == []


def test_when_the_model_fails_the_draft_is_handed_back_with_its_rules_open(tmp_path: Path) -> None:
    broken = file_block("app/repository.py", "def (")
    answers = {"test_engineer": ANSWERS["test_engineer"], "developer": [broken, broken]}
    done = play(tmp_path, SPEC, answers, gates=("syntax",), max_iterations=2, include_review=False)
    assert done.result.reason is Reason.ITERATIONS
    assert done.result.open_rules == (DELETING, APPROVING)
    assert "class InvoiceRepository" in Path(done.result.work_dir, "app/repository.py").read_text()


def test_without_a_model_that_answers_the_draft_is_there_all_the_same(tmp_path: Path) -> None:
    done = play(tmp_path, SPEC, [], gates=("syntax",))
    assert done.result.status == "failed"
    assert done.result.open_rules == (DELETING, APPROVING)
    assert Path(done.result.work_dir, "app/repository.py").is_file()


def test_another_language_is_the_models_alone(tmp_path: Path) -> None:
    done = play(tmp_path, NOTE, [], gates=("syntax",), language="go")
    assert [request.system.split("`")[1] for request in done.requests] == ["architect"]


IMPLEMENTED = """
```python
# filename: app/routers/operations.py
<<<<<<< SEARCH
{raising}
=======
    return {{"words": len(data.text.split())}}
>>>>>>> REPLACE
```
"""
COUNTED: str = file_block(
    "tests/test_counting.py",
    '''
"""Counting words."""

import pytest
from httpx import AsyncClient


@pytest.mark.asyncio
async def test_words_are_counted(client: AsyncClient) -> None:
    response = await client.post("/api/notes/count-words", json={"text": "two words"})
    assert (response.status_code, response.json()) == (200, {"words": 2})
''',
)


def test_an_operation_that_no_template_knows_is_the_models(tmp_path: Path) -> None:
    seen: list[Recorded] = []

    def answer(request: Recorded) -> str:
        seen.append(request)
        if "test engineer" in request.system:
            return COUNTED
        lines = request.user.splitlines()
        first = next(n for n, line in enumerate(lines) if "raise NotImplementedYetError" in line)
        last = next(n for n in range(first, len(lines)) if lines[n].rstrip().endswith(")"))
        return IMPLEMENTED.format(raising="\n".join(lines[first : last + 1]))

    done = play(tmp_path, ARCHIVE, answer, "api", gates=("syntax", "contract"), include_review=False)
    assert done.result.reason is Reason.ACCEPTED, done.result.gates["contract"].findings
    assert len(seen) == 2
