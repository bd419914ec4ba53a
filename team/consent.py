"""A person's word inside the executor's turn: on tests that demand something else, and on new packages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from executors import Executor, SandboxUnavailable
from executors.blocks import FileBlock
from executors.laying import lay_down
from team import worktree
from team.changed_tests import changed_tests
from team.gates.base import Finding, Target
from team.gates.dependencies.gate import missing_packages
from team.gates.evidence import Evidence
from team.people import People
from team.transcript.events import Note
from team.transcript.store import SessionLog
from team.triage import is_test_path

KEPT = "not-approved"
"""The rule of a change of tests that a person refused."""

Reopen = Callable[[tuple[str, ...]], Executor]
"""Opens the session's sandbox anew, with these packages beside those it has."""


class Consent:
    """Asks in one session. Each package is asked for once; what is refused stays a finding."""

    def __init__(self, people: People, log: SessionLog, reopen: Reopen) -> None:
        self._people = people
        self._log = log
        self._reopen = reopen
        self._asked: set[str] = set()
        self._added: tuple[str, ...] = ()

    def on_changed_tests(self, root: Path, before: Mapping[str, str], iteration: int) -> Iterator[Finding]:
        """Ask for each test file that demands something else; one that is refused is put back.

        Args:
            root: the workspace.
            before: path → text of the test files as the turn before left them.
            iteration: the turn's number.

        Raises:
            team.errors.NobodyToAsk
        """
        after = {path: text for path, text in worktree.tree(root).items() if is_test_path(path)}
        for path, diff in changed_tests(before, after).items():
            question = f"Existing tests in {path} demand something else now. Accept this change?"
            answer = self._people.ask(
                "changed_test", question, iteration=iteration, files=(path,), details=diff
            )
            if not answer.approved:
                lay_down(root, [FileBlock(path, before[path])])
                why = f" They say: {answer.comment}" if answer.comment else ""
                message = f"a person keeps {path} as it was: make the code do what it demands.{why}"
                yield Finding(rule=KEPT, message=message)

    def on_packages(self, target: Target, iteration: int) -> Executor | None:
        """Ask for each package that is imported and missing; a sandbox with what is approved, or None.

        Raises:
            team.errors.NobodyToAsk
        """
        with Evidence(target) as evidence:
            missing = missing_packages(target, evidence.facts)
        approved = []
        for package, finding in missing.items():
            if package in self._asked:
                continue
            self._asked.add(package)
            question = f"The code needs the package {package}. Install it into the sandbox?"
            files = (finding.file,) if finding.file else ()
            answer = self._people.ask(
                "dependency", question, iteration=iteration, files=files, details=str(finding)
            )
            if answer.approved:
                approved.append(package)
        return self._with(approved, iteration) if approved else None

    def _with(self, packages: list[str], iteration: int) -> Executor | None:
        wanted = (*self._added, *packages)
        try:
            sandbox = self._reopen(wanted)
        except SandboxUnavailable as trouble:
            told = f"{', '.join(packages)} could not be installed: {trouble}"
            self._log.record(Note(iteration=iteration, text=told))
            return None
        self._added = wanted
        return sandbox
