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
CODE_AT_FAULT = "code-at-fault"
"""The rule of a failure that is the code's fault by evidence."""
TEST_AT_FAULT = "test-at-fault"
"""The rule of a failure that is the test's fault by evidence."""
CODE_ERROR = "code-error"
"""The rule of an error that the code under test made by itself."""
TEST_ERROR = "test-error"
"""The rule of an error that the test made by itself."""

MOST_NAMES = 5
"""How many tests that fail for the same cause are named."""
LONGEST_ERROR = 160
"""Letters of a test's name, and of its error in the same line; the text below has the error whole."""

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
        stack = told(relevant(_stack_entries(story.stack, run.root), most=12))
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
    """Modules that could not be collected and tests that failed, those of one cause together."""
    alike: dict[object, list[tuple[str, Finding]]] = defaultdict(list)
    for frame in run.story.collect_errors:
        alike[_cause(frame)].append((frame.id, _failure(frame, run, target, "cannot be collected")))
    for name, record in run.story.tests.items():
        if failure := record.failure:
            verb = "fails" if failure.when == "call" else f"fails in {failure.when}"
            alike[_cause(failure)].append((name, _failure(failure, run, target, verb)))
    for group in alike.values():
        yield _together(group)


def _cause(frame: Frame) -> object:
    """The same for failures that were raised at the same place by the same kind of error."""
    kind = frame.error.partition(":")[0]
    return (kind, frame.places[-1]) if frame.places else (kind, frame.id)


def _together(group: list[tuple[str, Finding]]) -> Finding:
    """The first finding of a group, with the names of the others."""
    finding = group[0][1]
    if len(group) == 1:
        return finding
    tests = tuple(dict.fromkeys(function_of(name) for name, _ in group))
    others = [told(name)[:LONGEST_ERROR] for name, _ in group[1:]]
    more = f" and {len(others) - MOST_NAMES} more" if len(others) > MOST_NAMES else ""
    message = f"{finding.message}\nthe same in {', '.join(others[:MOST_NAMES])}{more}"
    return finding.model_copy(update={"message": message, "tests": tests})


def function_of(name: str) -> str:
    """The id of a test without the case it was run with."""
    path, _, rest = name.partition("::")
    return f"{path}::{rest.partition('[')[0]}" if rest else path


def _failure(frame: Frame, run: TestRun, target: Target, verb: str) -> Finding:
    rule, place = _whose(frame, target)
    error = told(frame.error or frame.text, run.root).partition("\n")[0][:LONGEST_ERROR]
    text = told(relevant(frame.text), run.root)
    return Finding(
        file=place[0],
        line=place[1],
        rule=rule,
        message=f"{told(frame.id)[:LONGEST_ERROR]} {verb}: {error}\n{text}".strip(),
        tests=(function_of(frame.id),),
    )


def _whose(frame: Frame, target: Target) -> tuple[str, tuple[str, int | None]]:
    """The rule, and the place to look at."""
    path = frame.id.partition("::")[0]
    kind = frame.error.partition(":")[0]
    innermost = frame.places[-1] if frame.places else None
    in_test = [line for file, line in frame.places if file == path]
    here: tuple[str, int | None] = (path, in_test[-1]) if in_test else (path, None)
    if innermost and not in_test and innermost[0] in target.tests:
        here = innermost
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


def _stack_entries(stack: str, root: str) -> str:
    """The lines of a dumped stack in the form of a short traceback, innermost last."""
    entries = []
    for line in stack.replace(f'"{root}/', '"').splitlines():
        if line.strip().startswith("File "):
            file, _, rest = line.strip().removeprefix("File ").partition(", line ")
            number, _, function = rest.partition(" in ")
            entries.append(f"{file.strip(chr(34))}:{number}: in {function}")
    return "\n".join(reversed(entries))
