"""kill -9 under load from four senders: what was acknowledged is stored, and applied exactly once
(docs/contracts/ingestion.md, *Two stages*).

The ledgers on the senders' disks are the truth; half of the kills come at named points of the process's own work.
"""

import asyncio
import collections
import contextlib
import random
import sqlite3
from pathlib import Path

import pytest

from ompycord.app.system import SystemClock, SystemIds
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunFilter
from ompycord.store import open_store, opening
from tests.soak.ledger import Sender, print_line, read_ledger
from tests.support.patience import until, within
from tests.support.sidecar import POINTS, Options, add_migrations
from tests.support.sidecar_process import SidecarProcess

pytestmark = [pytest.mark.posix, pytest.mark.e2e]

SENDERS = ("a", "b", "c", "d")
PATIENCE_S = 30.0
MIGRATION_STATEMENTS = 4
MOST_CALLS = {"before commit": 60, "after commit": 60, "before outbox": 3, "after outbox": 3}


@pytest.mark.parametrize(
    "kills",
    [pytest.param(6, id="short"), pytest.param(200, id="long", marks=[pytest.mark.soak, pytest.mark.timeout(3600)])],
)
async def test_killed_under_load_nothing_acknowledged_is_lost_or_applied_twice(
    tmp_path: Path, kills: int, capsys: pytest.CaptureFixture[str]
) -> None:
    child = SidecarProcess(tmp_path / "a.db")
    with contextlib.ExitStack() as ledgers:
        senders = [ledgers.enter_context(Sender.begin(name, tmp_path)) for name in SENDERS]
        await round_of(kills, child, senders, capsys)


async def round_of(
    kills: int, child: SidecarProcess, senders: list[Sender], capsys: pytest.CaptureFixture[str]
) -> None:
    """Kill so often, then let everything settle, and judge."""
    chance = random.Random(20261121)
    at: collections.Counter[str] = collections.Counter()
    extra = 0
    for n in range(kills):
        point = POINTS[n // 2 % len(POINTS)] if n % 2 else None
        extra += point == "migration"
        await one_kill(child, senders, point, extra, chance)
        at[point or "random"] += 1
    assert await child.start(Options(extra_migrations=extra))
    async with child.client() as http, within(PATIENCE_S):
        for sender in senders:
            await sender.send(http, until_settled=True)
    await until_projected(child.database)
    assert await child.end() == 0
    found = await judge(child.database.parent, extra)
    assert not [sender.refused for sender in senders if sender.refused]
    assert found["acknowledged"] == sum(sender.acknowledged for sender in senders)
    with capsys.disabled():
        print(print_line(soak="kills", kills=sum(at.values()), at=dict(at), **found))  # noqa: T201  # the round's result


async def one_kill(
    child: SidecarProcess, senders: list[Sender], point: str | None, extra: int, chance: random.Random
) -> None:
    """Start it, load it, and see it die: at its point, or when chance says so."""
    statement = chance.randint(1, MIGRATION_STATEMENTS)
    calls = statement if point == "migration" else chance.randint(1, MOST_CALLS.get(point or "", 12))
    is_up = await child.start(Options(point=point, at=calls, extra_migrations=extra))
    assert is_up == (point != "migration")
    if is_up:
        async with child.client() as http, asyncio.TaskGroup() as group:
            for sender in senders:
                group.create_task(sender.send(http))
            if point is None:
                try:
                    async with asyncio.timeout(chance.uniform(0.05, 1.0)):
                        await child.gone()
                except TimeoutError:
                    await child.kill()
    assert await child.gone() == -9, f"it never came to {point}"


async def until_projected(database: Path) -> None:
    """Wait until every event is folded and every delivery made, bounded."""
    query = """
    SELECT (SELECT max(position) FROM events) = (SELECT position FROM cursors WHERE name = 'projector')
       AND NOT EXISTS (SELECT 1 FROM outbox WHERE status = 'pending')
    """
    await until(lambda: ask(database, query) == [(1,)], seconds=PATIENCE_S)


async def judge(folder: Path, extra: int) -> dict[str, int]:
    """Compare ledgers and database. Everything that was sent was settled at last, so the sums are equal."""
    acknowledged = stored = 0
    known = opening.find_migrations
    add_migrations(extra)
    try:
        async with open_store(folder / "a.db", clock=SystemClock(), ids=SystemIds(), readers=1) as store:
            runs = await store.runs(RunFilter(limit=100))
            folds = await store.folds([RunId(run.id) for run in runs])
            events = {run.id: await store.events_of(RunId(run.id)) for run in runs}
            count = len(opening.find_migrations())
    finally:
        opening.find_migrations = known
    assert sorted(run.external_name or "" for run in runs) == sorted(SENDERS)
    for run in runs:
        name, fold = run.external_name, folds[RunId(run.id)]
        there = {event.seq: event.position for event in events[run.id]}
        assert len(there) == len(events[run.id]), "stored twice"
        tokens, positions = read_ledger(folder / f"{name}.ledger")
        assert {n: there.get(n) for n in positions} == positions, "acknowledged and not there"
        assert there.keys() == tokens.keys(), "there, and never sent"
        usage = fold.snapshot().usage
        assert usage.input == sum(tokens.values()), "not applied exactly once"
        acknowledged += len(positions)
        stored += len(tokens)
    owed = {row[0] for row in ask(folder / "a.db", "SELECT id FROM outbox")}
    delivered = [int(line.split(" ")[0]) for line in (folder / "delivered").read_text().splitlines()]
    assert set(delivered) == owed, "owed and not delivered"
    assert ask(folder / "a.db", "SELECT count(*) FROM schema_migrations") == [(count,)]
    return {"acknowledged": acknowledged, "stored": stored, "lost": 0, "twice": 0, "deliveries": len(owed)}


def ask(database: Path, query: str) -> list[tuple[int, ...]]:
    raw = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
    try:
        return raw.execute(query).fetchall()
    finally:
        raw.close()
