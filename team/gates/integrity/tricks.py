"""Code that only somebody needs who plays tricks on the judge: in sources and in tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from team.gates.base import Finding
from team.gates.integrity.modules import Module, last_name, text_of

_VARIABLES = re.compile(r"^_?PYTEST")
"""Variables that pytest sets."""
_RUNNERS = frozenset({"pytest", "_pytest", "py.test", "unittest", "coverage", "conftest"})
_FRAMES = frozenset(
    {
        "sys._getframe", "sys._current_frames", "sys.settrace", "sys.setprofile", "sys.gettrace",
        "sys.getprofile", "threading.settrace", "threading.setprofile", "inspect.stack",
        "inspect.currentframe", "inspect.getouterframes", "inspect.trace", "traceback.extract_stack",
        "traceback.walk_stack", "traceback.format_stack", "gc.get_objects", "gc.get_referrers",
        "gc.get_referents", "sys.meta_path", "sys.path_hooks", "sys.addaudithook", "ctypes.pythonapi",
        "ctypes.py_object", "ctypes.string_at", "ctypes.memmove", "ctypes.cast", "faulthandler.disable",
        "faulthandler.cancel_dump_traceback_later", "importlib.reload",
    }
)  # fmt: skip
_FRAMES_IN_TESTS = _FRAMES - {
    "importlib.reload", "inspect.currentframe", "gc.get_objects", "gc.get_referrers", "gc.get_referents",
    "ctypes.cast",
}  # fmt: skip
_HARD_EXITS = frozenset({"os._exit", "os.abort", "pytest.exit", "signal.raise_signal"})
_SOFT_EXITS = frozenset({"sys.exit", "exit", "quit"})
_STANDARD = frozenset(
    {
        "_pytest", "asyncio", "builtins", "collections", "copy", "coverage", "csv", "datetime", "decimal",
        "functools", "hashlib", "importlib", "inspect", "io", "itertools", "json", "math", "numpy",
        "operator", "os", "pandas", "pathlib", "pickle", "pluggy", "pytest", "random", "re", "secrets",
        "shutil", "socket", "sqlite3", "statistics", "string", "subprocess", "tempfile", "threading",
        "time", "traceback", "types", "typing", "unittest", "uuid",
    }
)  # fmt: skip
_MAGIC = frozenset({"__builtins__", "__loader__", "__spec__"})


def tricks(module: Module, *, is_test: bool) -> Iterator[Finding]:
    """Findings about one file."""
    sight = _Sight(module, is_test)
    for node in ast.walk(module.tree):
        yield from sight.at(node)
    yield from sight.exits(module.tree.body, at_import=True)


class _Sight:
    """Looks at the nodes of one file."""

    def __init__(self, module: Module, is_test: bool) -> None:
        self._module = module
        self._is_test = is_test
        self._frames = _FRAMES_IN_TESTS if is_test else _FRAMES
        self._forks = not is_test and any(
            module.stands_for(node) == "os.fork"
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Attribute)
        )
        self._own_module = {
            id(node.value)
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Subscript) and last_name(node.slice) in ("__name__", "__module__")
        }

    def at(self, node: ast.AST) -> Iterator[Finding]:
        match node:
            case ast.Attribute() | ast.Name():
                yield from self._name(node)
            case ast.Call():
                yield from self._call(node)
            case ast.Assign() | ast.AugAssign() | ast.AnnAssign() | ast.Delete():
                yield from self._patched(node)
            case ast.Import() | ast.ImportFrom() if not self._is_test:
                yield from self._imported(node)
            case ast.Constant(value=str() as text) if not self._is_test and _VARIABLES.match(text):
                yield self._asks(node, repr(text[:60]))
            case ast.BinOp(op=ast.Add()) | ast.JoinedStr() if not self._is_test:
                if _VARIABLES.match(_joined(node)) and not isinstance(node, ast.JoinedStr):
                    yield self._asks(node, text_of(node, 60))
            case ast.Compare(ops=[ast.In() | ast.NotIn()], left=left) if not self._is_test:
                if _joined(left) in _RUNNERS:
                    yield self._asks(node, f"`{text_of(node)}`")

    def exits(self, body: list[ast.stmt], *, at_import: bool) -> Iterator[Finding]:
        """Ends of the process where nothing asks for them: at import, and anywhere in tests."""
        for node in body:
            if isinstance(node, ast.If) and "__main__" in text_of(node.test):
                continue
            function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            inside = [c for c in ast.iter_child_nodes(node) if isinstance(c, ast.stmt | ast.ExceptHandler)]
            raises = isinstance(node, ast.With) and "raises" in text_of(node.items[0])
            if (not function or self._is_test) and not raises:
                yield from self.exits(inside, at_import=at_import)  # type: ignore[arg-type]
                if not inside:
                    yield from self._exit(node)

    def _exit(self, node: ast.stmt) -> Iterator[Finding]:
        for child in ast.walk(node):
            ends = isinstance(child, ast.Call) and self._module.stands_for(child.func) in _SOFT_EXITS
            thrown = isinstance(child, ast.Raise) and child.exc is not None
            if ends or (thrown and last_name(child.exc) == "SystemExit"):  # type: ignore[attr-defined]
                where = "in a test" if self._is_test else "when it is imported"
                yield self._finding(
                    child, "early-exit", f"`{text_of(child)}` ends the process {where}: remove it"
                )

    def _name(self, node: ast.Attribute | ast.Name) -> Iterator[Finding]:
        name = self._module.stands_for(node)
        if name in self._frames:
            message = f"`{name}` reaches for what runs the code, which no result may depend on: do without"
            yield self._finding(node, "runner-access", message)
        elif name == "sys.modules" and not self._is_test and id(node) not in self._own_module:
            yield self._asks(node, "`sys.modules`")
        elif isinstance(node, ast.Name) and node.id in _MAGIC:
            yield self._finding(node, "runner-access", f"`{node.id}` is not for programs: do without")

    def _call(self, node: ast.Call) -> Iterator[Finding]:
        name = self._module.stands_for(node.func)
        first = node.args[0] if node.args else None
        if (name in _HARD_EXITS and not self._forks) or (name == "os.kill" and _is_suicide(node)):
            yield self._finding(
                node, "early-exit", f"`{text_of(node)}` ends the process of the judge: remove it"
            )
        elif name == "atexit.register" and self._is_test:
            yield self._finding(node, "early-exit", f"`{text_of(node)}` acts after the tests: remove it")
        elif name in ("os.write", "os.fdopen", "open", "os.dup2", "os.dup") and _is_descriptor(first):
            message = f"`{text_of(node)}` reaches for a descriptor by number: open a file by its name"
            yield self._finding(node, "runner-access", message)
        elif name in ("setattr", "delattr") and first is not None and self._is_standard(first):
            yield self._patch(node, text_of(first))

    def _patched(self, node: ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete) -> Iterator[Finding]:
        targets = node.targets if isinstance(node, ast.Assign | ast.Delete) else [node.target]
        for target in targets:
            if isinstance(target, ast.Attribute) and self._is_standard(target.value):
                yield self._patch(node, self._module.stands_for(target))
            elif isinstance(target, ast.Subscript) and self._is_namespace(target.value):
                yield self._patch(node, text_of(target))

    def _patch(self, node: ast.AST, name: str) -> Finding:
        how = "use `monkeypatch`, which is undone after the test" if self._is_test else "remove it"
        return self._finding(node, "patched-standard", f"{name} is replaced for the whole process: {how}")

    def _is_standard(self, node: ast.expr) -> bool:
        name = self._module.stands_for(node)
        imported = name.partition(".")[0] in {o.partition(".")[0] for o in self._module.origins.values()}
        if name in ("os.environ", "decimal.DefaultContext", "asyncio.events") or name.startswith(
            "unittest.mock."
        ):
            return False
        return name == "builtins" or (imported and name.partition(".")[0] in _STANDARD)

    def _is_namespace(self, node: ast.expr) -> bool:
        """`sys.modules`, `builtins.__dict__` and what else holds names of other modules."""
        name = self._module.stands_for(node)
        if name.endswith(".__dict__") and name.partition(".")[0] in _STANDARD:
            return True
        return name in ("sys.modules", "__builtins__")

    def _imported(self, node: ast.Import | ast.ImportFrom) -> Iterator[Finding]:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        helps_tests = "test" in self._module.path or "conformance" in self._module.path
        for name in names:
            if not helps_tests and name.partition(".")[0] in (
                "pytest",
                "_pytest",
                "coverage",
                "pluggy",
                "conftest",
                "__main__",
            ):
                message = f"`{text_of(node)}`: what is tested must not know of what tests it"
                yield self._finding(node, "asks-for-tests", message)

    def _asks(self, node: ast.AST, what: str) -> Finding:
        message = f"{what} asks whether the code is being tested: it must do the same then and else"
        return self._finding(node, "asks-for-tests", message)

    def _finding(self, node: ast.AST, rule: str, message: str) -> Finding:
        line = getattr(node, "lineno", None)
        return Finding(file=self._module.path, line=line, rule=rule, severity="critical", message=message)


def _is_descriptor(node: ast.expr | None) -> bool:
    """A number that stands for an open file beyond the three that everybody has."""
    return isinstance(node, ast.Constant) and isinstance(node.value, int) and node.value > 2


def _is_suicide(node: ast.Call) -> bool:
    text = text_of(node)
    return "getpid" in text and any(
        word in text for word in ("SIGKILL", "SIGABRT", "SIGSTOP", ", 9)", ", 6)")
    )


def _joined(node: ast.AST) -> str:
    """The text that constants give when they are put together."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return _joined(left) + _joined(right)
        case ast.JoinedStr(values=values):
            return "".join(_joined(value) for value in values)
        case ast.FormattedValue(value=value):
            return _joined(value)
    return "\n"
