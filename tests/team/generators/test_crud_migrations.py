"""Changed specs get a next migration: it passes the gate over rows, and loses nothing without asking."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from executors import Executor, SandboxUnavailable, open_executor
from team.errors import SpecError
from team.gates import judge, make_target, warm_up
from team.gates.base import GateResult, GateSettings
from team.generators.crud import CrudDraft
from team.generators.crud.migrations import next_revision
from team.generators.migrations.tables import ForeignKey, Table, in_order, late_keys
from team.specs import CrudSpec

BEFORE = """
entities:
  - name: Customer
    fields:
      - {name: email, type: email, unique: true}
      - {name: age, type: integer, min: 0, required: false}
      - {name: nick, type: string, max_length: 40}
  - name: Order
    fields:
      - {name: customer_id, type: integer, references: Customer.id}
      - {name: status, type: enum, values: [open, done], default: open}
      - {name: total, type: integer}
"""
GROWN = """
entities:
  - name: Customer
    fields:
      - {name: email, type: email}
      - {name: age, type: integer, min: 5, max: 150}
      - {name: nick, type: text, index: true}
      - {name: code, type: string, unique: true, min: 3, max_length: 10}
      - {name: born, type: date}
      - {name: order, type: number, default: 1.5}
      - {name: favourite_id, type: integer, references: Product.id, required: false, on_delete: set_null}
  - name: Order
    fields:
      - {name: customer_id, type: integer, references: Customer.id, on_delete: cascade}
      - {name: other_id, type: integer, references: Customer.id}
      - {name: status, type: enum, values: [open, done, cancelled], default: open}
      - {name: total, type: integer}
      - {name: at, type: datetime}
      - {name: extra, type: json, default: {"a": "it's"}}
      - {name: active, type: boolean, default: true}
      - {name: token, type: uuid}
      - {name: price, type: decimal, min: 0.01}
  - name: Product
    fields:
      - {name: name, type: string}
      - {name: owner_id, type: integer, references: Customer.id, required: false}
"""
Judged = Callable[[str, str], GateResult]


def spec(text: str) -> CrudSpec:
    return CrudSpec.model_validate(yaml.safe_load(text))


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Executor]:
    try:
        with open_executor("auto", work_dir=tmp_path_factory.mktemp("next")) as executor:
            warm_up(executor, {"alembic", "fastapi", "sqlalchemy"})
            yield executor
    except SandboxUnavailable as missing:
        pytest.skip(f"no sandbox on this machine: {missing}")


@pytest.fixture
def judged(sandbox: Executor, tmp_path: Path) -> Judged:
    """The gate's word on a module that was drafted for one spec and goes on with another."""

    def one(before: str, after: str) -> GateResult:
        old = {p: t for p, t in CrudDraft(spec(before)).code().items() if "/versions/" in p}
        new = {p: t for p, t in CrudDraft(spec(after)).code().items() if "/versions/" not in p}
        for path, text in {**new, **old, **next_revision(spec(before), spec(after), old)}.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        target = make_target(tmp_path, sandbox.over(tmp_path), GateSettings(timeout=60), spec=spec(after))
        (result,) = judge(target, ["migration"])
        return result

    return one


def test_more_of_everything_loses_nothing(judged: Judged) -> None:
    result = judged(BEFORE, GROWN)
    assert (result.status, result.findings) == ("pass", ())
    assert result.why == "2 revisions up and down on SQLite"


def test_less_of_everything_asks_a_person(judged: Judged) -> None:
    result = judged(GROWN, BEFORE)
    assert (result.status, [f for f in result.findings if not f.asks]) == ("pass", [])
    assert {finding.rule for finding in result.findings if finding.asks} == {"data-loss"}
    told = "\n".join(map(str, result.findings))
    for lost in (
        "the table products is dropped",
        "customers.born is dropped",
        "nick holds less",
        "orders.at",
    ):
        assert lost in told


def test_an_unchanged_spec_needs_no_migration() -> None:
    existing = CrudDraft(spec(BEFORE)).code()
    assert next_revision(spec(BEFORE), spec(BEFORE), existing) == {}


def test_a_new_rule_is_no_matter_of_the_database() -> None:
    changed = BEFORE + "    business_rules: [total > 0]\n"
    assert next_revision(spec(BEFORE), spec(changed), CrudDraft(spec(BEFORE)).code()) == {}


def test_a_module_without_migrations_gets_its_first() -> None:
    (path,) = next_revision(spec(BEFORE), spec(GROWN), {"app/main.py": "x = 1\n"})
    assert path == "alembic/versions/0001_create_customers_orders_and_products.py"


def test_it_follows_the_newest_also_where_somebody_wrote_one_by_hand() -> None:
    existing = CrudDraft(spec(BEFORE)).code() | {
        "alembic/versions/3f2a_by_hand.py": 'revision = "3f2a"\ndown_revision = "0001"\n'
    }
    ((path, text),) = next_revision(spec(BEFORE), spec(GROWN), existing).items()
    assert path.startswith("alembic/versions/0002_")
    assert 'down_revision: str | None = "3f2a"' in text
    assert ast.parse(text)


def test_several_heads_have_to_be_merged_first() -> None:
    existing = CrudDraft(spec(BEFORE)).code() | {
        f"alembic/versions/{name}.py": f'revision = "{name}"\ndown_revision = "0001"\n' for name in "ab"
    }
    with pytest.raises(SpecError, match="the migrations have 2 heads"):
        next_revision(spec(BEFORE), spec(GROWN), existing)


def test_tables_come_after_those_they_refer_to_as_far_as_that_can_be() -> None:
    def table(name: str, *others: str) -> Table:
        return Table(name, (), foreign_keys=tuple(ForeignKey(f"{o}_id", o, "id", "RESTRICT") for o in others))

    ordered = in_order([table("a", "b"), table("b", "c"), table("c"), table("d", "e", "d"), table("e", "d")])
    assert [each.name for each in ordered] == ["c", "b", "a", "d", "e"]
    assert [(owner.name, key.table) for owner, key in late_keys(ordered)] == [("d", "e")]


def circle(entities: int, fields: int) -> CrudSpec:
    """Entities that each refer to the next, and the last one to the first."""
    names = [f"Part{number // 10}x{number % 10}" for number in range(entities)]
    return CrudSpec.model_validate(
        {
            "entities": [
                {
                    "name": names[number],
                    "fields": [
                        {
                            "name": "next_id",
                            "type": "integer",
                            "references": f"{names[(number + 1) % entities]}.id",
                            "required": False,
                        },
                        *({"name": f"field_{n}", "type": "integer", "min": n} for n in range(fields)),
                    ],
                }
                for number in range(entities)
            ]
        }
    )


@pytest.mark.slow
def test_many_entities_in_a_circle_pass(sandbox: Executor, tmp_path: Path) -> None:
    of = circle(30, 7)
    for path, text in CrudDraft(of).code().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (result,) = judge(make_target(tmp_path, sandbox.over(tmp_path), spec=of), ["migration"])
    assert (result.status, result.findings, result.why) == ("pass", (), "1 revision up and down on SQLite")
