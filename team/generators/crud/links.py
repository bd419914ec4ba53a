"""What the templates are told of many-to-many relationships."""

from __future__ import annotations

from collections.abc import Sequence

from team.generators.crud.variables import variable
from team.generators.migrations.tables import Column, ForeignKey, Table
from team.specs.entity import EntitySpec
from team.specs.links import Link, links_of
from team.specs.names import article, pascal, phrase, snake


class LinkView:
    """One relationship, from one of its sides, in the words of the templates."""

    def __init__(self, link: Link, entities: Sequence[EntitySpec]) -> None:
        self._link = link
        self.name = link.name
        self.path = link.path
        self.table = link.table
        self.near, self.far = link.near, link.far
        self.target = link.target.name
        self.target_path = link.target.path
        self.far_type = pascal(link.far.removesuffix("_id")) + "Id"
        self.many = link.name.replace("_", " ")
        self.phrase = phrase(link.target.name)
        self.one = article(self.phrase)
        self.var = variable(link.target)
        self.constant = f"NO_{link.name.upper()}"
        self.to_itself = link.target is link.owner
        self.apart = not (
            _needs(link.target, link.owner, entities) or _needs(link.owner, link.target, entities)
        )
        """Whether a row of either side can be deleted without regard to the other."""


class PairView:
    """The table of a relationship."""

    def __init__(self, link: Link) -> None:
        self.name = link.table
        self.near, self.far = link.near, link.far
        self.near_table, self.far_table = snake(link.owner.plural), snake(link.target.plural)
        self.many = link.name.replace("_", " ")
        self.one = article(phrase(link.owner.name))

    def as_table(self) -> Table:
        """The table as migrations need it."""
        keys = ((self.near, self.near_table), (self.far, self.far_table))
        return Table(
            name=self.name,
            columns=tuple(Column(column, "sa.Integer()") for column, _ in keys),
            primary=(self.near, self.far),
            indexes=(self.far,),
            foreign_keys=tuple(ForeignKey(column, table, "id", "CASCADE") for column, table in keys),
        )


def pairs_of(entities: Sequence[EntitySpec]) -> list[PairView]:
    """The tables of all relationships, each once."""
    return [PairView(link) for link in links_of(entities) if link.first]


def _needs(entity: EntitySpec, other: EntitySpec, entities: Sequence[EntitySpec]) -> bool:
    """Whether a row of an entity needs one of another, if only by way of third ones."""
    by_name = {each.name: each for each in entities}
    seen, left = {entity.name}, [entity]
    while left:
        for field in left.pop().fields:
            name = pascal((field.references or "").partition(".")[0])
            if field.references and field.required and name == other.name:
                return True
            if field.references and field.required and name not in seen:
                seen.add(name)
                left.append(by_name[name])
    return False
