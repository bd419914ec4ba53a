"""Many-to-many relationships: which two entities each one joins, and in which table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from team.specs.base import problem, suggestion
from team.specs.names import field_problem, pascal, snake

if TYPE_CHECKING:
    from team.specs.entity import EntitySpec, Relationship

MANY = "many_to_many"


@dataclass(frozen=True)
class Link:
    """A many-to-many relationship, seen from one of its sides.

    Attributes:
        name: what the owner calls those that it is linked to: ``tags``.
        owner: the entity that has them.
        target: what they are.
        table: where the pairs are stored.
        near: the column that names the owner's row.
        far: the column that names the target's row; also the name of the path parameter.
        first: whether this side is the first of the spec that speaks of the table.
    """

    name: str
    owner: EntitySpec
    target: EntitySpec
    table: str
    near: str
    far: str
    first: bool

    @property
    def path(self) -> str:
        """Below one row of the owner: ``/line-items``."""
        return "/" + self.name.replace("_", "-")


@dataclass(frozen=True)
class _Side:
    """One relationship where it stands in the spec."""

    entity: int
    number: int
    owner: EntitySpec
    said: Relationship

    @property
    def label(self) -> str:
        return f"{self.owner.name}.{self.said.name}"

    def at(self, key: str) -> tuple[str | int, ...]:
        return ("entities", self.entity, "relationships", self.number, key)


def links_of(entities: Sequence[EntitySpec]) -> list[Link]:
    """All many-to-many relationships of a spec, in its order.

    Two entities that each have one with the other mean the same pairs; where there are more, `back` says
    which belong together.

    Raises:
        PydanticCustomError: they contradict each other; for the validators of specs.
    """
    sides = list(_sides(entities))
    by_name = {entity.name: entity for entity in entities}
    between: dict[tuple[str, str], list[_Side]] = {}
    for side in sides:
        between.setdefault((side.owner.name, pascal(side.said.target)), []).append(side)
    partners = [_partner(side, between) for side in sides]
    return [
        _link(side, partner, by_name[pascal(side.said.target)])
        for side, partner in zip(sides, partners, strict=True)
    ]


def check_links(entities: Sequence[EntitySpec]) -> None:
    """Refuse relationships whose names or tables are taken.

    Raises:
        PydanticCustomError: with the place in the spec.
    """
    for number, entity in enumerate(entities):
        _check_names(number, entity)
    made = {snake(entity.plural): entity.name for entity in entities}
    for side, link in zip(_sides(entities), links_of(entities), strict=True):
        if link.first and link.table in made:
            text = f"{side.label} and {made[link.table]} would both make the table {link.table}"
            raise problem(text, "choose another name", at=side.at("name"))
        made[link.table] = side.label


def _check_names(number: int, entity: EntitySpec) -> None:
    seen: set[str] = set()
    fields = {field.name for field in entity.fields}
    for place, said in enumerate(entity.relationships):
        at = ("entities", number, "relationships", place, "name")
        if said.name in seen:
            raise problem(f"relationship {said.name!r} of {entity.name} is there twice", at=at)
        seen.add(said.name)
        if said.kind != MANY:
            if said.back is not None:
                raise problem(f"`back` is for {MANY}", at=(*at[:-1], "back"))
            continue
        if said.name in fields:
            raise problem(f"{entity.name} has a field {said.name!r} already", "choose another name", at=at)
        if wrong := field_problem(said.name):
            raise problem(wrong.replace("field", "relationship", 1), at=at)


def _sides(entities: Sequence[EntitySpec]) -> Iterator[_Side]:
    for number, entity in enumerate(entities):
        for place, said in enumerate(entity.relationships):
            if said.kind == MANY:
                yield _Side(number, place, entity, said)


def _partner(side: _Side, between: Mapping[tuple[str, str], Sequence[_Side]]) -> _Side | None:
    """The other side of the same pairs, where it is declared; `between` has the sides by both entities."""
    owner, target = side.owner.name, pascal(side.said.target)
    there = [each for each in between.get((target, owner), ()) if each is not side]
    if side.said.back is not None:
        return _named(side, there)
    back = [each for each in there if each.said.back == side.said.name]
    if back or pascal(side.said.target) == side.owner.name:
        return back[0] if back else None
    here = between[owner, target]
    free = _without_partner(there, here)
    if not free:
        return None
    if len(free) > 1 or len(_without_partner(here, there)) > 1:
        others = ", ".join(each.label for each in free)
        raise problem(
            f"{side.label} could be the other side of {others}",
            "say which with `back: NAME`, on one of the two",
            at=side.at("name"),
        )
    return free[0]


def _without_partner(some: Sequence[_Side], others: Sequence[_Side]) -> list[_Side]:
    """The sides of which nobody says which one of the others is their partner."""
    named = {each.said.back for each in others}
    return [each for each in some if each.said.back is None and each.said.name not in named]


def _named(side: _Side, there: Sequence[_Side]) -> _Side:
    """The side that `back` names."""
    for each in there:
        if each.said.name == side.said.back and each.said.back in (None, side.said.name):
            return each
    hint = suggestion(str(side.said.back), [each.said.name for each in there])
    raise problem(
        f"{side.label} goes back by {side.said.back!r}, which is no {MANY} of {pascal(side.said.target)}"
        f" with {side.owner.name}",
        hint,
        at=side.at("back"),
    )


def _link(side: _Side, partner: _Side | None, target: EntitySpec) -> Link:
    first = partner is None or (side.entity, side.number) < (partner.entity, partner.number)
    maker = side if first or partner is None else partner
    columns = [f"{snake(maker.owner.name)}_id", f"{snake(maker.said.target)}_id"]
    if columns[0] == columns[1]:
        columns[1] = f"other_{columns[1]}"
    near, far = columns if first else reversed(columns)
    table = f"{snake(maker.owner.name)}_{maker.said.name}"
    return Link(side.said.name, side.owner, target, table, near, far, first)
