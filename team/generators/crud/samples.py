"""Example values for an entity: realistic, within every limit, and keeping (or breaking) its rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import combinations, islice, product
from typing import Any

from team.errors import SpecError
from team.generators.crud.candidates import candidates
from team.specs.entity import EntitySpec
from team.specs.expressions import Expression

Values = dict[str, Any]
Goal = tuple[Expression, bool]
"""A rule, and whether it is to be kept or broken."""

_MOST_CHANGES = 4
_MOST_TRIES = 30_000


class Samples:
    """Finds example values for one entity, as Python holds them; always the same for the same spec."""

    def __init__(self, entity: EntitySpec) -> None:
        self._entity = entity
        self._rules = [entity.expression(rule) for rule in entity.expression_rules]
        self._candidates = {field.name: candidates(field, entity, self._rules) for field in entity.fields}
        self._kept: list[Goal] = [(rule, True) for rule in self._rules]

    @cached_property
    def full(self) -> Values:
        """A value for every field, keeping all rules.

        Raises:
            SpecError: no such values were found.
        """
        start = {field.name: self._candidates[field.name][0] for field in self._entity.fields}
        found = _search(start, self._candidates, self._kept)
        if found is None:
            raise SpecError(
                f"no example of {self._entity.name} was found that keeps all its business rules",
                "check that the rules and the limits can hold together",
            )
        return found

    @cached_property
    def least(self) -> Values | None:
        """As `full`, but what may be left out has its default; None: no such values were found."""
        fields = self._entity.fields
        defaults = {f.name: f.default_value for f in fields if f.nullable or f.default is not None}
        fixed = {name: [value] for name, value in defaults.items()}
        return _search(self.full | defaults, self._candidates | fixed, self._kept)

    def breaking(self, number: int) -> Values | None:
        """Changes to `full` that break one rule: it alone, or at least it before any other."""
        tries = []
        for others in (self._rules, self._rules[:number]):
            goals = [(rule, rule is not self._rules[number]) for rule in [*others, self._rules[number]]]
            if found := _search(self.full, self._candidates, list(dict.fromkeys(goals))):
                tries.append({name: value for name, value in found.items() if value != self.full[name]})
        return min(tries, key=len, default=None)

    def around(self, number: int) -> Iterator[tuple[Values, bool]]:
        """Changes to `full` in the fields of one rule, and whether they keep it; no other rule is broken."""
        names = self._rules[number].names
        others = [rule for rule in self._rules if rule is not self._rules[number]]
        for values in islice(product(*(self._candidates[name] for name in names)), _MOST_TRIES // 10):
            changed = self.full | dict(zip(names, values, strict=True))
            if all(rule.holds(changed) for rule in others):
                yield {name: changed[name] for name in names}, self._rules[number].holds(changed)

    @cached_property
    def change(self) -> Values | None:
        """A change of one field to `full` that keeps all rules."""
        own = [field for field in self._entity.fields if not field.references]
        for field in sorted(own, key=lambda field: field.unique):
            for value in self._candidates[field.name]:
                changed = value is not None and value != self.full[field.name]
                if changed and self.keeps_all(self.full | {field.name: value}):
                    return {field.name: value}
        return None

    def keeps_all(self, values: Values) -> bool:
        """Whether values for all fields keep every rule."""
        return all(rule.holds(values) for rule in self._rules)


def _search(start: Values, tried: Mapping[str, Sequence[Any]], goals: Sequence[Goal]) -> Values | None:
    """Change few fields until all goals are met: step by step, each step meeting more goals than before."""
    values = start
    while unmet := [goal for goal in goals if not _met(values, [goal])]:
        names = list(dict.fromkeys(name for rule, _ in unmet for name in rule.names))
        near = [rule.names for rule, _ in goals if set(rule.names) & set(names)]
        wider = list(dict.fromkeys([*names, *(name for each in near for name in each)]))
        tries = islice(_variations(values, wider, tried), _MOST_TRIES)
        better = (each for each in tries if _missed(each, goals) < len(unmet))
        if (found := next(better, None)) is None:
            return None
        values = found
    return values


def _met(values: Values, goals: Sequence[Goal]) -> bool:
    return all(rule.holds(values) is wanted for rule, wanted in goals)


def _missed(values: Values, goals: Sequence[Goal]) -> int:
    return sum(rule.holds(values) is not wanted for rule, wanted in goals)


def _variations(start: Values, names: Sequence[str], tried: Mapping[str, Sequence[Any]]) -> Iterator[Values]:
    """All variations of `start`, those with one change first, then with two, and so on."""
    others = {name: [value for value in tried[name] if value != start[name]] for name in names}
    for changes in range(1, min(len(names), _MOST_CHANGES) + 1):
        for chosen in combinations(names, changes):
            for values in product(*(others[name] for name in chosen)):
                yield start | dict(zip(chosen, values, strict=True))
