"""A service is started in a real sandbox, called from another process, and held against its spec."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from executors import Executor, SandboxUnavailable, open_executor
from team.gates import make_target
from team.gates.base import GateResult
from team.gates.contract.http.web import fuzzing, judged, promised
from team.generators.crud import CrudDraft
from team.specs import CrudSpec

SHOP = {
    "entities": [
        {
            "name": "Customer",
            "fields": [
                {"name": "email", "type": "email", "unique": True},
                {"name": "level", "type": "enum", "values": ["new", "gold"], "default": "new"},
            ],
        },
        {
            "name": "Order",
            "fields": [
                {"name": "customer_id", "type": "integer", "references": "Customer.id"},
                {"name": "total", "type": "integer", "min": 0},
                {"name": "discount", "type": "integer", "required": False},
                {"name": "placed", "type": "datetime"},
            ],
            "business_rules": [{"rule": "discount <= total", "message": "too much discount"}],
        },
    ]
}
SPEC = CrudSpec.model_validate(SHOP)
TABLES = "alembic/versions/0001_create_customers_and_orders.py"
Judge = Callable[..., GateResult]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Executor]:
    root = tmp_path_factory.mktemp("contract")
    try:
        with open_executor("auto", work_dir=root) as executor:
            yield executor
    except SandboxUnavailable as missing:
        pytest.skip(f"no sandbox on this machine: {missing}")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drafted service for `SHOP`."""
    root = tmp_path_factory.mktemp("shop")
    for path, text in CrudDraft(SPEC).code().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.fixture
def judge_shop(shop: Path, sandbox: Executor, tmp_path: Path) -> Judge:
    """Judges the shop after `old` became `new` in one of its files."""

    def judge(path: str = "app/main.py", old: str = "", new: str = "", *, fuzz: bool = False) -> GateResult:
        root = shutil.copytree(shop, tmp_path / "files")
        text = (root / path).read_text()
        assert old in text
        (root / path).write_text(text.replace(old, new) if old else text)
        service = promised(SPEC)
        return judged(
            make_target(root, sandbox.over(root), spec=SPEC), service, fuzzing(service) if fuzz else None
        )

    return judge


def test_a_service_that_keeps_its_spec_passes(judge_shop: Judge) -> None:
    result = judge_shop(fuzz=True)
    assert (result.status, result.findings) == ("pass", ())
    assert result.evidence == "contract"
    assert result.why.startswith("12 operations, ")
    assert result.why.endswith(" by Schemathesis")


@pytest.mark.parametrize(
    ("path", "old", "new", "rule", "told"),
    [
        (
            TABLES,
            'sa.UniqueConstraint("email", ',
            'sa.CheckConstraint("id > 0", ',
            "unique",
            "PATCH /customers/{id}: a `email`",
        ),
        ("app/schemas.py", "self.discount > self.total", "self.discount > 9**9", "rule", "too much discount"),
        (TABLES, "RESTRICT", "CASCADE", "restrict", "deleting a customer that an order refers to"),
        ("app/repository.py", ".offset(query.offset)", "", "pagination", "limit=1&offset=1"),
        ("app/schemas.py", "discount: Order", "rebate: Order", "response-schema", "no field `discount`"),
        ("app/models.py", 'GOLD = "gold"', "", "request-schema", "does not know the value 'gold'"),
        ("app/routers/orders.py", "status_code=204", "status_code=200", "undocumented-status", "204"),
        ("app/main.py", "include_router(orders.router)", "include_router(orders.router, prefix='/api')",
         "missing-operation", "PUT /orders/{id}: the service does not have it"),
        ("app/main.py", "app = create_app()", "app = create_app().missing", "start", "app/main.py:"),
        ("app/main.py", "app = create_app()", "import os\nos._exit(0)", "start", "its process ended"),
        ("app/main.py", "app = create_app()", "import os\nos.kill(os.getppid(), 9)", "disturbed", "end"),
    ],
)  # fmt: skip
def test_what_breaks_the_spec_is_named(
    judge_shop: Judge, path: str, old: str, new: str, rule: str, told: str
) -> None:
    result = judge_shop(path, old, new)
    assert result.status == "fail"
    assert any(finding.rule == rule and told in finding.message for finding in result.findings), (
        result.findings
    )


def test_the_application_cannot_reach_the_caller(judge_shop: Judge) -> None:
    forging = (
        "import os\n"
        "for name in ('mem', 'fd/0', 'fd/3', 'environ'):\n"
        "    try:\n"
        "        os.open(f'/proc/{os.getppid()}/{name}', os.O_RDWR)\n"
        "    except OSError:\n"
        "        continue\n"
        "    os._exit(3)\n"
        "app = create_app()"
    )
    assert judge_shop("app/main.py", "app = create_app()", forging).status == "pass"
