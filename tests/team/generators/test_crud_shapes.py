"""Whatever entity a person may think of: the draft is whole, tidy Python, and its review finds everything."""

import ast
import datetime as dt
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from team.errors import SpecError
from team.generators.crud import CrudDraft
from team.generators.polish import LINE_LENGTH
from team.specs import CrudSpec, load_spec

DATES = st.dates(dt.date(1950, 1, 1), dt.date(2090, 1, 1)).map(str)
LIMITS = {
    "integer": st.integers(-(10**6), 10**6),
    "number": st.floats(-1e6, 1e6),
    "decimal": st.decimals(-1000, 1000, places=2).map(str),
    "date": DATES,
    "datetime": DATES.map("{}T10:00:00Z".format),
}
KINDS = ["string", "text", "boolean", "uuid", "email", "json", "enum", *LIMITS]
WORDS = st.text("aZ9 -_é'\"\\", min_size=1, max_size=6).filter(str.strip)


@st.composite
def fields(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(KINDS))
    name = draw(st.from_regex(r"[a-z][a-z0-9]{0,6}(_[a-z0-9]{1,4}){0,2}", fullmatch=True))
    field: dict[str, Any] = {"name": name, "type": kind, "required": draw(st.booleans())}
    if kind in LIMITS:
        low, high = sorted([draw(LIMITS[kind]), draw(LIMITS[kind])], key=float if kind == "decimal" else None)
        field |= draw(
            st.sampled_from([{}, {"min": low}, {"max": high}, {"min": low, "max": high}, {"default": low}])
        )
    if kind in ("string", "text"):
        field |= draw(st.sampled_from([{}, {"max_length": 3}, {"min": 2}, {"default": 'it\'s "{x}"\n'[:3]}]))
    if kind == "enum":
        field["values"] = draw(st.lists(WORDS, min_size=1, max_size=5, unique=True))
    if kind not in ("json", "boolean", "enum") and "default" not in field:
        field["unique"] = draw(st.integers(0, 4)) == 0
    return field


@st.composite
def entities(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.from_regex(r"[A-Z][a-z]{1,6}([A-Z][a-z]{1,5}){0,2}", fullmatch=True))
    chosen = draw(st.lists(fields(), min_size=1, max_size=7, unique_by=lambda field: field["name"]))
    rules = [f"{f['name']} > 3" for f in chosen if f["type"] in ("integer", "number", "decimal")]
    rules += [f"len({f['name']}) > 1" for f in chosen if f["type"] in ("string", "text")]
    return {"name": name, "fields": chosen, "business_rules": rules[: draw(st.integers(0, 3))]}


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(entities())
def test_any_entity_makes_a_whole_and_tidy_draft(data: dict[str, Any]) -> None:
    try:
        spec = load_spec("crud", data)
        assert isinstance(spec, CrudSpec)
        draft = CrudDraft(spec)
    except SpecError:
        assume(False)
    files = {**draft.code(), **draft.tests()}
    assert draft.review(files) == []
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            place = Path(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
            assert not path.endswith(".py") or ast.parse(text)
        command = [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--isolated",
            "--no-cache",
            "--select",
            "E4,E7,E9,F,I,UP,B,SIM",
        ]
        done = subprocess.run(
            [*command, "--line-length", str(LINE_LENGTH)],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout
