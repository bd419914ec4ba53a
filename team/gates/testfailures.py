"""Findings about tests that failed, and whose work the evidence says it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from team.gates.base import Finding, Target
from team.gates.frames import Frame, Place
from team.gates.testrun import TestRun
from team.gates.wording import relevant, told

SILENT = "test-failed"
"""The rule of a failure that does not say whether the code or the test is wrong."""
CODE_ERROR = "code-error"
"""The rule of an error that the code under test made by itself."""
TEST_ERROR = "test-error"
"""The rule of an error that the test made by itself."""

MOST_CASES = 3
"""How many failing cases of one parametrised test are shown whole."""

# Errors that no caller provokes: they are the work of who wrote the line that raised them.
_OWN_ERRORS = frozenset(
    {"NameError", "UnboundLocalError", "NotImplementedError", "IndentationError", "SyntaxError"}
)
_IMPORT_ERRORS = frozenset({"ImportError", "ModuleNotFoundError"})


def broken_off(run: TestRun) -> Iterator[Finding]:
    """The run did not come to its end, or something tried to end it."""
    story = run.story
    during = story.running or story.collecting or "the start of pytest"
    if run.limit:
        message = f"the test run was ended by the {run.limit} limit during {during}"
        stack = relevant(told(_stack_entries(story.stack), run.root), most=12)
        yield Finding(rule="limit", severity="critical", message=f"{message}\n{stack}".strip())
    elif story.exit:
        yield _early_exit(story.exit.at, f"os._exit ends the test run during {during}")
    elif story.escaped:
        error = told(story.escaped.error, run.root)
        yield _early_exit(story.escaped.at, f"{error} ends the test run during {during}")
    elif not story.ended:
        message = f"the process of the test run ended by itself (exit code {run.exit_code}) during {during}"
        yield Finding(rule="early-exit", severity="critical", message=message)


def failures(run: TestRun, target: Target) -> Iterator[Finding]:
    """Modules that could not be collected, and tests that failed."""
    for frame in run.story.collect_errors:
        yield _failure(frame, run, target, "cannot be collected")
    cases: dict[str, list[Finding]] = defaultdict(list)
    for name, record in run.story.tests.items():
        if record.failure:
            verb = "fails" if record.failure.when == "call" else f"fails in {record.failure.when}"
            cases[function_of(name)].append(_failure(record.failure, run, target, verb))
    for function, findings in cases.items():
        yield from findings[:MOST_CASES]
        if len(findings) > MOST_CASES:
            more = f"{len(findings) - MOST_CASES} further cases of {function} fail"
            yield findings[0].model_copy(update={"message": more})


def function_of(name: str) -> str:
    """The id of a test without the case it was run with."""
    path, _, rest = name.partition("::")
    return f"{path}::{rest.partition('[')[0]}"


def _failure(frame: Frame, run: TestRun, target: Target, verb: str) -> Finding:
    rule, place = _whose(frame, target)
    error = told(frame.error or frame.text, run.root).partition("\n")[0]
    text = relevant(told(frame.text, run.root))
    return Finding(
        file=place[0],
        line=place[1],
        rule=rule,
        message=f"{told(frame.id)} {verb}: {error}\n{text}".strip(),
    )


def _whose(frame: Frame, target: Target) -> tuple[str, tuple[str, int | None]]:
    """The rule, and the place to look at."""
    path = frame.id.partition("::")[0]
    kind = frame.error.partition(":")[0]
    innermost = frame.places[-1] if frame.places else None
    in_test = [line for file, line in frame.places if file == path]
    here = (path, in_test[-1] if in_test else None)
    if innermost and innermost[0] in target.sources:
        in_code = frame.kind == "collect-error" or kind in _OWN_ERRORS | _IMPORT_ERRORS
        return (CODE_ERROR, innermost) if in_code else (SILENT, here)
    if kind == "FixtureLookupError" or (innermost and kind in _OWN_ERRORS):
        return TEST_ERROR, innermost or here
    return SILENT, here


def _early_exit(at: Place | None, message: str) -> Finding:
    return Finding(
        file=at[0] if at else None,
        line=at[1] if at else None,
        rule="early-exit",
        severity="critical",
        message=message,
    )


def _stack_entries(stack: str) -> str:
    """The lines of a dumped stack in the form of a short traceback, innermost last."""
    entries = []
    for line in stack.splitlines():
        if line.strip().startswith("File "):
            file, _, rest = line.strip().removeprefix("File ").partition(", line ")
            number, _, function = rest.partition(" in ")
            entries.append(f"{file.strip(chr(34))}:{number}: in {function}")
    return "\n".join(reversed(entries))
