"""The dependencies gate: what is imported is Python's, the workspace's, installed or allowed, and no typo."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from team.gates.base import Finding, Severity, Target
from team.gates.dependencies.allowed import Known
from team.gates.dependencies.declared import Declared, declarations, declares_imports
from team.gates.dependencies.installed import canonical
from team.gates.dependencies.known import is_standard, known_distributions, meant, package_of
from team.gates.dependencies.licences import licence_findings
from team.gates.reading import FileFacts
from team.gates.static import StaticGate
from team.gates.target import top_level_names

TYPO = "typo"
NOT_INSTALLED = "not-installed"
UNKNOWN = "unknown-package"
UNDECLARED = "undeclared"
ELSEWHERE = "foreign-source"


class Import(NamedTuple):
    """One import of a file, at its first line, as surely as it is run anywhere in the file."""

    file: str
    line: int
    module: str
    how: str

    @property
    def top(self) -> str:
        """The name that has to be installed."""
        return self.module.partition(".")[0]


class DependenciesGate(StaticGate):
    """Judges imports and declarations. Nothing is imported, installed or asked."""

    name = "dependencies"

    def look(self, target: Target) -> Iterator[Finding]:
        """What is wrong with what the code needs."""
        known = Known.of(target)
        used = foreign_imports(target, self._evidence.facts)
        declared = declarations(target.root)
        for one in used:
            yield from _of_import(one, known)
        for line in declared:
            yield from _of_declaration(line, known)
        if declares_imports(declared):
            yield from _undeclared(used, declared, known)
        if target.settings.licenses:
            yield from licence_findings(used, known.installed, target.settings.licenses)


def foreign_imports(target: Target, facts: dict[str, FileFacts]) -> list[Import]:
    """Imports of what is neither Python's nor the workspace's, one for each file and module."""
    own = top_level_names([*target.sources, *target.tests])
    found: dict[tuple[str, str], Import] = {}
    for path in sorted(facts):
        for line, dotted, how in sorted(facts[path].imported):
            one = Import(path, line, dotted, how)
            if one.top in own or is_standard(one.top):
                continue
            key = (path, one.top)
            if key not in found or (found[key].how != "always" and how == "always"):
                found[key] = one
    return list(found.values())


def missing_packages(target: Target, facts: dict[str, FileFacts]) -> dict[str, Finding]:
    """The packages that the code cannot do without and that could be installed, each with its first finding.

    What looks like a typo is not among them.
    """
    known = Known.of(target)
    missing: dict[str, Finding] = {}
    for one in foreign_imports(target, facts):
        for finding in _of_import(one, known):
            if finding.rule in (NOT_INSTALLED, UNKNOWN) and finding.severity == "major":
                missing.setdefault(package_of(one.top), finding)
    return missing


def _of_import(one: Import, known: Known) -> Iterator[Finding]:
    if known.allows(one.module):
        return
    certain: Severity = "major" if one.how == "always" else "minor"
    package = package_of(one.top)
    if (other := meant(one.top, known.installed.modules)) is not None:
        message = f"`{one.top}` is no known package: did you mean `{other}`? Do not install it"
        yield Finding(file=one.file, line=one.line, rule=TYPO, severity="critical", message=message)
    elif canonical(package) in known_distributions():
        message = f"`{one.top}` (package {package}) is not installed in the sandbox: do without it"
        yield Finding(file=one.file, line=one.line, rule=NOT_INSTALLED, severity=certain, message=message)
    else:
        message = f"`{one.module}` is neither Python's, nor this project's, nor installed: do without it"
        yield Finding(file=one.file, line=one.line, rule=UNKNOWN, severity=certain, message=message)


def _of_declaration(line: Declared, known: Known) -> Iterator[Finding]:
    if line.elsewhere:
        message = (
            f"`{line.elsewhere[:120]}` installs from an address of its own: name a package and a version"
        )
        yield Finding(file=line.file, line=line.line, rule=ELSEWHERE, message=message)
    if not line.name or known.has_package(line.name):
        return
    if (other := meant(line.name, known.installed.distributions)) is not None:
        message = f"the requirement `{line.name}` is no known package: did you mean `{other}`?"
        yield Finding(file=line.file, line=line.line, rule=TYPO, severity="critical", message=message)
    else:
        message = f"the requirement `{line.name}` is neither installed nor well known: do without it"
        yield Finding(file=line.file, line=line.line, rule=UNKNOWN, message=message)


def _undeclared(used: list[Import], declared: list[Declared], known: Known) -> Iterator[Finding]:
    names = {canonical(line.name) for line in declared if line.name}
    names |= {need for name in names for need in known.needs_of(name)}
    told: set[str] = set()
    for one in used:
        packages = known.packages_of(one.top)
        if one.top in told or not packages or packages & names or one.how != "always":
            continue
        told.add(one.top)
        message = f"`{one.top}` (package {min(packages)}) is imported, and declared nowhere"
        yield Finding(file=one.file, line=one.line, rule=UNDECLARED, severity="minor", message=message)
