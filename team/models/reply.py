"""One response body of an endpoint: its text, why there is none, and what it says it cost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from team.models.refusal import Refusal, Trouble, printable

_MOST_TOKENS = 10_000_000
"""No answer of any model is longer; larger numbers are mistakes."""


class Reply(NamedTuple):
    """What one request came to. Token counts that make no sense are 0 and `counted` is False."""

    content: str
    problem: str
    finish_reason: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    counted: bool
    notes: tuple[str, ...]


class NotAnAnswer(Trouble):
    """The body of a successful response is no chat completion."""

    tries = 3


def read_reply(body: bytes, characters: int, clean: Callable[[str], str]) -> Reply:
    """Read a chat completion; `characters` is the length of what was sent, `clean` bars secrets from errors.

    Raises:
        NotAnAnswer: it is not JSON, or not an object.
        Refusal: it is an error that came with status 200.
    """
    try:
        data = json.loads(body)
    except ValueError:
        form = "an HTML page" if body.lstrip().startswith(b"<") else "something that is not JSON"
        raise NotAnAnswer(f"sends {form} instead of an answer") from None
    if not isinstance(data, dict):
        raise NotAnAnswer("sends JSON that is no chat completion")
    if data.get("error") and not data.get("choices"):
        raise _hidden_error(data["error"], clean(body.decode("utf-8", "replace")))
    choice = _first(data.get("choices"))
    message = choice.get("message")
    content, problem = _text(message if isinstance(message, dict) else {})
    prompt, completion, counted, notes = _usage(data.get("usage"), characters)
    return Reply(
        content=content,
        problem=problem if choice else "a response without choices",
        finish_reason=str(choice.get("finish_reason") or "stop"),
        model=str(data.get("model") or ""),
        prompt_tokens=prompt,
        completion_tokens=completion,
        counted=counted,
        notes=notes,
    )


def was_cut(reply: Reply, text: str) -> bool:
    """Whether the server seems to have dropped part of the prompt without a word.

    Ollama does so at its ``num_ctx``: it counts then far fewer tokens than any tokenizer makes of the text.
    White space is not counted, because tokenizers fold indentation. Below 512 tokens, a count that small is
    taken for a server that does not really count, unless the text is long.
    """
    length = len(re.sub(r"\s+", " ", text))
    credible = reply.prompt_tokens >= 512 or (reply.prompt_tokens > 0 and length >= 40_000)
    return reply.counted and credible and reply.prompt_tokens < length / 8


def _hidden_error(error: object, body: str) -> Refusal:
    code = error.get("code") if isinstance(error, dict) else None
    status = code if isinstance(code, int) and 400 <= code < 600 else 502
    return Refusal(status, body, {})


def _first(choices: object) -> Mapping[str, Any]:
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}


def _text(message: Mapping[str, Any]) -> tuple[str, str]:
    """The text of a message, and in words why there is none. Reasoning fields are not the answer."""
    content = message.get("content")
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "".join(part for part in parts if isinstance(part, str))
    if isinstance(content, str) and content.strip():
        return content, ""
    if message.get("refusal"):
        return "", f"a refusal: {printable(str(message['refusal']), 120)}"
    if message.get("tool_calls") or message.get("function_call"):
        return "", "a call of a tool that it was not given"
    return "", "an empty answer"


def _usage(usage: object, characters: int) -> tuple[int, int, bool, tuple[str, ...]]:
    if not isinstance(usage, dict):
        return 0, 0, False, ("the endpoint did not say how many tokens it used",)
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if not prompt and not completion:
        return 0, 0, False, ("the endpoint did not say how many tokens it used",)
    # No tokenizer makes more than four tokens of a character (the bytes of UTF-8) beside what frames it.
    if not _sane(prompt, 4 * characters + 10_000) or not _sane(completion, _MOST_TOKENS):
        said = printable(f"prompt_tokens={prompt!r}, completion_tokens={completion!r}", 120)
        return 0, 0, False, (f"the endpoint's usage makes no sense and is not counted: {said}",)
    return int(prompt or 0), int(completion or 0), True, ()


def _sane(count: object, most: int) -> bool:
    if count is None:
        return True
    return isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= most
