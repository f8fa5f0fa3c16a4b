"""How long after a restart every card of many open runs is true again, over real discord.py; a part of `recovery`.

Counterpart of `recovery.py`, which prints it. Discord is a playground of its own process; each card is in a thread of
its own.
"""

import asyncio
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from bench.filled import fill
from ompycord.app.system import SystemClock, SystemIds, settle_process
from ompycord.bot import DISCORD, Bot, DiscordTarget, point_at
from ompycord.domain.catalog import Catalog
from ompycord.store import SqliteStore, open_store
from tests.support.app_harness import ComposedApp, settings_of
from tests.support.playground import Playground, running_playground

__all__ = ["PER_S", "CardsTrue", "cards_true"]

PER_S = 40
"""Cards a second that Discord's 50 requests leave room for; the bound is the dirty cards over it."""
EVENTS = 5
BATCH = 20
LIMIT_S = 300.0
_DIRTY = "SELECT count(*) FROM surfaces WHERE kind = 'card' AND shown_hash IS NULL"


class CardsTrue(NamedTuple):
    """What came of one restart."""

    dirty: int
    took_s: float
    refused: int

    @property
    def over_bound_s(self) -> float:
        return self.took_s - self.dirty / PER_S


async def _cards(playground: Playground, count: int) -> list[tuple[str, str]]:
    """Threads with a message of the bot in each: (thread, message)."""
    home = playground.channel("tasks")
    made: list[tuple[str, str]] = []
    for number in range(count):
        if number % BATCH == 0:
            await playground.advance(6)  # windows close, and no limit is met
        thread = await playground.rest("POST", f"/channels/{home}/threads", {"name": f"run {number}", "type": 11})
        assert thread.status < 400, thread.body
        posted = await playground.rest("POST", f"/channels/{thread.body['id']}/messages", {"content": "a card"})
        assert posted.status < 400, posted.body
        made.append((thread.body["id"], posted.body["id"]))
    return made


def _show(database: Path, cards: list[tuple[str, str]], now_ms: int) -> None:
    """The store remembers each card as it was posted, before anything happened."""
    with closing(sqlite3.connect(database)) as raw, raw:
        raw.executemany(
            "INSERT INTO surfaces (run, kind, ref, channel, message, posted_at) VALUES (?, ?, ?, ?, ?, ?)",
            [
                row
                for run, (thread, message) in enumerate(cards, start=1)
                for row in (
                    (run, "thread", "", thread, None, now_ms),
                    (run, "card", "1", thread, message, now_ms),
                )
            ],
        )


def _bot(playground: Playground, store: SqliteStore, folder: Path) -> Bot:
    discord = {
        "guilds": (str(playground.guild_id),),
        "home_channel": str(playground.channel("tasks")),
        "guild_ready_timeout_s": 0,
    }
    app = ComposedApp(
        store,
        folder,
        settings=settings_of(Catalog(), discord=discord),
        clock=SystemClock(),
        ids=SystemIds(),
        bot_token=playground.bot_token,
    )
    return app.bot


async def _until_true(database: Path) -> None:
    """Asked of the disk, not of the bot's own word."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as raw:
        async with asyncio.timeout(LIMIT_S):
            while raw.execute(_DIRTY).fetchone()[0]:  # noqa: ASYNC110  # a file sets no event
                await asyncio.sleep(0.1)


async def cards_true(runs: int) -> CardsTrue:
    """Start the bot over so many dirty cards, from its login until the last is true."""
    with tempfile.TemporaryDirectory(prefix="ompycord-bench-") as folder:
        database = Path(folder) / "ompycord.db"
        await fill(database, runs=runs, each=EVENTS)
        async with running_playground(Path(folder) / "playground") as playground:
            _show(database, await _cards(playground, runs), SystemClock().now_ms())
            await playground.advance(6)
            return await _restarted(playground, database, runs)


async def _restarted(playground: Playground, database: Path, runs: int) -> CardsTrue:
    target = DiscordTarget(
        api=f"{playground.api}/v10", gateway=playground.info.gateway, cdn=f"{playground.api}/cdn"
    )  # fmt: skip
    point_at(target)
    try:
        async with open_store(database, clock=SystemClock(), ids=SystemIds()) as store:
            dirty = len(await store.stale_runs())
            assert dirty == runs
            bot = _bot(playground, store, database.parent)
            settle_process()
            async with asyncio.TaskGroup() as group:
                start = time.monotonic()
                group.create_task(bot.run())
                await _until_true(database)
                took = time.monotonic() - start
                await bot.close()
    finally:
        point_at(DISCORD)
    return CardsTrue(dirty, took, await _refused(playground))


async def _refused(playground: Playground) -> int:
    """Of the last 500 requests."""
    entries: list[dict[str, Any]] = await playground.wire()
    return sum(entry["status"] == 429 for entry in entries)
