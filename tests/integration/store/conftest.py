"""A store on disk, fresh for each test."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from ompycord.store import SqliteStore
from tests.integration.store.world import CountingIds, HandClock, People, Sender
from tests.support.new_store import new_store


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def ids() -> CountingIds:
    return CountingIds()


@pytest.fixture
def sender(ids: CountingIds) -> Sender:
    return Sender(ids)


@pytest.fixture
def people(ids: CountingIds) -> People:
    return People(ids)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ompycord.db"


@pytest.fixture
async def store(path: Path, clock: HandClock, ids: CountingIds) -> AsyncGenerator[SqliteStore]:
    async with new_store(path, clock=clock, ids=ids, readers=2) as opened:
        yield opened
