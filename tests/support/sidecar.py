"""`python -m tests.support.sidecar DATABASE '<options as JSON>'`.

Store, projector and sidecar in a process of their own.

Tests kill it, trace it, fill its disk. It prints its port, then serves until SIGTERM. `point` names where it kills
itself with -9; the product knows nothing of that: methods are replaced before anything is opened. Deliveries go to a
file, one line each, forced to disk before they are recorded, as Discord would keep them.
"""

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from ompycord.app.system import SystemClock, SystemIds
from ompycord.domain.records import OutboxRow, Surface
from ompycord.errors import StorageError
from ompycord.http import KeySet, bind, serve
from ompycord.store import SqliteStore, connection, migrations, open_store, opening
from ompycord.store.migrations import Migration
from tests.support.ingestion import ingestion_of

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # from the published vectors of Standard Webhooks
POINTS = (
    "after commit", "after outbox", "migration", "before projection", "before commit", "after projection",
    "before outbox",
)  # fmt: skip
"""Where it may kill itself; `migration` is at a statement of a migration that is pending."""
DELIVER_S = 0.05
CHANNEL = "200000000000000001"


class Options(BaseModel):
    """What a test may vary."""

    model_config = ConfigDict(extra="forbid")

    point: str | None = None
    at: int = 1
    """At which call of that point, or at which statement of the migration."""
    extra_migrations: int = 0
    """How many migrations follow those of the product."""
    is_synchronous: bool = True
    """False breaks the promise on purpose, to see the tests notice."""
    is_projecting: bool = True
    probe_s: float = 0.2
    busy_timeout_s: float = 5.0
    header_s: float = 10.0
    body_s: float = 10.0


def die() -> None:
    """As abruptly as the kernel can."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(options: Options) -> None:
    """From now on the process ends itself at the named point."""
    if options.point is None:
        return
    if options.point == "migration":
        original = migrations.statements

        def statements(text: str) -> Iterator[str]:
            for number, statement in enumerate(original(text), 1):
                yield statement
                if "soak" in text and number == options.at:
                    die()

        migrations.statements = statements
        return
    when, what = options.point.split(" ")
    name = {"commit": "append", "projection": "project", "outbox": "delivered"}[what]
    method: Callable[..., Awaitable[Any]] = getattr(SqliteStore, name)
    calls = 0

    async def armed(self: SqliteStore, *arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if when == "before" and calls >= options.at:
            die()
        value = await method(self, *arguments, **named)
        if calls >= options.at:
            die()
        return value

    setattr(SqliteStore, name, armed)


def add_migrations(count: int) -> None:
    """The product's migrations, and so many more after them."""
    known = migrations.find_migrations()
    more = [
        Migration(
            len(known) + n,
            f"soak_{n}",
            f"CREATE TABLE soak_{n} (x INTEGER) STRICT;\nINSERT INTO soak_{n} SELECT position FROM events;\n"
            f"CREATE INDEX soak_{n}_x ON soak_{n} (x);\nDELETE FROM soak_{n};\n",
        )
        for n in range(1, count + 1)
    ]
    opening.find_migrations = lambda: [*known, *more]


def lose_durability() -> None:
    """As if somebody had set synchronous=OFF."""
    original = connection._read_write  # pyright: ignore[reportPrivateUsage]  # the one place where the promise is made

    def read_write(raw: sqlite3.Connection) -> None:
        original(raw)
        raw.execute("PRAGMA synchronous = OFF")

    connection._read_write = read_write  # pyright: ignore[reportPrivateUsage]  # as above


async def _hand_over(store: SqliteStore, row: OutboxRow, file: Path) -> None:
    with file.open("a") as handle:
        handle.write(f"{row.id} {row.run} {row.kind} {row.ref}\n")
        handle.flush()
        os.fsync(handle.fileno())
    at = SystemClock().now_ms()
    surface = Surface(run=row.run, kind=row.kind, ref=row.ref, channel="c", message=str(row.id), posted_at=at)
    await store.delivered(row, surface, at=at)


async def deliver(store: SqliteStore, file: Path) -> None:
    """Hand over what is owed: first there, then recorded."""
    while True:
        with contextlib.suppress(StorageError, OSError):  # a disk that refuses: handed over again, as the product would
            for row in await store.outbox():
                await _hand_over(store, row, file)
        await asyncio.sleep(DELIVER_S)  # how often this program looks: it is work, and no wait of a test


async def main(path: Path, options: Options) -> None:
    """Until SIGTERM."""
    clock, ids = SystemClock(), SystemIds()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    opened = open_store(
        path, clock=clock, ids=ids, readers=2, busy_timeout_s=options.busy_timeout_s, probe_s=options.probe_s
    )
    async with opened as store:
        ring = KeySet(clock=clock)
        ring.replace([], hmac_secrets={}, shared_secret=SECRET)
        limits = {"rate_per_s": 1e6, "burst": 1_000_000, "body_s": options.body_s, "events": {"backlog": 1_000_000}}
        parts = ingestion_of(
            store, path.parent, keys=ring, clock=clock, ids=ids,
            webhook=limits, home_channel=CHANNEL, probes={"database": store.is_writable},
        )  # fmt: skip
        sock = bind("127.0.0.1", 0)
        serving = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(
                    serve(parts.sidecar, stop=stop, sock=sock, serving=serving, header_s=options.header_s)
                )
            ]
            await serving.wait()
            sys.stdout.write(f"{sock.getsockname()[1]}\n")
            sys.stdout.flush()
            if options.is_projecting:
                tasks.append(group.create_task(parts.projector.run()))
                tasks.append(group.create_task(deliver(store, path.with_name("delivered"))))
            await stop.wait()
            for task in tasks[1:]:
                task.cancel()


if __name__ == "__main__":
    chosen = Options.model_validate(json.loads(sys.argv[2]))
    arm(chosen)
    add_migrations(chosen.extra_migrations)
    if not chosen.is_synchronous:
        lose_durability()
    asyncio.run(main(Path(sys.argv[1]), chosen))
