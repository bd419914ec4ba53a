"""What code may import: what is installed, and what a person allowed by name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from team.gates.base import Target
from team.gates.dependencies.installed import Installed, canonical, installed_for
from team.gates.dependencies.known import known_distributions, package_of


@dataclass(frozen=True)
class Known:
    """The packages of the sandbox's interpreter, and those of the spec's and the settings' lists."""

    installed: Installed
    allowed: frozenset[str]

    @classmethod
    def of(cls, target: Target) -> Self:
        """What is known of a target: its interpreter's packages, and the lists that a person wrote."""
        listed = (*target.settings.packages, *(target.spec.packages if target.spec else ()))
        names = frozenset(canonical(re.split(r"[\s\[<>=!~;@]", item.strip())[0]) for item in listed)
        return cls(installed_for(target.sandbox.interpreter), names)

    def allows(self, module: str) -> bool:
        """Whether a dotted module may be imported."""
        top = module.partition(".")[0]
        return self.installed.has(module) or bool({canonical(top), canonical(package_of(top))} & self.allowed)

    def has_package(self, name: str) -> bool:
        """Whether a package may be required by that name."""
        plain = canonical(name)
        return (
            plain in self.installed.distributions or plain in self.allowed or plain in known_distributions()
        )

    def needs_of(self, name: str) -> frozenset[str]:
        """What an installed package brings along, by canonical names."""
        package = self.installed.distributions.get(name)
        return package.needs if package else frozenset()

    def packages_of(self, module: str) -> set[str]:
        """The canonical names of the packages that a top-level module may come from."""
        return {canonical(one.name) for one in self.installed.providers(module)}
