from __future__ import annotations

from support.gate_trees import Judge, rules

SHELL = "import subprocess\n\n\ndef run(text: str) -> None:\n    subprocess.call(text, shell=True){comment}\n"


def test_a_dangerous_call_is_placed_and_named(judged: Judge) -> None:
    result = judged("security", {"a.py": SHELL.format(comment="")})

    assert result.status == "fail"
    assert ("a.py", 5, "B602", "critical") in {(f.file, f.line, f.rule, f.severity) for f in result.findings}


def test_medium_decides_and_low_does_not(judged: Judge) -> None:
    assert judged("security", {"a.py": "import pickle\n\nload = pickle.loads\n"}).status == "pass"
    assert rules(judged("security", {"a.py": "import yaml\n\nx = yaml.load('a')\n"})) == {"B506"}


def test_asserts_belong_in_tests(judged: Judge) -> None:
    result = judged("security", {"a.py": "assert 1\n", "tests/test_a.py": "assert 1\n"})
    assert [(f.file, f.rule, f.severity) for f in result.findings] == [("a.py", "B101", "minor")]


def test_no_comment_and_no_configuration_of_the_workspace_weakens_it(judged: Judge) -> None:
    result = judged(
        "security",
        {
            "a.py": SHELL.format(comment="  # nosec"),
            ".bandit": "[bandit]\nskips: B602\nexclude: /\n",
            "pyproject.toml": "[tool.bandit]\nskips = ['B602']\nexclude_dirs = ['.']\n",
        },
    )
    assert rules(result) == {"B602"}
    assert ("suppression", "minor") in {(f.rule, f.severity) for f in result.findings}
