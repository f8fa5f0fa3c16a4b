"""The gateway over the real store between a run's listener and providers whose answers the tests write."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from ompycord.domain.events import EventBody
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock
from ompycord.domain.repository import AgentSpec
from ompycord.http.adopted_socket import serve_socket
from ompycord.http.provider_waits import ProviderWaits
from ompycord.http.run_token import RunToken
from ompycord.http.server import bind
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.gateway import ModelGateway, RunModels
from ompycord.model_gateway.price import Prices, TokenPrices
from ompycord.model_gateway.provider_options import ProviderSpec
from ompycord.model_gateway.spending import RunSpending
from ompycord.model_gateway.tapes.recorder import TapeRecorder
from ompycord.model_gateway.upstreams import Upstreams
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.store.world import CountingIds, HandClock, People
from tests.support.new_store import new_store
from tests.support.patience import patient, until, within
from tests.support.stub_provider import StubProvider, stub_provider

KEY = "sk-canary-0123456789abcdef"
PRICES = TokenPrices(input=Decimal(3), output=Decimal(15), cache_read=Decimal("0.3"))
PATHS = {
    Dialect.ANTHROPIC: "/v1/messages?beta=true",
    Dialect.CHAT: "/v1/chat/completions",
    Dialect.RESPONSES: "/v1/responses",
    Dialect.GEMINI: "/v1beta/models/m-1:streamGenerateContent?alt=sse",
}


def body_of(dialect: Dialect, **more: Any) -> dict[str, Any]:
    if dialect is Dialect.GEMINI:
        return {"contents": [{"parts": [{"text": "hi"}]}], **more}
    return {"model": "m-1", "stream": True, "messages": [], **more}


class Limits:
    """What the run may spend; remembers that it was paused."""

    def __init__(self) -> None:
        self.usd: float | None = None
        self.run_tokens: int | None = None
        self.short_of_tokens: list[int | None] = []
        self.paused: list[float] = []

    async def budget_usd(self, run: RunId) -> float | None:
        return self.usd

    async def used_up(self, run: RunId, spent_usd: float, *, usd: float | None, tokens: int | None) -> None:
        self.paused.append(spent_usd)
        self.short_of_tokens.append(tokens)


class Way:
    """One run's way to models, as its agent sees it."""

    gateway: ModelGateway
    spending: RunSpending
    run_token: RunToken
    app: ASGIApp
    provider_waits: ProviderWaits

    def __init__(self, *, provider: StubProvider, store: SqliteStore, run: RunId) -> None:
        self.provider = provider
        self.store = store
        self.run = run
        self.limits = Limits()
        self.facts: list[EventBody] = []
        self.fact_came = asyncio.Event()
        self.clock = FakeClock()
        self.token = ""
        self.url = ""
        self.http = httpx.AsyncClient(timeout=patient(60), trust_env=False)

    def attach(self, gateway: ModelGateway, token: RunToken, spending: RunSpending) -> None:
        self.gateway, self.run_token, self.spending = gateway, token, spending

    async def record(self, run: RunId, *bodies: EventBody) -> None:
        self.facts += bodies
        self.fact_came.set()

    async def ask(self, dialect: Dialect = Dialect.CHAT, *, path: str | None = None, **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}"}
        return await self.http.post(
            f"{self.url}{path or PATHS[dialect]}", json=body_of(dialect, **more), headers=headers
        )

    async def settled(self) -> None:
        """Nothing is under way any more."""
        await until(lambda: self.gateway.streams == 0)

    async def ledger(self) -> list[dict[str, Any]]:
        """All rows of the ledger, once nothing is under way."""
        await self.settled()
        return await self.rows()

    async def rows(self) -> list[dict[str, Any]]:
        sql = "SELECT * FROM model_requests ORDER BY id"
        return await self.store._database.readers.all(sql, (), dict)  # pyright: ignore[reportPrivateUsage]  # nothing in the product reads single rows

    async def usage_events(self) -> list[Any]:
        return [one.body for one in await self.store.events_of(self.run) if one.body.type == "usage.updated"]


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b"the sidecar"})


@pytest.fixture
async def provider() -> AsyncGenerator[StubProvider]:
    async with stub_provider() as made:
        yield made


def spec_of(provider: StubProvider, name: str = "first", **more: Any) -> ProviderSpec:
    return spec_at(provider.url, name, **more)


def spec_at(url: str, name: str = "first", **more: Any) -> ProviderSpec:
    return ProviderSpec(
        name=name, kind="compatible", base_url=url, dialects=tuple(Dialect), prices={"m-1": PRICES}, **more
    )


@asynccontextmanager
async def way_of(
    path: Path,
    provider: StubProvider,
    *specs: ProviderSpec,
    models: tuple[str, ...] = (),
    own: bool = True,
    recorder_of: Callable[[RunId, Clock], TapeRecorder] | None = None,
) -> AsyncGenerator[Way]:
    """A run with its listener; `own`: the operator names the price."""
    ids = CountingIds()
    people = People(ids)
    async with new_store(path / "data/ompycord.db", clock=HandClock(), ids=ids, readers=2) as store:
        run = RunId((await people.submit(store)).id)
        listed = specs or (spec_of(provider),)
        prices = {(one.name, "m-1"): PRICES for one in listed} if own else {}
        way = Way(provider=provider, store=store, run=run)
        upstreams = Upstreams(providers=listed, keys={one.name: [KEY] for one in listed}, clock=way.clock, ledger=store)
        gateway = ModelGateway(upstreams=upstreams, prices=Prices(own=prices, listed=lambda kind, model: None))
        token, way.token = RunToken.mint(run)
        spending = RunSpending(
            run=run, ledger=store, limits=way.limits, record=way.record, wake=lambda: None, clock=way.clock, ids=ids
        )
        recorder = None if recorder_of is None else recorder_of(run, way.clock)
        spec = AgentSpec(name="a", kind="command", models=models)
        models_of = RunModels(token=token, spec=spec, spending=spending, recorder=recorder)
        way.attach(gateway, token, spending)
        listening = bind("127.0.0.1", 0)
        async with within(60), asyncio.TaskGroup() as group:
            service = group.create_task(gateway.run())
            way.provider_waits = models_of.provider_waits
            way.app = gateway.served_to(models_of, nothing)
            async with serve_socket(way.app, listening):
                way.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
                await asyncio.sleep(0)
                yield way
            await way.http.aclose()
            service.cancel()


@pytest.fixture
async def way(tmp_path: Path, provider: StubProvider) -> AsyncGenerator[Way]:
    async with way_of(tmp_path, provider) as made:
        yield made
