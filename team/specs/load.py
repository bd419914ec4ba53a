"""Specs from files: read, checked, and every mistake named with its place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from team.errors import SpecError
from team.specs.base import Kind, Spec, suggestion
from team.specs.documents import Document, parse_document
from team.specs.endpoint import ApiSpec
from team.specs.entity import CrudSpec
from team.specs.pipeline import PipelineSpec
from team.specs.problem_text import read_problem
from team.specs.problems import in_words
from team.specs.task import ProblemSpec, TaskSpec

KINDS: dict[str, type[Spec]] = {
    "run": TaskSpec, "api": ApiSpec, "crud": CrudSpec, "etl": PipelineSpec, "solve": ProblemSpec,
}  # fmt: skip
MAX_BYTES = 1_000_000
_OPENAPI = re.compile(r"""^\s*\{?\s*["']?(openapi|swagger)["']?\s*:""", re.MULTILINE)
_MARKDOWN = (".md", ".markdown", ".txt")


def load_spec(kind: Kind | str, source: Path | str | dict[str, Any] | Spec) -> Spec:
    """Read and check a spec.

    Args:
        kind: run, api, crud, etl or solve.
        source: the path of a YAML or JSON file (Markdown too, for run and solve), or the same keys as a dict.

    Raises:
        SpecError: with the file, the line, the key, what is allowed there and which name was probably meant.
    """
    if kind not in KINDS:
        raise SpecError(f"there is no kind of spec {kind!r}", suggestion(kind, KINDS))
    if isinstance(source, Spec):
        return source
    if isinstance(source, dict):
        return _checked_any(kind, Document(source, {}), "")
    path = Path(source)
    text = _read(path)
    if kind in ("run", "solve") and path.suffix.lower() in _MARKDOWN:
        said = {"requirements": text} if kind == "run" else read_problem(text)
        return _checked(KINDS[kind], Document(said, {}), f"{path}: ")
    any_keys = kind == "crud" and bool(_OPENAPI.search(text))
    return _checked_any(kind, parse_document(text, path, any_keys=any_keys), f"{path}: ")


def _checked_any(kind: str, document: Document, place: str) -> Spec:
    """A spec of a kind; of `crud`, also an OpenAPI document, or one as a session records it."""
    data = document.data
    if kind != "crud" or not isinstance(data, dict) or not ({"openapi", "swagger", "document"} & data.keys()):
        return _checked(KINDS[kind], document, place)
    from team.specs.openapi import OpenApiSpec

    if "document" in data:
        return _checked(OpenApiSpec, document, place)
    lines = {("document", *at): line for at, line in document.lines.items()}
    return _checked(OpenApiSpec, Document({"document": data}, lines), place)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise SpecError(f"there is no file {path}", "give the path of a YAML or JSON file") from error
    except IsADirectoryError as error:
        raise SpecError(f"{path} is a folder", "name a file in it") from error
    except (OSError, ValueError) as error:
        raise SpecError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > MAX_BYTES:
        raise SpecError(f"{path} is larger than {MAX_BYTES:,} bytes", "a spec is a short document")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpecError(f"{path} is not text in UTF-8", "save it as UTF-8, or name another file") from error
    if "\0" in text:
        raise SpecError(f"{path} is a binary file", "name a YAML or JSON file")
    if not text.strip():
        raise SpecError(f"{path} is empty", "say in it what to build")
    return text


def _checked(model: type[Spec], document: Document, place: str) -> Spec:
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise SpecError(place + in_words(error, document.line)) from error
