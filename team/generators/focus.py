"""What of a drafted tree matters to somebody who writes only what the draft leaves open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from team.specs.entity import CrudSpec
from team.specs.names import snake

if TYPE_CHECKING:
    from team.specs import Spec
    from team.specs.endpoint import ApiSpec
    from team.specs.openapi import OpenApiSpec


_WRITTEN = ("Fields", "Create")


@dataclass(frozen=True)
class Focus:
    """The files to show.

    Attributes:
        rules: what is open, each with the entity that it is about.
        edit: files that will have to change.
        read: files whose interface is enough.
        tests: tests that show how the service is set up and called.
        names: of what many files hold only the parts with these names matter; empty: all of it.
        parts: file → names that matter there, in place of `names`.
    """

    rules: tuple[str, ...] = ()
    edit: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def names_in(self, path: str) -> tuple[str, ...]:
        """The names that matter in a file."""
        return self.parts.get(path, self.names)


def focus_of(spec: Spec) -> Focus:
    """What matters to the open rules of a spec that can be drafted."""
    if isinstance(spec, CrudSpec):
        return _of_entities(spec)
    if spec.kind == "etl":
        modules = ("pipeline/run.py", "pipeline/whole.py", "pipeline/extract.py", "pipeline/quality.py")
        tests = ("tests/conftest.py", "tests/test_run.py")
        return Focus(spec.prose_rules(), ("pipeline/transform.py",), modules, tests)
    return _of_service(spec)  # type: ignore[arg-type]


def _of_entities(spec: CrudSpec) -> Focus:
    concerned = [
        entity
        for entity in spec.entities
        if any(isinstance(rule, str) for rule in entity.business_rules) or spec.open_links(entity)
    ]
    modules = [snake(entity.plural) for entity in concerned]
    several = len(spec.entities) > 1
    rules = [
        f"{entity.name}: {rule}" if several else rule
        for entity in concerned
        for rule in (*(r for r in entity.business_rules if isinstance(r, str)), *spec.open_links(entity))
    ]
    return Focus(
        rules=tuple(rules),
        edit=(*(f"app/routers/{module}.py" for module in modules), "app/repository.py", "app/schemas.py"),
        read=("app/models.py", "app/errors.py"),
        tests=("tests/conftest.py", *(f"tests/test_{module}_api.py" for module in modules)),
        names=tuple(_distinct(name for entity in concerned for name in (entity.name, snake(entity.name)))),
        # What is checked when a row is written; the other classes of its schemas follow from these.
        parts={"app/schemas.py": tuple(f"class {e.name}{kind}(" for e in concerned for kind in _WRITTEN)},
    )


def _of_service(spec: ApiSpec | OpenApiSpec) -> Focus:
    service = spec.service
    modules = tuple(f"app/routers/{snake(each.entity.plural)}.py" for each in service.resources)
    operations = ("app/routers/operations.py",) if service.open else ()
    return Focus(
        rules=spec.prose_rules(),
        edit=(*operations, *(modules if service.unknown or not operations else ())),
        read=("app/models.py", "app/schemas.py", "app/repository.py", "app/errors.py", "app/database.py"),
        tests=("tests/conftest.py", "tests/test_service.py"),
    )


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
