"""Who a request comes from: the token of the bot, those that an app mints for an hour, and an app's own assertion."""

import base64
import binascii
import hmac
import json
import secrets
from collections.abc import Callable
from typing import Any, Final

from ompycord.playground.forge.objects.addresses import moment
from ompycord.playground.forge.records import BOT
from ompycord.playground.forge.refusals import ForgeRefusal

APP_BOT: Final = "ompycord-app[bot]"
LASTS_S: Final = 3600
LONGEST_S: Final = 600
"""Seconds that an app's assertion may last."""


class Credentials:
    """The tokens of one forge."""

    def __init__(self, token: str, *, now: Callable[[], float]) -> None:
        self.token = token
        self.is_refused = False
        """Whether the bot's token, and every one that was minted, is refused: expired or taken back."""
        self.verify: Callable[[bytes, bytes], bool] = lambda _signed, _signature: True
        """Whether a signature is that of the app's key; the forge has no key of its own."""
        self._now = now
        self._minted: dict[str, float] = {}

    def login_of(self, token: str) -> str | None:
        """Whose token it is; None for one that is unknown, over or refused."""
        if self.is_refused:
            return None
        if hmac.compare_digest(token.encode(), self.token.encode()):
            return BOT
        return APP_BOT if self._minted.get(token, 0.0) > self._now() else None

    def mint(self) -> dict[str, str]:
        """A token of an installation, for an hour."""
        token = f"ghs_{secrets.token_hex(18)}"
        self._minted[token] = self._now() + LASTS_S
        return {"token": token, "expires_at": moment(self._minted[token])}

    def end_minted(self) -> None:
        """What was minted is over, as after its hour."""
        self._minted.clear()

    def app_of(self, assertion: str) -> str:
        """The app that made a JWT. Raises ForgeRefusal with GitHub's words."""
        head, _, rest = assertion.partition(".")
        body, _, signature = rest.partition(".")
        try:
            claims: Any = json.loads(_decoded(body))
            algorithm: Any = json.loads(_decoded(head))["alg"]
            is_ours = algorithm == "RS256" and self.verify(f"{head}.{body}".encode(), _decoded(signature))
        except (binascii.Error, KeyError, TypeError, ValueError):
            raise ForgeRefusal(401, "A JSON web token could not be decoded") from None
        if not is_ours:
            raise ForgeRefusal(401, "A JSON web token could not be decoded")
        now = self._now()
        if not isinstance(claims.get("iat"), int) or claims["iat"] > now:
            words = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
            raise ForgeRefusal(401, words)
        if not isinstance(claims.get("exp"), int) or claims["exp"] > now + LONGEST_S:
            raise ForgeRefusal(401, "'Expiration time' claim ('exp') is too far in the future")
        if claims["exp"] <= now:
            words = "'Expiration time' claim ('exp') must be a numeric value representing the future time at which"
            raise ForgeRefusal(401, f"{words} the assertion expires")
        return str(claims.get("iss", ""))


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
