"""Many-to-many relationships of a drafted service, held against their spec in a real sandbox."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from executors import Executor, SandboxUnavailable, open_executor
from team.gates import make_target
from team.gates.base import GateResult
from team.gates.contract.http.web import judged, promised
from team.generators.crud import CrudDraft
from team.specs import CrudSpec

SPEC = CrudSpec.model_validate(
    {
        "entities": [
            {
                "name": "Invoice",
                "fields": [{"name": "number", "type": "string", "unique": True}],
                "relationships": [{"name": "tags", "target": "Tag", "kind": "many_to_many"}],
            },
            {"name": "Tag", "fields": [{"name": "label", "type": "string"}]},
        ]
    }
)
Judge = Callable[..., GateResult]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Executor]:
    try:
        with open_executor("auto", work_dir=tmp_path_factory.mktemp("links")) as executor:
            yield executor
    except SandboxUnavailable as missing:
        pytest.skip(f"no sandbox on this machine: {missing}")


@pytest.fixture(scope="module")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("drafted")
    for path, text in CrudDraft(SPEC).code().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.fixture
def judge_with(drafted: Path, sandbox: Executor, tmp_path: Path) -> Judge:
    def judge(path: str = "app/main.py", old: str = "", new: str = "") -> GateResult:
        root = shutil.copytree(drafted, tmp_path / "files")
        text = (root / path).read_text()
        assert old in text
        (root / path).write_text(text.replace(old, new) if old else text)
        return judged(make_target(root, sandbox.over(root), spec=SPEC), promised(SPEC), None)

    return judge


def test_a_drafted_relationship_keeps_its_promises(judge_with: Judge) -> None:
    result = judge_with()
    assert (result.status, result.findings) == ("pass", ())
    assert result.why.startswith("15 operations, ")


@pytest.mark.parametrize(
    ("path", "old", "new", "told"),
    [
        ("app/repository.py", "            await self._session.execute(pair)\n", "",
         "GET /invoices/{id}/tags: the list of pairs does not have a row that was stored"),
        ("app/repository.py", "        except IntegrityError:\n            await self._session.rollback()",
         "        except StaleDataError:\n            await self._session.rollback()",
         "PUT /invoices/{id}/tags/{tag_id}: making a pair that is there is answered with an exception"),
        ("app/repository.py", "        if found is None:\n", "        if found is None and not tag_id:\n",
         "DELETE /invoices/{id}/tags/{tag_id}: taking a pair apart that is none is answered with 204"),
        ("app/routers/invoices.py", '@router.put("/{invoice_id}/tags/', '@router.post("/{invoice_id}/tags/',
         "PUT /invoices/{id}/tags/{tag_id}: the service does not have it"),
        ("app/routers/invoices.py", "responses=NO_TAGS", "responses={}",
         "PUT /invoices/{id}/tags/{tag_id}: the status 404 is not documented"),
        ("alembic/versions/0001_create_invoices_tags_and_invoice_tags.py", 'ondelete="CASCADE"',
         'ondelete="RESTRICT"', "DELETE /invoices/{id}: deleting an invoice is answered with"),
    ],
)  # fmt: skip
def test_what_breaks_a_relationship_is_named(
    judge_with: Judge, path: str, old: str, new: str, told: str
) -> None:
    result = judge_with(path, old, new)
    assert result.status == "fail"
    assert any(finding.message.startswith(told) for finding in result.findings), result.findings
