"""The sidecar over a real store, asked through httpx's ASGI transport or a real socket."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from ompycord.app.sidecar import create_sidecar
from ompycord.conductor import Snapshots
from ompycord.http import HttpLimits, KeySet, Sidecar
from ompycord.store import SqliteStore
from tests.integration.store.world import CountingIds, HandClock
from tests.integration.webhook.senders import SECRET, Poster
from tests.support.new_store import new_store


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def ids() -> CountingIds:
    return CountingIds()


@pytest.fixture
async def store(tmp_path: Path, clock: HandClock, ids: CountingIds) -> AsyncGenerator[SqliteStore]:
    async with new_store(tmp_path / "ompycord.db", clock=clock, ids=ids, readers=2) as opened:
        yield opened


@pytest.fixture
def keyring(clock: HandClock) -> KeySet:
    ring = KeySet(clock=clock)
    ring.replace([], hmac_secrets={}, shared_secret=SECRET, shared_channel="builds")
    return ring


@pytest.fixture
def woken() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
def sidecar(store: SqliteStore, keyring: KeySet, clock: HandClock, ids: CountingIds, woken: asyncio.Event) -> Sidecar:
    return create_sidecar(
        store=store,
        snapshots=Snapshots(store=store),
        keyring=keyring,
        clock=clock,
        ids=ids,
        limits=HttpLimits(),
        wake=woken.set,
        probes={},
    )


@pytest.fixture
async def http(sidecar: Sidecar) -> AsyncGenerator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(sidecar, raise_app_exceptions=True, client=("127.0.0.1", 50000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8787") as client:
        yield client


@pytest.fixture
def poster(http: httpx.AsyncClient, clock: HandClock) -> Poster:
    return Poster(http, clock)
