from __future__ import annotations

import pytest
from support.gate_trees import Judge


def test_an_error_is_placed(judged: Judge) -> None:
    result = judged("syntax", {"a.py": "x = 1\ny = (\n", "b.py": "x = 1\n"})

    assert result.status == "fail"
    (finding,) = result.findings
    assert (finding.file, finding.line, finding.severity) == ("a.py", 2, "critical")
    assert "never closed" in finding.message


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        (b"x = 1\n\0", "NUL byte"),
        (b"x = '\xff\xfe'\n", "not UTF-8"),
        (b"# -*- coding: utf-7 -*-\nx = 1\n", "declares the encoding"),
        (b"x = " + b"(" * 5000 + b")" * 5000, "too many nested parentheses"),
        (b"x = " + b"-" * 100_000 + b"1\n", "nested"),
        (b"x = " + b"1 + " * 20_000 + b"1\n", "nested"),
        (b"x = " + b"9" * 10_000 + b"\n", "int"),
        (b"x = 1\n" * 300_000, "1000000 are the most"),
        (b"if 1:\n" + b"".join(b" " * n + b"if 1:\n" for n in range(1, 110)), "indentation"),
    ],
    ids=["NUL", "bytes", "encoding", "brackets", "signs", "sum", "number", "size", "indentation"],
)
def test_hostile_source_is_a_finding_and_not_a_crash(judged: Judge, source: bytes, complaint: str) -> None:
    result = judged("syntax", {"hostile.py": source, "fine.py": "x = 1\n"})

    assert result.status == "fail"
    assert [finding.file for finding in result.findings] == ["hostile.py"]
    assert complaint in result.findings[0].message
