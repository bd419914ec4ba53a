import time

import pytest

from team.transcript.redaction import Redactor

KEY = "sk-proj-abcDEF0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"key={KEY};", "key=[redacted];"),
        (f"\n{KEY}\n", "\n[redacted]\n"),
        ("ghp_" + "a1" * 18, "[redacted]"),
        ("github_pat_" + "a1_B" * 10, "[redacted]"),
        ("AKIAIOSFODNN7EXAMPLE", "[redacted]"),
        ("Authorization: Bearer abcdef0123456789abcdef", "Authorization: Bearer [redacted]"),
        ("postgresql://bob:hunter2@db/x", "postgresql://bob:[redacted]@db/x"),
        ("redis://:s3cr3t-pw@cache:6379", "redis://:[redacted]@cache:6379"),
        ("sk_live_" + "a1" * 12, "[redacted]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdef-0123456789", "[redacted]"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----!", "[redacted]!"),
    ],
)
def test_well_known_shapes_are_taken_out(text: str, left: str) -> None:
    assert Redactor().text(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "a task-list-item-enabled-0123456789 in CSS",
        "sk-folding-cube-animation-name",
        'headers={"Authorization": f"Bearer {token}"}',
        "Bearer authentication-is-required-here",
        'f"postgresql+asyncpg://{user}:{password}@{host}/db"',
        "postgresql://postgres:postgres@localhost/app",
        "https://example.com:8000/path and me@example.com",
        "0123456789abcdef" * 4,
        "the password is long",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert Redactor().text(text) == text


def test_own_secrets_are_found_in_their_other_spellings() -> None:
    redactor = Redactor(['p"w/0 é!'])
    assert redactor.text('a p"w/0 é! b') == "a [redacted] b"
    assert redactor.text("a p%22w%2F0%20%C3%A9%21 b") == "a [redacted] b"
    assert redactor.text('a p\\"w/0 \\u00e9! b') == "a [redacted] b"


def test_longer_secret_wins_over_its_own_beginning() -> None:
    assert Redactor(["secret-1", "secret-12345"]).text("secret-12345") == "[redacted]"


@pytest.mark.parametrize("dummy", ["", "abc", "ollama", "not-needed"])
def test_dummy_keys_do_not_tear_holes(dummy: str) -> None:
    assert Redactor([dummy]).text("abc ollama not-needed") == "abc ollama not-needed"


def test_every_text_in_a_value_is_cleaned_but_no_field_name() -> None:
    redactor = Redactor(["content"])
    value = {"content": ["content", {KEY: 1}], "n": 1.5, "none": None}
    assert redactor.data(value) == {"content": ["[redacted]", {"[redacted]": 1}], "n": 1.5, "none": None}


@pytest.mark.parametrize(
    "unit",
    [
        "sk-",
        "eyJ",
        "eyJ-aaaaaaaaaaaa",
        "eyJaaaaaaaaaaaa.",
        "Bearer ",
        "://a:",
        "-----BEGIN PRIVATE KEY-----",
        "ghp_a1",
        "xoxb-",
    ],
)
def test_hostile_text_takes_linear_time(unit: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        began = time.perf_counter()
        Redactor().text(text)
        return time.perf_counter() - began

    assert seconds(1_000_000) < max(40 * seconds(100_000), 1.0)
