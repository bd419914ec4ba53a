"""The migration gate: drafted migrations pass on a real database, and what is broken is found."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from executors import Executor, SandboxUnavailable, open_executor
from team.gates import judge, make_target, warm_up
from team.gates.base import Finding, GateResult, GateSettings
from team.generators.crud import CrudDraft
from team.specs import CrudSpec

SHOP = CrudSpec.model_validate(
    {
        "entities": [
            {
                "name": "Customer",
                "fields": [
                    {"name": "email", "type": "email", "unique": True},
                    {"name": "level", "type": "enum", "values": ["new", "gold"], "default": "new"},
                    {"name": "friend_id", "type": "integer", "references": "Customer.id", "required": False},
                ],
            },
            {
                "name": "Order",
                "fields": [
                    {"name": "customer_id", "type": "integer", "references": "Customer.id"},
                    {"name": "total", "type": "decimal", "min": 5},
                    {"name": "note", "type": "text", "required": False},
                ],
            },
        ]
    }
)
FIRST = "alembic/versions/0001_create_customers_and_orders.py"
THIRD = "alembic/versions/0003_third.py"
SECOND = "alembic/versions/0002_second.py"
NEXT = '''"""The second step."""

import sqlalchemy as sa

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """Go up."""
    {up}


def downgrade() -> None:
    """Go down."""
    {down}
'''
CREATED_AT = 'sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),'
Judged = Callable[..., GateResult]


def second(up: str = "pass", down: str = "pass", old: str = "", new: str = "") -> dict[str, str]:
    """A second revision over that of the draft, with one text of it exchanged."""
    return {SECOND: NEXT.replace(old, new).format(up=up, down=down) if old else NEXT.format(up=up, down=down)}


def batch(table: str, step: str) -> str:
    """One change of a table."""
    return f'with op.batch_alter_table("{table}") as batch_op:\n        batch_op.{step}'


ADD_NOTE = batch("customers", 'add_column(sa.Column("note", sa.Text(), nullable=True))')
DROP_NOTE = batch("customers", 'drop_column("note")')
NOTE_IN_MODEL = {
    "app/models.py": (
        "    friend_id: Mapped[int | None]",
        "    note: Mapped[str | None] = mapped_column(sa.Text)\n    friend_id: Mapped[int | None]",
    )
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Executor]:
    try:
        with open_executor("auto", work_dir=tmp_path_factory.mktemp("migration")) as executor:
            warm_up(executor, {"alembic", "fastapi", "sqlalchemy"})
            yield executor
    except SandboxUnavailable as missing:
        pytest.skip(f"no sandbox on this machine: {missing}")


@pytest.fixture(scope="module")
def shop() -> Mapping[str, str]:
    """The drafted service."""
    return CrudDraft(SHOP).code()


@pytest.fixture
def judged(sandbox: Executor, shop: Mapping[str, str], tmp_path: Path) -> Judged:
    """Judges the shop with other files, and with texts of its files exchanged: path → (old, new)."""

    def one(
        files: Mapping[str, str | None] | None = None, changes: Mapping[str, tuple[str, str]] | None = None
    ) -> GateResult:
        tree: dict[str, str | None] = {**shop, **(files or {})}
        for path, (old, new) in (changes or {}).items():
            assert old in shop[path]
            tree[path] = shop[path].replace(old, new)
        for path, text in tree.items():
            if text is not None:
                (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / path).write_text(text)
        target = make_target(tmp_path, sandbox.over(tmp_path), GateSettings(timeout=60), spec=SHOP)
        (result,) = judge(target, ["migration"])
        return result

    return one


def only(result: GateResult) -> Finding:
    """The one finding of a result."""
    (finding,) = result.findings
    return finding


def test_drafted_migrations_pass_over_rows_of_all_tables(judged: Judged) -> None:
    result = judged()
    assert (result.status, result.findings) == ("pass", ())
    assert result.why == "1 revision up and down on SQLite"


def test_a_second_revision_that_adds_a_column_passes(judged: Judged) -> None:
    result = judged(second(ADD_NOTE, DROP_NOTE), NOTE_IN_MODEL)
    assert (result.status, result.findings, result.why) == ("pass", (), "2 revisions up and down on SQLite")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "rule", "told"),
    [
        ({FIRST: (CREATED_AT, "")}, "schema-difference", "add column customers.created_at"),
        ({FIRST: ("nullable=True", "nullable=False")}, "schema-difference", "modify nullable of"),
        ({FIRST: ("sa.Text()", "sa.String(9)")}, "schema-difference", "modify type of orders.note"),
        ({FIRST: ("total >= 5", "total >= 4")}, "schema-difference", "missing: check orders total >= 5"),
        ({FIRST: ('ondelete="RESTRICT"', 'ondelete="CASCADE"')}, "schema-difference", "orders"),
        ({FIRST: ('op.drop_table("orders")', "pass")}, "not-undone", "table orders"),
        ({FIRST: ('"customers"', "customers")}, "fails", "NameError: name 'customers' is not defined"),
        ({FIRST: ("sa.Text()", "sa.Text(")}, "", "0001_create_customers_and_orders.py cannot be compiled"),
        ({"alembic/env.py": ("configured_url()", '"sqlite:///other.db"')}, "other-database", "DATABASE_URL"),
        ({"alembic/env.py": ("=Base.metadata", "=None")}, "no-metadata", "env.py"),
        ({"alembic/env.py": ("from app.models", "from app.model")}, "fails", "No module named 'app.model'"),
        ({"alembic.ini": ("prepend_sys_path", "# prepend_sys_path")}, "fails", "No module named 'app'"),
    ],
)  # fmt: skip
def test_a_broken_first_migration_is_found(
    judged: Judged, changes: Mapping[str, tuple[str, str]], rule: str, told: str
) -> None:
    result = judged(changes=changes)
    assert result.status == "fail"
    assert {finding.rule for finding in result.findings} == ({rule} if rule else set())
    assert told in "\n".join([result.why, *map(str, result.findings)])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("up", "down", "rule", "told"),
    [
        (ADD_NOTE, "pass", "not-undone", "too much: column customers.note TEXT NULL"),
        (ADD_NOTE.replace("nullable=True", "nullable=False"), DROP_NOTE, "fails", "NOT NULL"),
        (ADD_NOTE, f'{DROP_NOTE}\n    op.execute("DELETE FROM orders")', "lost-rows", "2 of 2 rows"),
        (ADD_NOTE, 'raise ValueError("no way back")', "fails", "downgrade of 0002 fails: ValueError: no way"),
        ("op.no_such_thing()", "pass", "fails", "no_such_thing"),
    ],
)  # fmt: skip
def test_a_broken_second_migration_is_found(judged: Judged, up: str, down: str, rule: str, told: str) -> None:
    result = judged(second(up, down), NOTE_IN_MODEL if up.startswith("with") else None)
    assert result.status == "fail"
    (finding,) = [finding for finding in result.findings if finding.rule != "schema-difference"]
    assert (finding.rule, finding.file) == (rule, SECOND)
    assert finding.line
    assert told in str(finding)


@pytest.mark.parametrize(
    ("up", "down", "changes", "told"),
    [
        (
            batch("orders", 'drop_column("note")'),
            batch("orders", 'add_column(sa.Column("note", sa.Text(), nullable=True))'),
            ("    note: Mapped[str | None] = mapped_column(sa.Text)\n", ""),
            "the column orders.note is dropped with its values",
        ),
        (
            batch("orders", 'alter_column("note", type_=sa.String(50))'),
            batch("orders", 'alter_column("note", type_=sa.Text())'),
            ("mapped_column(sa.Text)", "mapped_column(sa.String(50))"),
            "orders.note holds less than before: TEXT becomes VARCHAR(50)",
        ),
        (
            'op.execute("DELETE FROM orders WHERE note IS NULL")',
            "pass",
            ("", ""),
            "1 of 2 rows of orders are deleted",
        ),
    ],
)
def test_lost_data_asks_a_person(
    judged: Judged, up: str, down: str, changes: tuple[str, str], told: str
) -> None:
    result = judged(second(up, down), {"app/models.py": changes})
    asking = [finding for finding in result.findings if finding.asks]
    assert [(finding.rule, finding.file) for finding in asking] == [("data-loss", SECOND)]
    assert told in str(asking[0])
    assert asking[0].line


@pytest.mark.parametrize(
    ("files", "rule", "file", "told"),
    [
        ({**second(), THIRD: second(old="0002", new="0003")[SECOND]}, "several-heads", THIRD, "(0002, 0003)"),
        (second(old='"0001"', new='"0000"'), "broken-chain", SECOND, "follows 0000"),
        (second(old='"0001"', new="None"), "several-heads", SECOND, "0001, 0002"),
        (second(old="0002", new="0001"), "duplicate", FIRST, "more than once"),
        ({"alembic.ini": None}, "no-migrations", "app/models.py", "there is no alembic.ini"),
        ({FIRST: None}, "no-migrations", "app/models.py", "no migration makes the tables"),
    ],
)  # fmt: skip
def test_a_broken_history_is_found_without_running_it(
    judged: Judged, files: Mapping[str, str | None], rule: str, file: str, told: str
) -> None:
    result = judged(files)
    assert result.status == "fail"
    assert (rule, file) in {(finding.rule, finding.file) for finding in result.findings}
    assert told in "\n".join(map(str, result.findings))


def test_code_without_migrations_is_skipped(sandbox: Executor) -> None:
    (result,) = judge(make_target(sandbox.work_dir, sandbox), ["migration"])
    assert (result.status, result.why) == (
        "skip",
        "there are no migrations of Alembic at the top of the tree",
    )
