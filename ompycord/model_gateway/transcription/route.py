"""Sends requests about recordings to one model, by the rules of every other request to a model: what it may cost is
reserved before, a row of the ledger is on disk before anything goes out, what it cost is settled after; a stop of all
models stops it too.

Its counterpart is `voice/openai.py`, which writes requests and reads answers.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Final

from ompycord.domain.base import Millis
from ompycord.domain.budgets.accounts import Payer, SpendingAccount
from ompycord.domain.ports import Ids, TranscriptionLedger
from ompycord.domain.ports.team.voice import TranscriptionOpened, TranscriptionSettled
from ompycord.domain.voice.recordings import AudioRecording
from ompycord.errors import StorageError, TranscriptionFailed
from ompycord.model_gateway.gateway import ModelGateway
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

__all__ = ["GatewayTranscriptionRoute"]

_MOST_ANSWER: Final = 1_048_576
"""Half an hour of speech has 40,000 characters; with its pieces an answer is some times longer."""
_END_S: Final = 5.0

log = get_logger(__name__)

AccountsOf = Callable[[Payer, Millis], Awaitable[Sequence[SpendingAccount]]]


class GatewayTranscriptionRoute:
    """Implements `TranscriptionRoute`."""

    def __init__(
        self,
        *,
        target: OwnTarget,
        model: str,
        timeout_s: float,
        gateway: ModelGateway,
        ledger: TranscriptionLedger,
        accounts: AccountsOf,
        ids: Ids,
    ) -> None:
        """`accounts` are those with a limit that a server and a person spend from."""
        self._target = target
        self._model = model
        self._timeout_s = timeout_s
        self._gateway = gateway
        self._ledger = ledger
        self._accounts = accounts
        self._ids = ids
        self._clock = target.upstreams.clock

    @property
    def model(self) -> str:
        return self._model

    async def send(self, recording: AudioRecording, body: bytes, *, content_type: str) -> bytes:
        """See the port."""
        request = OwnRequest(
            model=self._model,
            body=body,
            content_type=content_type,
            wanted=f"a text by {self._model}",
            most_bytes=_MOST_ANSWER,
        )
        try:
            require_wanted(self._gateway, self._target, self._model)
            purse, reservation, row = await self._begun(recording)
            exchange = OwnExchange()
            try:
                return await ask_once(self._gateway, self._target, request, exchange, timeout_s=self._timeout_s)
            finally:
                await self._settle(row, purse, reservation, exchange, recording)
        except NotAnswered as error:
            raise TranscriptionFailed(str(error)) from None

    async def _begun(self, recording: AudioRecording) -> tuple[Purse, Reservation, str]:
        """What it may cost is kept, and its row is on disk."""
        now = self._clock.now_ms()
        prices = await asyncio.to_thread(self._target.price_of, self._model)
        try:
            purse = Purse(await self._accounts(Payer(recording.guild, recording.person, ""), now))
            reservation = purse.reserve(input_tokens=0, bound=0, prices=prices, audio_ms=recording.duration_ms)
        except UsedUp as error:
            raise TranscriptionFailed(used_up_words(error).removeprefix("Ompycord: ")) from error
        except StorageError as error:
            raise TranscriptionFailed(f"Nothing was asked: {error}") from error
        reservation.at = now
        row = self._ids.ulid()
        try:
            await self._ledger.open(self._opened(row, recording, reservation))
        except StorageError as error:
            purse.settle(reservation, TokenUsage())
            raise TranscriptionFailed(f"Nothing was asked: {error}") from error
        return purse, reservation, row

    def _opened(self, row: str, recording: AudioRecording, reservation: Reservation) -> TranscriptionOpened:
        return TranscriptionOpened(
            id=row,
            guild=recording.guild,
            person=recording.person,
            at=reservation.at,
            provider=self._target.name,
            model=self._model,
            audio_ms=recording.duration_ms,
            reserved_nano_usd=None if reservation.prices is None else nano_usd(reservation.usd),
        )

    async def _settle(
        self, row: str, purse: Purse, reservation: Reservation, exchange: OwnExchange, recording: AudioRecording
    ) -> None:
        usd = purse.settle(reservation, TokenUsage(audio_ms=recording.duration_ms if exchange.is_billed else 0))
        now = self._clock.now_ms()
        self._gateway.activity.spent(now, nano_usd(usd or Decimal(0)))
        settled = TranscriptionSettled(
            id=row,
            at=now,
            status=exchange.status,
            nano_usd=None if usd is None else nano_usd(usd),
            exactness="estimated" if exchange.is_billed else "exact",
        )
        try:
            async with asyncio.timeout(_END_S):
                await self._ledger.settle(settled)
        except (StorageError, TimeoutError) as error:  # the next start settles it by what was reserved
            log.error("models.unsettled", row=row, cause=str(error))  # noqa: TRY400  # a full disk needs no traceback
