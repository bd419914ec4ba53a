"""A whole pipeline from templates: plan, tests, code, review."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from team.errors import SpecError
from team.generators.etl.context import Context
from team.generators.etl.functions import Functions
from team.generators.etl.sample_files import sample_files
from team.generators.polish import polish
from team.pipelines import layout_of
from team.pipelines.samples import Samples
from team.specs.pipeline import PipelineSpec, SourceSpec

_FOLDER = "drafts/etl"
_MODULES = (
    "__init__",
    "__main__",
    "errors",
    "config",
    "tally",
    "extract",
    "casting",
    "transform",
    "whole",
    "quality",
    "run",
)
_PAGES = (
    "README.md",
    "Dockerfile",
    "config.toml",
    "pyproject.toml",
    "requirements.txt",
    "requirements-dev.txt",
)
_TESTS = ("tests/conftest.py", "tests/test_run.py", "tests/test_casting.py", "tests/test_command.py")


class EtlDraft:
    """Writes a whole pipeline from its spec; the same spec gives the same bytes.

    Raises:
        SpecError: source or destination are in prose, so no template can write it.
    """

    def __init__(self, spec: PipelineSpec) -> None:
        if isinstance(spec.source, str) or isinstance(spec.destination, str):
            what = "source" if isinstance(spec.source, str) else "destination"
            raise SpecError(
                f"the {what} is in prose, which no template can read", "name a model with --model"
            )
        self._spec = spec
        self._source: SourceSpec = spec.source
        self._layout = layout_of(spec)
        self._functions = Functions(self._layout, incremental=spec.incremental is not None)
        self._samples = Samples(spec, self._layout)

    def plan(self) -> str:
        """The steps, the decisions and what is left open, as Markdown."""
        return self._render("plan.md")

    def tests(self) -> dict[str, str]:
        """Test files: workspace path → text."""
        return polish({path: self._render(path) for path in _TESTS}, first_party="pipeline")

    def code(self) -> dict[str, str]:
        """All other files: workspace path → text."""
        files = {path: self._render(path) for path in _PAGES}
        files |= {f"pipeline/{name}.py": self._render(f"pipeline/{name}.py") for name in _MODULES}
        load = "load_sql" if self._context["to_sql"] else "load_file"
        files["pipeline/load.py"] = self._render(f"pipeline/{load}.py")
        return polish(files | self._sample_files(), first_party="pipeline")

    def review(self, tree: Mapping[str, str]) -> list[str]:
        """What the spec asks for and the tree does not have, one sentence each."""
        problems = []
        for path in sorted(path for path in tree if path.endswith(".py")):
            try:
                ast.parse(tree[path])
            except (SyntaxError, ValueError, RecursionError):
                problems.append(f"{path} is not Python")
        if "pipeline/__main__.py" not in tree:
            problems.append("there is no `python -m pipeline`: pipeline/__main__.py is missing")
        return problems

    def _render(self, path: str) -> str:
        import prompts

        return prompts.render(f"{_FOLDER}/{path}.j2", **self._context)

    def _sample_files(self) -> dict[str, str]:
        sources = {0: self._source, **{lookup.number: lookup.source for lookup in self._functions.lookups}}
        return sample_files(sources, self._samples.tables(5))

    @cached_property
    def _context(self) -> dict[str, Any]:
        return Context(self._spec, self._layout, self._functions, self._samples).variables()
