"""Runs that began at a terminal where there was no Discord are shown once there is one, and only those."""

from collections import Counter
from pathlib import Path

import pytest

from ompycord.app.terminal.adoption import Adoption
from ompycord.app.terminal.headless import NO_SERVER
from ompycord.domain.access import Person, Role
from ompycord.domain.ids import RunId
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import GUILD, HOME, AppHarness

TERMINAL = Person(id="", name="ada (terminal)", role=Role.ADMIN)


def adoption(harness: AppHarness, *, guild: str = GUILD, channel: str | None = HOME, most: int = 20) -> Adoption:
    return Adoption(
        store=harness.store,
        history=harness.store,
        clock=harness.clock,
        guilds=(guild,),
        channel=channel,
        wake=harness.infrastructure.wake,
        most=most,
    )


@pytest.fixture
def harness(store: SqliteStore, tmp_path: Path) -> AppHarness:
    """A process without Discord."""
    return AppHarness(store, tmp_path, FakeClock(), discord={"guilds": (NO_SERVER,)})


async def finished(harness: AppHarness, *, guild: str = "", channel: str = "") -> RunId:
    run = RunId((await harness.submit(TERMINAL, guild=guild, channel=channel)).id)
    await harness.ended(run)
    await harness.settled(run)
    return run


async def owed(harness: AppHarness, run: RunId) -> Counter[str]:
    return Counter(row.kind.value for row in await harness.store.outbox(limit=1000) if row.run == run)


async def test_a_run_of_a_terminal_gets_its_place_and_the_messages_that_it_would_have(harness: AppHarness) -> None:
    async with harness.running():
        nowhere = await finished(harness)
        shown = await finished(harness, guild=GUILD, channel=HOME)
        assert await owed(harness, nowhere) == Counter()
        assert await adoption(harness).place() == 1
        record = await harness.areas.record(nowhere)
        assert (record.guild, record.channel) == (GUILD, HOME)
        assert await owed(harness, nowhere) == await owed(harness, shown)
        assert await adoption(harness).place() == 0, "once"


async def test_without_a_server_or_a_channel_they_stay_listed(harness: AppHarness) -> None:
    async with harness.running():
        nowhere = await finished(harness)
        assert await adoption(harness, guild=NO_SERVER).place() == 0
        assert await adoption(harness, channel=None).place() == 0
        assert await owed(harness, nowhere) == Counter()


async def test_of_many_the_newest_are_shown(harness: AppHarness) -> None:
    async with harness.running():
        runs = [await finished(harness) for _ in range(2)]
        assert await adoption(harness, most=1).place() == 1
        assert [bool(await owed(harness, run)) for run in runs] == [False, True]
