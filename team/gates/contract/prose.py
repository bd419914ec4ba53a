"""Examples that are written in requirements: only what can be read in one way. Nothing is guessed.

Read are doctests, calls with what they give (``f(1) == 2``, ``f(1) -> 2``, ``f(1) returns 2``, ``f(-1) raises
ValueError``), tables with a column of calls, and ``Input: … Output: …`` pairs. Arguments and values must be
literals. A line with words that turn its sense round is left alone.
"""

from __future__ import annotations

import ast
import builtins
import itertools
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from team.gates.contract.calls import Call
from team.gates.contract.known import KnownAnswer
from team.gates.runner.literals import NotLiteral, evaluate
from team.gates.runner.plain_values import NotPlain, encode

MOST_CHARACTERS = 400_000
LONGEST_LINE = 1000
MOST_TRIES = 30
"""Ways to read one line that are tried."""
_CALL = re.compile(r"(?<![\w.\"'])[A-Za-z_][\w.]*\(")
_GIVES = re.compile(
    r"`?\s*(?:(?:#\s*)?(?:===?>?|=>|--?>|→|➞|➔|⇒|⟶)|(?:(?:should|must|will|shall)\s+)?"
    r"(?:returns?|gives?|yields?|equals?|is|evaluates?\s+to))\s*:?\s*`?\s*"
)
_RAISES = re.compile(
    r"`?\s*(?:->|=>|→|(?:(?:should|must|will|shall)\s+)?(?:raises?|throws?))\s*(?:an?\s+)?`?\s*"
    r"([A-Za-z_]\w*(?:Error|Exception|Interrupt|Exit|Iteration))\b"
)
_TURNED = re.compile(
    r"\b(?:not|never|wrong|wrongly|incorrect|incorrectly|currently|instead|bug|actually|but|unless|isn't|doesn't"
    r"|cannot|can't|except|sometimes|might|may|could|approximately|roughly|about|either|or|was|used\s+to)\b",
    re.IGNORECASE,
)
_AFTER = re.compile(r"\s*(?:[`.,;)\]]*\s*(?:$|#|//|\()|[`]|[,;.]\s|\s+and\s+`?[A-Za-z_][\w.]*\()")
_INPUT = re.compile(r"^[\W_]*(?:sample\s+)?input\b[\s*_]*:?[\s*_`]*(.*?)`?\s*$", re.IGNORECASE)
_OUTPUT = re.compile(r"^[\W_]*(?:sample\s+|expected\s+)?output\b[\s*_]*:?[\s*_`]*(.*?)`?\s*$", re.IGNORECASE)
_SIGNATURE = re.compile(r"^\s*(?:async\s+)?def\s+([A-Za-z_]\w*)\s*\((?!\s*(?:self|cls)\b)", re.MULTILINE)
_RESULT = frozenset({"result", "returns", "return", "output", "expected", "gives", "value", "answer"})
_FOR = re.compile(
    r"^[\W_]*(?:for|with|given)\s+(\w+\s*=.*?),?\s+(?:the\s+)?(?:output|result)\s+(?:should\s+be|is|must\s+be)\s+(.+)$",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"^\s*(?:[-*+>|]|\d+[.)]|assert\b|#|//|e\.g\.,?|example:?|`|\s)*", re.IGNORECASE)


@lru_cache(maxsize=32)
def read_examples(text: str, entry_point: str = "") -> tuple[KnownAnswer, ...]:
    """The examples in a text.

    Args:
        text: requirements, as Markdown or plain text.
        entry_point: the function that ``Input``/``Output`` pairs are about; by default the only one whose
            signature the text shows.
    """
    lines = [line[:LONGEST_LINE] for line in text[:MOST_CHARACTERS].expandtabs(4).splitlines()]
    signatures = set(_SIGNATURE.findall(text[:MOST_CHARACTERS]))
    entry = entry_point or (signatures.pop() if len(signatures) == 1 else "")
    found = [*_doctests(lines), *_pairs(lines, entry), *_rows(lines)]
    in_code = False
    for line in lines:
        if line.lstrip().startswith(("```", "~~~")):
            in_code = not in_code
        elif ">>>" not in line and not line.lstrip().startswith(("|", "def ", "async def ")):
            found += _in_line(line, in_code)
    return tuple(found)


def signatures(text: str) -> frozenset[str]:
    """The functions whose signatures a text shows: they must be there under these names."""
    return frozenset(_SIGNATURE.findall(text[:MOST_CHARACTERS]))


def _doctests(lines: list[str]) -> Iterator[KnownAnswer]:
    number = 0
    while number < len(lines):
        before, prompt, source = lines[number].partition(">>>")
        number += 1
        if not prompt or before.strip(" `*#"):
            continue
        while number < len(lines) and lines[number].lstrip().startswith("... "):
            source += "\n" + lines[number].lstrip()[4:]
            number += 1
        shown: list[str] = []
        while number < len(lines) and not _ends_output(lines[number]):
            shown.append(lines[number].strip())
            number += 1
        yield from _doctest(source.strip(), shown)


def _ends_output(line: str) -> bool:
    text = line.strip()
    return not text or text.startswith((">>>", "```", "~~~", '"""', "'''"))


def _doctest(source: str, shown: list[str]) -> Iterator[KnownAnswer]:
    node = _expression(source)
    if node is None:
        return
    if shown and shown[0].startswith("Traceback"):
        name = shown[-1].partition(":")[0].strip().rpartition(".")[2]
        if len(shown) > 1 and name.isidentifier():
            yield from _known(node, None, raises=name)
        return
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq):
        if shown in ([], ["True"]):
            yield from _known(node.left, node.comparators[0])
        return
    if shown:
        yield from _known(node, _expression(" ".join(shown)) or _expression(shown[0]))


def _pairs(lines: list[str], entry: str) -> Iterator[KnownAnswer]:
    """``Input: …`` followed by ``Output: …``, and ``For a = 1, b = 2 the output should be 3``."""
    said = [(line, following) for line, following in zip(lines, [*lines[1:], ""], strict=True)]
    given: str | None = None
    for line, following in said if entry else ():
        if match := _INPUT.match(line):
            given = match[1] or following.strip(" `")
        elif (match := _OUTPUT.match(line)) and given is not None:
            call = _expression(f"{entry}({given})")
            if call is not None:
                yield from _known(call, _expression(match[1] or following.strip(" `")))
            given = None
        elif match := _FOR.match(line):
            call = _expression(f"{entry}({match[1]})")
            value, _ = _leading_literal(match[2])
            yield from _known(call, value) if call is not None else ()


def _rows(lines: list[str]) -> Iterator[KnownAnswer]:
    """Rows of tables with two columns, or with one that is named as the result: a call, and its value."""
    header: list[str] = []
    for line in lines:
        cells = [cell.strip().strip("`").strip() for cell in line.strip().strip("|").split("|")]
        if not line.lstrip().startswith("|") or len(cells) < 2:
            header = []
        elif not header:
            header = [cell.lower() for cell in cells]
        elif len(cells) == len(header):
            named = [number for number, name in enumerate(header) if name in _RESULT]
            at = named[0] if len(named) == 1 else 1 if len(cells) == 2 else None
            calls = [_expression(cell) for cell in cells]
            if at is not None and (match := _RAISES.fullmatch(f"raises {cells[at].removeprefix('raises ')}")):
                for call in (call for call in calls[:at] if isinstance(call, ast.Call)):
                    yield from _known(call, None, raises=match[1])
            elif at is not None:
                for call in (call for call in calls[:at] if isinstance(call, ast.Call)):
                    yield from _known(call, calls[at])


def _in_line(line: str, in_code: bool) -> Iterator[KnownAnswer]:
    """Calls in a line that are followed by what they give."""
    at = tries = 0
    while (found := _CALL.search(line, at)) and tries < MOST_TRIES:
        at, tries = found.end(), tries + 1
        call, end = _balanced(line, found.start())
        if call is None:
            continue
        before, rest = line[: found.start()], line[end:]
        if in_code and _PREFIX.sub("", before):
            continue
        if _TURNED.search(_outside_quotes(before)) or before.rstrip().endswith(("=", "(", "def")):
            continue
        if match := _RAISES.match(rest):
            if not _TURNED.search(rest[match.end() :]):
                yield from _known(call, None, raises=match[1])
            at = end
        elif match := _GIVES.match(rest):
            value, length = _leading_literal(rest[match.end() :])
            if value is not None and not _TURNED.search(_outside_quotes(rest[match.end() + length :])):
                yield from _known(call, value)
                at = end + match.end() + length


def _balanced(line: str, start: int) -> tuple[ast.expr | None, int]:
    """The call that begins at a place, up to the bracket that makes it whole."""
    end, tries = line.find(")", start), 0
    while end != -1 and tries < MOST_TRIES:
        text = line[start : end + 1]
        if text.count("(") == text.count(")") or "'" in text or '"' in text:
            tries += 1
            node = _expression(text)
            if isinstance(node, ast.Call):
                return node, end + 1
        end = line.find(")", end + 1)
    return None, start


def _leading_literal(text: str) -> tuple[ast.expr | None, int]:
    """The longest literal at the start of a text that nothing but punctuation or a remark follows."""
    text = text.rstrip().removesuffix(".")
    ends = (end for end in range(len(text), 0, -1) if not text[end - 1].isspace())
    for end in itertools.islice((end for end in ends if _AFTER.match(text, end)), MOST_TRIES):
        if text[end - 1] == ",":
            continue
        node = _expression(text[:end].rstrip("`"))
        if node is not None and _is_literal(node):
            # ("a") may mean ("a",), and 1, 2 may be two values or a tuple
            bracketed = text.startswith("(") is not isinstance(node, ast.Tuple)
            return (None, 0) if bracketed else (node, end)
    return None, 0


def _outside_quotes(text: str) -> str:
    return re.sub(r"\"[^\"]*\"|'[^']*'", "", text)


def _expression(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _is_literal(node: ast.expr) -> bool:
    try:
        evaluate(node)
    except NotLiteral:
        return False
    return True


def _known(call: ast.expr, value: ast.expr | None, *, raises: str = "") -> Iterator[KnownAnswer]:
    """The example that a call and a value make, if both can be read."""
    if not isinstance(call, ast.Call) or (value is None and not raises):
        return
    module, function = _name(call.func)
    if not function or (not module and hasattr(builtins, function)):
        return
    try:
        args = tuple(encode(evaluate(argument)) for argument in call.args)
        kwargs = {str(key.arg): encode(evaluate(key.value)) for key in call.keywords if key.arg}
        expected: Any = encode(evaluate(value)) if value is not None else None
    except (NotLiteral, NotPlain):
        return
    if len(kwargs) == len(call.keywords):
        yield KnownAnswer(Call(function, args, kwargs), expected, raises, module=module)


def _name(node: ast.expr) -> tuple[str, str]:
    """The module and the function that a call names; empty for anything else."""
    if isinstance(node, ast.Name):
        return "", node.id
    if isinstance(node, ast.Attribute):
        parts = ast.unparse(node).split(".")
        if all(part.isidentifier() for part in parts):
            return ".".join(parts[:-1]), parts[-1]
    return "", ""
