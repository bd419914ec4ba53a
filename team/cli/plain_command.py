"""Commands whose texts and switches are taken as they come.

The configuration checks them (`team.cli.options`), so a parser that turns text into text has nothing to do;
typer's own imports pydantic for it, a third of the time that listing thousands of sessions may take.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from typer.core import TyperCommand, TyperGroup


class PlainCommand(TyperCommand):
    """A command that imports a parser of values only for a value that needs one, such as a number."""

    def get_params(self, ctx: Any) -> list[Any]:
        """All parameters, the help option among them."""
        return [_parsed_late(param) for param in super().get_params(ctx)]


class PlainGroup(TyperGroup):
    """As `PlainCommand`, for what has commands."""

    def get_params(self, ctx: Any) -> list[Any]:
        """All parameters, the help option among them."""
        return [_parsed_late(param) for param in super().get_params(ctx)]


def _parsed_late(param: Any) -> Any:
    # Older versions of typer parse without pydantic and have no such method.
    parser = getattr(param, "get_runtime_param", None)
    if parser is not None and not isinstance(parser, _LateParser):
        param.get_runtime_param = _LateParser(parser)
    return param


class _LateParser:
    """Hands on what is not given or plain; typer's own parser is made for the rest."""

    def __init__(self, parser: Callable[[], Any]) -> None:
        self._parser = parser

    def __call__(self) -> _LateParser:
        return self

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value as the command receives it."""
        many = param.multiple or param.nargs == -1
        if value is None:
            return () if many else None
        is_text = param.type_descriptor.annotation is str and not many
        if is_text or isinstance(value, bool) or value == param.default:
            return value
        return self._parser().coerce(value, param=param, ctx=ctx)
