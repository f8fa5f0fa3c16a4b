"""Many agents at once with faults, round after round: nothing is left open, the ledger has what the provider billed."""

import asyncio
import os
import random
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from ompycord.app.system import SystemClock
from ompycord.domain.ids import RunId
from ompycord.domain.repository import AgentSpec
from ompycord.http.adopted_socket import serve_socket
from ompycord.http.run_token import RunToken
from ompycord.http.server import bind
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.gateway import ModelGateway, RunModels
from ompycord.model_gateway.price import Prices
from ompycord.model_gateway.spending import RunSpending
from ompycord.model_gateway.upstreams import Upstreams
from ompycord.store import open_store
from tests.integration.model_gateway.conftest import PATHS, PRICES, Limits, body_of, nothing, spec_at
from tests.integration.store.world import CountingIds, HandClock, People
from tests.support.faulty_provider import FAULTS, FaultyProvider
from tests.support.figures import print_figures
from tests.support.patience import patient, until, within

AGENTS, REQUESTS = 20, 4


@dataclass
class Crowd:
    """The agents of one gateway, each with a run and a listener of its own."""

    gateway: ModelGateway
    provider: FaultyProvider
    store: Any
    runs: list[RunId] = field(default_factory=list[RunId])
    ways: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    count: int = 0

    async def round(self, chance: random.Random) -> None:
        async with within(120), httpx.AsyncClient(timeout=patient(60), trust_env=False) as client:
            async with asyncio.TaskGroup() as group:
                for url, token in self.ways:
                    group.create_task(self._agent(client, url, token, chance))
            await until(lambda: self.gateway.streams == 0, seconds=60)

    async def _agent(self, client: httpx.AsyncClient, url: str, token: str, chance: random.Random) -> None:
        for _ in range(REQUESTS):
            self.count += 1
            fault, dialect = chance.choice(FAULTS), chance.choice(list(Dialect))
            ask = f"ASK:{self.count}/{fault}:"
            body = body_of(dialect)
            body["contents" if dialect is Dialect.GEMINI else "messages"] = [{"parts": [{"text": ask}]}]
            request = client.stream(
                "POST", f"{url}{PATHS[dialect]}", json=body, headers={"authorization": f"Bearer {token}"}
            )
            try:
                async with request as response:
                    assert response.status_code == 200, (fault, await response.aread())
                    async for _chunk in response.aiter_raw():
                        if fault == "leave":
                            break
            except httpx.RemoteProtocolError:
                assert fault == "cut"


@asynccontextmanager
async def crowd(folder: Path) -> AsyncGenerator[Crowd]:
    ids, clock = CountingIds(), SystemClock()
    people, provider = People(ids), FaultyProvider()
    async with AsyncExitStack() as stack:
        listening = bind("127.0.0.1", 0)
        await stack.enter_async_context(serve_socket(provider, listening))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        store = await stack.enter_async_context(open_store(folder / "o.db", clock=HandClock(), ids=ids, readers=2))
        upstreams = Upstreams(providers=(spec_at(url),), keys={}, clock=clock)
        prices = Prices(own={("first", "m-1"): PRICES}, listed=lambda kind, model: None)
        made = Crowd(gateway=ModelGateway(upstreams=upstreams, prices=prices), provider=provider, store=store)
        group = await stack.enter_async_context(asyncio.TaskGroup())
        service = group.create_task(made.gateway.run())
        stack.callback(service.cancel)
        for _ in range(AGENTS):
            run = RunId((await people.submit(store)).id)
            token, text = RunToken.mint(run)
            spending = RunSpending(
                run=run, ledger=store, limits=Limits(), record=_nothing, wake=lambda: None, clock=clock, ids=ids
            )
            models = RunModels(token=token, spec=AgentSpec(name="a", kind="command"), spending=spending)
            own = bind("127.0.0.1", 0)
            await stack.enter_async_context(serve_socket(made.gateway.served_to(models, nothing), own))
            made.runs.append(run)
            made.ways.append((f"http://127.0.0.1:{own.getsockname()[1]}", text))
        yield made


async def _nothing(*_: Any) -> None:
    """Facts of waits are not looked at here."""


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="counts files in /proc")
@pytest.mark.parametrize(
    "rounds",
    [pytest.param(3, id="short"), pytest.param(2000, id="long", marks=[pytest.mark.soak, pytest.mark.timeout(3600)])],
)
async def test_23_twenty_agents_with_faults_leave_nothing_open_and_are_billed_to_the_token(
    tmp_path: Path, rounds: int
) -> None:
    seed = int(os.environ.get("SOAK_SEED", "7"))
    chance = random.Random(seed)  # a game of chance
    async with crowd(tmp_path) as made:
        await made.round(chance)
        files, memory = open_files(), psutil.Process().memory_info().rss
        for _ in range(rounds):
            await made.round(chance)
        more_files, more_memory = open_files() - files, (psutil.Process().memory_info().rss - memory) / 1024**2
        sql = "SELECT * FROM model_requests"
        rows: list[dict[str, Any]] = await made.store._database.readers.all(sql, (), dict)
        events = [one.body for run in made.runs for one in await made.store.events_of(run)]
        reserved = await made.store.open_model_requests()
    exact = sorted((row["input"], row["output"]) for row in rows if row["exactness"] == "exact")
    figures = {"requests": made.count, "exact": len(exact), "estimated": len(rows) - len(exact)}
    print_figures("23", seed=seed, **figures, files=more_files, mib=round(more_memory, 1))
    assert exact == sorted(made.provider.bill.values())
    assert len(rows) == made.count
    assert {row["exactness"] for row in rows} == {"exact", "estimated"}
    assert reserved == []
    usage = [one for one in events if one.type == "usage.updated"]
    assert sum(one.input for one in usage) == sum(row["input"] for row in rows)
    assert sum(round(one.cost_usd * 10**9) for one in usage) == sum(row["nano_usd"] for row in rows)
    assert more_files <= 4
    assert more_memory < max(16, 0.02 * rounds)
