"""Where events go and what authenticates them: address and key; counterpart of `http/authentication.py`.

The signature is computed here although `http/signature.py` has it too: importing that brings the whole web server with
it, a second for which every hook of an agent would wait. A test compares the two.
"""

import base64
import binascii
import hashlib
import hmac
import ipaddress
import re
from typing import NamedTuple
from urllib.parse import urlsplit

from ompycord.errors import ConfigurationError

__all__ = ["DEFAULT_URL", "Target", "read_target"]

DEFAULT_URL = "http://127.0.0.1:8787"
SHORTEST_SECRET = 24
_BEARER = re.compile(r"ompk_([a-z0-9]{8})_[A-Za-z0-9_-]{43}")


class Target(NamedTuple):
    """A sidecar, and the key for it: a bearer token, or the bytes to sign with."""

    url: str
    bearer: str | None
    secret: bytes | None
    source: str
    """Names the key without telling it: events wait for the key that they were emitted with."""

    @property
    def is_local(self) -> bool:
        """Whether it is this machine: then no proxy of the environment is asked."""
        host = urlsplit(self.url).hostname or ""
        try:
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    def headers(self, *, webhook_id: str, body: bytes, now_s: int) -> dict[str, str]:
        """What this attempt carries. The signature holds for 5 minutes, so every attempt has its own."""
        headers = {"content-type": "application/json", "webhook-id": webhook_id}
        if self.bearer is not None:
            return headers | {"authorization": f"Bearer {self.bearer}"}
        signed = hmac.digest(self.secret or b"", f"{webhook_id}.{now_s}.".encode() + body, hashlib.sha256)
        return headers | {
            "webhook-timestamp": str(now_s),
            "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
        }


def read_target(*, url: str, key: str, named: str) -> Target:
    """From their texts. `named` is the setting that the key came from, for the message.

    Raises ConfigurationError, which never contains the key.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise ConfigurationError("OMPYCORD_URL is no address such as http://127.0.0.1:8787.")
    address = url.rstrip("/")
    match = _BEARER.fullmatch(key)
    if match is not None:
        return Target(address, key, None, match[1])
    secret = _secret(key, named)
    # 32 bits of a hash: enough to tell keys apart, nothing to find one by.
    source = hashlib.sha256(b"ompycord spool\n" + secret).hexdigest()[:8]
    return Target(address, None, secret, f"signed-{source}")


def _secret(key: str, named: str) -> bytes:
    """As `webhook.parse_secret` reads it: `whsec_` and base64, or the text itself."""
    try:
        is_encoded = key.startswith("whsec_")
        secret = base64.b64decode(key.removeprefix("whsec_"), validate=True) if is_encoded else key.encode()
    except (binascii.Error, ValueError):
        raise ConfigurationError(f"{named}: what follows whsec_ is not base64.") from None
    if key.startswith("ompk_"):
        raise ConfigurationError(f"{named} begins as a key does (ompk_) but is not a whole one: copy it again.")
    if len(secret) < SHORTEST_SECRET:
        raise ConfigurationError(f"{named} is neither a key (ompk_...) nor a signing secret of 24 bytes or more.")
    return secret
