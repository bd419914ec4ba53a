"""The examples run as their pages say, as a person would run them: the command, a real sandbox, no model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from executors import SandboxUnavailable, open_executor
from team.transcript import Transcript

ROOT = Path(__file__).resolve().parent.parent
RATE_LIMITER = ROOT / "examples" / "rate_limiter"


@pytest.fixture
def sandbox(tmp_path: Path) -> None:
    """Skips where this machine cannot confine code."""
    probe = tmp_path / "probe"
    probe.mkdir()
    try:
        with open_executor("auto", work_dir=probe) as executor:
            executor.run(["python", "-c", "pass"])
    except SandboxUnavailable as error:
        pytest.skip(f"no sandbox: {error}")


def devteam(*arguments: str) -> tuple[int, dict[str, object]]:
    """Run a command with --json, as a person without a key would; its exit code and the object it prints."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "OAI_"))}
    command = [sys.executable, "-c", "import sys; from team.cli import main; sys.exit(main())", *arguments]
    done = subprocess.run(
        [*command, "--json"], cwd=ROOT, env=clean, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.usefixtures("sandbox")
def test_the_rate_limiter_is_refused_repaired_and_accepted(tmp_path: Path) -> None:
    tape = f"tape:{RATE_LIMITER / 'tape.jsonl'}"
    code, result = devteam(
        "run", "--file", str(RATE_LIMITER / "requirements.md"), "--model", tape, "--work-dir", str(tmp_path)
    )
    assert (code, result["status"], result["iterations"], result["model_calls"]) == (0, "accepted", 2, 7)

    log = Transcript.open(str(result["path"]))
    first = {gate.name: gate.status for gate in log.gates(iteration=1)}
    assert {name for name, status in first.items() if status == "fail"} == {"tests"}
    assert {gate.status for gate in log.gates(iteration=2)} <= {"pass", "skip"}
    assert [verdict.verdict for verdict in log.events(type="verdict")] == ["code", "approve", "approve"]


def test_the_tape_says_that_it_was_written_by_hand() -> None:
    first = json.loads((RATE_LIMITER / "tape.jsonl").read_text().splitlines()[0])
    assert first["type"] == "note"
    assert "hand-written" in first["text"].lower()


@pytest.mark.usefixtures("sandbox")
def test_the_invoices_are_accepted_without_a_model(tmp_path: Path) -> None:
    code, result = devteam(
        "crud", str(ROOT / "examples" / "invoices.yaml"), "--model", "draft", "--work-dir", str(tmp_path)
    )
    assert (code, result["status"], result["prompt_tokens"]) == (0, "accepted", 0)
