"""One request to a model while its answer passes: bytes go out as they came, then they are counted.

Where the run's accounts do not cover what it used so far, or a person stops all models, the stream gets an ending of
its dialect and the provider's connection is closed. A provider that breaks off in the middle is a connection that
breaks off: two answers are never joined. Used by `gateway.py`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import aiohttp
from starlette.types import Receive, Send

from ompycord.domain.events import RetryCleared, RetryLimited
from ompycord.http.provider_waits import ProviderWaits
from ompycord.model_gateway.answers import Answer, ending
from ompycord.model_gateway.client import Retried
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.headers import passed_back
from ompycord.model_gateway.metering.meter import Meter
from ompycord.model_gateway.metering.usage import TokenUsage
from ompycord.model_gateway.metering.usage_filter import UsageFilter
from ompycord.model_gateway.policy import LARGE, ModelRequest, with_bound, with_usage
from ompycord.model_gateway.price import TokenPrices
from ompycord.model_gateway.purse import Reservation, UsedUp
from ompycord.model_gateway.refusing import used_up_words
from ompycord.model_gateway.spending import KEPT_TOKENS, RunSpending
from ompycord.model_gateway.tapes.recorder import TapedAnswer
from ompycord.model_gateway.upstreams import Upstream

__all__ = ["Exchange", "send_whole", "until_client_left"]

_OK: Final = 200
Waits = Callable[[Retried], Awaitable[None]]
Ask = Callable[[Waits], Awaitable[tuple[Upstream, aiohttp.ClientResponse]]]


async def send_whole(send: Send, answer: Answer) -> None:
    """An answer of ours."""
    await send({"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)})
    await send({"type": "http.response.body", "body": answer.body})


@dataclass(kw_only=True, eq=False)
class Exchange:
    """A request that was allowed and reserved. `stop` ends it with words; `settle` charges what it used."""

    dialect: Dialect
    request: ModelRequest
    size: int
    """Bytes of the request, which is not kept: agents send 60 KB and more with each."""
    given: int
    """Tokens that the request is reckoned to have."""
    reservation: Reservation
    spending: RunSpending
    row: str
    drops_usage: bool
    """Whether the stream states its usage for us alone."""
    provider_waits: ProviderWaits
    price_of: Callable[[Upstream], TokenPrices | None]
    """What the provider takes that answers: not always the one for which it was reserved."""
    begun: asyncio.Event
    """Set with its first byte: from then on it is looked at each second."""
    is_over: bool = False
    words: str | None = None
    """Why it was stopped."""
    shortage: UsedUp | None = None
    """Which limit ended it."""
    upstream: Upstream | None = None
    status: int | None = None
    request_id: str | None = None
    has_begun: bool = False
    """Whether the agent has a first byte."""
    taped: TapedAnswer | None = None
    """Where its answer is recorded."""
    notify_end: Callable[[str], None] = lambda words: None
    """Takes the words for which an answer ends that has no place for them."""
    is_limited: bool = False
    """Whether its run is shown as limited by the provider."""
    meter: Meter = field(init=False)
    kept: TokenUsage = field(default_factory=TokenUsage)
    """What it had used when that was stored last."""
    _task: "asyncio.Task[None] | None" = None

    def __post_init__(self) -> None:
        self.meter = Meter(self.dialect, is_stream=self.request.is_stream)

    async def changed(self, body: bytes) -> bytes:
        """The request as the provider gets it: for at most what was reserved, and with its usage stated."""
        if len(body) > LARGE:
            return await asyncio.to_thread(self._changed, body)
        return self._changed(body)

    def _changed(self, body: bytes) -> bytes:
        sent = with_usage(body) if self.drops_usage else body
        bound = self.reservation.bound
        return sent if bound is None else with_bound(self.dialect, sent, bound)

    def stop(self, words: str) -> None:
        """End it now: its stream with these words, or the request with a refusal."""
        if self.words is None and not self.is_over:
            self.words = words
            if self._task is not None:
                self._task.cancel()

    async def run(self, ask: Ask, send: Send, abort: Callable[[], None]) -> None:
        """Ask, and pass the answer on. Raises NoProvider, and CancelledError for a request without a first byte."""
        if self.words is not None:  # stopped before it began
            return
        self._task = asyncio.current_task()
        response: aiohttp.ClientResponse | None = None
        try:
            self.upstream, response = await ask(self._waits)
            self.spending.purse.reprice(self.reservation, self.price_of(self.upstream))
            await self._clear()
            await self._pass_on(response, send, abort)
        except asyncio.CancelledError:
            if self.words is None or not self.has_begun or self._task is None:
                raise
            self._task.uncancel()
            await self._end(send)
        finally:
            self.is_over = True
            if response is not None:
                response.close()

    async def _pass_on(self, response: aiohttp.ClientResponse, send: Send, abort: Callable[[], None]) -> None:
        self.status = response.status
        self.request_id = response.headers.get("request-id") or response.headers.get("x-request-id")
        headers = passed_back(response.headers, now_ms=self.spending.clock.now_ms())
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        self.has_begun = True
        self.begun.set()
        if self.taped is not None and self.upstream is not None:
            self.taped.begin(self.upstream.spec.name, response.status, response.headers)
        dropped = UsageFilter() if self.drops_usage and response.status == _OK else None
        try:
            async for chunk in response.content.iter_any():
                self.meter.feed(chunk)
                if self.taped is not None:
                    self.taped.add(chunk)
                so_far = self.used
                if so_far.output - self.kept.output >= KEPT_TOKENS:
                    await self.keep()  # before the agent has it: a kill in between forgets nothing
                kept = chunk if dropped is None else dropped.feed(chunk)
                if kept:
                    await send({"type": "http.response.body", "body": kept, "more_body": True})
                self.shortage = self.spending.purse.shortage(self.reservation, so_far)
                if self.shortage is not None:
                    self.words = used_up_words(self.shortage)
                    break
        except (TimeoutError, aiohttp.ClientError, OSError):
            abort()
            await asyncio.sleep(0)  # the server notices that the connection is lost
            return
        if self.words is not None:
            await self._end(send)
            return
        self.meter.finish()
        if self.taped is not None:
            self.taped.is_whole = True
        rest = b"" if dropped is None else dropped.finish()
        await send({"type": "http.response.body", "body": rest})

    async def _end(self, send: Send) -> None:
        """The dialect's own ending, in a stream; without one the agent sees half an answer, and asks again."""
        words = self.words or ""
        if not self.request.is_stream and not self.meter.is_exact:
            self.notify_end(words)
        body = ending(self.dialect, words) if self.request.is_stream else b""
        await send({"type": "http.response.body", "body": body})

    async def keep(self) -> None:
        """Store what it has used, where that is more than was stored."""
        if (used := self.used) != self.kept and not self.is_over:
            self.kept = used
            await self.spending.keep(self.row, used, self.reservation.prices)

    def _so_far(self) -> TokenUsage:
        """What was stated, and for the rest what is reckoned from the text that was seen."""
        stated = self.meter.usage
        if self.meter.is_exact:
            return stated
        given = TokenUsage(input=self.given) if not self.meter.has_input else stated
        seen = max(stated.output, self.spending.reckoning.output_tokens(self.meter.pieces))
        return TokenUsage(
            input=given.input, cache_read=given.cache_read, cache_write_5m=given.cache_write_5m,
            cache_write_1h=given.cache_write_1h, output=seen, reasoning=stated.reasoning,
            web_searches=stated.web_searches,
        )  # fmt: skip

    @property
    def used(self) -> TokenUsage:
        """What it used in the end; nothing where no provider took it."""
        return self._so_far() if self.status == _OK else TokenUsage()

    async def settle(self) -> Decimal | None:
        """Charge it, once; its cost. Raises StorageError."""
        usage, is_exact = self.used, self.meter.is_exact or self.status != _OK
        if self.meter.is_exact:
            self.spending.reckoning.learn(size=self.size, usage=usage, pieces=self.meter.pieces)
        usd = self.spending.purse.settle(self.reservation, usage)
        await self._clear()
        provider = self.upstream.spec.name if self.upstream else "none"
        await self.spending.settle(
            self.row, provider=provider, usage=usage, usd=usd, is_exact=is_exact,
            model=self.meter.model or self.request.model, status=self.status, answered_model=self.meter.model,
            request_id=self.request_id,
        )  # fmt: skip
        return usd

    async def _waits(self, again: Retried) -> None:
        if not self.is_limited:
            self.is_limited = True
            self.provider_waits.begin()
        what = "could not be reached" if again.status is None else f"answered {again.status}"
        body = RetryLimited(message=f"{again.provider} {what}.", attempt=again.attempt, until=again.until)
        await self.spending.record(body)

    async def _clear(self) -> None:
        if self.is_limited:
            self.is_limited = False
            self.provider_waits.end()
            if not self.provider_waits.is_waiting:  # else another request of the run waits on
                await self.spending.record(RetryCleared())


async def until_client_left(receive: Receive) -> None:
    """Returns once the agent hung up; to be awaited when its request is whole."""
    while (await receive())["type"] != "http.disconnect":
        pass
