"""The tables of entities, as migrations need them: the same that the drafted models describe."""

from __future__ import annotations

from team.generators.crud.entities import EntityView
from team.generators.crud.fields import FieldView, sql_name
from team.generators.crud.links import pairs_of
from team.generators.migrations.tables import Column, ForeignKey, Table
from team.specs.entity import CrudSpec
from team.specs.names import snake
from team.specs.values import DECIMAL_DIGITS

_TYPES = {
    "text": "sa.Text()", "integer": "sa.BigInteger()", "number": "sa.Float()", "boolean": "sa.Boolean()",
    "date": "sa.Date()", "datetime": "sa.DateTime(timezone=True)", "uuid": "sa.Uuid()", "json": "sa.JSON()",
}  # fmt: skip
_MOMENT = "sa.DateTime(timezone=True)"


def tables_of(spec: CrudSpec) -> list[Table]:
    """The tables of all entities, in the order of the spec, and those of their many-to-many relationships."""
    entities = [_table(EntityView(entity, spec)) for entity in spec.entities]
    return entities + [pair.as_table() for pair in pairs_of(spec.entities)]


def _table(entity: EntityView) -> Table:
    fields = entity.fields
    return Table(
        name=entity.plural_snake,
        columns=(
            Column("id", "sa.Integer()"),
            *(Column(field.name, _type(field), field.spec.nullable) for field in fields),
            Column("created_at", _MOMENT),
            Column("updated_at", _MOMENT),
        ),
        checks=(*entity.checks, *map(_values, entity.enums)),
        unique=tuple((field.name,) for field in entity.unique),
        indexes=tuple(
            field.name for field in fields if (field.spec.index or field.target) and not field.spec.unique
        ),
        foreign_keys=tuple(
            ForeignKey(field.name, snake(field.target.plural), "id", field.action)
            for field in fields
            if field.target
        ),
    )


def _type(field: FieldView) -> str:
    spec = field.spec
    match spec.type:
        case "enum":
            return f"sa.String({max(map(len, spec.values))})"
        case "string" | "email":
            return f"sa.String({spec.bounds[1]})"
        case "decimal":
            return f'sa.Numeric({DECIMAL_DIGITS}, {spec.places}).with_variant(sa.Double(), "sqlite")'
        case "integer" if field.target:
            return "sa.Integer()"
    return _TYPES[spec.type]


def _values(field: FieldView) -> tuple[str, str]:
    """The CHECK constraint of an enum."""
    values = ", ".join("'" + value.replace("'", "''") + "'" for value in field.spec.values)
    return f"{sql_name(field.name)} IN ({values})", field.name
