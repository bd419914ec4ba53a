"""`devteam run` and `devteam solve`: requirements in prose, and problems with examples."""

from __future__ import annotations

import ast
import json
import re
from typing import Any, ClassVar, Self

from pydantic import Field, field_validator, model_validator

from team.languages.table import LANGUAGES, PYTHON, Language, find_language
from team.specs.base import Kind, Spec, StrictModel, problem

_MARKUP = re.compile(r"^\s*(#+|[-*>]|\d+\.)\s+|[`*_]")


class TaskSpec(Spec):
    """Free-form requirements."""

    kind: ClassVar[Kind] = "run"

    requirements: str = Field(description="what is to be built, in prose or Markdown")
    title_: str = Field(default="", alias="title", description="a few words; by default the first ones")

    @field_validator("requirements")
    @classmethod
    def _say_something(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("the requirements are empty; say what to build")
        return text

    @property
    def title(self) -> str:
        """The given title, or the first words of the requirements."""
        return self.title_.strip() or first_words(self.requirements)

    def requirements_text(self) -> str:
        """The requirements as they were given."""
        return self.requirements.strip() + "\n"


class Example(StrictModel):
    """One known answer: the value that is returned, or the exception that is raised."""

    input: dict[str, Any]
    expected: Any = None
    raises: str = Field(default="", description="the name of the exception, instead of `expected`")

    @model_validator(mode="after")
    def _one_answer(self) -> Self:
        if bool(self.raises) == ("expected" in self.model_fields_set):
            raise problem("an example has either `expected` or `raises`", "say what the call answers")
        if self.raises and not self.raises.isidentifier():
            raise problem(f"{self.raises!r} is not the name of an exception", "such as ValueError")
        return self


class ProblemSpec(Spec):
    """An algorithm problem."""

    kind: ClassVar[Kind] = "solve"

    name: str = ""
    description: str = Field(min_length=1)
    examples: tuple[Example, ...] = ()
    entry_point: str = Field(default="run_code", description="the function that is called with the input")
    language: str = "python"
    reference: str = Field(
        default="",
        description="a second solution, as Python text: slow, but surely right; nobody is shown it",
    )
    properties: tuple[str, ...] = Field(
        default=(), description="Python expressions over the input's names and `result` that always hold"
    )

    @field_validator("reference", "properties")
    @classmethod
    def _python(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for text in (value,) if isinstance(value, str) else value:
            try:
                ast.parse(text, mode="exec" if isinstance(value, str) else "eval")
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                raise problem(f"{first_words(text)!r} is no Python: {error}") from error
        return value

    @field_validator("entry_point")
    @classmethod
    def _callable_name(cls, name: str) -> str:
        if not name.isidentifier():
            raise ValueError(f"entry_point {name!r} is not the name of a function")
        return name

    @field_validator("language")
    @classmethod
    def _judged_language(cls, name: str) -> str:
        try:
            language = find_language(name)
        except KeyError:
            told = f"the languages are {', '.join(LANGUAGES)}"
            raise problem(f"solutions in {name} are not judged", told) from None
        return language.name if language else PYTHON

    @property
    def title(self) -> str:
        """The problem's name, or the first words of its description."""
        return self.name.strip() or first_words(self.description)

    def requirements_text(self) -> str:
        """The description, the function to write, and the examples."""
        text = f"{self.description.strip()}\n\n{self._demand()}\n"
        shown = [f"- input `{_json(example.input)}` → {_answer(example)}" for example in self.examples]
        if self.properties:
            rules = "".join(f"- `{rule}`\n" for rule in self.properties)
            text += f"\nOf every right answer holds:\n\n{rules}"
        return text + ("\nExamples:\n\n" + "\n".join(shown) + "\n" if shown else "")

    def _demand(self) -> str:
        """What is to be written, in a sentence or a few."""
        language = find_language(self.language)
        if language is None:
            return f"Write the function `{self.entry_point}` in {self.language}."
        names = ", ".join(self.examples[0].input) if self.examples else ""
        shown = f"{self.entry_point}({names})" if names else self.entry_point
        return (
            f"Write the function `{shown}` in {language.title}, in `{language.solution}`. {language.advice}"
        )


def language_of(spec: Spec | None) -> Language | None:
    """The language that a problem is to be solved in; None for Python, and for specs of other kinds."""
    return find_language(spec.language) if isinstance(spec, ProblemSpec) else None


def first_words(text: str, limit: int = 60) -> str:
    """The beginning of the first line that says something, without markup, cut at a word."""
    lines = (_MARKUP.sub("", line).strip() for line in text.splitlines())
    first = next((line for line in lines if line), "task")
    return first if len(first) <= limit else first[:limit].rsplit(" ", 1)[0]


def _answer(example: Example) -> str:
    return f"raises `{example.raises}`" if example.raises else f"expected `{_json(example.expected)}`"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
