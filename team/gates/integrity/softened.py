"""Type checking that looks strict and is not, and comments that ask gates to look away."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from team.gates.base import Finding, Severity
from team.gates.integrity.modules import Function, Module, last_name, read_module, text_of
from team.gates.integrity.past import TreeState
from team.gates.reading import FileFacts

ANY_SHARE = 0.8
"""The share of a file's annotations that may be a bare `Any`."""
FEWEST_ANY = 3
MOST_CASTS = 5

_ABOUT_PACKAGES = ("import-untyped", "import-not-found", "untyped-decorator", "import", "unused-ignore")
_TYPE_BLOCK = (ast.Import, ast.ImportFrom, ast.Pass, ast.Assign, ast.AnnAssign, ast.If, ast.Try)


def softened(module: Module) -> Iterator[Finding]:
    """Findings about the types of one source file."""
    yield from _any_everywhere(module)
    casts = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in text_of(node.test):
            yield from _two_worlds(module, node)
        elif isinstance(node, ast.Call) and module.stands_for(node.func) == "typing.cast":
            casts.append(node)
            if node.args and last_name(node.args[0]) == "Any":
                yield _finding(
                    module, node.lineno, "any-cast", f"`{text_of(node)}` turns type checking off: remove it"
                )
    if len(casts) > MOST_CASTS:
        message = f"{len(casts)} casts in one file: let the types say what is so"
        yield _finding(module, casts[0].lineno, "casts", message, "major")


def newly_ignored(
    facts: Mapping[str, FileFacts], now: Mapping[str, str], past: Sequence[TreeState], tests: Sequence[str]
) -> Iterator[Finding]:
    """Comments that were added since the turn before, which ask a gate to look away."""
    if not past:
        return
    before = Counter(
        line.strip()
        for state in past
        for text in (*state.sources.values(), *state.tests.values())
        for line in text.splitlines()
    )
    for path in sorted(facts):
        lines = now.get(path, "").splitlines()
        for found in facts[path].suppressions:
            text = lines[found.line - 1].strip() if found.line <= len(lines) else ""
            if before[text] or _is_usual(found.kind, found.detail, text, path in tests):
                continue
            message = f"`{found.kind}` was added: mend what it would hide, and remove it"
            yield Finding(file=path, line=found.line, rule="new-suppression", message=message)


def _is_usual(kind: str, detail: str, text: str, is_test: bool) -> bool:
    if kind == "type-ignore":
        return is_test or any(code in detail for code in _ABOUT_PACKAGES)
    if kind == "pragma":
        return any(
            word in text for word in ("__main__", "TYPE_CHECKING", "NotImplementedError", "...", "abstract")
        )
    return is_test and kind == "noqa"


def loosened_types(module: Module, past: Sequence[TreeState]) -> Iterator[Finding]:
    """Annotations that said something in the turn before and are `Any` now."""
    old_text = past[-1].sources.get(module.path) if past else None
    old = read_module(module.path, old_text) if old_text is not None else None
    if old is None:
        return
    for name, function in module.functions.items():
        earlier = old.functions.get(name)
        for argument, was, now in _pairs(earlier, function) if earlier else ():
            if last_name(now) == "Any" and last_name(was) != "Any":
                message = f"{name}: the type of {argument} was `{text_of(was)}` and is `Any` now: restore it"
                yield _finding(module, function.lineno, "loosened-type", message)


def _pairs(old: Function, new: Function) -> Iterator[tuple[str, ast.expr, ast.expr]]:
    before = {a.arg: a.annotation for a in (*old.args.args, *old.args.kwonlyargs)} | {
        "the result": old.returns
    }
    after = {a.arg: a.annotation for a in (*new.args.args, *new.args.kwonlyargs)} | {
        "the result": new.returns
    }
    for name, now in after.items():
        was = before.get(name)
        if was is not None and now is not None:
            yield name, was, now


def _any_everywhere(module: Module) -> Iterator[Finding]:
    annotations = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            annotations += [a.annotation for a in (*node.args.args, *node.args.kwonlyargs) if a.annotation]
            annotations += [node.returns] if node.returns else []
    bare = [
        a for a in annotations if last_name(a) in ("Any", "object") and module.stands_for(a) == "typing.Any"
    ]
    if len(bare) >= FEWEST_ANY and len(bare) > ANY_SHARE * len(annotations):
        message = f"{len(bare)} of {len(annotations)} annotations are `Any`: say what the types are"
        yield _finding(module, bare[0].lineno, "any-everywhere", message)


def _two_worlds(module: Module, node: ast.If) -> Iterator[Finding]:
    """Definitions that only the type checker sees, or never sees."""
    negated = isinstance(node.test, ast.UnaryOp)
    shown = node.orelse if negated else node.body
    run = node.body if negated else node.orelse
    defines = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    if any(isinstance(part, defines) for part in run) or (negated and any(not _types(p) for p in run)):
        message = "under TYPE_CHECKING the checker is shown other code than what runs: write it once"
        yield _finding(module, node.lineno, "type-checking-trick", message)
    elif any(isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) for part in shown):
        message = "functions under TYPE_CHECKING do not exist when the code runs: move them out"
        yield _finding(module, node.lineno, "type-checking-trick", message)


def _types(node: ast.stmt) -> bool:
    return isinstance(node, _TYPE_BLOCK)


def _finding(module: Module, line: int, rule: str, message: str, severity: Severity = "major") -> Finding:
    return Finding(file=module.path, line=line, rule=rule, severity=severity, message=message)
