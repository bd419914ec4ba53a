"""Findings about runs that were not what they seem: forged, cut down, skipped, empty."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from team.gates.base import Finding, Target
from team.gates.frames import TestRecord
from team.gates.reading import FileFacts
from team.gates.target import is_collected
from team.gates.testfailures import function_of
from team.gates.testrun import TestRun
from team.gates.wording import told

_MISSING = re.compile(
    r"could not import|no module named|not installed|not found|not available|unavailable|missing"
    r"|requires? |needs? |only on |platform|windows|macos|linux",
    re.IGNORECASE,
)


def forgeries(run: TestRun) -> Iterator[Finding]:
    """Signs that something in the workspace changed what the run does or reports."""
    for path in run.changed:
        yield _critical(path, "changed-files", "the test run changes this file, so it is not what was tested")
    for what in dict.fromkeys(run.story.tampered):
        message = f"something reached for what runs the tests while they ran: {told(what)}"
        yield _critical(None, "runner-access", message)
    if run.story.torn:
        yield _critical(None, "forged-report", "lines are missing from the report of the test run")
    for name, record in run.story.tests.items():
        if _forged(record):
            yield _critical(_file(name), "forged-report", f"{told(name)}: its report is not what happened")
    for name in run.story.deselected:
        yield _critical(_file(name), "deselected", f"{told(name)} was taken out of the run")
    for path, canary in run.canaries.items():
        if _forged(canary) or (canary.failure is None and _some_passed(run, path)):
            where = path.rpartition("/")[0] or "the top folder"
            message = (
                f"a test of ours in {where} that must fail did not: something there keeps tests from failing"
            )
            yield _critical(None, "canary", message)


def unrun(run: TestRun, target: Target, facts: Mapping[str, FileFacts]) -> Iterator[Finding]:
    """Tests that stand in the files and were not seen to run to their end."""
    story = run.story
    if run.limit or story.exit or story.escaped or not story.ended:
        return
    excused = {_file(frame.id) for frame in (*story.collect_errors, *story.collect_skips)}
    if any(path.endswith("conftest.py") for path in excused):
        return
    seen = {function_of(name) for name, record in story.tests.items() if record.finished and record.phases}
    for path in target.tests:
        if not is_collected(path) or path in excused:
            continue
        for test in facts[path].tests:
            if f"{path}::{test}" not in seen:
                yield _critical(path, "not-run", f"{path}::{test} was never run to its end")
    yield from _cut_short(run, target, facts)


def _cut_short(run: TestRun, target: Target, facts: Mapping[str, FileFacts]) -> Iterator[Finding]:
    """Tests that passed although no mark at the end of their bodies was reached."""
    bodies = {f"{path}::{test}" for path in target.tests if is_collected(path) for test in facts[path].tests}
    for name, record in run.story.tests.items():
        if record.passed and function_of(name) in bodies - record.reached:
            message = f"{told(name)} passed, but its body did not run to its end: something cuts it short"
            yield _critical(_file(name), "not-run", message)


def not_passed(run: TestRun, target: Target) -> Iterator[Finding]:
    """Skipped tests, tests that are expected to fail, and a run without any test that passed."""
    for frame in run.story.collect_skips:
        yield _skipped(frame.id, frame.reason)
    for name, record in run.story.tests.items():
        yield from _of_record(name, record)
        if record.skip and record.skip.places and record.skip.places[-1][0] in target.sources:
            message = f"{told(name)} is skipped by the code under test: no code decides whether it is tested"
            place, line = record.skip.places[-1]
            yield Finding(file=place, line=line, rule="skipped-by-code", severity="critical", message=message)
    story = run.story
    really_run = any(record.passed or record.failure for record in story.tests.values())
    if story.ended and not really_run and not story.collect_errors:
        message = "no test was really run" if story.tests else "there is no test"
        yield Finding(rule="no-tests", severity="critical", message=message)


def _of_record(name: str, record: TestRecord) -> Iterator[Finding]:
    expected = next((phase for phase in record.phases.values() if phase.xfail is not None), None)
    if expected and expected.told == "passed":
        message = f"{told(name)} passes though it is marked xfail: remove the mark"
        yield Finding(file=_file(name), rule="xpassed", severity="minor", message=message)
    elif expected:
        message = f"{told(name)} is expected to fail: make it pass, or remove it"
        yield Finding(file=_file(name), rule="xfailed", message=message)
    elif record.skip and not record.failure:
        yield _skipped(name, record.skip.reason)


def _skipped(name: str, reason: str) -> Finding:
    return Finding(
        file=_file(name),
        rule="skipped",
        severity="minor" if _MISSING.search(reason) else "major",
        message=f"{told(name)} is skipped: {told(reason) or 'without a reason'}",
    )


def _forged(record: TestRecord) -> bool:
    return any(phase.truth != phase.told and phase.xfail is None for phase in record.phases.values())


def _some_passed(run: TestRun, canary: str) -> bool:
    folder = canary.rpartition("/")[0]
    return any(
        record.passed for name, record in run.story.tests.items() if _file(name).rpartition("/")[0] == folder
    )


def _critical(path: str | None, rule: str, message: str) -> Finding:
    return Finding(file=path, rule=rule, severity="critical", message=message)


def _file(name: str) -> str:
    return name.partition("::")[0]
