"""A request to one provider that Ompycord makes for itself, outside of any run: sent once, bounded, answered whole.

Counterparts: `embedding/` and `transcription/`, which say what it costs.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp

from ompycord.domain.breakers.breaker import Breaker
from ompycord.model_gateway.client import NoProvider, Retried
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.gateway import ModelGateway
from ompycord.model_gateway.price import TokenPrices
from ompycord.model_gateway.upstreams import Upstream, Upstreams

__all__ = ["NotAnswered", "OwnExchange", "OwnRequest", "OwnTarget", "ask_once", "require_wanted"]

_OK: Final = 200
_HINTS: Final[Mapping[int, str]] = {
    401: "look at its key",
    403: "look at its key, and at what that may do",
    404: "look at the address, and at the model's name",
    429: "it takes no more for now",
}
_HEADERS: Final = {"accept": "application/json", "user-agent": "ompycord"}

PriceOf = Callable[[str], TokenPrices | None]


class NotAnswered(Exception):
    """There is no answer. Its message is for people, and holds nothing of the provider's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTarget:
    """Who is asked, where, and what that costs."""

    upstreams: Upstreams
    """With one provider."""
    path: str
    """Below its address."""
    price_of: PriceOf
    """What a model costs there; it blocks at the first time."""

    @property
    def name(self) -> str:
        """The provider's name."""
        return self.upstreams.providers[0].name

    def candidates(self) -> list[Upstream]:
        """The provider with each of its keys."""
        spec = self.upstreams.providers[0]
        return [Upstream(spec, key) for key in self.upstreams.keys.get(spec.name) or ("",)]

    def breaker(self, model: str) -> Breaker:
        """That of a model there."""
        return self.upstreams.breaker(self.name, model)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRequest:
    """What is sent."""

    model: str
    body: bytes
    content_type: str = "application/json"
    wanted: str
    """What is asked for, in words: it stands in the message of a refusal."""
    most_bytes: int
    """How long an answer is at most."""


@dataclass(slots=True)
class OwnExchange:
    """What is known of an answer by now."""

    status: int | None = None

    @property
    def is_billed(self) -> bool:
        """Whether the provider counts it, whatever came of it."""
        return self.status == _OK


def require_wanted(gateway: ModelGateway, target: OwnTarget, model: str) -> None:
    """Raises NotAnswered where all models are stopped, or this one rests."""
    if gateway.stopped is not None:
        raise NotAnswered(gateway.stopped)
    if target.breaker(model).is_open(target.upstreams.clock.now_ms()):
        raise NotAnswered(f"{target.name} failed several times and is not asked for {model} now.")


async def ask_once(
    gateway: ModelGateway, target: OwnTarget, request: OwnRequest, exchange: OwnExchange, *, timeout_s: float
) -> bytes:
    """The whole answer of a request that was taken; `exchange` knows of it meanwhile. Raises NotAnswered."""
    client, name = gateway.own_client(target.upstreams), target.name
    if client is None:
        raise NotAnswered("The model gateway is not running yet.")
    try:
        async with asyncio.timeout(timeout_s):
            _, response = await client.ask(
                target.candidates(), dialect=Dialect.CHAT, model=request.model, path=target.path, query="",
                headers={**_HEADERS, "content-type": request.content_type}, body=request.body, waits=_goes_on,
                hold_s=0.0,
            )  # fmt: skip
            exchange.status = response.status
            async with response:
                answer = await _read(response, request.most_bytes, name)
    except TimeoutError:
        await target.upstreams.failed(name, request.model)
        raise NotAnswered(f"{name} did not answer within {timeout_s:g} s.") from None
    except (NoProvider, aiohttp.ClientError, OSError):
        raise NotAnswered(f"{name} could not be reached.") from None
    if not exchange.is_billed:
        hint = _HINTS.get(exchange.status, "")
        raise NotAnswered(
            f"{name} answered {exchange.status} when it was asked for {request.wanted}{hint and ': '}{hint}."
        )
    return answer


async def _read(response: aiohttp.ClientResponse, most: int, name: str) -> bytes:
    """The whole body. Raises NotAnswered for one that is longer than any answer."""
    found = bytearray()
    async for chunk in response.content.iter_any():
        found += chunk
        if len(found) > most:
            with contextlib.suppress(aiohttp.ClientError, OSError):
                response.close()
            raise NotAnswered(f"{name} answered more than {most:,} bytes, which no such answer has.")
    return bytes(found)


async def _goes_on(again: Retried) -> None:
    """Nothing waits: who asks does so again later."""
