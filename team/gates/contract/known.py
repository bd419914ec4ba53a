"""Known answers: what a call must answer, because the person who asked for the work says so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from team.gates.contract.calls import Answer, Call
from team.gates.contract.sameness import same, shown
from team.gates.runner.plain_values import NotPlain, decode, encode
from team.specs.task import ProblemSpec, TaskSpec, language_of

if TYPE_CHECKING:
    from team.specs import Spec


@dataclass(frozen=True)
class KnownAnswer:
    """One example: a call, and the value that it must return or the exception that it must raise.

    `expected` is tagged plain data. `raises` is the exception's name, else empty. `loose` says that the
    values were written as JSON or YAML. `module` is the module that the example names, where it names one.
    """

    call: Call
    expected: Any = None
    raises: str = ""
    loose: bool = False
    module: str = ""

    def holds(self, answer: Answer) -> bool:
        """Whether the answer is the known one."""
        if answer.trouble:
            return False
        if self.raises:
            return self.raises in answer.kinds
        return not answer.raised and same(answer.returned, self.expected, loose=self.loose)

    def __str__(self) -> str:
        wanted = f"raises {self.raises}" if self.raises else f"== {shown(self.expected)}"
        return f"{self.call} {wanted}"


def known_answers(spec: Spec | None) -> tuple[KnownAnswer, ...]:
    """The examples of a spec: those that it lists, and those that are written in its text beyond doubt."""
    from team.gates.contract.prose import read_examples

    if isinstance(spec, ProblemSpec):
        listed = [answer for answer in map(_listed(spec), spec.examples) if answer]
        written = read_examples(spec.description, spec.entry_point)
        if language_of(spec) is not None:  # which knows no tuples
            written = tuple(replace(one, loose=True) for one in written)
        return _without_repeats([*listed, *written])
    if isinstance(spec, TaskSpec):
        return _without_repeats([*read_examples(spec.requirements)])
    return ()


def same_call(one: Call, other: Call, *, loose: bool = False) -> bool:
    """Whether two calls give one function the same values, by name or else in the same order."""
    if one.function != other.function:
        return False
    if set(one.kwargs) == set(other.kwargs) and len(one.args) == len(other.args):
        pairs = [*zip(one.args, other.args, strict=True)]
        pairs += [(one.kwargs[name], other.kwargs[name]) for name in one.kwargs]
    else:
        values, others = ([*call.args, *call.kwargs.values()] for call in (one, other))
        if len(values) != len(others):
            return False
        pairs = [*zip(values, others, strict=True)]
    return all(same(left, right, loose=loose) for left, right in pairs)


def written(told: Any) -> str:
    """Tagged data as Python writes it, whole."""
    try:
        return repr(decode(told))
    except (NotPlain, RecursionError, ValueError):
        return ""


def _listed(spec: ProblemSpec) -> Any:
    def one(example: Any) -> KnownAnswer | None:
        try:
            kwargs = {name: encode(value) for name, value in example.input.items()}
            expected = encode(example.expected)
        except NotPlain:
            return None
        return KnownAnswer(Call(spec.entry_point, (), kwargs), expected, example.raises, loose=True)

    return one


def _without_repeats(answers: list[KnownAnswer]) -> tuple[KnownAnswer, ...]:
    """Each call once. A call of which two different things are said says nothing."""
    first: dict[str, KnownAnswer] = {}
    doubtful: set[str] = set()
    for answer in answers:
        key = str((answer.call.function, answer.call.args, sorted(answer.call.kwargs.items())))
        before = first.setdefault(key, answer)
        if not before.loose and str(before) != str(answer):
            doubtful.add(key)
    return tuple(answer for key, answer in first.items() if key not in doubtful)
