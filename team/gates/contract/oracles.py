"""What knows more than examples do: a second solution and properties, which come with a problem.

Both run in sandboxes of their own, in which neither the code under test nor its tests are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from team.gates.base import Finding, Target
from team.gates.contract.calls import Answer, Call, ask, ask_source
from team.gates.contract.known import KnownAnswer
from team.gates.contract.sameness import same
from team.specs.task import ProblemSpec

RESULT = "result"


def has_oracle(target: Target) -> bool:
    """Whether the spec brings a second solution or properties."""
    return isinstance(target.spec, ProblemSpec) and bool(target.spec.reference or target.spec.properties)


def reference_answers(target: Target, calls: Sequence[Call]) -> list[Answer]:
    """What the problem's second solution answers; nothing where there is none."""
    spec = target.spec
    if not isinstance(spec, ProblemSpec) or not spec.reference:
        return []
    return ask_source(target, spec.reference, calls)


def broken_properties(target: Target, calls: Sequence[Call], values: Sequence[Any]) -> list[str]:
    """For each call with a value that it may return: the property that this breaks, else an empty text."""
    spec = target.spec
    if not isinstance(spec, ProblemSpec) or not spec.properties:
        return []
    asked = [
        Call(f"holds_{number}", (), {**_named(call, spec), RESULT: value})
        for call, value in zip(calls, values, strict=True)
        for number in range(len(spec.properties))
    ]
    answers = ask_source(target, _as_functions(spec), asked)
    rows = [answers[at : at + len(spec.properties)] for at in range(0, len(answers), len(spec.properties))]
    return [_first_broken(row, spec.properties) for row in rows]


def differences(target: Target, known: Sequence[KnownAnswer], more: Sequence[Call]) -> Iterator[Finding]:
    """Findings for calls in which the code differs from the second solution or breaks a property.

    Args:
        target: the tree, whose spec is the problem.
        known: the examples; they are checked elsewhere, and give calls to try here.
        more: further calls to try, which may lie outside of the problem: where the second solution refuses
            one, it says nothing.
    """
    calls = [*(one.call for one in known), *more]
    answers = ask(target, calls)
    given = list(zip(calls, answers, strict=True))[: len(known)]
    seen = [(call, answer) for call, answer in given if not (answer.trouble or answer.raised)]
    for call, right, answer in zip(calls, reference_answers(target, calls), answers, strict=False):
        if not right.trouble and not right.raised and not alike(answer, right):
            yield _finding(target, answer, f"a second solution says of {call}: {right}; but here {answer}")
    values = [answer.returned for _, answer in seen]
    for (call, answer), rule in zip(
        seen, broken_properties(target, [call for call, _ in seen], values), strict=False
    ):
        if rule:
            yield _finding(target, answer, f"`{rule}` does not hold for {call}, of which {answer}")


def alike(one: Answer, other: Answer) -> bool:
    """Whether two answers are the same value, or the same exception."""
    if one.trouble or other.trouble or bool(one.raised) != bool(other.raised):
        return False
    return (
        other.raised in (one.raised, *one.kinds)
        if one.raised
        else same(one.returned, other.returned, loose=True)
    )


def _finding(target: Target, answer: Answer, message: str) -> Finding:
    place = answer.place if answer.place and answer.place[0] in target.sources else (None, None)
    return Finding(file=place[0], line=place[1], rule="oracle", message=message)


def _names(spec: ProblemSpec) -> tuple[str, ...]:
    return tuple(spec.examples[0].input) if spec.examples else ()


def _named(call: Call, spec: ProblemSpec) -> dict[str, Any]:
    """A call's arguments by the names that the examples use."""
    return {**dict(zip(_names(spec), call.args, strict=False)), **call.kwargs}


def _as_functions(spec: ProblemSpec) -> str:
    """The properties as a module; names that an input lacks are None."""
    names = "".join(f"{name}=None, " for name in _names(spec) if name != RESULT)
    return "import math\n\n" + "\n".join(
        f"def holds_{number}({names}{RESULT}=None, **others):\n    return bool({rule})\n"
        for number, rule in enumerate(spec.properties)
    )


def _first_broken(answers: Sequence[Answer], properties: Sequence[str]) -> str:
    """The first property that does not hold; one that cannot be asked, for want of a name, says nothing."""
    for answer, rule in zip(answers, properties, strict=True):
        if not answer.trouble and not answer.raised and answer.returned is False:
            return rule
    return ""
