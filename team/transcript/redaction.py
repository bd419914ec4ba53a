"""Takes keys and tokens out of whatever is about to be written.

Two kinds are found: the secrets that this process holds, letter by letter, and the shapes of well-known
keys. Every pattern is linear in the text: it starts only at the start of a word, or consumes what it read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

REDACTED = "[redacted]"

# Shorter "secrets" would tear holes into ordinary words, and these are what keyless servers are given.
_SHORTEST_SECRET = 6
_NO_SECRETS = frozenset({"not-needed", "no-key", "nokey", "ollama", "lm-studio", "sk-no-key-required"})

_WORD_START = r"(?<![A-Za-z0-9_])"
_SHAPES: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = tuple(
    (starts, re.compile(_WORD_START + pattern))
    for starts, pattern in (
        (("sk-",), r"sk-[A-Za-z0-9_-]{16,}"),
        (("sk_", "rk_"), r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,}"),
        (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[pousr]_[A-Za-z0-9]{20,}"),
        (("github_pat_",), r"github_pat_[A-Za-z0-9_]{20,}"),
        (("glpat-",), r"glpat-[A-Za-z0-9_-]{20,}"),
        (("xox",), r"xox[abeprs]-[A-Za-z0-9-]{10,}"),
        (("AKIA", "ASIA"), r"A[KS]IA[0-9A-Z]{16}(?![0-9A-Za-z])"),
        (("AIza",), r"AIza[0-9A-Za-z_-]{35}"),
        (("hf_",), r"hf_[A-Za-z0-9]{30,}"),
        (("npm_",), r"npm_[A-Za-z0-9]{36}"),
        (("pypi-",), r"pypi-[A-Za-z0-9_-]{40,}"),
        (("eyJ",), r"(?<!-)eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    )
)
_BEARER = re.compile(r"(?i:\bbearer)[ \t]{1,4}([A-Za-z0-9._~+/-]{16,}={0,2})")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z]{1,12} ){0,3}PRIVATE KEY-----[^-]*"
    r"(?:-----END (?:[A-Z]{1,12} ){0,3}PRIVATE KEY-----)?"
)
_URL_PASSWORD = re.compile(r"://[^\s/:@\"'`]{0,200}:([^\s/@\"'`]{1,500})@")
_PLACEHOLDER = re.compile(r"[{<$%].*|[*x.]+|\[redacted\]")
_EXAMPLE_PASSWORDS = frozenset(
    {"password", "passwd", "pass", "pwd", "secret", "changeme", "example", "test", "dev", "app"}
    | {"user", "root", "admin", "postgres", "mysql"}
)
_PLAIN_NAME = re.compile(r"[a-z_]+")


class Redactor:
    """Replaces secrets by `[redacted]`.

    Args:
        secrets: what must not be written under any circumstances, such as the model's key; also found in its
            URL-quoted and JSON-escaped form. Secrets of fewer than six letters, and the dummy keys of keyless
            servers, are left alone.
    """

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        forms = {form for secret in secrets for form in _forms(secret.strip())}
        self._secrets = sorted(forms, key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, REDACTED)
        for starts, shape in _SHAPES:
            if any(start in text for start in starts):
                text = shape.sub(_hide_key, text)
        if "-----BEGIN " in text:
            text = _PRIVATE_KEY.sub(REDACTED, text)
        if "earer" in text or "EARER" in text:
            text = _BEARER.sub(_hide_group, text)
        if "://" in text and "@" in text:
            text = _URL_PASSWORD.sub(_hide_password, text)
        return text

    def data(self, value: Any) -> Any:
        """A JSON value with every text in it passed through `text`."""
        return map_texts(value, self.text)


def map_texts(value: Any, change: Callable[[str], str]) -> Any:
    """A JSON value with `change` applied to every text in it; plain lower-case field names stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {
            name if _PLAIN_NAME.fullmatch(name) else change(name): map_texts(inner, change)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [map_texts(inner, change) for inner in value]
    return value


def _forms(secret: str) -> set[str]:
    if len(secret) < _SHORTEST_SECRET or secret.lower() in _NO_SECRETS:
        return set()
    return {secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}


def _hide_key(found: re.Match[str]) -> str:
    # Words such as `sk-folding-cube-animation` have a key's shape, but no digit.
    return REDACTED if any(letter.isdigit() for letter in found[0]) else found[0]


def _hide_group(found: re.Match[str]) -> str:
    if not any(letter.isdigit() for letter in found[1]):
        return found[0]
    return found[0].replace(found[1], REDACTED)


def _hide_password(found: re.Match[str]) -> str:
    password = found[1]
    if password.lower() in _EXAMPLE_PASSWORDS or _PLACEHOLDER.fullmatch(password):
        return found[0]
    return f"{found[0][: -len(password) - 1]}{REDACTED}@"
