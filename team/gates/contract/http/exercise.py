"""Every operation of a service as a script: rows are created, read, listed, changed, refused and deleted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from team.gates.contract.http.calls import Answer
from team.gates.contract.http.links import Links
from team.gates.contract.http.refusals import Refusals
from team.gates.contract.http.removals import Removals
from team.gates.contract.http.rows import StoredRows, filled_path, sample
from team.gates.contract.http.script import Script
from team.gates.contract.http.values import RowValues
from team.gates.contract.http.works import Works
from team.specs.examples import example
from team.specs.service import Operation, Service

OPEN = "open-operation"
"""The rule of an operation that nobody has written yet."""


class Exercise:
    """Writes the script for one service."""

    def __init__(self, service: Service, values: Mapping[str, RowValues]) -> None:
        self._service = service
        self._rows = StoredRows(service, values)
        self.script: Script = self._rows.script
        self.left_out: list[str] = []
        """What cannot be tried, and why."""

    def write(self) -> Script:
        """All requests: first what must work, then what must be refused, and at last the deletions."""
        ordered = list(self._rows.parents_first())
        works, refusals, removals = Works(self._rows), Refusals(self._rows), Removals(self._rows)
        for resource in ordered:
            works.write(resource)
        links = Links(self._rows, works)
        for link in self._service.links:
            links.write(link)
        for resource in ordered:
            refusals.write(resource)
        for resource in reversed(ordered):
            removals.write(resource)
        for operation in self._service.open:
            self._open(operation)
        self.left_out = works.left_out
        return self.script

    def _open(self, operation: Operation) -> None:
        """Operations that are more than rows: what they do is not known here, but they must do something."""
        samples = [sample(parameter.schema) for parameter in operation.path_parameters]
        query = {each.name: example(each.name, each.schema) for each in operation.query if each.required}
        path = filled_path(operation.path, samples)
        body = None if operation.request is None else example("body", operation.request)
        step = (
            self.script.ask(operation, path, query=query)
            if operation.request is None
            else self.script.ask(operation, path, body=body, query=query)
        )

        def judge(answers: Mapping[str, Answer]) -> Iterator[str]:
            answer = answers[step]
            if answer.error or answer.status >= 500 or answer.status == 405:
                yield f"it is not implemented: {answer.error or answer.status}"

        self.script.judge(step, operation, OPEN, judge)
