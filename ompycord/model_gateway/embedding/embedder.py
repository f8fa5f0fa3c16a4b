"""Asks one provider for vectors, by the rules of every other request to a model: what it may cost is reserved before, a
row of the ledger is on disk before anything goes out, what it used is settled after; a stop of all models stops it too.

Its counterparts are `dialect.py`, and `memory/vectors/`, which says for what.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from ompycord.domain.base import Millis
from ompycord.domain.budgets.accounts import Payer, SpendingAccount
from ompycord.domain.memory.vectors import EmbeddingCall, Vector
from ompycord.domain.ports import Ids
from ompycord.domain.ports.team.vectors import EmbeddingLedger, EmbeddingOpened, EmbeddingSettled
from ompycord.errors import EmbeddingFailed, StorageError
from ompycord.model_gateway.embedding.dialect import body_of, most_bytes, read_vectors, stated_tokens
from ompycord.model_gateway.gateway import ModelGateway
from ompycord.model_gateway.metering.reckoning import Reckoning
from ompycord.model_gateway.metering.usage import TokenUsage
from ompycord.model_gateway.own_requests import (
    NotAnswered,
    OwnExchange,
    OwnRequest,
    OwnTarget,
    ask_once,
    require_wanted,
)
from ompycord.model_gateway.purse import Purse, Reservation, UsedUp
from ompycord.model_gateway.refusing import used_up_words
from ompycord.model_gateway.spending import nano_usd
from ompycord.telemetry import get_logger

__all__ = ["GatewayEmbedder"]

_INPUT: Final = frozenset({400, 413, 422})
"""With these a server refuses the texts, and may take others."""
_END_S: Final = 5.0

log = get_logger(__name__)

AccountsOf = Callable[[Payer, Millis], Awaitable[Sequence[SpendingAccount]]]


@dataclass(slots=True)
class _Used:
    """What is known of an answer by now."""

    given: int
    """Tokens that went out, reckoned."""
    exchange: OwnExchange = field(default_factory=OwnExchange)
    stated: int | None = None

    @property
    def tokens(self) -> int:
        if self.stated is not None:
            return self.stated
        return self.given if self.exchange.is_billed else 0

    @property
    def is_exact(self) -> bool:
        return self.stated is not None or not self.exchange.is_billed


class GatewayEmbedder:
    """Implements `Embedder`."""

    def __init__(
        self, *, target: OwnTarget, gateway: ModelGateway, ledger: EmbeddingLedger, accounts: AccountsOf, ids: Ids
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
        try:
            require_wanted(self._gateway, self._target, call.model)
        except NotAnswered as error:
            raise EmbeddingFailed(str(error)) from None
        body = body_of(call)
        used = _Used(Reckoning().input_tokens(len(body)))
        purse, reservation = await self._reserved(call, used.given)
        row = self._ids.ulid()
        try:
            await self._open(row, call, reservation, used.given)
        except StorageError as error:
            purse.settle(reservation, TokenUsage())
            raise EmbeddingFailed(f"Nothing was asked: {error}") from error
        try:
            answer = await self._ask(call, body, used, timeout_s)
            return await asyncio.to_thread(read_vectors, answer, call)  # two million characters, easily
        finally:
            await self._settle(row, purse, reservation, used)

    async def _reserved(self, call: EmbeddingCall, given: int) -> tuple[Purse, Reservation]:
        now = self._clock.now_ms()
        prices = await asyncio.to_thread(self._target.price_of, call.model)
        try:
            purse = Purse(await self._accounts(Payer(call.guild, "", call.repository), now))
            reservation = purse.reserve(input_tokens=given, bound=0, prices=prices)
        except UsedUp as error:
            raise EmbeddingFailed(used_up_words(error).removeprefix("Ompycord: ")) from error
        except StorageError as error:
            raise EmbeddingFailed(f"Nothing was asked: {error}") from error
        reservation.at = now
        return purse, reservation

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

    async def _ask(self, call: EmbeddingCall, body: bytes, used: _Used, timeout_s: float) -> bytes:
        request = OwnRequest(
            model=call.model, body=body, wanted=f"vectors of {call.model}", most_bytes=most_bytes(call)
        )  # fmt: skip
        try:
            answer = await ask_once(self._gateway, self._target, request, used.exchange, timeout_s=timeout_s)
        except NotAnswered as error:
            raise EmbeddingFailed(str(error), is_input=used.exchange.status in _INPUT) from None
        used.stated = stated_tokens(answer)
        return answer

    async def _settle(self, row: str, purse: Purse, reservation: Reservation, used: _Used) -> None:
        usd = purse.settle(reservation, TokenUsage(input=used.tokens))
        now = self._clock.now_ms()
        self._gateway.activity.spent(now, nano_usd(usd or Decimal(0)))
        settled = EmbeddingSettled(
            id=row,
            at=now,
            status=used.exchange.status,
            tokens=used.tokens,
            nano_usd=None if usd is None else nano_usd(usd),
            exactness="exact" if used.is_exact else "estimated",
        )
        try:
            async with asyncio.timeout(_END_S):
                await self._ledger.settle(settled)
        except (StorageError, TimeoutError) as error:  # the next start settles it by what was reserved
            log.error("models.unsettled", row=row, cause=str(error))  # noqa: TRY400  # a full disk needs no traceback
