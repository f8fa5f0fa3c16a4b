"""Standard Webhooks v1, strictly: https://www.standardwebhooks.com; counterpart of every sender. Pure.

The reference library raises on hostile headers, accepts any id and decodes base64 loosely
(docs/platform/webhooks.md, *The reference library*); it is the oracle in the tests. Nothing here raises for what a
sender wrote.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence

from ompycord.errors import ConfigurationError

__all__ = ["TOLERANCE_S", "is_webhook_id", "may_be_signature", "parse_secret", "sign", "verify"]

TOLERANCE_S = 300
"""How far a signature's time may be from ours, both ways."""
SHORTEST_SECRET = 24
SIGNATURES_READ = 32
"""Signatures of one header that are compared; a sender needs one per secret during a rotation."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TIMESTAMP = re.compile(r"[0-9]{10,11}")
_SIGNATURE = re.compile(r"(?:^| )v1,[A-Za-z0-9+/]{43}=(?= |$)")


def parse_secret(text: str, *, named: str = "OMP_WEBHOOK_SECRET") -> bytes:
    """`whsec_` and strict base64 of 24 bytes or more, or any other text of 24 characters or more as its UTF-8.

    Stripe signs with the literal text of such a value and Standard Webhooks with its bytes, so the prefix decides.
    `named` is the setting it came from. Raises ConfigurationError, which never contains the value.
    """
    if text.startswith("whsec_"):
        try:
            secret = base64.b64decode(text.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            raise ConfigurationError(f"{named}: what follows whsec_ is not base64.") from None
    else:
        secret = text.encode("utf-8", "surrogatepass")
        if len(text) < SHORTEST_SECRET:
            raise ConfigurationError(f"{named} is shorter than 24 characters: choose a longer one.")
    if len(secret) < SHORTEST_SECRET:
        raise ConfigurationError(f"{named} has less than 24 bytes after whsec_: choose a longer one.")
    return secret


def is_webhook_id(text: str) -> bool:
    """Whether this may be a webhook-id: 1 to 128 of letters, digits, `_` and `-`."""
    return _ID.fullmatch(text) is not None


def sign(secret: bytes, *, webhook_id: str, timestamp: str, body: bytes) -> str:
    """The value of `webhook-signature`: `v1,<base64>` over `id.timestamp.body`, the time as its literal text."""
    return f"v1,{_signature(secret, webhook_id, timestamp, body)}"


def may_be_signature(*, webhook_id: str, timestamp: str, signature: str, now_s: float) -> bool:
    """Whether this has the form of a signature of now, before anything is known of the body."""
    if not is_webhook_id(webhook_id) or _TIMESTAMP.fullmatch(timestamp) is None:
        return False
    return abs(now_s - int(timestamp)) <= TOLERANCE_S and _SIGNATURE.search(signature) is not None


def verify(
    secrets: Sequence[bytes], *, webhook_id: str, timestamp: str, signature: str, body: bytes, now_s: float
) -> int | None:
    """The index of the secret that signed this, or None: wrong grammar, too old, too new, or signed by none of them."""
    if not is_webhook_id(webhook_id) or _TIMESTAMP.fullmatch(timestamp) is None:
        return None
    if abs(now_s - int(timestamp)) > TOLERANCE_S:
        return None
    parts = signature.split(" ", SIGNATURES_READ * 2)
    given = [part[3:].encode("utf-8", "replace") for part in parts if part.startswith("v1,")][:SIGNATURES_READ]
    found: int | None = None
    for index, secret in enumerate(secrets if given else ()):
        expected = _signature(secret, webhook_id, timestamp, body).encode()
        for candidate in given:
            # Bytes of equal length are compared in constant time; the search continues, so that time does not
            # reveal the index.
            if hmac.compare_digest(expected, candidate) and found is None:
                found = index
    return found


def _signature(secret: bytes, webhook_id: str, timestamp: str, body: bytes) -> str:
    message = f"{webhook_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.digest(secret, message, hashlib.sha256)).decode()
