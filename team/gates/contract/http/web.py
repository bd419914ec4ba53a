"""The contract check of web services: `openapi()` against the spec, every operation called, Schemathesis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from team.gates import warmth
from team.gates.base import Finding, GateResult, Target, ToolFailed
from team.gates.contract.http.calls import Calls, call_app
from team.gates.contract.http.differences import differences
from team.gates.contract.http.exercise import OPEN, Exercise
from team.gates.contract.http.schema_values import SchemaValues
from team.gates.contract.http.script import Script
from team.gates.contract.http.values import EntityValues, RowValues
from team.gates.evidence import Evidence
from team.gates.wording import told
from team.specs import Spec
from team.specs.endpoint import ApiSpec
from team.specs.entity import CrudSpec
from team.specs.openapi import OpenApiSpec
from team.specs.service import Resource, Rows, Service, service_of

if TYPE_CHECKING:
    from executors.warm import WarmExecutor

ACCEPTED = ("2xx", "404", "409", "422")
"""What a request that its schema allows may be answered with: schemas do not know what is stored."""
MANY_FIELDS = 60


class WebCheck:
    """Starts the service in the sandbox and holds it against the spec from another process."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    def skips(self, target: Target) -> str | None:
        """There must be a source file."""
        return None if target.sources else "there is no source file"

    def run(self, target: Target) -> GateResult:
        """Fail for every operation that is missing, described otherwise, or does not do what it promises."""
        if target.spec is None:
            raise ValueError("the check was asked although it skips")
        service = promised(target.spec)
        return judged(target, service, fuzzing(service), warmth.for_probes(target, self._evidence.facts))


def judged(
    target: Target, service: Service, fuzz: dict[str, Any] | None, warm: WarmExecutor | None = None
) -> GateResult:
    """Hold a tree against what is promised; without `fuzz`, Schemathesis is left out.

    With `warm`, application and caller are forks of that.

    Raises:
        ToolFailed: our program in the sandbox could not start.
        executors.SandboxUnavailable: the machine lacks what confines the run.
    """
    exercise = Exercise(service, {each.entity.name: _values(each) for each in service.resources})
    script = exercise.write()
    calls = call_app(target, script.steps, fuzz, warm)
    findings = [_settled(finding, target) for finding in _findings(service, script, calls)]
    red = any(finding.severity != "minor" for finding in findings)
    said = f"{len(service.operations)} operations, {len(calls.answers)} requests"
    said += f", {calls.fuzzed} by Schemathesis" if calls.fuzzed is not None else ""
    return GateResult(
        name="contract",
        status="fail" if red else "pass",
        findings=tuple(findings),
        why="; ".join([said, *exercise.left_out]),
        evidence="contract",
    )


def _values(resource: Resource) -> RowValues:
    """Values for a resource: of its entity, else of the schemas of its operations."""
    return SchemaValues(resource) if isinstance(resource.entity, Rows) else EntityValues(resource.entity)


def _settled(finding: Finding, target: Target) -> Finding:
    """What nobody works at in this session is told, and decided elsewhere."""
    open_here = finding.rule == OPEN and bool(target.open_rules)
    return finding.model_copy(update={"severity": "minor"}) if open_here else finding


def promised(spec: Spec) -> Service:
    """What a spec promises over HTTP."""
    if isinstance(spec, CrudSpec):
        return service_of(spec)
    if isinstance(spec, ApiSpec | OpenApiSpec):
        return spec.service
    raise TypeError(f"a spec of the kind {spec.kind} promises no service")


def _size(resource: Resource) -> int:
    return len(resource.entity.columns if isinstance(resource.entity, Rows) else resource.entity.fields)


def fuzzing(service: Service) -> dict[str, Any]:
    """How Schemathesis is to call a service: always the same way, and less of everything for a large one."""
    fields = sum(_size(resource) for resource in service.resources)
    small = fields <= MANY_FIELDS
    return {
        "seed": 1,
        "examples": 5 if small else 1,
        "phases": ["examples", "coverage", "fuzzing"] if small else ["examples", "fuzzing"],
        "skip": [operation.label for operation in service.open],
        "accepted": ACCEPTED,
    }


def _findings(service: Service, script: Script, calls: Calls) -> Iterator[Finding]:
    if not calls.ended:
        ending = f"the {calls.limit} limit ended it" if calls.limit else "its run did not come to its end"
        yield Finding(rule="disturbed", severity="critical", message=f"the service was not judged: {ending}")
    if not calls.found:
        yield from _no_app(calls) if calls.ended else ()
        return
    if calls.document is None:
        text = f"the service has no OpenAPI document: {_words(calls.troubles)}"
        yield Finding(rule="openapi", severity="critical", message=text)
    else:
        yield from differences(service, calls.document)
    problems = list(script.findings(calls))
    yield from problems
    yield from _fuzzed(calls)
    if calls.ended and calls.unasked and not problems:
        text = f"{len(calls.unasked)} requests could not be made: the answers that they need hold no such key"
        yield Finding(rule="unasked", message=text)


def _no_app(calls: Calls) -> Iterator[Finding]:
    """Why there is nothing to call."""
    for name, error in calls.errors:
        yield Finding(rule="start", severity="critical", message=f"{name} does not start: {told(error)}")
    if not calls.errors:
        text = "no FastAPI application was found: app.main should have one named `app`"
        why = f" ({_words(calls.troubles)})" if calls.troubles else ""
        yield Finding(rule="start", severity="critical", message=text + why)


def _fuzzed(calls: Calls) -> Iterator[Finding]:
    """What Schemathesis found, once for each operation and check."""
    if calls.missing:
        raise ToolFailed("the sandbox's interpreter has no package `schemathesis`")
    seen: set[tuple[str, str]] = set()
    for check, operation, text in calls.failures:
        if (check, operation) not in seen:
            seen.add((check, operation))
            yield Finding(rule=check, message=f"{operation}: {' '.join(told(text).split())}")
    for text in calls.troubles:
        yield Finding(
            rule="trouble", severity="critical", message=f"the service stopped answering: {told(text)}"
        )


def _words(texts: list[str]) -> str:
    return told("; ".join(texts)) or "it cannot be made"
