"""The migration gate on a real PostgreSQL server, in a database of its own that is gone afterwards."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from executors import Executor, SandboxUnavailable, open_executor
from executors.environments import environment_folder
from team.gates import judge, make_target
from team.gates.base import GateResult, GateSettings
from team.generators.crud import CrudDraft
from team.generators.crud.migrations import next_revision
from team.specs import CrudSpec

BEFORE = CrudSpec.model_validate(
    {
        "entities": [
            {
                "name": "Author",
                "fields": [
                    {"name": "name", "type": "string", "unique": True},
                    {"name": "level", "type": "enum", "values": ["new", "known"]},
                    {"name": "best_id", "type": "integer", "references": "Book.id", "required": False},
                ],
            },
            {
                "name": "Book",
                "fields": [
                    {"name": "author_id", "type": "integer", "references": "Author.id"},
                    {"name": "pages", "type": "integer", "min": 1, "required": False},
                    {"name": "data", "type": "json"},
                ],
            },
        ]
    }
)
AFTER = CrudSpec.model_validate(
    {
        "entities": [
            BEFORE.entities[0],
            {
                "name": "Book",
                "fields": [
                    {
                        "name": "author_id",
                        "type": "integer",
                        "references": "Author.id",
                        "on_delete": "cascade",
                    },
                    {"name": "pages", "type": "integer", "min": 2},
                    {"name": "data", "type": "json"},
                    {"name": "price", "type": "decimal"},
                    {"name": "token", "type": "uuid"},
                    {"name": "sold", "type": "datetime"},
                    {"name": "active", "type": "boolean", "default": True},
                ],
            },
        ]
    }
)


def programs() -> Path | None:
    """Where the programs of a PostgreSQL server lie."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return next((place for place in reversed(places) if (place / "pg_ctl").exists()), None)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a server that ends with the tests; its role may make databases and nothing else."""
    place = programs()
    if place is None:
        pytest.skip("PostgreSQL's initdb and pg_ctl are not on this machine")
    user = "postgres" if os.geteuid() == 0 else None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="devteam-server-") as folder:
        if user:
            shutil.chown(folder, user)

        def run(*argv: str) -> None:
            subprocess.run(argv, cwd=folder, user=user, check=True, stdout=subprocess.DEVNULL, timeout=60)

        data = f"{folder}/data"
        run(f"{place}/initdb", "-D", data, "-A", "trust", "-U", "boss", "--no-sync")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        run(f"{place}/pg_ctl", "-D", data, "-o", options, "-w", "-l", f"{folder}/log", "start")
        try:
            sql = "CREATE ROLE maker LOGIN CREATEDB"
            run(f"{place}/psql", "-h", folder, "-p", str(port), "-U", "boss", "-d", "postgres", "-c", sql)
            yield f"postgresql://maker@127.0.0.1:{port}/postgres"
        finally:
            run(f"{place}/pg_ctl", "-D", data, "-m", "immediate", "stop")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Executor]:
    if environment_folder(("asyncpg",))[1] is None:
        pytest.skip("there is no environment with asyncpg: devteam crud SPEC --database-url URL makes it")
    try:
        work_dir = tmp_path_factory.mktemp("server")
        with open_executor("auto", work_dir=work_dir, packages=("asyncpg",)) as executor:
            yield executor
    except SandboxUnavailable as missing:
        pytest.skip(f"no sandbox on this machine: {missing}")


def judged(sandbox: Executor, root: Path, url: str, old: str = "", new: str = "") -> GateResult:
    """The gate's word on a module that goes on from one spec to another, with one text exchanged."""
    first = {p: t for p, t in CrudDraft(BEFORE).code().items() if "/versions/" in p}
    rest = {p: t for p, t in CrudDraft(AFTER).code().items() if "/versions/" not in p}
    for path, text in {**rest, **first, **next_revision(BEFORE, AFTER, first)}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text.replace(old, new) if old else text)
    settings = GateSettings(timeout=60, database_url=url)
    (result,) = judge(make_target(root, sandbox.over(root), settings, spec=AFTER), ["migration"])
    return result


def test_drafted_migrations_pass_on_both_databases(sandbox: Executor, tmp_path: Path, server: str) -> None:
    result = judged(sandbox, tmp_path, server)
    assert (result.status, result.findings) == ("pass", ())
    assert result.why == "2 revisions up and down on SQLite and PostgreSQL"


def test_what_only_postgresql_refuses_is_found(sandbox: Executor, tmp_path: Path, server: str) -> None:
    result = judged(sandbox, tmp_path, server, "price = 19.99", "price = ''")
    assert result.status == "fail"
    assert "invalid input syntax for type numeric" in str(result.findings[0])
    assert result.findings[0].file == "alembic/versions/0002_change_books.py"


def test_a_server_that_refuses_is_no_verdict(sandbox: Executor, tmp_path: Path, server: str) -> None:
    result = judged(sandbox, tmp_path, server.replace("maker", "nobody"))
    assert result.status == "error"
    assert "the database server cannot be used" in result.why
    assert "nobody" in result.why
