"""Which packages the sandbox's environment has: the pinned default ones, and those that were asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from executors.errors import EnvironmentUnavailable

_STACK = Path(__file__).with_name("stack.txt")
_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
    r"(?:\[[A-Za-z0-9._, -]+\])?"
    r"\s*(?:(?:[<>=!~]=?|===?)\s*[A-Za-z0-9.*+!_-]+(?:\s*,\s*|$))*"
)
LONGEST = 200


def default_packages() -> tuple[str, ...]:
    """The pinned packages of the default environment, as `name==version`, sorted."""
    lines = (line.split("#")[0].strip() for line in _STACK.read_text().splitlines())
    return tuple(sorted(filter(None, lines), key=str.lower))


def with_packages(packages: Sequence[str]) -> tuple[str, ...]:
    """The default packages together with the given requirements, which win over a default of their name.

    Raises:
        EnvironmentUnavailable: something is no plain requirement (options, paths and addresses are not).
    """
    try:
        wanted = {_name(package): package.strip() for package in packages}
    except ValueError as error:
        raise EnvironmentUnavailable(str(error), "options, paths and addresses are not taken") from error
    kept = {_name(package): package for package in default_packages()}
    return tuple(sorted({**kept, **wanted}.values(), key=str.lower))


def plain_requirement(package: str) -> str:
    """The requirement itself, checked.

    Raises:
        ValueError: it is no plain requirement.
    """
    _name(package)
    return package.strip()


def _name(package: str) -> str:
    match = _REQUIREMENT.fullmatch(package.strip()) if len(package) <= LONGEST else None
    if match is None:
        raise ValueError(f"{package[:LONGEST]!r} is no package requirement such as NAME or NAME==VERSION")
    return re.sub(r"[-_.]+", "-", match["name"]).lower()


Requirement = Annotated[str, AfterValidator(plain_requirement)]
"""A plain requirement, as a field of a model."""
