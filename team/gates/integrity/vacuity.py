"""Tests that test nothing: they pass when the bodies of the source are gone, or only in one order."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence

from team.gates.base import Finding, Target
from team.gates.integrity.contradicting import contradicted
from team.gates.integrity.gutting import gutted_sources, replaced_lines
from team.gates.integrity.modules import Module, unparsed
from team.gates.probing import Lines, Probe, Variant, probe
from team.gates.reading import FileFacts
from team.gates.target import is_collected
from team.gates.testfailures import function_of

ERROR = "NotImplementedError"
OTHER_ERROR = "ZeroDivisionError"
"""A test may be about `NotImplementedError`; none is about both."""

_OUTSIDE = ("subprocess", "Path(", "open(", "runpy", "importlib")
"""What a test may look at in place of the source's names: files, and programs that it starts."""


def vacuous(
    target: Target,
    facts: Mapping[str, FileFacts],
    passed: Collection[str],
    modules: tuple[Sequence[Module], Sequence[Module]],
    mapped: Probe,
) -> Iterator[Finding]:
    """Findings about tests that hold whatever the source does.

    Args:
        target: the tree.
        facts: what is known of its files.
        passed: the tests that passed in the run that counts.
        modules: the sources and the tests, parsed.
        mapped: the run that tells which lines each test runs.

    Raises:
        ProbeFailed: the gutted source could not be tried.
        executors.SandboxUnavailable: the machine lacks what confines the run.
    """
    sources, tests = modules
    files = gutted_sources(list(sources), mapped.at_import, ERROR)
    other = [(module.path, *contradicted(module)) for module in tests if is_collected(module.path)]
    tried = probe(
        target,
        facts,
        [
            Variant("gutted", collected(target), files),
            Variant(
                "contradicted", collected(target), {path: text for path, text, changed in other if changed}
            ),
        ],
        2 * _seconds(target),
    )
    hollow = _passing(tried.get("gutted"), passed)
    changed = frozenset[str]().union(*(changed for *_, changed in other))
    unfailing = {test for test in _passing(tried.get("contradicted"), passed) if function_of(test) in changed}
    for name in sorted({function_of(test) for test in unfailing}):
        message = (
            f"{name} passes whatever value it compares with: something keeps its comparisons from failing"
        )
        yield Finding(rule="cannot-fail", severity="critical", message=message)
    gone = {m.path: replaced_lines(m, mapped.at_import.get(m.path, frozenset())) for m in sources}
    reached = {test for test in hollow if _reaches(mapped.lines.get(test, {}), gone)}
    if reached:
        files = gutted_sources(list(sources), mapped.at_import, OTHER_ERROR)
        functions = sorted({function_of(test) for test in reached})
        again = probe(target, facts, [Variant("gutted again", functions, files)], _seconds(target))
        reached &= _passing(again.get("gutted again"), reached)
    for name in _whole(reached, passed):
        yield _finding(name, "passes when the code that it calls is replaced by an error", tests)
    unrelated = {test for test in hollow if not mapped.lines.get(test)}
    for name in _whole(unrelated, passed):
        if not _mentions(name, tests, sources):
            yield _finding(name, "reaches nothing of the source", tests)


def order_dependent(
    target: Target, facts: Mapping[str, FileFacts], passed: Collection[str], backwards: Probe
) -> Iterator[Finding]:
    """Findings about tests that fail, twice, in the opposite order, and never in the usual one."""
    failed = {test for test in passed if backwards.passed.get(test) is False}
    if not failed:
        return
    names = collected(target)
    again = probe(
        target,
        facts,
        [Variant("backwards", names, reverse=True), Variant("forwards", names)],
        2 * _seconds(target),
    )
    second, usual = again.get("backwards", Probe()), again.get("forwards", Probe())
    for name in sorted({function_of(test) for test in failed if second.passed.get(test) is False}):
        if all(holds for test, holds in usual.passed.items() if function_of(test) == name):
            message = f"{name} only passes after other tests: let it make what it needs"
            yield Finding(file=name.partition("::")[0], rule="order-dependent", message=message)


def collected(target: Target) -> list[str]:
    """The files that pytest looks into."""
    return [path for path in target.tests if is_collected(path)]


def _seconds(target: Target) -> float:
    return target.settings.timeout


def _passing(told: Probe | None, among: Collection[str]) -> set[str]:
    """The tests that pass in a variant."""
    if told is None or told.how == "limit":
        return set()
    return {test for test in among if told.passed.get(test)}


def _reaches(lines: Lines, gone: Mapping[str, frozenset[int]]) -> bool:
    return any(lines.get(path, frozenset()) & replaced for path, replaced in gone.items())


def _whole(tests: Collection[str], passed: Collection[str]) -> list[str]:
    """The functions of which every case that passed is among the tests."""
    others = {function_of(test) for test in passed if test not in tests}
    return sorted({function_of(test) for test in tests} - others)


def _mentions(name: str, tests: Sequence[Module], sources: Sequence[Module]) -> bool:
    """Whether a test has to do with the source in a way that shows no lines: its data, or from outside."""
    path, _, rest = name.partition("::")
    module = next((m for m in tests if m.path == path), None)
    if module is None:
        return True
    near = [module, *(m for m in tests if m.path.rpartition("/")[2] == "conftest.py")]
    own = {part for source in sources for part in source.dotted.split(".")}
    node = module.find(rest)
    return node is None or _uses(node, near, own, set())


def _uses(node: ast.AST, near: Sequence[Module], own: set[str], seen: set[str]) -> bool:
    """Whether a piece of a test names something of the source, by itself or through what it uses."""
    if any(word in unparsed(node) for word in _OUTSIDE):
        return True
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    names |= {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
    for used in sorted(names - seen):
        seen.add(used)
        for module in near:
            if set(module.origins.get(used, "").split(".")) & own:
                return True
            for inner in (module.functions.get(used), module.constants.get(used)):
                if inner is not None and _uses(inner, near, own, seen):
                    return True
    return False


def _finding(name: str, why: str, tests: Sequence[Module]) -> Finding:
    path = name.partition("::")[0]
    module = next((m for m in tests if m.path == path), None)
    node = module.find(name.partition("::")[2]) if module else None
    line = node.lineno if node else None
    message = f"{name} {why}, so it tests nothing: let it demand what the code must do"
    return Finding(file=path, line=line, rule="vacuous", message=message)
