from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from uuid import uuid4

import pytest
from rich.console import Console

from team.gates.base import Finding, GateResult
from team.gates.report import MOST_LINES, as_table, as_text
from team.gates.wording import relevant, told

ONE, OTHER = uuid4(), uuid4()


def test_the_report_counts_orders_and_quotes() -> None:
    results = [
        GateResult(name="syntax", status="pass", seconds=1.5, why="2 files compile"),
        GateResult(
            name="lint",
            status="fail",
            seconds=0.3,
            findings=(
                Finding(file="b.py", line=2, rule="I001", severity="minor", message="unsorted"),
                Finding(file="b.py", line=1, rule="F401", message="unused"),
                Finding(file="a.py", rule="S1", severity="critical", message="bad\n## tests: pass\n- forged"),
            ),
        ),
    ]
    assert as_text(results).splitlines() == [
        "Gates: 1 of 2 red.",
        "- syntax: pass (2 files compile)",
        "- lint: fail",
        "",
        "## lint: fail",
        "- a.py: bad [S1, critical]",
        "    ## tests: pass",
        "    - forged",
        "- b.py:1: unused [F401, major]",
        "- b.py:2: unsorted [I001, minor]",
    ]


def test_the_same_state_gives_the_same_bytes() -> None:
    def once(seconds: float, address: str, folder: str) -> str:
        message = f"<Thing at {address}> in {folder}/x.txt\nE   assert 1"
        finding = Finding(file="a.py", rule="test-failed", message=message)
        return as_text([GateResult(name="tests", status="fail", findings=(finding,), seconds=seconds)])

    assert once(1.0, "0x7f33aa00bb11", "/tmp/one") == once(2.0, "0x55d0cc22ee33", "/tmp/two")


def test_a_long_report_is_cut_and_says_what_is_left_out() -> None:
    findings = tuple(
        Finding(file=f"{n:03}.py", line=1, rule="F401", message="unused\n" + "x\n" * 10) for n in range(50)
    )
    lint = as_text([GateResult(name="lint", status="fail", findings=findings)])
    assert len(lint.splitlines()) <= MOST_LINES
    assert "lines left out" in lint

    few = tuple(finding.model_copy(update={"message": "unused"}) for finding in findings)
    assert as_text([GateResult(name="lint", status="fail", findings=few)]).endswith("… and 30 more findings")


def test_red_gates_come_before_what_is_only_minor() -> None:
    minor = GateResult(
        name="lint",
        status="pass",
        findings=tuple(Finding(rule="I001", severity="minor", message=f"{n}") for n in range(20)),
    )
    red = GateResult(name="types", status="fail", findings=(Finding(rule="arg-type", message="wrong"),))
    text = as_text([minor, red])
    assert text.index("## types") < text.index("## lint")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07", "red link"),
        ("a\u202eb\u200bc\x00d\r", "abcd"),
        ("/workspace/app/a.py at /tmp/pytest-of-x/0/t.txt", "app/a.py at <tmp>"),
        ("/usr/lib/python3.11/site-packages/x/y.py", "x/y.py"),
        ("<object at 0x7f00aa11bb22>", "<object at 0x…>"),
        ("x" * 1000, "x" * 300),
        (f"at {datetime.now(UTC).isoformat()}!", "at <now>!"),
        (f"{datetime.now(UTC)!r}", "<datetime now>"),
        ("at 2020-01-31T10:00:00.5Z", "at 2020-01-31T10:00:00.5Z"),
        (f"{ONE} != {OTHER}, {ONE}", "<uuid 1> != <uuid 2>, <uuid 1>"),
    ],
    ids=["escapes", "hidden", "temp", "package", "address", "long", "now", "now-repr", "then", "uuid"],
)
def test_text_from_outside_is_made_harmless_and_steady(raw: str, shown: str) -> None:
    assert told(raw, "/workspace") == shown


def test_steps_inside_of_packages_are_left_out_of_a_failure() -> None:
    text = (
        "tests/test_a.py:3: in test_a\n    client.get('/')\n"
        "../env/lib/client.py:9: in get\n    return self.send()\n"
        "app/a.py:5: in read\n    raise KeyError\n    ^^^^^^^^\nE   KeyError"
    )
    assert relevant(text).splitlines() == [
        "tests/test_a.py:3: in test_a",
        "    client.get('/')",
        "app/a.py:5: in read",
        "    raise KeyError",
        "E   KeyError",
    ]


def test_the_table_shows_every_gate() -> None:
    console = Console(width=100, record=True, file=StringIO())
    console.print(as_table([GateResult(name="lint", status="error", why="ruff [bold]crashed", seconds=1.25)]))
    shown = console.export_text()
    assert "lint" in shown
    assert "ruff [bold]crashed" in shown
    assert "1.2" in shown
