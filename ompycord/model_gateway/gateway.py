"""The model gateway: judges a run's request, reserves, asks a provider, and settles; one for all runs.

What a run's listener is asked beside models goes to the sidecar's routes. The parts: `dialects.py` (which request it
is), `policy.py` (what is in it), `purse.py` (whether there is money), `client.py` (who answers), `exchange.py` (the
answer), `spending.py` (what is stored).
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from copy import copy
from decimal import Decimal
from typing import Any, Final

import aiohttp
from starlette.types import ASGIApp, Receive, Scope, Send

from ompycord.domain.repository import AgentSpec
from ompycord.errors import StorageError
from ompycord.http.adopted_socket import ABORT, ENDS_EARLY
from ompycord.http.provider_waits import ProviderWaits
from ompycord.http.run_token import RunToken
from ompycord.http.trust.authorities import MACHINE, Trust
from ompycord.model_gateway.activity import Activity
from ompycord.model_gateway.answers import JSON, Answer, ModelRefusal
from ompycord.model_gateway.client import NoProvider, ProviderClient, Retried, open_session
from ompycord.model_gateway.dialects import Dialect, ModelRoute, RequestKind, dialect_of, is_model_path, route_of
from ompycord.model_gateway.exchange import Exchange, send_whole, until_client_left
from ompycord.model_gateway.headers import header_fault, passed_back, passed_on, tokens_in
from ompycord.model_gateway.metering.usage import TokenUsage
from ompycord.model_gateway.policy import LARGE, ModelRequest, NotAllowed, read_request
from ompycord.model_gateway.price import Prices
from ompycord.model_gateway.purse import Reservation, UsedUp
from ompycord.model_gateway.refusing import RequestRefused, no_provider, not_stored, used_up_words, whole_body
from ompycord.model_gateway.routing import PriceOf, by_usual_cost, in_their_order, models_by_cost, priced
from ompycord.model_gateway.spending import RunSpending, nano_usd
from ompycord.model_gateway.tapes.recorder import TapedAnswer, TapeRecorder
from ompycord.model_gateway.upstreams import Upstream, Upstreams
from ompycord.telemetry import get_logger

__all__ = ["ModelGateway", "RunModels"]

_END_S: Final = 5.0
KEPT_S: Final = 1.0
"""Seconds after which what streams have used is stored again."""

log = get_logger(__name__)


class RunModels:
    """One run's way to models during one step."""

    def __init__(
        self, *, token: RunToken, spec: AgentSpec, spending: RunSpending, recorder: TapeRecorder | None = None
    ) -> None:
        """`recorder` writes the run's tape, where it is to have one."""
        self.token = token
        self.recorder = recorder
        self.spending = spending
        self.models = spec.models
        self.is_by_cost = False
        self.provider_waits = ProviderWaits()

    def for_ompycord(self, *, by_cost: bool = False) -> "RunModels":
        """The same account for what Ompycord asks itself for the run: every model of the settings.

        `by_cost`: of several providers of a model the cheapest is asked first.
        """
        own = copy(self)
        own.models, own.is_by_cost = (), by_cost
        return own


class ModelGateway:
    """One for all runs. `run` is a service of the process: without it nothing is asked."""

    def __init__(self, *, upstreams: Upstreams, prices: Prices, trust: Trust = MACHINE) -> None:
        self.upstreams = upstreams
        self._trust = trust
        self._prices = prices
        self._session: aiohttp.ClientSession | None = None
        self._exchanges: set[Exchange] = set()
        self._stopped: str | None = None
        self._begun = asyncio.Event()
        self.activity = Activity()

    async def run(self) -> None:
        """Keep the session for providers until cancelled."""
        async with AsyncExitStack() as open_:
            self._session = await open_.enter_async_context(open_session(self._trust))
            if self.upstreams.providers:
                await asyncio.to_thread(self._prices.load)
                await self.upstreams.load()
            try:
                await self._keep_on()
            finally:
                self.end_all("Ompycord is ending: this model request was stopped.")
                self._session = None

    async def _keep_on(self) -> None:
        """Store each second what the streams have used: a process that is killed knows it at its next start."""
        while True:
            await self._begun.wait()
            await self.upstreams.clock.sleep(KEPT_S)
            streams = [one for one in self._exchanges if one.has_begun]
            if not streams:
                self._begun.clear()
            for one in streams:
                await one.keep()

    @property
    def streams(self) -> int:
        """How many requests are under way."""
        return len(self._exchanges)

    def names(self, *, by_cost: bool = False) -> tuple[str, ...]:
        """The models that the settings name, in their order, or the cheapest first."""
        return models_by_cost(self.upstreams, self._prices) if by_cost else tuple(self.upstreams.models)

    @property
    def stopped(self) -> str | None:
        """In which words nothing is forwarded, since all models were stopped; None while they are asked."""
        return self._stopped

    @property
    def is_stopped(self) -> bool:
        """Whether nothing is forwarded, since all models were stopped."""
        return self._stopped is not None

    def stop(self, words: str) -> int:
        """End every stream now and forward nothing until `resume`; how many were ended."""
        self._stopped = words
        return self.end_all(words)

    def resume(self) -> None:
        """Forward again."""
        self._stopped = None

    def end_all(self, words: str) -> int:
        """End every stream now with these words; how many there were."""
        under_way = [one for one in self._exchanges if not one.is_over]
        for one in under_way:
            one.stop(words)
        return len(under_way)

    def served_to(self, models: RunModels, rest: ASGIApp) -> ASGIApp:
        """What a run's listener serves: models, and `rest` under every other path."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or not is_model_path(_raw_path(scope)):
                await rest(scope, receive, send)
                return
            try:
                await self._answer(models, scope, receive, send)
            except RequestRefused as refused:
                self.activity.refuse(self.upstreams.clock.now_ms(), models.spending.run, refused.words)
                try:
                    await send_whole(send, refused.answer)
                finally:
                    if refused.shortage is not None:
                        await models.spending.used_up(refused.shortage)

        return app

    async def _answer(self, models: RunModels, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises RequestRefused while nothing was sent yet."""
        raw_path = _raw_path(scope)
        route = route_of(scope["method"], raw_path)
        dialect = dialect_of(raw_path) if route is None else route.dialect
        if not any(models.token.is_valid(one) for one in tokens_in(scope["headers"])):
            raise RequestRefused(dialect, ModelRefusal.TOKEN, "Ompycord: this is not the token of this run.")
        if fault := header_fault(scope["headers"]):
            raise RequestRefused(dialect, ModelRefusal.UNREADABLE, f"Ompycord: {fault}")
        if route is None:
            words = "Ompycord: agents may ask models here, and nothing else of a provider."
            raise RequestRefused(dialect, ModelRefusal.NOT_ALLOWED, words)
        if route.kind is RequestKind.UPGRADE:
            raise RequestRefused(dialect, ModelRefusal.UPGRADE, "Ompycord: ask over HTTP, without a websocket.")
        if route.kind is RequestKind.LIST:
            await send_whole(send, self._listed(models))
            return
        body = await whole_body(route.dialect, receive)
        request = await self._read(route, body)
        candidates = self._candidates(models, route, request)
        if route.kind is RequestKind.COUNT:
            await self._count(models, route, request, candidates, body, scope, send)
            return
        client = self._client(route.dialect)
        is_taped = models.recorder is not None and await models.recorder.is_wanted()
        exchange = await self._reserved(models, route, request, candidates, body)
        waiting = [body]
        del body  # it is let go once a provider has it: an answer may take minutes

        async def prepared() -> bytes:
            changed = await exchange.changed(waiting.pop())
            exchange.taped = _taped(models, route, request, scope, changed) if is_taped else None
            return changed

        await self._exchange(exchange, client, candidates, prepared, scope, receive, send)

    async def _read(self, route: ModelRoute, body: bytes) -> ModelRequest:
        has_tools = all(spec.provider_tools for spec in self.upstreams.providers if route.dialect in spec.spoken)
        try:
            if len(body) > LARGE:
                return await asyncio.to_thread(read_request, route, body, has_provider_tools=has_tools)
            return read_request(route, body, has_provider_tools=has_tools)
        except NotAllowed as error:
            raise RequestRefused(route.dialect, ModelRefusal.NOT_ALLOWED, f"Ompycord: {error}") from None
        except ValueError:
            words = "Ompycord: the body of the request is no JSON object."
            raise RequestRefused(route.dialect, ModelRefusal.UNREADABLE, words) from None

    def _candidates(self, models: RunModels, route: ModelRoute, request: ModelRequest) -> list[Upstream]:
        if self._stopped is not None:
            raise RequestRefused(route.dialect, ModelRefusal.STOPPED, self._stopped)
        is_listed = not models.models or request.model in models.models
        cost = by_usual_cost(self._price_of(request.model)) if models.is_by_cost else in_their_order
        found = self.upstreams.of(route.dialect, request.model, cost=cost) if is_listed else []
        if not found:
            shown = request.model[:64]
            words = f"Ompycord: no provider of the settings offers {shown} to this agent as {route.dialect}."
            raise RequestRefused(route.dialect, ModelRefusal.NOT_ALLOWED, words)
        return found

    async def _reserved(
        self, models: RunModels, route: ModelRoute, request: ModelRequest, candidates: list[Upstream], body: bytes
    ) -> Exchange:
        spending = models.spending
        given = spending.reckoning.input_tokens(len(body))
        try:
            at = await spending.refresh()
            price_of = self._price_of(request.model)
            candidates[:] = priced(candidates, price_of, is_limited=spending.needs_price)
            prices = price_of(candidates[0])
            reservation = spending.reserve(
                at, input_tokens=given, bound=request.bound, least_bound=request.least_bound, prices=prices
            )
        except UsedUp as error:
            shortage = error if error.is_priced else None
            words = used_up_words(error)
            raise RequestRefused(route.dialect, ModelRefusal.STOPPED, words, shortage=shortage) from None
        except StorageError:
            raise not_stored(route.dialect) from None
        row, provider, model = spending.new_row(), candidates[0].spec.name, request.model[:128]
        try:
            await spending.open(row, reservation, provider=provider, dialect=route.dialect, model=model, given=given)
        except StorageError:
            spending.purse.settle(reservation, _NOTHING)
            raise not_stored(route.dialect) from None
        except asyncio.CancelledError:  # its agent was ended meanwhile: nothing goes out
            with contextlib.suppress(StorageError, TimeoutError):  # then it is settled at the next start
                async with asyncio.timeout(_END_S):
                    await spending.give_up(row, reservation, provider=provider, model=model)
            raise
        return self._made(models, route, request, body, given, reservation, row)

    def _made(
        self, models: RunModels, route: ModelRoute, request: ModelRequest, body: bytes, given: int,
        reservation: Reservation, row: str,
    ) -> Exchange:  # fmt: skip
        return Exchange(
            dialect=route.dialect,
            request=request,
            size=len(body),
            given=given,
            reservation=reservation,
            spending=models.spending,
            row=row,
            drops_usage=not request.states_usage,
            price_of=self._price_of(request.model),
            begun=self._begun,
            provider_waits=models.provider_waits,
        )

    async def _exchange(
        self, exchange: Exchange, client: ProviderClient, candidates: list[Upstream],
        prepared: Callable[[], Awaitable[bytes]], scope: Scope, receive: Receive, send: Send,
    ) -> None:  # fmt: skip
        headers, path, query = passed_on(scope["headers"]), _raw_path(scope).decode(), scope["query_string"].decode()

        async def ask(waits: Callable[[Retried], Any]) -> tuple[Upstream, aiohttp.ClientResponse]:
            return await client.ask(
                candidates, dialect=exchange.dialect, model=exchange.request.model, path=path, query=query,
                headers=headers, body=await prepared(), waits=waits,
            )  # fmt: skip

        exchange.notify_end = scope.get("state", {}).get(ENDS_EARLY, exchange.notify_end)
        self._exchanges.add(exchange)
        if self._stopped is not None:  # meanwhile
            exchange.stop(self._stopped)
        try:
            async with asyncio.TaskGroup() as group:
                work = group.create_task(_unless_unreachable(exchange.run(ask, send, _abort_of(scope))))
                watch = group.create_task(_cancel_once_left(receive, work))
                work.add_done_callback(lambda _: watch.cancel())
        finally:
            try:
                await self._settled(exchange)
                if exchange.taped is not None:
                    await exchange.taped.keep()
            finally:
                self._exchanges.discard(exchange)
        if not exchange.has_begun and (exchange.words or not work.cancelled()):
            raise _without_answer(exchange)

    async def _settled(self, exchange: Exchange) -> None:
        try:
            async with asyncio.timeout(_END_S):
                usd = await exchange.settle()
                self.activity.spent(self.upstreams.clock.now_ms(), nano_usd(usd or Decimal(0)))
                if exchange.shortage is not None:
                    await exchange.spending.used_up(exchange.shortage)
        except (StorageError, TimeoutError) as error:
            log.error("models.unsettled", run=exchange.spending.run, row=exchange.row, cause=str(error))  # noqa: TRY400  # a full disk needs no traceback

    async def _count(
        self,
        models: RunModels,
        route: ModelRoute,
        request: ModelRequest,
        candidates: list[Upstream],
        body: bytes,
        scope: Scope,
        send: Send,
    ) -> None:
        async def waits(again: Retried) -> None:
            return

        try:
            upstream, response = await self._client(route.dialect).ask(
                candidates, dialect=route.dialect, model=request.model, path=_raw_path(scope).decode(),
                query=scope["query_string"].decode(), headers=passed_on(scope["headers"]), body=body, waits=waits,
            )  # fmt: skip
        except NoProvider:
            raise no_provider(route.dialect) from None
        async with response:
            whole = await response.read()
        is_taped = models.recorder is not None and await models.recorder.is_wanted()
        if is_taped and (taped := _taped(models, route, request, scope, body)) is not None:
            taped.begin(upstream.spec.name, response.status, response.headers)
            taped.add(whole)
            taped.is_whole = True
            await taped.keep()
        headers = passed_back(response.headers, now_ms=self.upstreams.clock.now_ms())
        await send_whole(send, Answer(response.status, (*headers, (b"content-length", b"%d" % len(whole))), whole))

    def _client(self, dialect: Dialect) -> ProviderClient:
        if (client := self.own_client(self.upstreams)) is None:
            raise RequestRefused(dialect, ModelRefusal.UNREACHABLE, "Ompycord: the model gateway is not running.")
        return client

    def own_client(self, upstreams: Upstreams) -> ProviderClient | None:
        """What asks these providers through the gateway's session; None while the gateway does not run."""
        if self._session is None:
            return None
        return ProviderClient(session=self._session, upstreams=upstreams, clock=upstreams.clock)

    def _price_of(self, model: str) -> PriceOf:
        return lambda upstream: self._prices.of(upstream.spec.name, upstream.spec.kind, model)

    def _listed(self, models: RunModels) -> Answer:
        names = [one for one in self.upstreams.models if not models.models or one in models.models]
        data = [{"id": one, "object": "model", "owned_by": "ompycord"} for one in names or models.models]
        body = json.dumps({"object": "list", "data": data}).encode()
        return Answer(200, (JSON, (b"content-length", b"%d" % len(body))), body)


_NOTHING: Final = TokenUsage()


def _taped(
    models: RunModels, route: ModelRoute, request: ModelRequest, scope: Scope, body: bytes
) -> TapedAnswer | None:
    """Where the answer to a request is recorded."""
    if models.recorder is None:
        return None
    path, query = _raw_path(scope).decode("latin-1"), scope["query_string"].decode("latin-1")
    headers = passed_on(scope["headers"])
    return models.recorder.begin(
        dialect=route.dialect, model=request.model, path=path, query=query, headers=headers, body=body
    )


def _raw_path(scope: Scope) -> bytes:
    """The path as it was sent, without its query."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw


async def _unless_unreachable(run: Coroutine[Any, Any, None]) -> None:
    with contextlib.suppress(NoProvider):
        await run


async def _cancel_once_left(receive: Receive, work: "asyncio.Task[None]") -> None:
    await until_client_left(receive)
    work.cancel()


def _abort_of(scope: Scope) -> Callable[[], None]:
    """What breaks the connection off, where the server offers it (`http/adopted_socket.py`)."""
    abort: Callable[[], None] | None = scope.get("state", {}).get(ABORT)
    return abort or (lambda: None)


def _without_answer(exchange: Exchange) -> RequestRefused:
    if exchange.words is not None:
        return RequestRefused(exchange.dialect, ModelRefusal.STOPPED, exchange.words)
    return no_provider(exchange.dialect)
