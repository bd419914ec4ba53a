"""What the roles are told, and what drafts are written from: `render` is the one way to any of it."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["PromptError", "render", "version"]

OURS = Path(__file__).parent


class PromptError(ValueError):
    """A template is missing, cannot be read, or asks for what it is not given; names file and line."""


def render(template: str, /, folder: Path | None = None, **context: Any) -> str:
    """Fill in one template.

    Args:
        template: its path under this package, POSIX, such as ``turns/code.md.j2``.
        folder: the user's own prompts; a template of the same path in it wins over ours.
        context: what the template may ask for; a name that is missing is an error, not a blank.

    Raises:
        PromptError: no such template, a mistake in it, or a name that it is not given.
    """
    from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError

    environment = _environment(folder)
    try:
        return environment.get_template(template).render(**context)
    except TemplateNotFound as error:
        raise PromptError(f"there is no prompt template {error.name!r}") from error
    except TemplateSyntaxError as error:
        raise PromptError(f"{error.filename or template}, line {error.lineno}: {error.message}") from error
    except (TemplateError, UnicodeDecodeError, OSError) as error:
        raise PromptError(f"prompt template {template!r}: {error}") from error


def version(folder: Path | None = None) -> str:
    """Twelve letters that stand for everything the roles are told: another text, another version.

    Args:
        folder: the user's own prompts; a template of the same path in it wins over ours.
    """
    told = hashlib.sha256()
    for room in ("roles", "turns"):
        for ours in sorted((OURS / room).glob("*.j2")):
            theirs = folder / room / ours.name if folder is not None else ours
            text = (theirs if theirs.is_file() else ours).read_bytes()
            told.update(f"{room}/{ours.name} {len(text)}\n".encode() + text)
    return told.hexdigest()[:12]


@lru_cache(maxsize=8)
def _environment(folder: Path | None) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    folders = [OURS] if folder is None else [folder, OURS]
    return Environment(
        loader=FileSystemLoader(folders),
        undefined=StrictUndefined,
        autoescape=select_autoescape(enabled_extensions=("html", "html.j2")),
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
