"""A request that is answered by us: why, in words, and in its dialect. Raised by `gateway.py` and what it calls."""

import asyncio
from typing import Final

from starlette.types import Receive

from ompycord.model_gateway.answers import Answer, ModelRefusal, refusal, try_later
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.purse import UsedUp
from ompycord.render.money.budgets import unpriced_words, used_up_account
from ompycord.render.phrases import money

__all__ = ["RequestRefused", "no_provider", "not_stored", "used_up_words", "whole_body"]

MOST_BODY: Final = 67_108_864
BODY_S: Final = 60.0
_PERSON: Final = "the requester"
"""What an agent reads in place of a person's name."""


class RequestRefused(Exception):
    """Nothing was sent to the agent yet, and no provider answers it."""

    def __init__(
        self,
        dialect: Dialect,
        kind: ModelRefusal,
        words: str,
        *,
        answer: Answer | None = None,
        shortage: UsedUp | None = None,
    ) -> None:
        """`shortage` pauses the run once the agent has been answered: a pause ends its listener."""
        super().__init__(words)
        self.words = words
        self.shortage = shortage
        self.answer = answer or refusal(dialect, kind, words)


def no_provider(dialect: Dialect) -> RequestRefused:
    """None of those that offer the model could be asked."""
    words = "Ompycord: no provider of this model could be reached."
    return RequestRefused(dialect, ModelRefusal.UNREACHABLE, words)


def not_stored(dialect: Dialect) -> RequestRefused:
    """Nothing goes out before it is on disk."""
    words = "Ompycord: the database does not take the request for now, so it was not forwarded."
    return RequestRefused(dialect, ModelRefusal.UNREACHABLE, words, answer=try_later(dialect, 2.0, words))


def used_up_words(error: UsedUp) -> str:
    """Which limit is reached, and what to do."""
    account = error.account
    if account.shared is not None:
        if not error.is_priced:
            return f"Ompycord: {unpriced_words(account, person=_PERSON)}"
        return f"Ompycord: {used_up_account(account, person=_PERSON)}"
    if not error.is_priced:
        return (
            "Ompycord: this run has a limit in dollars, and the price of this model is not known. "
            "An admin adds it to providers: prices."
        )
    if error.is_tokens or account.usd is None:
        tokens = f"{account.tokens or 0:,}"
        return f"Ompycord: the limit of {tokens} tokens of this run is reached. An admin raises limits.run_tokens."
    limit = money(float(account.usd))
    return f"Ompycord: the limit of {limit} of this run is reached. Raise it in Discord to go on."


async def whole_body(dialect: Dialect, receive: Receive) -> bytes:
    """The whole body, at most 64 MiB, within a minute. Raises RequestRefused."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise RequestRefused(dialect, ModelRefusal.UNREADABLE, "Ompycord: half a request.")
                size += len(message.get("body", b""))
                if size > MOST_BODY:
                    words = f"Ompycord: a request has at most {MOST_BODY // 1_048_576} MiB."
                    raise RequestRefused(dialect, ModelRefusal.TOO_LARGE, words)
                parts.append(message.get("body", b""))
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        words = "Ompycord: the request did not arrive within a minute."
        raise RequestRefused(dialect, ModelRefusal.UNREADABLE, words) from None
