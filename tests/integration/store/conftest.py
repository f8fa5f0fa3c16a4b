"""A store on disk, a clock that tests move, ids that sort; shared by the store's tests."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ompycord.domain.ids import new_ulid
from ompycord.store import SqliteStore, open_store


class TestClock:
    """Stands still until it is moved; `step_s` makes each look at the monotonic clock cost time."""

    __test__ = False

    def __init__(self) -> None:
        self.wall_ms = 1_780_000_000_000
        self.seconds = 0.0
        self.step_s = 0.0

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_s(self) -> float:
        self.seconds += self.step_s
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class CountingIds:
    """ULIDs that differ in their last characters, in order."""

    def __init__(self, prefix: int = 0) -> None:
        self._numbers = itertools.count(prefix << 32)

    def ulid(self) -> str:
        return new_ulid(now_ms=1_780_000_000_000, entropy=next(self._numbers).to_bytes(10))

    def token(self) -> str:
        return f"{next(self._numbers):043d}"


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def ids() -> CountingIds:
    return CountingIds()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ompycord.db"


@pytest.fixture
async def store(path: Path, clock: TestClock, ids: CountingIds) -> AsyncIterator[SqliteStore]:
    async with open_store(path, clock=clock, ids=ids) as opened:
        yield opened
