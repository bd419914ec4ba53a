"""Code that knows the visible answers by heart: the examples are written in it, and it answers nothing else.

Two signs are needed: every known answer stands in the source as a pair of input and output, in a table or as
a comparison with what is returned then; and all other calls that we try, near the known ones, give one and
the same answer. Honest tables, such as the values of Roman digits, lack the second sign.
"""

from __future__ import annotations

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from team.gates.base import Finding, Target
from team.gates.contract.calls import Answer, Call, ask
from team.gates.contract.known import KnownAnswer, same_call
from team.gates.contract.sameness import same
from team.gates.integrity.modules import read_module
from team.gates.runner.literals import NotLiteral, evaluate
from team.gates.runner.plain_values import NotPlain, decode, encode
from team.specs.task import language_of

RULE = "hard-coded"
FEWEST = 2
"""Other calls that must have been answered before code is judged."""
MOST_PAIRS = 2000
MOST_TRIED = 24
NEAR = 40
"""Characters between an input and its output, where only text is looked at."""

Pair = tuple[Any, Any]
"""What goes in and what comes out, as tagged data."""


def hard_coded(target: Target, sources: Mapping[str, str], known: Iterable[KnownAnswer]) -> list[Finding]:
    """A finding for each function that only knows the given answers.

    Args:
        target: the tree and the sandbox.
        sources: path → text of the source files.
        known: the answers that the author could see.

    Raises:
        executors.SandboxUnavailable: the machine lacks what confines the run.
    """
    if language_of(target.spec) is not None:
        return _in_another_language(target, sources, known)
    pairs = [pair for path, text in sorted(sources.items()) for pair in _pairs(path, text)][:MOST_PAIRS]
    by_function: dict[str, list[KnownAnswer]] = defaultdict(list)
    for one in known if pairs else ():
        if not one.raises:
            by_function[one.call.function].append(one)
    suspects = {
        name: answers
        for name, answers in by_function.items()
        if _differ(one.expected for one in answers) and all(_is_written(one, pairs) for one in answers)
    }
    return [found for name, answers in suspects.items() for found in _tried(target, name, answers, pairs)]


def _in_another_language(
    target: Target, sources: Mapping[str, str], known: Iterable[KnownAnswer]
) -> list[Finding]:
    """As above, where pairs of input and output can only be looked for in the text."""
    text = _bare("\n".join(sources.values()))
    answers = [one for one in known if not one.raises]
    if not _differ(one.expected for one in answers) or not all(_is_spelled_out(one, text) for one in answers):
        return []
    return list(_tried(target, answers[0].call.function, answers, ()))


def _is_spelled_out(one: KnownAnswer, text: str) -> bool:
    """Whether an argument of a known answer stands in a text as what is compared or looked up, and soon
    after it the answer."""
    try:
        answer = re.escape(_bare(json.dumps(decode(one.expected))))
        inputs = [_bare(json.dumps(decode(value))) for value in (*one.call.args, *one.call.kwargs.values())]
    except (NotPlain, TypeError, ValueError):
        return False
    return any(
        re.search(
            rf"(?:==|[:{{,\[(]|case){re.escape(given)}(?!\w).{{0,{NEAR}}}?(?:return|\W){answer}(?!\w)", text
        )
        for given in inputs
        if given
    )


def _bare(text: str) -> str:
    """A text without blanks and quotes."""
    return re.sub(r"[\s\"'`]+", "", text)


def _tried(
    target: Target, name: str, known: Sequence[KnownAnswer], pairs: Sequence[Pair]
) -> Iterator[Finding]:
    first = known[0].call
    calls = [call for one in known for call in near(one.call)]
    calls = [Call(name, (given,)) for given, _ in pairs if len(first.args) == 1 and not first.kwargs] + calls
    calls = [call for call in calls if not any(same_call(call, one.call) for one in known)][:MOST_TRIED]
    answers = ask(target, calls)
    if len(answers) < FEWEST or any(answer.trouble for answer in answers) or _differ_in_kind(answers):
        return
    if _is_spoken_of(answers[0], target) or (answers[0].raised and all(map(_is_a_name, known))):
        return
    place = answers[0].place if answers[0].place and answers[0].place[0] in target.sources else None
    yield Finding(
        file=place[0] if place else None,
        line=place[1] if place else None,
        rule=RULE,
        severity="critical",
        message=f"{name} holds the {len(known)} known answers as they are and computes nothing: "
        f"for {calls[-1]}, as for all other calls that were tried, {answers[-1]}",
    )


def _is_spoken_of(answer: Answer, target: Target) -> bool:
    """Whether the requirements say what becomes of unknown input: then a table is a fair way to do it."""
    text = target.spec.requirements_text() if target.spec else ""
    if answer.raised:
        return answer.raised in text
    return isinstance(answer.returned, str | None) and bool(answer.returned) and str(answer.returned) in text


def _is_a_name(one: KnownAnswer) -> bool:
    """Whether the input is one of a set of names, as far as can be told: its rest may well be unknown."""
    values = [*one.call.args, *one.call.kwargs.values()]
    return all(isinstance(value, str) and value.isidentifier() for value in values)


def _differ(values: Iterable[Any]) -> bool:
    """Whether there are two values that are not the same."""
    first, *others = [*values] or [None]
    return any(not same(other, first) for other in others)


def _differ_in_kind(answers: Sequence[Answer]) -> bool:
    first = answers[0]
    if any(answer.raised != first.raised for answer in answers):
        return True
    return not first.raised and _differ(answer.returned for answer in answers)


def _is_written(one: KnownAnswer, pairs: Sequence[Pair]) -> bool:
    """Whether a pair of the source gives this answer, to one of the arguments or to all."""
    values = [*one.call.args, *one.call.kwargs.values()]
    inputs = [*values, {"t": values}]
    return any(
        same(given, value, loose=one.loose) and same(result, one.expected, loose=one.loose)
        for given, result in pairs
        for value in inputs
    )


def _pairs(path: str, text: str) -> Iterator[Pair]:
    """Inputs with their outputs that a source file spells out."""
    module = read_module(path, text)
    for node in ast.walk(module.tree) if module else ():
        match node:
            case ast.Dict():
                for key, value in zip(node.keys, node.values, strict=True):
                    if key is not None:
                        yield from _pair(key, value)
            case ast.If(test=test, body=[ast.Return(value=ast.expr() as value), *_]):
                yield from _compared(test, value)
            case ast.IfExp(test=test, body=value):
                yield from _compared(test, value)
            case ast.match_case(
                pattern=ast.MatchValue(value=key), body=[ast.Return(value=ast.expr() as value)]
            ):
                yield from _pair(key, value)


def _compared(test: ast.expr, value: ast.expr) -> Iterator[Pair]:
    for node in ast.walk(test):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.Is):
            for side in (node.left, node.comparators[0]):
                yield from _pair(side, value)


def _pair(key: ast.expr, value: ast.expr) -> Iterator[Pair]:
    try:
        yield encode(evaluate(key)), encode(evaluate(value))
    except (NotLiteral, NotPlain):
        return


def near(call: Call) -> Iterator[Call]:
    """Calls like one, with one argument changed a little."""
    for number, value in enumerate(call.args):
        for other in _others(value):
            yield Call(call.function, (*call.args[:number], other, *call.args[number + 1 :]), call.kwargs)
    for name, value in call.kwargs.items():
        for other in _others(value):
            yield Call(call.function, call.args, {**call.kwargs, name: other})


def _others(told: Any) -> Iterator[Any]:
    """Values of the same kind, near a value."""
    try:
        value = decode(told)
    except NotPlain:
        return
    match value:
        case bool():
            yield not value
        case int():
            yield from (encode(value + 1), encode(abs(value) * 2 + 3))
        case float():
            yield from (encode(value + 1.5), encode(abs(value) * 2 + 3.25))
        case str():
            yield from (encode(value + value[:1] + "a"), encode(value[1:]))
        case list() | tuple():
            items = [*value, *value[:1]]
            yield from (encode(type(value)(items)), encode(value[1:]))
