"""Names of things: from one spelling to another, one to many, and the names that are taken."""

from __future__ import annotations

import builtins
import keyword
import re

from pydantic import BaseModel

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+|[0-9]+")
_FIELD = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_ENTITY = re.compile(r"[A-Za-z][A-Za-z0-9]*([ _-][A-Za-z0-9]+)*")

_IRREGULAR = {
    "person": "people", "child": "children", "man": "men", "woman": "women", "foot": "feet", "tooth": "teeth",
    "goose": "geese", "mouse": "mice", "ox": "oxen", "datum": "data", "criterion": "criteria",
    "medium": "media", "quiz": "quizzes", "lens": "lenses", "epoch": "epochs", "matrix": "matrices",
    "vertex": "vertices", "leaf": "leaves", "knife": "knives", "life": "lives", "wife": "wives",
    "half": "halves", "shelf": "shelves", "wolf": "wolves", "loaf": "loaves", "thief": "thieves",
    "hero": "heroes", "potato": "potatoes", "tomato": "tomatoes", "echo": "echoes", "veto": "vetoes",
}  # fmt: skip
_UNCOUNTABLE = frozenset(
    {"news", "series", "species", "sheep", "fish", "equipment", "information", "money", "metadata", "staff"}
)

RESERVED_FIELDS = frozenset({"id", "created_at", "updated_at"})
"""The fields that every entity gets anyway."""

_TAKEN_FIELDS = frozenset(
    {
        "metadata",
        "registry",
        "self",
        "cls",
        "dt",
        "sa",
        "str",
        "int",
        "float",
        "bool",
        "dict",
        "list",
        "len",
        "l",
    }
    | {"mapped_column", "string_enum", "utc_now", "first_update"}
    | {name for name in dir(BaseModel) if not name.startswith("_")}
    | set(keyword.kwlist)
)
_TAKEN_ENTITIES = frozenset(
    {
        "APIRouter", "Annotated", "Any", "AsyncSession", "Base", "BaseModel", "ConfigDict",
        "ConflictError", "Decimal", "DeclarativeBase", "Depends", "ErrorResponse", "Field",
        "IntegrityError", "Json", "JsonDict", "Mapped", "MissingReferenceError", "NotFoundError",
        "PartialModel", "Path", "Query", "Repository", "Request", "RequestValidationError",
        "Response", "Responses", "Self", "Sequence", "SessionDep", "Slice", "StaleDataError",
        "StrEnum", "Text", "UUID", "UtcDateTime", "ValidationError", "ValidationErrorResponse",
    }
    | {name for name in (*keyword.kwlist, *dir(builtins)) if name[0].isupper()}
)  # fmt: skip


def words(name: str) -> list[str]:
    """Split a name of any spelling into lower-case words: ``OrderItem`` → ``["order", "item"]``."""
    return [word.lower() for word in _WORD.findall(name)]


def pascal(name: str) -> str:
    """``order_item`` → ``OrderItem``; what is PascalCase already stays."""
    if re.fullmatch(r"[A-Z][A-Za-z0-9]*", name) and not name.isupper():
        return name
    return "".join(word.capitalize() for word in words(name))


def snake(name: str) -> str:
    """``OrderItem`` → ``order_item``."""
    return "_".join(words(name))


def phrase(name: str) -> str:
    """``OrderItem`` → ``order item``."""
    return " ".join(words(name))


def plural(name: str) -> str:
    """The plural of an English noun, or of the last word of a phrase, by the common rules."""
    start = max(name.rfind(separator) for separator in " _-") + 1
    return name[:start] + _plural_word(name[start:])


def _plural_word(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in _UNCOUNTABLE or word in _IRREGULAR.values():
        return word
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    if re.search(r"(ss|us|as|os|x|z|ch|sh)$", word):
        return word + "es"
    if word.endswith("is"):
        return word[:-2] + "es"
    return word if word.endswith("s") else word + "s"


def article(noun: str) -> str:
    """The noun with its indefinite article: ``an invoice``, ``a user``."""
    vowel = re.match(r"[aeiou]|hour|honest", noun) and not re.match(r"uni([^nm]|$)|us[aeiu]|eu|one\b", noun)
    return f"{'an' if vowel else 'a'} {noun}"


def entity_problem(name: str) -> str | None:
    """Why a name cannot be an entity's, or None."""
    if not _ENTITY.fullmatch(name) or len(name) > 50:
        return f"entity name {name!r} must be a PascalCase word such as OrderItem, of at most 50 letters"
    if pascal(name) in _TAKEN_ENTITIES or keyword.iskeyword(snake(name)):
        return f"entity name {name!r} is taken by Python or the libraries; choose another"
    return None


def field_problem(name: str) -> str | None:
    """Why a name cannot be a field's, or None."""
    if name in RESERVED_FIELDS:
        return f"field {name!r} is there already: every entity gets id, created_at and updated_at"
    if not _FIELD.fullmatch(name) or len(name) > 60:
        meant = snake(name)
        hint = f", such as {meant!r}" if _FIELD.fullmatch(meant) and meant != name else ""
        return f"field name {name!r} must be snake_case{hint}, and at most 60 letters long"
    if name in _TAKEN_FIELDS:
        return f"field name {name!r} is taken by Python or the libraries; choose another"
    return None
