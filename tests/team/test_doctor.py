"""What `doctor` looks at, on a real machine, with a real endpoint on the loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from executors.environments import environment_folder
from team.config import CodeGenerationConfig
from team.doctor import Check, cleared, examine, trouble_with


class Models(BaseHTTPRequestHandler):
    """An endpoint that lists one model to whoever has the key."""

    def do_GET(self) -> None:
        allowed = self.headers["Authorization"] == "Bearer right-key"
        body = json.dumps(
            {"object": "list", "data": [{"id": "small", "object": "model", "created": 0, "owned_by": "us"}]}
            if allowed
            else {"error": {"message": "no"}}
        ).encode()
        self.send_response(200 if allowed else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Models) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


def looked_at(online: bool = False, **settings: object) -> dict[str, Check]:
    config = CodeGenerationConfig(**settings)  # type: ignore[arg-type]
    checks = examine(config, online=online, prepare=False, progress=lambda line: None)
    return {check.name: check for check in checks}


def test_everything_a_session_needs_is_looked_at(tmp_path: Path) -> None:
    checks = looked_at(work_dir=tmp_path)
    needed = {
        "Python",
        "AutoGen",
        "openai",
        "gates' tools",
        "sandbox",
        "sandbox's Python",
        "workspace",
        "git",
    }
    assert needed <= checks.keys()
    assert checks["AutoGen"].status == "ok"
    assert "endpoint" not in checks


def test_whatever_is_not_ok_says_what_mends_it(tmp_path: Path) -> None:
    checks = looked_at(work_dir=tmp_path / "file" / "below", python=tmp_path / "no-python")
    assert checks["sandbox's Python"].status == "missing"
    assert all(check.mend for check in checks.values() if check.status == "missing")


@pytest.mark.parametrize(
    ("key", "model", "status", "words"),
    [
        ("right-key", "small", "ok", "1 models"),
        ("right-key", "large", "note", "does not list the model 'large'"),
        ("wrong-key", "small", "missing", "refuses the key"),
    ],
)
def test_the_endpoint_is_asked_only_when_wanted(
    endpoint: str, tmp_path: Path, key: str, model: str, status: str, words: str
) -> None:
    checks = looked_at(online=True, work_dir=tmp_path, base_url=endpoint, api_key=key, model=model)
    assert checks["endpoint"].status == status
    assert words in checks["endpoint"].detail
    assert key not in str(checks)


def test_an_endpoint_that_is_not_there_is_missing(tmp_path: Path) -> None:
    checks = looked_at(online=True, work_dir=tmp_path, base_url="http://127.0.0.1:9/v1", model="x")
    assert (checks["endpoint"].status, "APIConnectionError" in checks["endpoint"].detail) == ("missing", True)


def test_looking_whether_a_folder_can_be_written_leaves_nothing(tmp_path: Path) -> None:
    assert trouble_with(tmp_path / "a" / "b") is None
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_folders_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "workspace").write_text("")
    assert trouble_with(tmp_path / "workspace") == "File exists"
    assert trouble_with(tmp_path / "workspace" / "below") == "Not a directory"


def test_pruning_spares_what_these_settings_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEVTEAM_CACHE_DIR", str(tmp_path))
    config = CodeGenerationConfig(packages=("humanize>=4",))
    needed, _ = environment_folder(config.packages)
    for folder in (needed, needed.with_name("other")):
        folder.mkdir(parents=True)
    assert [each.folder.name for each in cleared(config, 0)] == ["other"]
    assert needed.exists()


def test_toolchains_of_other_languages_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    check = looked_at(work_dir=tmp_path)["toolchains"]
    assert (check.status, check.detail) == ("note", "none beside Python's")
    assert "for JavaScript: install Node.js" in check.mend
