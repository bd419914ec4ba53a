"""The examples of the requirements, asked of the code from another process."""

from __future__ import annotations

from dataclasses import dataclass

from team.gates.base import Target
from team.gates.contract.calls import Answer, ask
from team.gates.contract.known import KnownAnswer, known_answers
from team.gates.contract.prose import signatures
from team.specs.task import ProblemSpec


@dataclass(frozen=True)
class AskedExamples:
    """Every example with what the code answers; `unasked` are those whose function the code does not have."""

    answered: tuple[tuple[KnownAnswer, Answer], ...] = ()
    unasked: tuple[KnownAnswer, ...] = ()

    @property
    def broken(self) -> tuple[tuple[KnownAnswer, Answer], ...]:
        """The examples that the code does not hold."""
        return tuple((known, answer) for known, answer in self.answered if not known.holds(answer))


def ask_examples(target: Target) -> AskedExamples:
    """Ask the code every example of the target's spec.

    Raises:
        executors.SandboxUnavailable: the machine lacks what confines the run.
    """
    known = known_answers(target.spec)
    answers = ask(target, [one.call for one in known])
    demanded = _demanded(target)
    answered: list[tuple[KnownAnswer, Answer]] = []
    unasked: list[tuple[KnownAnswer, Answer]] = []
    for one, answer in zip(known, answers, strict=True):
        absent = answer.missing and answer.place is None and one.call.function not in demanded
        (unasked if absent or _elsewhere(one, answer) else answered).append((one, answer))
    return AskedExamples(tuple(answered), tuple(one for one, _ in unasked))


def _demanded(target: Target) -> frozenset[str]:
    """The functions that have to be there: what prose calls by the way may be no part of the work."""
    if isinstance(target.spec, ProblemSpec):
        return frozenset({target.spec.entry_point})
    return signatures(target.spec.requirements_text()) if target.spec else frozenset()


def _elsewhere(known: KnownAnswer, answer: Answer) -> bool:
    """Whether the example names a module, and the function was found in another one."""
    if not known.module or answer.place is None:
        return False
    found = answer.place[0].removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return not f".{found}".endswith(f".{known.module}")
