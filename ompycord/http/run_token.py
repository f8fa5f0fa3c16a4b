"""The token of one step of a run: what its programs show on the run's own listener, and nowhere else.

Only its hash is kept here. It lives as long as the listener, and another run's listener does not know it.
"""

import hashlib
import hmac
import secrets

from ompycord.domain.ids import RunId

__all__ = ["RUN_TOKEN", "RunToken"]

RUN_TOKEN = "OMPYCORD_RUN_TOKEN"  # noqa: S105  # the name of a variable
_BYTES = 32
_PREFIX = "ompr"


class RunToken:
    """Made with the listener. `end` makes it worth nothing, whoever still has its text."""

    def __init__(self, hashed: bytes) -> None:
        self._hashed: bytes | None = hashed

    @classmethod
    def mint(cls, run: RunId) -> "tuple[RunToken, str]":
        """A new token of `run`, and its text, which is kept nowhere."""
        text = f"{_PREFIX}_{run}_{secrets.token_urlsafe(_BYTES)}"
        return cls(_hash(text)), text

    def is_valid(self, text: str) -> bool:
        """Whether this is the token, and it has not ended. Takes the same time for every text of one length."""
        hashed = self._hashed
        return hashed is not None and hmac.compare_digest(_hash(text), hashed)

    def end(self) -> None:
        """From now on no text is valid."""
        self._hashed = None


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
