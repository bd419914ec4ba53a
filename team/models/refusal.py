"""What an endpoint's refusal means, read from status, headers and body. Servers differ in all three."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

WAIT_CAP = 60.0
"""Seconds that are waited at most, whatever the endpoint asks for."""


class Kind(Enum):
    """What to do about a refusal."""

    WAIT = "wait and ask again"
    PARAMETER = "ask without something that was in the request"
    KEY = "ask for another key"
    CREDIT = "ask for credit"
    MODEL = "ask for another model"
    PATH = "ask for another base URL"
    OVERFLOW = "ask with less text"
    OTHER = "give up"


class Trouble(Exception):
    """A request came to nothing; `tries` is how often asking makes sense, `retry_after` when to (seconds)."""

    tries = 1

    @property
    def retry_after(self) -> float | None:
        """Seconds that the endpoint asks to wait; None when it does not say."""
        return None


class Refusal(Trouble):
    """The endpoint's answer was an error. `text` is its message on one line, bounded and printable."""

    def __init__(self, status: int, body: str, headers: Mapping[str, str]) -> None:
        fields = _error_fields(body)
        self.status = status
        self.headers = headers
        self.code = str(fields.get("code") or fields.get("type") or "").lower()
        self.param = str(fields.get("param") or "")
        self.text = printable(_message(fields, body))
        self.tries = 5 if self.kind is Kind.WAIT or (self.kind is Kind.PARAMETER and status >= 500) else 1
        super().__init__(f"answers {status}: {self.text}")

    @property
    def kind(self) -> Kind:
        """What to do about it."""
        if self._overflows():
            return Kind.OVERFLOW
        if self.code in _NO_MODEL or (self.status in (400, 403, 404, 422) and _MODEL_TEXT.search(self.text)):
            return Kind.MODEL
        if self.status == 402 or self.code in _NO_CREDIT:
            return Kind.CREDIT
        if self.status in (401, 403):
            return Kind.KEY
        if self.status in (404, 405) or 300 <= self.status < 400:
            return Kind.PATH
        if self.status in (400, 422) or (self.status == 500 and self.refuses_system):
            return Kind.PARAMETER
        return Kind.WAIT if self.status in (408, 409, 425, 429) or self.status >= 500 else Kind.OTHER

    @property
    def refuses_system(self) -> bool:
        """Whether it is the system message that is not wanted."""
        return bool(_SYSTEM_TEXT.search(f"{self.param} {self.text}"))

    def names(self, parameter: str) -> bool:
        """Whether the refusal is about that parameter of the request."""
        return self.param == parameter or bool(re.search(rf"\b{re.escape(parameter)}\b", self.text))

    @property
    def retry_after(self) -> float | None:
        """Seconds that the endpoint asks to wait, at most `WAIT_CAP`; None when it does not say."""
        milliseconds = _number(self.headers.get("retry-after-ms"))
        seconds = milliseconds / 1000 if milliseconds is not None else None
        value = self.headers.get("retry-after")
        if seconds is None:
            seconds = _number(value)
        if seconds is None:
            seconds = _seconds_until(value)
        return None if seconds is None else min(max(seconds, 0.0), WAIT_CAP)

    def _overflows(self) -> bool:
        if self.status == 413 or self.code in _TOO_LONG:
            return True
        # A rate limit that one request alone exceeds does not go away by waiting.
        if self.status == 429:
            return bool(re.search(r"request too large", self.text, re.IGNORECASE))
        # An answer that may be too long is a matter of the parameter, however short the prompt.
        if _ANSWER_TOO_LONG_TEXT.search(self.text):
            return False
        return self.status in (400, 422, 500) and bool(_TOO_LONG_TEXT.search(self.text))


def printable(text: str, limit: int = 300) -> str:
    """Foreign text on one line, without control characters, cut at `limit` characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


_NO_MODEL = {"model_not_found", "invalid_model", "model_not_available"}
_NO_CREDIT = {
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
    "insufficient_balance",
}
_TOO_LONG = {"context_length_exceeded", "exceed_context_size_error", "string_above_max_length"}
_MODEL_TEXT = re.compile(
    r"\bmodel\b.{0,120}\b(not found|not exist|does not exist|not a valid model|not have access)"
    r"|not a valid model|unknown model|invalid model|no such model",
    re.IGNORECASE,
)
_TOO_LONG_TEXT = re.compile(
    r"context[ _](length|window|size)|maximum context|too many (input )?tokens"
    r"|maximum number of tokens|maximum prompt length"
    r"|(prompt|input|request) (is )?too (long|large)|reduce the length",
    re.IGNORECASE,
)
_ANSWER_TOO_LONG_TEXT = re.compile(r"\bmax_(completion_)?tokens\b.{0,40}too large", re.IGNORECASE)
_SYSTEM_TEXT = re.compile(
    r"messages\[0\]\.role|\bsystem['\"`]? (role|message|prompt|instruction)|\brole\b.{0,40}\bsystem\b"
    r"|\b(system|developer)\b.{0,40}\bnot (supported|enabled|allowed)|developer instruction",
    re.IGNORECASE,
)


def _error_fields(body: str) -> dict[str, Any]:
    try:
        value: Any = json.loads(body)
    except ValueError:
        return {}
    if isinstance(value, list) and value:
        value = value[0]
    if not isinstance(value, dict):
        return {}
    inner = value.get("error")
    if isinstance(inner, dict):
        return inner
    return value | {"message": inner} if isinstance(inner, str) else value


def _message(fields: Mapping[str, Any], body: str) -> str:
    for name in ("message", "detail"):
        value = fields.get(name)
        if value:
            return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if re.match(r"\s*<", body):
        return "an HTML page"
    return body or "no message"


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _seconds_until(date: str | None) -> float | None:
    try:
        return parsedate_to_datetime(date or "").timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
