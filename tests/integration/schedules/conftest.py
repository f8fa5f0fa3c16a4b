"""A store on disk and what starts by its rows."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, cast

import pytest

from ompycord.conductor.roles.refusals import RefusalRecord
from ompycord.schedules.keeper import ScheduleKeeper
from ompycord.schedules.starting import Starter
from ompycord.store import SqliteStore, open_store
from tests.integration.store.world import CountingIds, HandClock
from tests.support.scheduling import GuardDouble, Roles, StartedRuns


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def runs(clock: HandClock) -> StartedRuns:
    return StartedRuns(clock.now_ms)


@pytest.fixture
def guards() -> GuardDouble:
    return GuardDouble()


@pytest.fixture
def roles() -> Roles:
    return Roles()


@pytest.fixture
async def store(tmp_path: Path, clock: HandClock) -> AsyncGenerator[SqliteStore]:
    async with open_store(tmp_path / "ompycord.db", clock=clock, ids=CountingIds(), readers=1) as opened:
        yield opened


async def _prepared() -> None: ...


@pytest.fixture
def starter(store: SqliteStore, clock: HandClock, runs: StartedRuns, guards: GuardDouble, roles: Roles) -> Starter:
    ids = CountingIds(5000)
    return Starter(
        runs=cast("Any", runs),
        records=cast("Any", runs),
        rows=store.schedules,
        announcements=store.announcements,
        guards=guards,
        role_of=roles.role_of,
        refusals=RefusalRecord(audit=store, clock=clock),
        clock=clock,
        new_nonce=lambda: ids.token()[-25:],
        redact=lambda text: text.replace("hunter2x", "[redacted]"),
    )


@pytest.fixture
def keeper(store: SqliteStore, clock: HandClock, starter: Starter) -> ScheduleKeeper:
    ids = CountingIds(1000)
    return ScheduleKeeper(
        rows=store.schedules, occurrences=store.schedules, starter=starter, prepare=_prepared, clock=clock, ids=ids
    )
