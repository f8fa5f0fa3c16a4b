"""No loaded secret, none of its encodings and no well-known token shape gets past the redactor."""

import base64
import json
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.text import REDACTED, Redactor, clean

SECRET: Final = 'p/ss+w"rd&ünï\n9'
PRIVATE: Final = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow+/abc=\nxyz0123\n-----END RSA PRIVATE KEY-----"
PASSWORD: Final = "p" + "4ssw0rd"


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET, safe=""),
        quote(SECRET, safe="").lower(),
        quote_plus(SECRET),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        json.dumps(SECRET)[1:-1].replace("/", "\\/"),
    ],
)
def test_every_form_of_a_loaded_secret_goes(form: str) -> None:
    assert Redactor([SECRET]).redact(f"before {form} after") == f"before {REDACTED} after"


@pytest.mark.parametrize("user", ["", "u", "us", "usr", "a-user"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_at_any_offset_leaves_no_more_than_its_edges(user: str, encode: Callable[[bytes], bytes]) -> None:
    secret = "k9:/?f~~Zq-8>>vT4m_w"
    shown = Redactor([secret]).redact(encode(f"{user}:{secret}:x".encode()).decode())
    assert REDACTED in shown
    assert len(shown.replace(REDACTED, "")) <= len(user) * 4 // 3 + 10


@given(st.text(min_size=8, max_size=30), st.text(max_size=20), st.text(max_size=20))
def test_a_secret_is_gone_wherever_it_stands(secret: str, before: str, after: str) -> None:
    shown = Redactor([secret]).redact(before + secret + after)
    assert secret not in shown.replace(REDACTED, "\x00")


def test_the_longest_goes_first_and_overlaps_go_whole() -> None:
    redactor = Redactor(["abcdefgh", "abcdefghijkl", "ijklmnopqr"])
    assert redactor.redact("-abcdefghijkl-") == f"-{REDACTED}-"
    assert redactor.redact("-abcdefghijklmnopqr-") == f"-{REDACTED}-"
    assert redactor.redact("abcdefghabcdefgh") == REDACTED


def test_short_values_are_left_alone() -> None:
    assert Redactor(["main", "", "seven77"]).redact("main seven77") == "main seven77"


@pytest.mark.parametrize("limit", range(1, 60))
def test_no_limit_leaves_a_piece_of_a_secret(limit: int) -> None:
    shown = Redactor(["SECRETSECRET42"]).cut("the key is SECRETSECRET42 and more text follows here", limit)
    assert "SEC" not in shown


@pytest.mark.parametrize("kept", range(4, 14))
def test_a_secret_that_was_halved_before_is_found_at_the_end(kept: int) -> None:
    text = "key=" + "SECRETSECRET42"[:kept]
    redactor = Redactor(["SECRETSECRET42"])
    assert redactor.redact(text, was_cut=True) == f"key={REDACTED}"


def test_a_secret_broken_by_invisible_characters_is_found_after_cleaning() -> None:
    assert Redactor(["hunter2hunter2"]).redact(clean("x hun\u200bter2\u2060hunter2 y")) == f"x {REDACTED} y"


@pytest.mark.parametrize(
    "token",
    [
        "ghp_" + "a1B2" * 9,
        "github_pat_" + "a1B2_" * 10,
        "glpat-" + "a1B2-" * 5,
        "M" + "Tk4" * 8 + ".GabcDE." + "x-Y_z" * 7,
        "AKIA" + "A1B2C3D4" * 2,
        "whsec_" + "MfKQ9r8G" * 4,
        "ompk_" + "a1b2c3d4_" + "x" * 43,
        "sk-" + "ant-api03-" + "aB3" * 20,
        "sk-" + "proj-" + "aB3" * 20,
        "xoxb-" + "123456-abcdef",
        "AGE-SECRET-KEY-1" + "QZ7X" * 14,
        "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxIn0." + "c2ln-nature_",
        PRIVATE,
        PRIVATE.replace("\n", "\\n"),
    ],
)
def test_well_known_shapes_go_unasked(token: str) -> None:
    assert Redactor([]).redact(f'{{"it": "{token}"}}') == f'{{"it": "{REDACTED}"}}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Authorization: Bearer abc.def", f"Authorization: Bearer {REDACTED}"),
        ('"authorization": "Basic dXNlcjpwYXNz"', f'"authorization": "Basic {REDACTED}"'),
        ("curl -H 'bearer 0123456789abcdef0'", f"curl -H 'bearer {REDACTED}'"),
        (f"postgres://me:{PASSWORD}@db/x", f"postgres://me:{REDACTED}@db/x"),
        (f"https://me:{PASSWORD}@more@host/p@th", f"https://me:{REDACTED}@host/p@th"),
        ("-----BEGIN PRIVATE KEY-----\nMIIabc\ncut here", REDACTED),
    ],
)
def test_what_is_around_a_secret_stays(text: str, expected: str) -> None:
    assert Redactor([]).redact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "bearer authentication is used",
        "see https://host.example:8787/path@2 and a@b.example",
        "task-management-of-everything-here",
        "the eyJ prefix, a sk-short, AKIA and whsec_",
        "1.2.3 MIT NOTICE.md",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert Redactor(["unrelated-secret"]).redact(text) == text


def test_nothing_of_it_is_printed() -> None:
    redactor = Redactor(["hunter2hunter2"])
    assert "hunter2" not in f"{redactor!r} {redactor} {[redactor]}"


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "unit",
    [
        *(
            "eyJ",
            "eyJa.",
            "Mabc",
            "M" + "a" * 25 + ".",
            "://a:",
            "://",
            "a:b",
            "@",
            "ghp_",
            "github_pat_",
            "sk-",
            "whsec_",
            "AGE-SECRET-KEY-1",
        ),
        *(
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN ",
            "-----",
            "bearer ",
            "authorization:",
            "authorization: bearer ",
            "xoxb-",
        ),
        *("discord.com/api/webhooks/", "A", "0"),
    ],
)
def test_a_megabyte_of_any_beginning_ends_in_time(unit: str) -> None:
    """A backtracking trap would need minutes for each; the mark's timeout is the only clock here."""
    redactor = Redactor([f"a-loaded-secret-{number}" for number in range(20)])
    shown = redactor.redact(unit * (1_000_000 // len(unit)))
    assert shown
