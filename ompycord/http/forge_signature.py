"""The signature of a forge's webhook: HMAC-SHA256 over the bytes as received, in hexadecimal. Pure.

GitHub, Gitea and Forgejo send it as `X-Hub-Signature-256: sha256=...`. It covers the body alone: neither the time nor
the delivery's id, so that whoever sends the same bytes again must be known by them.
"""

import hashlib
import hmac
import re
from typing import Final

__all__ = ["may_be_forge_signature", "sign_for_forge", "verify_for_forge"]

_SIGNATURE: Final = re.compile(rb"sha256=[0-9a-f]{64}")


def sign_for_forge(secret: bytes, body: bytes) -> bytes:
    """The value of the header."""
    return b"sha256=" + hmac.digest(secret, body, hashlib.sha256).hex().encode()


def may_be_forge_signature(signature: bytes) -> bool:
    """Whether this has the form of one, before anything is known of the body."""
    return _SIGNATURE.fullmatch(signature) is not None


def verify_for_forge(secret: bytes, *, signature: bytes, body: bytes) -> bool:
    """Whether this secret signed these bytes."""
    return may_be_forge_signature(signature) and hmac.compare_digest(sign_for_forge(secret, body), signature)
