"""Test cases as models answer them, lists of `{name, input, expected}`, and the tests they become."""

from __future__ import annotations

import json
import math
import re
import textwrap
from collections.abc import Iterable, Iterator
from keyword import iskeyword
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, ValidationError, model_validator

from executors.blocks import FileBlock, read_message
from team.errors import SpecError
from team.gates.integrity.past import CASES
from team.specs.base import StrictModel
from team.specs.documents import parse_document
from team.specs.task import ProblemSpec, language_of

if TYPE_CHECKING:
    from team.specs import Spec

TESTS = "tests/test_cases.py"
MODULE = "solution"
MARK = '"""The test cases of the problem, a test each."""'
MOST_CASES = 500
MOST_CHARACTERS = 400_000
_FENCE = re.compile(
    r"^[ \t]*(```+|~~~+)[ \t]*(yaml|yml|json)?[ \t]*\n(.*?)^[ \t]*\1[ \t]*$", re.M | re.S | re.I
)
_WORDS = re.compile(r"[^a-z0-9]+")
_NONE: Any = object()


class Case(StrictModel):
    """One test case: arguments by name, and the value that is returned or the exception that is raised."""

    name: str = ""
    kind: str = Field(default="", description="such as happy, edge or error")
    input: dict[str, Any]
    expected: Any = _NONE
    raises: str = ""

    @model_validator(mode="before")
    @classmethod
    def _generous(cls, value: Any) -> Any:
        """Models write `error` for `raises`, and remarks of their own."""
        if not isinstance(value, dict):
            return value
        known = {key: value[key] for key in ("name", "kind", "input", "expected", "raises") if key in value}
        if "raises" not in known and isinstance(value.get("error"), str):
            known["raises"] = value["error"]
        return known

    @model_validator(mode="after")
    def _one_answer(self) -> Self:
        given = self.expected is not _NONE
        if bool(self.raises) == given or (self.raises and not self.raises.isidentifier()):
            raise ValueError("a case has either `expected` or `raises`")
        return self


def read_cases(content: str) -> list[Case]:
    """The test cases in an answer: a YAML or JSON list in a fenced block, or the whole of it."""
    text = content[:MOST_CHARACTERS].replace("\r\n", "\n")
    fenced = [match[3] for match in _FENCE.finditer(text if text.endswith("\n") else text + "\n")]
    for candidate in fenced or [text]:
        if cases := _cases(candidate):
            return cases
    return []


def as_files(spec: Spec, agent: str, content: str) -> str:
    """An answer in the form in which files are laid down: test cases of a problem become a file of tests."""
    if not isinstance(spec, ProblemSpec) or agent != "test_engineer":
        return content
    if language_of(spec) is not None:
        return _as_data(content)
    if any(isinstance(block, FileBlock) and block.path.endswith(".py") for block in read_message(content)):
        return content
    cases = read_cases(content)
    if not cases:
        return content
    return f"````python\n# filename: {TESTS}\n{as_tests(cases, spec.entry_point)}````\n"


def _as_data(content: str) -> str:
    """Cases as the file that holds them; an answer without any stays as it is."""
    files = [block for block in read_message(content) if isinstance(block, FileBlock)]
    texts = [block.content for block in files if block.path.endswith((".json", ".yaml", ".yml"))]
    cases = next((found for text in (content, *texts) if (found := read_cases(text))), [])
    return f"````json\n// filename: {CASES}\n{as_lines(cases)}````\n" if cases else content


def as_lines(cases: Iterable[Case]) -> str:
    """The cases as JSON, a line each, under names of their own."""
    lines: dict[str, str] = {}
    for case in list(cases)[:MOST_CASES]:
        base = case.name.strip() or "case"
        name, number = base, 2
        while name in lines:
            name, number = f"{base} ({number})", number + 1
        told = {"name": name, "kind": case.kind, "input": case.input}
        told |= {"raises": case.raises} if case.raises else {"expected": case.expected}
        if not case.kind:
            del told["kind"]
        lines[name] = json.dumps(told, default=str)
    return "[\n" + ",\n".join(lines.values()) + "\n]\n"


def as_case(told: object) -> Case:
    """A case from what stands in the file.

    Raises:
        pydantic.ValidationError: it is none.
    """
    return Case.model_validate(told)


def as_tests(cases: Iterable[Case], entry_point: str) -> str:
    """The cases as a module of tests, one function each: what fails can be seen and repaired by itself."""
    functions: dict[str, str] = {}
    for case in list(cases)[:MOST_CASES]:
        base = _WORDS.sub("_", case.name.lower()).strip("_")[:60] or "case"
        name, number = f"test_{base}", 2
        while name in functions:
            name, number = f"test_{base}_{number}", number + 1
        functions[name] = f"def {name}() -> None:\n{_body(case, entry_point)}"
    text = "\n\n".join(functions.values())
    imports = "import pytest\n\n" if "pytest." in text else ""
    return f"{MARK}\n\n{imports}from {MODULE} import {entry_point}\n\n\n{text}"


def point_to_solution(root: Path, spec: Spec) -> None:
    """Let our tests import the function from where it is, when one source file alone defines it elsewhere.

    Raises:
        OSError: the tests cannot be written.
    """
    place = root / TESTS
    if not isinstance(spec, ProblemSpec) or not place.is_file() or place.is_symlink():
        return
    text = place.read_text("utf-8", "replace")
    defined = re.compile(rf"^(?:async )?def {spec.entry_point}\b", re.MULTILINE)
    found = [
        path.relative_to(root).with_suffix("").as_posix().removeprefix("src/").replace("/", ".")
        for path in sorted(root.rglob("*.py"))
        if path.is_file() and not path.is_symlink() and "tests" not in path.relative_to(root).parts
        if defined.search(path.read_text("utf-8", "replace"))
    ]
    line = f"from {MODULE} import {spec.entry_point}\n"
    if text.startswith(MARK) and len(found) == 1 and found[0] != MODULE and line in text:
        place.write_text(text.replace(line, f"from {found[0]} import {spec.entry_point}\n"), "utf-8")


def _cases(text: str) -> list[Case]:
    body = textwrap.indent(textwrap.dedent(text).strip("\n"), " ")
    for candidate in (f"cases:\n{body}\n", textwrap.dedent(text)):
        try:
            data = parse_document(candidate, Path("cases.yaml")).data
        except SpecError:
            continue
        items = next((data[key] for key in ("cases", "test_cases", "tests") if key in data), None)
        if isinstance(items, list):
            try:
                return [Case.model_validate(item) for item in items]
            except ValidationError:
                continue
    return []


def _body(case: Case, entry_point: str) -> str:
    call = f"{entry_point}({', '.join(_arguments(case.input))})"
    if case.raises:
        return f"    with pytest.raises({case.raises}):\n        {call}\n"
    if case.expected is None or isinstance(case.expected, bool):
        return f"    assert {call} is {case.expected!r}\n"
    return f"    assert {call} == {_expected(case.expected)}\n"


def _arguments(given: dict[str, Any]) -> Iterator[str]:
    plain = {name: value for name, value in given.items() if name.isidentifier() and not iskeyword(name)}
    yield from (f"{name}={_written(value)}" for name, value in plain.items())
    if others := {name: value for name, value in given.items() if name not in plain}:
        yield f"**{_written(others)}"


def _expected(value: Any) -> str:
    items = value if isinstance(value, list) else [value]
    numbers = all(isinstance(item, int | float) and not isinstance(item, bool) for item in items)
    if numbers and any(isinstance(item, float) for item in items):
        return f"pytest.approx({_written(value)})"
    return _written(value)


def _written(value: Any) -> str:
    """A value as Python text."""
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_written(key)}: {_written(item)}' for key, item in value.items())}}}"
    return repr(value)
