"""Drafts pass every gate in a real sandbox, for plain specs and for nasty ones."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from executors import Executor, SandboxUnavailable, open_executor
from team.errors import SpecError
from team.gates import judge, make_target
from team.gates.base import GateSettings
from team.generators.crud import CrudDraft
from team.specs import CrudSpec, load_spec

INVOICES = Path(__file__).resolve().parents[3] / "examples" / "invoices.yaml"

EVERYTHING = """
name: OrderItem
fields:
  - {name: sku, type: string, max_length: 12, min: 2, unique: true}
  - {name: label, type: string}
  - {name: body, type: text, max_length: 500, required: false}
  - {name: count, type: integer, min: 1, max: 99}
  - {name: big, type: integer, required: false}
  - {name: ratio, type: number, min: 0, max: 1}
  - {name: weight, type: number, required: false, default: 1.5}
  - {name: price, type: decimal, min: 0.01, max: 999999.99}
  - {name: rate, type: decimal, required: false}
  - {name: active, type: boolean, default: true}
  - {name: date, type: date, min: 2000-01-01}
  - {name: paid_on, type: date, required: false}
  - {name: at, type: datetime}
  - {name: later, type: datetime, required: false, default: "2030-01-31T12:00:00Z"}
  - {name: token, type: uuid, unique: true}
  - {name: email, type: email, unique: true, required: false}
  - {name: contact, type: email, max_length: 60}
  - {name: settings, type: json, default: {a: 1}}
  - {name: extra, type: json, required: false}
  - {name: kind, type: enum, values: [a-b, a_b, "2fa", Größe]}
  - {name: size, type: enum, values: [s, m], required: false, default: m}
  - {name: order, type: integer, min: 0}
  - {name: page, type: integer, default: 3}
  - {name: status, type: string, default: "say \\"hi\\" it's {x}"}
  - {name: limit, type: integer, required: false, max: 5}
business_rules:
  - {rule: "later is None or later >= at", message: "\\"later\\" is {not} earlier, it's later"}
  - {rule: "kind != 'a-b' or price * 2 < 1000", message: too dear for this kind}
  - "ratio > 0.1"
"""

RELATED = """
entities:
  - name: Person
    fields:
      - {name: name, type: string, unique: true}
      - {name: parent_id, type: integer, references: Person.id, required: false, on_delete: set_null}
  - name: Category
    fields:
      - {name: title, type: string}
      - {name: owner_id, type: integer, references: Person.id}
  - name: News
    fields:
      - {name: headline, type: string, unique: true}
      - {name: category_id, type: integer, references: Category.id, on_delete: cascade}
      - {name: status, type: enum, values: [open, closed], default: open}
    business_rules:
      - rule: "status == 'open' or len(headline) >= 12"
        message: a closed one has a long headline, so that everybody who reads it knows what it was about
"""


def draft(text: str) -> CrudDraft:
    spec = load_spec("crud", yaml.safe_load(text.replace("2000-01-01", '"2000-01-01"')))
    assert isinstance(spec, CrudSpec)
    return CrudDraft(spec)


def tree(of: CrudDraft) -> dict[str, str]:
    return {**of.code(), **of.tests()}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Executor]:
    root = tmp_path / "files"
    root.mkdir()
    try:
        with open_executor("auto", work_dir=root) as executor:
            yield executor
    except SandboxUnavailable as missing:
        pytest.skip(f"no sandbox on this machine: {missing}")


def write(of: CrudDraft, root: Path) -> None:
    for path, content in tree(of).items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)


def test_a_draft_of_every_type_passes_the_gates(sandbox: Executor) -> None:
    write(draft(EVERYTHING), sandbox.work_dir)
    target = make_target(sandbox.work_dir, sandbox, GateSettings(coverage_floor=95, timeout=120))
    results = judge(target, ["syntax", "lint", "types", "security", "coverage"])
    assert {result.name: result.status for result in results if result.status != "pass"} == {}
    # bandit takes the example of a field that is called token for a password.
    assert {finding.rule for result in results for finding in result.findings} <= {"B105"}


def test_a_draft_of_related_entities_passes_its_own_tests(sandbox: Executor) -> None:
    write(draft(RELATED), sandbox.work_dir)
    outcome = sandbox.run(["python", "-m", "pytest", "-q", "-W", "error"])
    assert outcome.ok, outcome.output
    target = make_target(sandbox.work_dir, sandbox, GateSettings())
    assert [result.status for result in judge(target, ["lint", "types"])] == ["pass", "pass"]


def test_the_same_spec_gives_the_same_bytes() -> None:
    assert tree(draft(EVERYTHING)) == tree(draft(EVERYTHING))
    assert draft(RELATED).plan() == draft(RELATED).plan()


def test_the_layout_is_the_promised_one() -> None:
    of = draft(RELATED)
    assert {
        "app/main.py",
        "app/models.py",
        "app/schemas.py",
        "app/repository.py",
        "app/database.py",
    } <= of.code().keys()
    assert {"app/routers/people.py", "app/routers/news.py", "README.md", "Dockerfile"} <= of.code().keys()
    assert all(path.startswith("tests/") for path in of.tests())
    assert {
        "tests/test_people_api.py",
        "tests/test_categories_api.py",
        "tests/conftest.py",
    } <= of.tests().keys()
    assert "/categories" in of.plan()


def test_conftest_holds_fixtures_only() -> None:
    module = ast.parse(draft(RELATED).tests()["tests/conftest.py"])
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert functions
    assert all("fixture" in ast.unparse(node.decorator_list[0]) for node in functions)


def test_what_is_not_needed_is_not_there() -> None:
    plain = "name: Thing\nfields: [{name: size, type: integer}]\n"
    schemas = draft(plain).code()["app/schemas.py"]
    assert "Decimal" not in schemas
    assert "model_validator" not in schemas
    assert "IntegrityError" not in draft(plain).code()["app/repository.py"]
    assert "schemathesis.toml" not in draft(plain).code()


def test_the_review_finds_everything_in_the_draft_and_misses_what_is_taken_out() -> None:
    of = draft(INVOICES.read_text())
    files = tree(of)
    assert of.review(files) == []

    def without(path: str, old: str, new: str = "") -> list[str]:
        assert old in files[path]
        return of.review(files | {path: files[path].replace(old, new)})

    assert without("app/main.py", "def create_app", "def") == ["app/main.py is not Python"]
    assert without("app/schemas.py", "self.total_cents <= 0", "self.total_cents < 0") == [
        "the business rule `status != 'paid' or total_cents > 0` of Invoice is not implemented: "
        "a paid invoice has a positive total"
    ]
    assert without("app/schemas.py", "    note: Text | None = None\n") == [
        "the schema InvoiceCreate has no field note",
        "the schema InvoiceUpdate has no field note",
        "the schema InvoiceRead has no field note",
    ]
    assert without("app/routers/invoices.py", "@router.delete", "@router.head") == [
        "there is no route DELETE /invoices/{id}"
    ]
    assert "there is no table Invoice" in of.review({})


def test_rules_that_exclude_each_other_are_named() -> None:
    with pytest.raises(SpecError, match="no example of A was found that keeps all its business rules"):
        draft("name: A\nfields: [{name: a, type: integer}]\nbusiness_rules: [a > 5, a < 3]\n")


def test_prose_stays_open() -> None:
    text = INVOICES.read_text() + "  - Reminders are sent weekly\n"
    spec = load_spec("crud", yaml.safe_load(text))
    assert spec.prose_rules() == ("Reminders are sent weekly",)
    assert "- Reminders are sent weekly" in draft(text).plan()


def many_fields(number: int) -> dict[str, Any]:
    kinds = ["string", "integer", "decimal", "date", "boolean", "email"]
    fields = [{"name": f"field_{n}", "type": kinds[n % 6], "required": n % 2 == 0} for n in range(number)]
    return {"name": "Wide", "fields": fields}


def test_sixty_fields_are_no_trouble() -> None:
    spec = load_spec("crud", many_fields(60))
    assert isinstance(spec, CrudSpec)
    of = CrudDraft(spec)
    files = tree(of)
    assert of.review(files) == []
    assert all(ast.parse(text) for path, text in files.items() if path.endswith(".py"))
