import json
from collections.abc import Callable
from pathlib import Path

import pytest

from team.transcript import Transcript
from team.transcript.schema import SCHEMA_FILE, event_schema, schema_text

ROOT = Path(__file__).parents[3]


def test_schema_names_every_event_type() -> None:
    assert set(event_schema()["discriminator"]["mapping"]) == {
        *("session_started", "message", "model_call", "execution", "gate", "verdict", "snapshot", "approval"),
        *("note", "session_ended"),
    }


def test_docs_hold_the_present_schema() -> None:
    assert (ROOT / SCHEMA_FILE).read_text() == schema_text(), "run python -m team.transcript.schema"


def test_a_real_log_is_valid(make_session: Callable[..., Transcript]) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    lines = (make_session().folder / "transcript.jsonl").read_text().splitlines()
    for line in lines:
        jsonschema.validate(json.loads(line), event_schema())
