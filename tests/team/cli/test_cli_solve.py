"""`devteam solve`, from a problem's file to the screen."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.tapes import file_block, write_tape

Command = Callable[..., subprocess.CompletedProcess[str]]

PROBLEM = """# Doubles

Double a number.

```yaml
- {input: {n: 2}, expected: 4}
- {input: {n: -1}, expected: -2}
```
"""
CASES = """```yaml
- {name: a happy one, input: {n: 2}, expected: 4}
- {name: zero, input: {n: 0}, expected: 0}
```"""
SOLUTION = '"""Doubles."""\n\n\ndef run_code(n: int) -> int:\n    """Twice the number."""\n    return n + n\n'


def test_every_case_has_its_verdict_on_the_screen(devteam: Command, project: Path, tmp_path: Path) -> None:
    (project / "doubles.md").write_text(PROBLEM)
    tape = write_tape(
        tmp_path / "tape.jsonl", ("test_engineer", CASES), ("developer", file_block("solution.py", SOLUTION))
    )
    gates = "syntax,tests,contract"
    done = devteam("solve", "doubles.md", "--model", f"tape:{tape}", "--no-review", "--gates", gates)
    assert done.returncode == 0, done.stderr
    for words in (
        "✓ run_code(n=2) == 4",
        "✓ run_code(n=-1) == -2",
        "✓ tests/test_cases.py::test_a_happy_one",
        "✓ tests/test_cases.py::test_zero",
        "evidence  contract, tests",
        "contract: asked from another process",
        "is not proven",
    ):
        assert words in done.stdout


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "description: x\nlanguage: cobol\n",
            "solutions in cobol are not judged (line 2); the languages are python, javascript",
        ),
        ("description: x\nexamples: [{input: {a: 1}}]\n", "either `expected` or `raises`"),
        ("description: x\nexample: []\n", "did you mean 'examples'?"),
    ],
)
def test_a_problem_that_cannot_be_judged_is_exit_2(
    devteam: Command, project: Path, text: str, complaint: str
) -> None:
    (project / "problem.yaml").write_text(text)
    done = devteam("solve", "problem.yaml", "--model", "tape:none.jsonl")
    assert (done.returncode, complaint in done.stderr) == (2, True), done.stderr


def test_a_missing_toolchain_is_exit_3_and_says_what_to_install(
    devteam: Command, project: Path, tmp_path: Path
) -> None:
    (project / "problem.md").write_text(PROBLEM)
    tools = tmp_path / "tools"
    tools.mkdir()
    if git := shutil.which("git"):
        (tools / "git").symlink_to(git)
    tape = write_tape(tmp_path / "tape.jsonl", ("test_engineer", CASES))
    given = ("solve", "problem.md", "--language", "js", "--model", f"tape:{tape}")
    done = devteam(*given, env={"PATH": str(tools)})
    assert done.returncode == 3
    assert "JavaScript needs `node`, which was not found" in done.stderr + done.stdout
    assert "install Node.js" in done.stderr + done.stdout


def test_a_language_that_nobody_knows_is_exit_2(devteam: Command, project: Path) -> None:
    (project / "problem.md").write_text(PROBLEM)
    done = devteam("solve", "problem.md", "--language", "cobol", "--model", "tape:none.jsonl")
    assert (done.returncode, "the languages are python, javascript, typescript" in done.stderr) == (2, True)
