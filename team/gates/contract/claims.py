"""What tests claim of single calls: the call, and what it is to answer, where both are plain data."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from team.gates.contract.calls import Answer, Call
from team.gates.contract.known import KnownAnswer
from team.gates.contract.sameness import EXACT, Tolerance, same
from team.gates.integrity.demands import tests_of
from team.gates.integrity.modules import read_module
from team.gates.integrity.relations import Demand, Relation, tolerances
from team.gates.runner.literals import NotLiteral, evaluate
from team.gates.runner.plain_values import NotPlain, decode, encode

_RAISES = frozenset({"raises", "assertRaises", "assertRaisesRegex"})
_TRUTH = {"true": True, "false": False}


@dataclass(frozen=True, eq=False)
class Claim:
    """One test's claim about one call.

    Attributes:
        test: ``path::name`` of the test.
        line: of the assertion.
        known: the call, and what the test expects.
        within: how far floating-point numbers may be apart.
        truth: whether only the truth of the value is asked for.
    """

    test: str
    line: int
    known: KnownAnswer
    within: Tolerance = EXACT
    truth: bool = False

    @property
    def call(self) -> Call:
        """The call that is claimed to answer so."""
        return self.known.call

    def holds(self, answer: Answer) -> bool:
        """Whether an answer is what the test expects."""
        if answer.trouble or self.known.raises or answer.raised:
            return self.known.holds(answer)
        return self.takes(answer.returned)

    def agrees(self, example: KnownAnswer) -> bool:
        """Whether the test expects what an example of the same call says."""
        if example.raises or self.known.raises:
            return example.raises == self.known.raises
        return self.takes(example.expected, loose=example.loose)

    def takes(self, value: object, *, loose: bool = False) -> bool:
        """Whether a returned value, as tagged data, is what the test expects."""
        if self.truth:
            return _truth(value) is self.known.expected
        return same(value, self.known.expected, loose=loose, within=self.within)


def claims_of(tests: Mapping[str, str]) -> list[Claim]:
    """The claims of test files, given as path → text. What is no plain call and value is left out."""
    modules = [module for path, text in sorted(tests.items()) if (module := read_module(path, text))]
    return [
        claim for test in tests_of(modules).values() for demand in test.demands for claim in _claims(demand)
    ]


def _claims(demand: Demand) -> Iterator[Claim]:
    try:
        yield _read(demand, demand.relation)
    except (NotLiteral, NotPlain, SyntaxError, ValueError, RecursionError, MemoryError):
        return


def _read(demand: Demand, relation: Relation) -> Claim:
    """The claim of a relation.

    Raises:
        NotLiteral: it makes none about a plain call.
    """
    subject = _parsed(relation.subject)
    if relation.sign in _TRUTH:
        return _claim(demand, subject, KnownAnswer(Call(""), _TRUTH[relation.sign]), truth=True)
    if relation.sign in _RAISES:
        name = relation.expected.rpartition(".")[2]
        return _claim(demand, subject, KnownAnswer(Call(""), raises=name))
    expected = evaluate(_parsed(relation.expected)) if relation.expected else None
    if relation.sign in ("<", "<="):
        subject, value = _distance(subject)
        within = Tolerance(relative=0, absolute=float(str(expected)))
        return _claim(demand, subject, KnownAnswer(Call(""), encode(evaluate(value))), within)
    if relation.sign not in ("==", "is"):
        raise NotLiteral(relation.sign)
    allowed = tolerances(relation.detail)
    within = Tolerance(allowed["rel"], allowed["abs"]) if relation.detail else EXACT
    return _claim(demand, subject, KnownAnswer(Call(""), encode(expected)), within)


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _distance(node: ast.expr) -> tuple[ast.expr, ast.expr]:
    """The call and the value in ``abs(call - value)``.

    Raises:
        NotLiteral: it is no distance.
    """
    match node:
        case ast.Call(func=ast.Name(id="abs"), args=[ast.BinOp(op=ast.Sub(), left=left, right=right)]):
            return (left, right) if isinstance(left, ast.Call) else (right, left)
    raise NotLiteral("no distance")


def _claim(
    demand: Demand, subject: ast.expr, said: KnownAnswer, within: Tolerance = EXACT, *, truth: bool = False
) -> Claim:
    """The claim about a call by its dotted name.

    Raises:
        NotLiteral: the subject is something else.
    """
    if not isinstance(subject, ast.Call):
        raise NotLiteral("no call")
    module, _, function = ast.unparse(subject.func).rpartition(".")
    if not function.isidentifier() or not all(part.isidentifier() for part in module.split(".") if module):
        raise NotLiteral("no plain function")
    args = tuple(encode(evaluate(argument)) for argument in subject.args)
    kwargs = {str(key.arg): encode(evaluate(key.value)) for key in subject.keywords}
    known = KnownAnswer(Call(function, args, kwargs), said.expected, said.raises, module=module)
    return Claim(demand.test, demand.line, known, within, truth)


def _truth(value: object) -> bool | None:
    try:
        return bool(decode(value))
    except (NotPlain, RecursionError, TypeError, ValueError):
        return None
