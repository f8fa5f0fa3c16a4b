"""Signed component ids, `v1:<action>:<ref>:<nonce>:<mac>`.

Counterpart of `interactions/components.py`, which gives them a meaning. The id identifies only which of our buttons it
is: rights, single use and expiry are checked on the server at every click.
"""

import hmac
from base64 import urlsafe_b64encode
from enum import Enum
from hashlib import sha256
from secrets import token_hex
from typing import NamedTuple

import regex

__all__ = ["ComponentId", "Rejection", "Signer"]

_FORM = regex.compile(
    r"v1:(?P<action>[a-z][a-z0-9]{0,7}):(?P<ref>[0-9A-HJKMNP-TV-Z]{26}):(?P<nonce>[A-Za-z0-9_-]{8}):(?P<mac>[A-Za-z0-9_-]{16})"
)
_OTHER_VERSION = regex.compile(r"v[0-9]{1,3}:[^:]{1,32}:.{1,90}")
_MAC_BYTES = 12  # 16 characters of base64
_NONCE = 8


class ComponentId(NamedTuple):
    """A verified id."""

    action: str
    ref: str
    """A run's or a draft's ULID."""
    nonce: str


class Rejection(Enum):
    """Why an id is not accepted."""

    FOREIGN = "not ours"
    OLD = "made by another version of us"
    FORGED = "its signature is not ours"


class Signer:
    """Makes and reads ids with one secret key, which the composition root keeps with the other secrets."""

    def __init__(self, key: bytes) -> None:
        """Raises ValueError for a key under 16 bytes."""
        if len(key) < 16:  # noqa: PLR2004  # 128 bits
            raise ValueError("the key of component ids has at least 16 bytes")
        self._key = key

    def button(self, action: str, ref: str) -> str:
        """The id of a button, the same in every edit of its message.

        Discord refuses a press of a button that an edit has replaced before the person could see that. Raises
        ValueError like `sign`.
        """
        return self.sign(action, ref, self._mac(f"{action}:{ref}")[:_NONCE])

    def sign(self, action: str, ref: str, nonce: str | None = None) -> str:
        """The id of a form, new each time, or of a button whose nonce names what it belongs to.

        Raises ValueError for parts that an id cannot hold.
        """
        body = f"v1:{action}:{ref}:{nonce or token_hex(4)}"
        signed = f"{body}:{self._mac(body)}"
        if _FORM.fullmatch(signed) is None:
            raise ValueError(f"no component id can hold action {action!r} and ref {ref!r}")
        return signed

    def read(self, custom_id: str) -> ComponentId | Rejection:
        """The parts of an id of ours, or why it is not accepted."""
        match = _FORM.fullmatch(custom_id)
        if match is None:
            return Rejection.OLD if _OTHER_VERSION.fullmatch(custom_id) else Rejection.FOREIGN
        body, _, mac = custom_id.rpartition(":")
        if not hmac.compare_digest(mac, self._mac(body)):
            return Rejection.FORGED
        return ComponentId(match["action"], match["ref"], match["nonce"])

    def _mac(self, body: str) -> str:
        return urlsafe_b64encode(hmac.digest(self._key, body.encode(), sha256)[:_MAC_BYTES]).decode()
