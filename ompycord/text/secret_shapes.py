"""What secrets look like: the encodings of a known one and the shapes of well-known ones; used by `redact.py`.

Every pattern is linear: a run of characters after a fixed start, bounded or possessive, or starts that cannot overlap.
"""

import base64
import html
import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, quote_plus

__all__ = ["MIN_SECRET", "encodings", "named_shapes", "shapes"]

MIN_SECRET: Final = 8
"""Shorter values, and shorter encodings of longer ones, are not searched: they would match ordinary words."""

_NAMED: Final = {
    name: re.compile(pattern)
    for name, pattern in (
        ("a GitHub token", r"(?P<s>gh[pousr]_[A-Za-z0-9]{20,255}+)"),
        ("a fine-grained GitHub token", r"(?P<s>github_pat_[A-Za-z0-9_]{20,255}+)"),
        ("a GitLab token", r"(?P<s>glpat-[A-Za-z0-9_-]{20,255}+)"),
        ("a Discord bot token", r"(?P<s>[MNO][A-Za-z0-9_-]{22,28}+\.[A-Za-z0-9_-]{6,7}+\.[A-Za-z0-9_-]{27,64}+)"),
        (
            "a Discord webhook",
            r"discord(?:app)?\.com/api/(?:v[0-9]{1,2}/)?webhooks/[0-9]{15,21}/(?P<s>[A-Za-z0-9_-]{32,128}+)",
        ),
        ("an AWS key id", r"(?P<s>(?:AKIA|ASIA)[A-Z0-9]{16})"),
        (
            "an AWS secret key",
            r"(?i:aws_?secret_?access_?key)[\"']?\s{0,4}[=:]\s{0,4}[\"']?(?P<s>[A-Za-z0-9/+=]{40})",
        ),
        ("a webhook's signing secret", r"(?P<s>whsec_[A-Za-z0-9+/=_-]{8,}+)"),
        ("an Ompycord key", r"(?P<s>ompk_[A-Za-z0-9_-]{8,}+)"),
        ("a model provider's key", r"(?<![A-Za-z0-9])(?P<s>sk-[A-Za-z0-9_-]{20,}+)"),  # OpenAI, Anthropic, compatible
        ("a Stripe key", r"(?P<s>[sr]k_(?:live|test)_[A-Za-z0-9]{16,}+)"),
        ("a Slack token", r"(?P<s>xox[abeoprs]-[A-Za-z0-9-]{10,}+)"),
        ("a Google key", r"(?P<s>AIza[A-Za-z0-9_-]{35})"),
        ("a SendGrid key", r"(?<![A-Za-z0-9])(?P<s>SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})"),
        ("an Azure storage key", r"AccountKey=(?P<s>[A-Za-z0-9+/]{86}==)"),
        ("an npm token", r"(?P<s>npm_[A-Za-z0-9]{36})"),
        ("a PyPI token", r"(?P<s>pypi-[A-Za-z0-9_-]{50,}+)"),
        ("an age key", r"(?P<s>(?:AGE-SECRET-KEY-1|age-secret-key-1)[A-Za-z0-9]{20,}+)"),
        # The lookbehind gives each run of these characters one start: without it `eyJeyJeyJ…` is quadratic.
        (
            "a JSON web token",
            r"(?<![A-Za-z0-9_-])(?P<s>eyJ[A-Za-z0-9_-]{5,}+\.[A-Za-z0-9_-]{5,}+\.[A-Za-z0-9_-]*+)",
        ),
        # Fails closed: without its END line everything that could be key text goes.
        (
            "a private key",
            (
                r"(?P<s>-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
                r"(?:(?!-----END )[A-Za-z0-9+/=\s\\:,.()-])*+(?:-----END [A-Z0-9 ]{0,40}+-----)?)"
            ),
        ),
    )
}
"""Formats by which a secret is known wherever it stands."""
_SHAPES: Final = (
    *_NAMED.values(),
    *(
        re.compile(pattern)
        for pattern in (
            r"(?i:\bbearer)[ \t]{1,4}(?P<s>[A-Za-z0-9._~+/=-]{16,}+)",
            (
                r"(?i:\bauthorization)[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?"
                r"(?i:(?:bearer|basic|token)[ \t]{1,4})?(?P<s>[^\s\"',;]{4,}+)"
            ),
            r"://[^\s/:@]{0,256}+:(?P<s>[^\s/]{1,512})@",  # up to the last @ before the path
        )
    ),
)


def shapes(text: str) -> Iterator[tuple[int, int]]:
    """Where in `text` something has the shape of a well-known secret, as (start, end)."""
    for pattern in _SHAPES:
        for match in pattern.finditer(text):
            yield match.span("s")


def named_shapes(text: str) -> Iterator[tuple[str, int, int]]:
    """Where something has a format that is known by itself, as (name, start, end); not what only its place tells."""
    for name, pattern in _NAMED.items():
        for match in pattern.finditer(text):
            yield name, *match.span("s")


def encodings(secret: str | bytes) -> set[str]:
    """`secret` and the forms it takes in addresses, base64, hex, JSON, HTML, each of at least `MIN_SECRET` characters.

    Bytes that are no UTF-8 stand as lone surrogates in a form, as they do where text is read with `surrogateescape`.
    """
    raw = secret.encode("utf-8", "surrogatepass") if isinstance(secret, str) else secret
    text = secret if isinstance(secret, str) else secret.decode("utf-8", "surrogateescape")
    quoted = {quote(raw, safe=""), quote(raw), quote_plus(raw), "".join(f"%{byte:02X}" for byte in raw)}
    forms = {text, text.strip(), unicodedata.normalize("NFC", text), html.escape(text)}
    forms |= {*quoted, *map(_lower_escapes, quoted), raw.hex(), raw.hex().upper()}
    for ascii_only in (True, False):
        escaped = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        forms |= {escaped, escaped.replace("/", "\\/")}
    for offset in range(3):
        inner = _base64_inside(raw, offset)
        forms |= {inner, inner.replace("+", "-").replace("/", "_"), quote(inner, safe="")}
    return {form for form in forms if len(form) >= MIN_SECRET}


def _base64_inside(raw: bytes, offset: int) -> str:
    """The characters that `raw` alone decides when it stands `offset` bytes into what is encoded (`user:secret`)."""
    first = (0, 2, 3)[offset]
    last = (offset + len(raw)) * 8 // 6
    return base64.b64encode(b"\0" * offset + raw).decode("ascii")[first:last]


def _lower_escapes(quoted: str) -> str:
    return re.sub(r"%[0-9A-F]{2}", lambda match: match.group().lower(), quoted)
