"""Asks one provider for vectors, by the rules of every other request to a model: what it may cost is reserved before, a
row of the ledger is on disk before anything goes out, what it used is settled after; a stop of all models stops it too.

Its counterparts are `dialect.py`, and `memory/vectors/`, which says for what.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import aiohttp

from ompycord.domain.base import Millis
from ompycord.domain.budgets.accounts import Payer, SpendingAccount
from ompycord.domain.memory.vectors import EmbeddingCall, Vector
from ompycord.domain.ports import Ids
from ompycord.domain.ports.team.vectors import EmbeddingLedger, EmbeddingOpened, EmbeddingSettled
from ompycord.errors import EmbeddingFailed, StorageError
from ompycord.model_gateway.client import NoProvider, Retried
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.embedding.dialect import body_of, most_bytes, read_vectors, stated_tokens
from ompycord.model_gateway.gateway import ModelGateway
from ompycord.model_gateway.metering.reckoning import Reckoning
from ompycord.model_gateway.metering.usage import TokenUsage
from ompycord.model_gateway.price import TokenPrices
from ompycord.model_gateway.purse import Purse, Reservation, UsedUp
from ompycord.model_gateway.refusing import used_up_words
from ompycord.model_gateway.spending import nano_usd
from ompycord.model_gateway.upstreams import Upstream, Upstreams
from ompycord.telemetry import get_logger

__all__ = ["EmbeddingTarget", "GatewayEmbedder"]

_OK: Final = 200
_INPUT: Final = frozenset({400, 413, 422})
"""With these a server refuses the texts, and may take others."""
_HINTS: Final[Mapping[int, str]] = {
    401: "look at its key",
    403: "look at its key, and at what that may do",
    404: "look at the address, and at the model's name",
    429: "it takes no more for now",
}
_END_S: Final = 5.0
_HEADERS: Final = {"content-type": "application/json", "accept": "application/json", "user-agent": "ompycord"}

log = get_logger(__name__)

AccountsOf = Callable[[Payer, Millis], Awaitable[Sequence[SpendingAccount]]]
PriceOf = Callable[[str], TokenPrices | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingTarget:
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


@dataclass(slots=True)
class _Used:
    """What is known of an answer by now."""

    status: int | None = None
    tokens: int = 0
    is_exact: bool = True


class GatewayEmbedder:
    """Implements `Embedder`."""

    def __init__(
        self, *, target: EmbeddingTarget, gateway: ModelGateway, ledger: EmbeddingLedger, accounts: AccountsOf, ids: Ids
    ) -> None:
        """`accounts` are those with a limit that a server and a repository spend from."""
        self._target = target
        self._gateway = gateway
        self._ledger = ledger
        self._accounts = accounts
        self._ids = ids
        self._clock = target.upstreams.clock

    async def embed(self, call: EmbeddingCall, *, timeout_s: float) -> "list[Vector[float]]":
        """See the port."""
        self._require_wanted(call)
        body = body_of(call)
        purse, reservation, given = await self._reserved(call, len(body))
        row = self._ids.ulid()
        try:
            await self._open(row, call, reservation, given)
        except StorageError as error:
            purse.settle(reservation, TokenUsage())
            raise EmbeddingFailed(f"Nothing was asked: {error}") from error
        used = _Used()
        try:
            answer = await self._ask(call, body, used, given, timeout_s)
            return await asyncio.to_thread(read_vectors, answer, call)  # two million characters, easily
        finally:
            await self._settle(row, purse, reservation, used)

    def _require_wanted(self, call: EmbeddingCall) -> None:
        if self._gateway.stopped is not None:
            raise EmbeddingFailed(self._gateway.stopped)
        breaker = self._target.upstreams.breaker(self._target.name, call.model)
        if breaker.is_open(self._clock.now_ms()):
            raise EmbeddingFailed(f"{self._target.name} failed several times and is not asked for {call.model} now.")

    async def _reserved(self, call: EmbeddingCall, size: int) -> tuple[Purse, Reservation, int]:
        given, now = Reckoning().input_tokens(size), self._clock.now_ms()
        prices = await asyncio.to_thread(self._target.price_of, call.model)
        try:
            purse = Purse(await self._accounts(Payer(call.guild, "", call.repository), now))
            reservation = purse.reserve(input_tokens=given, bound=0, prices=prices)
        except UsedUp as error:
            raise EmbeddingFailed(used_up_words(error).removeprefix("Ompycord: ")) from error
        except StorageError as error:
            raise EmbeddingFailed(f"Nothing was asked: {error}") from error
        reservation.at = now
        return purse, reservation, given

    async def _open(self, row: str, call: EmbeddingCall, reservation: Reservation, given: int) -> None:
        await self._ledger.open(
            EmbeddingOpened(
                id=row,
                guild=call.guild,
                repository=call.repository,
                at=reservation.at,
                provider=self._target.name,
                model=call.model,
                reserved_tokens=given,
                reserved_nano_usd=None if reservation.prices is None else nano_usd(reservation.usd),
            )
        )

    async def _ask(self, call: EmbeddingCall, body: bytes, used: _Used, given: int, timeout_s: float) -> bytes:
        client = self._gateway.own_client(self._target.upstreams)
        if client is None:
            raise EmbeddingFailed("The model gateway is not running yet.")
        name = self._target.name
        try:
            async with asyncio.timeout(timeout_s):
                _, response = await client.ask(
                    self._target.candidates(), dialect=Dialect.CHAT, model=call.model, path=self._target.path,
                    query="", headers=_HEADERS, body=body, waits=_goes_on, hold_s=0.0,
                )  # fmt: skip
                used.status = response.status
                if response.status == _OK:
                    used.tokens, used.is_exact = given, False  # it is billed from now on, whatever comes
                async with response:
                    answer = await _read(response, most_bytes(call), name)
        except TimeoutError:
            await self._target.upstreams.failed(name, call.model)
            raise EmbeddingFailed(f"{name} did not answer within {timeout_s:g} s.") from None
        except (NoProvider, aiohttp.ClientError, OSError):
            raise EmbeddingFailed(f"{name} could not be reached.") from None
        if used.status != _OK:
            raise EmbeddingFailed(_refused(name, call.model, used.status), is_input=used.status in _INPUT)
        if (stated := stated_tokens(answer)) is not None:
            used.tokens, used.is_exact = stated, True
        return answer

    async def _settle(self, row: str, purse: Purse, reservation: Reservation, used: _Used) -> None:
        usd = purse.settle(reservation, TokenUsage(input=used.tokens))
        now = self._clock.now_ms()
        self._gateway.activity.spent(now, nano_usd(usd or Decimal(0)))
        settled = EmbeddingSettled(
            id=row,
            at=now,
            status=used.status,
            tokens=used.tokens,
            nano_usd=None if usd is None else nano_usd(usd),
            exactness="exact" if used.is_exact else "estimated",
        )
        try:
            async with asyncio.timeout(_END_S):
                await self._ledger.settle(settled)
        except (StorageError, TimeoutError) as error:  # the next start settles it by what was reserved
            log.error("models.unsettled", row=row, cause=str(error))  # noqa: TRY400  # a full disk needs no traceback


def _refused(name: str, model: str, status: int) -> str:
    """Without the provider's words: they may hold a part of the texts, or of the key."""
    hint = _HINTS.get(status, "")
    return f"{name} answered {status} when it was asked for vectors of {model}{hint and f': {hint}'}."


async def _read(response: aiohttp.ClientResponse, most: int, name: str) -> bytes:
    """The whole body. Raises EmbeddingFailed for one that is longer than any answer."""
    found = bytearray()
    async for chunk in response.content.iter_any():
        found += chunk
        if len(found) > most:
            with contextlib.suppress(aiohttp.ClientError, OSError):
                response.close()
            raise EmbeddingFailed(f"{name} answered more than {most:,} bytes, which no vectors have.")
    return bytes(found)


async def _goes_on(again: Retried) -> None:
    """Nothing waits: who asks for vectors asks again later."""
