"""Sessions whose files go to a folder that people work in: generated, edited, generated again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from team import APIGenerator, CodeGenerationConfig, CRUDGenerator
from team.errors import ConfigError
from team.result import GenerationResult

NOTE: dict[str, Any] = {"name": "Note", "fields": [{"name": "title", "type": "string"}]}
MORE = NOTE | {"fields": [*NOTE["fields"], {"name": "pinned", "type": "boolean", "default": False}]}


def generate(tmp_path: Path, spec: dict[str, Any], **settings: Any) -> GenerationResult:
    told: dict[str, Any] = {
        "output": tmp_path / "out",
        "work_dir": tmp_path / "ws",
        "gates": ("syntax",),
    } | settings
    return CRUDGenerator(CodeGenerationConfig(model="draft", **told)).generate_crud_module(spec)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, GenerationResult]:
    """A folder that was generated into, edited, and generated into again from more of a spec."""
    folder = tmp_path_factory.mktemp("sessions")
    generate(folder, NOTE)
    main = folder / "out/app/main.py"
    main.write_text(
        main.read_text() + '\n\ndef mine() -> str:\n    """A helper of mine."""\n    return "mine"\n'
    )
    return folder / "out", generate(folder, MORE)


def test_an_edit_outlives_a_changed_spec(generated: tuple[Path, GenerationResult]) -> None:
    output, result = generated
    done = result.regeneration
    assert done is not None
    assert (done.status, done.edited, done.conflicts) == ("written", ("app/main.py",), ())
    assert "app/models.py" in done.updated
    assert "def mine()" in (output / "app/main.py").read_text()
    assert "pinned" in (output / "app/models.py").read_text()
    assert "def mine()" not in Path(result.work_dir, "app/main.py").read_text()


def test_the_folder_with_the_edits_is_judged(generated: tuple[Path, GenerationResult]) -> None:
    done = generated[1].regeneration
    assert done is not None
    assert {name: gate.status for name, gate in done.gates.items()} == {"syntax": "pass"}
    assert generated[1].exit_code == 0


def test_an_edit_that_breaks_the_folder_is_told(tmp_path: Path) -> None:
    generate(tmp_path, NOTE)
    main = tmp_path / "out/app/main.py"
    main.write_text(main.read_text() + "\ndef broken(:\n")
    result = generate(tmp_path, NOTE)
    assert result.accepted
    assert result.regeneration is not None
    assert result.regeneration.gates["syntax"].status == "fail"
    assert result.exit_code == 1


def test_another_kind_of_folder_starts_no_session(generated: tuple[Path, GenerationResult]) -> None:
    output, _ = generated
    manifest = output / ".devteam/manifest.json"
    whole = manifest.read_text()
    manifest.write_text(json.dumps(json.loads(whole) | {"kind": "etl"}))
    with pytest.raises(ConfigError, match="choose another --output"):
        generate(output.parent, NOTE, work_dir=output.parent / "unused")
    manifest.write_text(whole)
    assert not (output.parent / "unused").exists()


@pytest.mark.slow
def test_red_files_are_not_merged_into_anybodys_work(tmp_path: Path) -> None:
    generate(tmp_path, NOTE)
    before = (tmp_path / "out/app/models.py").read_text()
    result = generate(tmp_path, MORE, gates=("coverage",), coverage=100, max_iterations=1)
    assert not result.accepted
    assert result.regeneration is not None
    assert result.regeneration.status == "left"
    assert (tmp_path / "out/app/models.py").read_text() == before


@pytest.mark.slow
def test_the_command_names_conflicts_and_ends_with_1(tmp_path: Path) -> None:
    spec = tmp_path / "note.json"
    spec.write_text(json.dumps(NOTE))
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "team.cli",
        "crud",
        spec,
        "--model",
        "draft",
        "--gates",
        "syntax",
    ]
    command += ["--output", tmp_path / "out", "--work-dir", tmp_path / "ws"]

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "NO_COLOR": "1"}
        return subprocess.run([*command, *more], capture_output=True, text=True, check=False, env=env)

    assert run("--quiet").returncode == 0
    readme = tmp_path / "out/README.md"
    readme.write_text(readme.read_text().replace("title", "TITLE"))
    spec.write_text(json.dumps(NOTE | {"fields": [{"name": "heading", "type": "string"}]}))
    done = run("--json")
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert (told["status"], told["output"]["status"]) == ("accepted", "conflicts")
    conflict = told["output"]["conflicts"][0]
    assert conflict["file"] == "README.md"
    assert readme.read_text().splitlines()[conflict["line"] - 1] == "<<<<<<< yours"
    again = run()
    assert again.returncode == 1
    assert f"✗ conflict: README.md:{conflict['line']}: a conflict is still undecided" in again.stdout


MINE = """\"\"\"Mine.\"\"\"

revision = "9f3a"
down_revision = "0001"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
"""


def test_migrations_stay_and_the_next_one_follows_them_and_those_of_people(tmp_path: Path) -> None:
    generate(tmp_path, NOTE)
    versions = tmp_path / "out/alembic/versions"
    (first,) = versions.glob("*.py")
    before = first.read_text()
    (versions / "9f3a_mine.py").write_text(MINE)
    result = generate(tmp_path, MORE, gates=("syntax", "migration"))
    assert first.read_text() == before
    (second,) = set(versions.glob("*.py")) - {first, versions / "9f3a_mine.py"}
    assert 'down_revision: str | None = "9f3a"' in second.read_text()
    assert 'batch_op.add_column(sa.Column("pinned"' in second.read_text()
    done = result.regeneration
    assert done is not None
    assert {name: gate.status for name, gate in done.gates.items()} == {"syntax": "pass", "migration": "pass"}


def test_the_same_spec_needs_no_further_migration(tmp_path: Path) -> None:
    generate(tmp_path, NOTE)
    generate(tmp_path, NOTE)
    assert len(list((tmp_path / "out/alembic/versions").glob("*.py"))) == 1


@pytest.mark.slow
def test_services_from_endpoints_get_a_further_migration_too(tmp_path: Path) -> None:
    shown = {"id": "integer", "title": "string"}
    endpoint = {"path": "/api/notes", "method": "POST", "request_schema": {"title": "string"}}
    told: dict[str, Any] = {"output": tmp_path / "out", "work_dir": tmp_path / "ws", "model": "draft"}
    for more, gates in (({}, ("syntax",)), ({"pages": "integer"}, ("syntax", "migration"))):
        request = endpoint | {"request_schema": {"title": "string"} | more, "response_schema": shown | more}
        result = APIGenerator(CodeGenerationConfig(**told, gates=gates)).generate_fastapi_endpoint(request)
        assert result.accepted, result.gates
    names = sorted(path.name for path in (tmp_path / "out/alembic/versions").glob("*.py"))
    assert [name[:4] for name in names] == ["0001", "0002"]
    assert "pages" in (tmp_path / "out/alembic/versions" / names[1]).read_text()
