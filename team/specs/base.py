"""What every spec has: a kind, a title, the requirements in words, and the rules that templates cannot do."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Iterable
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from executors.requirements import Requirement

Kind = Literal["run", "api", "crud", "etl", "solve"]


class StrictModel(BaseModel):
    """A frozen part of a spec that refuses unknown keys by name, and tells which one was meant."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        known = [field.alias or name for name, field in cls.model_fields.items()]
        for key in value:
            if key not in known:
                raise problem(f"unknown key {key!r}", suggestion(str(key), known), at=(key,))
        return value


class Spec(StrictModel):
    """What is to be built. Every kind of spec is one of these."""

    kind: ClassVar[Kind]

    packages: tuple[Requirement, ...] = Field(default=(), description="requirements to add to the sandbox")

    @property
    def title(self) -> str:
        """A few words, for the session's id and for people."""
        raise NotImplementedError

    def requirements_text(self) -> str:
        """What is to be built, as Markdown; the same spec gives the same bytes."""
        raise NotImplementedError

    def prose_rules(self) -> tuple[str, ...]:
        """The rules that no template can implement; they stay open until a model has done them."""
        return ()


def problem(text: str, hint: str = "", *, at: tuple[Hashable, ...] = ()) -> PydanticCustomError:
    """What a validator raises to say what is wrong, what mends it, and where inside the validated part."""
    return PydanticCustomError("spec", "{problem}", {"problem": text, "hint": hint, "at": at})


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the name that was probably meant, or None."""
    matches = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """Say which name was probably meant and which are allowed."""
    names = list(known)
    meant = nearest(word, names)
    allowed = f"allowed here: {', '.join(names)}" if names else "nothing is allowed here"
    return f"did you mean {meant!r}? {allowed}" if meant else allowed
