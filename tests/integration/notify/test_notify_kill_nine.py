"""kill -9 between the receiver's answer and its record: the delivery comes again, the same, and the order stays."""

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ompycord.app.system import SystemClock
from ompycord.domain.deliveries import DeliveryFilter, DeliveryStatus
from ompycord.domain.ids import RunId
from ompycord.store import open_store
from tests.integration.store.world import CountingIds, People
from tests.support.notifications import delivery
from tests.support.patience import within
from tests.support.receiver import SECRET, Receiver

pytestmark = pytest.mark.posix

PATIENCE_S = 30.0


@asynccontextmanager
async def notifier(database: Path, receiver: Receiver, *more: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    """A process that does not outlive the block."""
    arguments = ("-m", "tests.support.notify_process", str(database), receiver.url, SECRET, *more)
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=Path.cwd())
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_what_arrived_and_was_not_recorded_arrives_again_under_its_id(tmp_path: Path) -> None:
    database, ids, clock = tmp_path / "a.db", CountingIds(), SystemClock()
    async with open_store(database, clock=clock, ids=ids, readers=1) as store:
        run = RunId((await People(ids).submit(store)).id)
        made = [delivery(number, run=run, at=clock.now_ms()) for number in (1, 2)]
        await store.project("projector", upto=1, folds=(), states={}, outbox=(), notifications=made)
    receiver = await Receiver().up()
    async with within(PATIENCE_S), notifier(database, receiver, "--die") as killed:
        assert await killed.wait() == -signal.SIGKILL
    assert [one.id for one in receiver.taken] == ["ci-001"]
    async with within(PATIENCE_S), notifier(database, receiver) as again:
        await receiver.until(lambda: len(receiver.taken) == 3)
        again.terminate()
        assert await again.wait() == 0
    assert [(one.id, one.seq) for one in receiver.taken] == [("ci-001", 1), ("ci-001", 1), ("ci-002", 2)]
    assert receiver.taken[0].body == receiver.taken[1].body
    assert receiver.unsigned == []
    await receiver.down()
    async with open_store(database, clock=clock, ids=ids, readers=1) as store:
        rows = await store.notifications.find(DeliveryFilter(statuses=frozenset(DeliveryStatus)))
    assert {row.status for row in rows} == {DeliveryStatus.DELIVERED}
