"""The `openai` SDK as a plain function: a request's payload in, the response's bytes out."""

from __future__ import annotations

import ipaddress
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from team.errors import ConfigError
from team.models.refusal import Refusal, Trouble, printable

if TYPE_CHECKING:
    import openai

OPENAI_URL = "https://api.openai.com/v1"
_MOST_BYTES = 64 * 1024 * 1024
_CONNECT_SECONDS = 10.0


class NoContact(Trouble):
    """No whole response came; the message says why."""

    def __init__(self, words: str, tries: int) -> None:
        super().__init__(words)
        self.tries = tries


class Transport:
    """Sends chat completion requests to one base URL and nowhere else: redirects are not followed."""

    def __init__(self, base_url: str | None, api_key: str | None, key_name: str) -> None:
        """Check the settings; nothing is sent and the SDK (1 s) is not imported before the first request.

        Args:
            base_url: None is OpenAI's own.
            api_key: may be empty where the base URL is given: local servers ask for none.
            key_name: where the key comes from, for messages.

        Raises:
            ConfigError: the base URL or the key cannot be one.
        """
        self.address = _checked_address(base_url or OPENAI_URL)
        self.host = urlsplit(self.address).netloc
        self.is_local = _is_local(urlsplit(self.address).hostname or "")
        self.has_key = bool(api_key and api_key.strip())
        self._key = _checked_key(api_key, key_name, base_url)
        self._sdk: openai.OpenAI | None = None

    def post(self, payload: Mapping[str, Any], seconds: float) -> bytes:
        """The body of the response to one request that may take `seconds` in all.

        Raises:
            Refusal: the endpoint answered with an error.
            NoContact: it did not answer, or not in time, or not to the end.
        """
        import openai

        # Collected, and raised outside of the handlers: no chained exception shows what the SDK knows.
        trouble: Trouble
        broken: tuple[type[Exception], ...] = (openai.APIConnectionError, TimeoutError, _http_error())
        try:
            return self._read(payload, seconds)
        except openai.APIStatusError as error:
            text = self.clean(error.response.text)
            trouble = Refusal(error.status_code, text, dict(error.response.headers.items()))
        except broken as error:
            trouble = _no_contact(error, seconds)
        raise trouble

    def clean(self, text: str) -> str:
        """An error's text without the key, should a server send it back."""
        return text.replace(self._key, "…") if self.has_key else text

    def close(self) -> None:
        """Let go of the connections; safe to call twice."""
        if self._sdk is not None:
            self._sdk.close()
            self._sdk = None

    def _read(self, payload: Mapping[str, Any], seconds: float) -> bytes:
        deadline = time.monotonic() + seconds
        create = self._client().chat.completions.with_streaming_response.create
        body = bytearray()
        # Streamed because the SDK's timeout is one for each read: a server that drips would never end.
        with create(**payload, timeout=_timeout(seconds)) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if time.monotonic() > deadline:
                    raise TimeoutError
                if len(body) > _MOST_BYTES:
                    raise NoContact(f"sends more than {_MOST_BYTES // 1024**2} MB", tries=1)
        return bytes(body)

    def _client(self) -> openai.OpenAI:
        if self._sdk is None:
            import openai

            # A proxy cannot reach a server on this machine, whatever the environment says.
            http = openai.DefaultHttpxClient(follow_redirects=False, trust_env=not self.is_local)
            self._sdk = openai.OpenAI(
                api_key=self._key, base_url=self.address, max_retries=0, http_client=http
            )
        return self._sdk


def _timeout(seconds: float) -> Any:
    import openai

    return openai.Timeout(seconds, connect=min(_CONNECT_SECONDS, seconds))


def _http_error() -> type[Exception]:
    """The base of all errors of the HTTP library under the SDK; which one that is depends on the version."""
    import openai

    library = openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0]
    error: type[Exception] = sys.modules[library].HTTPError
    return error


def _no_contact(error: BaseException, seconds: float) -> NoContact:
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
    if any("Timeout" in type(link).__name__ for link in chain):
        return NoContact(f"did not answer within {seconds:g} s", tries=3)
    reasons = [link for link in chain if isinstance(link, OSError)]
    why = (reasons[-1].strerror or str(reasons[-1])) if reasons else str(chain[-1])
    refused = "Connect" in "".join(type(link).__name__ for link in chain)
    words = printable(why, 120) or type(chain[-1]).__name__
    return NoContact(
        f"cannot be reached ({words})" if refused else f"broke off ({words})", 3 if refused else 5
    )


def _checked_address(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise ConfigError(
            f"the base URL {printable(url, 80)!r} is no address", "write it as http://127.0.0.1:11434/v1"
        )
    if parts.username or parts.password:
        raise ConfigError("the base URL holds a user or a password", "the key belongs into OPENAI_API_KEY")
    return url.strip().rstrip("/")


def _checked_key(api_key: str | None, key_name: str, base_url: str | None) -> str:
    key = (api_key or "").strip()
    if not key:
        if base_url is None:
            raise ConfigError(
                f"{key_name} is not set", "set it to your key, or name another server with --base-url"
            )
        return "none"
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError(f"{key_name} holds characters that no key has", "copy the key again")
    return key


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
