"""YAML and JSON as plain data, with the line of every key. Safe: no tags, no aliases, no duplicate keys."""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from team.errors import SpecError

Location = tuple[Hashable, ...]


_SCALARS = frozenset({"str", "int", "float", "bool", "null", "timestamp"})


class _Refused(yaml.MarkedYAMLError):
    """Something that YAML knows and a spec does not have."""


@dataclass(frozen=True)
class Document:
    """What a file holds, and on which line each part of it begins (counted from 1)."""

    data: Any
    lines: dict[Location, int]

    def line(self, location: Location) -> int | None:
        """The line of a place, or of the nearest place around it."""
        known = tuple(part for part in location)
        candidates = [known[:end] for end in range(len(known), -1, -1)]
        one_entity = [candidate[2:] for candidate in candidates if candidate[:2] == ("entities", 0)]
        for candidate in [*candidates[:-1], *one_entity, ()]:
            if candidate in self.lines:
                return self.lines[candidate]
        return None


def parse_document(text: str, path: Path, *, any_keys: bool = False) -> Document:
    """Parse one YAML or JSON document that is a mapping.

    Args:
        text: the document.
        path: where it comes from.
        any_keys: take keys such as 200 as the text that they are written as, instead of refusing them.

    Raises:
        SpecError: with the line of the mistake.
    """
    try:
        if path.suffix.lower() == ".json":
            _check_json(text)
            text = text.replace("\t", " ")
        reader = _Reader(text, any_keys=any_keys)
    except json.JSONDecodeError as error:
        raise SpecError(f"{path} is not JSON: {error.msg} (line {error.lineno})") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" (line {mark.line + 1})" if mark else ""
        problem = " ".join((error.problem or error.context or "it cannot be read").split())
        if "another document" in problem:
            raise SpecError(f"{path} holds more than one document{where}", "write one per file") from error
        what = "" if isinstance(error, _Refused) else " is not YAML or JSON"
        raise SpecError(f"{path}{what}: {problem}{where}") from error
    except (yaml.YAMLError, ValueError) as error:
        problem = str(error).splitlines()[0].partition(":")[0]
        raise SpecError(f"{path} is not YAML or JSON: {problem}") from error
    except RecursionError as error:
        raise SpecError(f"{path} is nested too deeply") from error
    if reader.data is None:
        raise SpecError(f"{path} is empty", "say in it what to build")
    if not isinstance(reader.data, dict):
        raise SpecError(f"{path} holds {_what(reader.data)}, where `key: value` lines are expected")
    return Document(reader.data, reader.lines)


def _check_json(text: str) -> None:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not a JSON value")

    json.loads(text, parse_constant=refuse)


def _what(data: object) -> str:
    if isinstance(data, list):
        return "a list"
    return "plain text" if isinstance(data, str) else "a single value"


class _Loader(yaml.SafeLoader):
    """The safe loader without aliases, and with dates left as they are written."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise _Refused(problem="an alias is not allowed: write it out", problem_mark=mark)
        return super().compose_node(parent, index)


def _as_written(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(node.value)


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _as_written)


class _Reader:
    """Turns the node tree into data and notes the lines on the way."""

    def __init__(self, text: str, *, any_keys: bool) -> None:
        self._any_keys = any_keys
        self.lines: dict[Location, int] = {}
        self._loader = _Loader(text)
        try:
            node = self._loader.get_single_node()
            self.data = None if node is None else self._data(node, ())
        finally:
            self._loader.dispose()

    def _data(self, node: yaml.Node, location: Location) -> Any:
        self.lines.setdefault(location, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode) and node.tag.endswith(":map"):
            return self._mapping(node, location)
        if isinstance(node, yaml.SequenceNode) and node.tag.endswith(":seq"):
            return [self._data(item, (*location, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        raise self._problem(f"the tag {node.tag} is not allowed", node)

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        if node.tag.removeprefix("tag:yaml.org,2002:") not in _SCALARS:
            raise self._problem(f"the tag {node.tag} is not allowed", node)
        return self._loader.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, location: Location) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            plain = isinstance(key_node, yaml.ScalarNode) and key_node.value != "<<"
            key = self._scalar(key_node) if plain else None
            if plain and self._any_keys:
                key = str(key_node.value)
            if isinstance(key, bool):  # `on` is a key of a join, and no truth
                key = key_node.value
            if not isinstance(key, str):
                raise self._problem("a key must be text; quote it", key_node)
            if key in data:
                raise self._problem(f"the key {key!r} is there twice", key_node)
            self.lines[(*location, key)] = key_node.start_mark.line + 1
            data[key] = self._data(value_node, (*location, key))
        return data

    def _problem(self, problem: str, node: yaml.Node) -> yaml.MarkedYAMLError:
        return _Refused(problem=problem, problem_mark=node.start_mark)
