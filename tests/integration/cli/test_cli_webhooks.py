"""`ompycord webhooks`: the same list from the running process and from the data folder alone; retry and drop."""

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

from ompycord.domain.ids import RunId
from ompycord.store import SqliteStore
from tests.integration.cli.harness import Done, ompycord, open_harness
from tests.integration.store.world import CountingIds, People
from tests.support.notifications import delivery


async def filled(store: SqliteStore) -> None:
    """Three for `ci`, of which the first is dead, and one for `old`."""
    ids = CountingIds()
    run = RunId((await People(ids).submit(store)).id)
    made = [delivery(number, run=run) for number in (1, 2, 3)] + [delivery(4, run=run, destination="old")]
    await store.project("projector", upto=1, folds=(), states={}, outbox=(), notifications=made)
    await store.notifications.undelivered("ci-001", error="answered 410", next_at=None)


def listed(done: Done) -> list[tuple[str, str, int]]:
    rows: list[dict[str, Any]] = json.loads(done.out)
    return [(row["id"], row["status"], row["seq"]) for row in rows]


async def test_deliveries_are_listed_retried_and_dropped_with_and_without_a_running_process(tmp_path: Path) -> None:
    data = ("--data-dir", str(tmp_path / "data"))

    async def run(*words: str) -> Done:
        return await ompycord("webhooks", *words, *data, folder=tmp_path)

    none = await run("list")
    assert (none.code, none.out) == (0, "Nothing waits and nothing was given up.\n")
    async with open_harness(tmp_path / "data") as harness:
        await filled(harness.store)
        there = listed(await run("list", "--json"))
        dead = await run("list", "--status", "dead")
        again = await run("retry", "ci-001", "--json")
        missing = await run("retry", "ci-009")
    assert there == [
        ("ci-001", "dead", 1),
        ("ci-002", "pending", 2),
        ("ci-003", "pending", 3),
        ("old-004", "pending", 1),
    ]
    head, row = dead.out.splitlines()
    assert head.split() == ["ID", "DESTINATION", "RUN", "SEQ", "TYPE", "STATUS", "TRIES", "NEXT", "ERROR"]
    assert row.startswith("ci-001  ci")
    assert row.endswith("dead    1      -     answered 410")
    assert json.loads(again.out) == {"count": 1, "deliveries": ["ci-001"]}
    assert (missing.code, missing.err) == (
        77,
        "ompycord: There is no such delivery: `ompycord webhooks list` shows them.\n",
    )
    alone = listed(await run("list", "--json"))
    assert alone == [(name, "pending", seq) for name, _, seq in there]
    dropped = await run("drop", "--all", "--destination", "ci")
    assert (dropped.code, dropped.out) == (0, "3 deliveries are dropped.\n")
    one = await run("drop", "old-004")
    assert one.out == "1 delivery is dropped.\n"
    assert listed(await run("list", "--json")) == []
    assert audited(tmp_path / "data" / "ompycord.db") == [
        ("webhook.retried", "ci-001"),
        ("webhook.dropped", "ci"),
        ("webhook.dropped", "old-004"),
    ]


def audited(database: Path) -> list[tuple[str, str]]:
    with contextlib.closing(sqlite3.connect(database)) as raw:
        return raw.execute("SELECT action, subject FROM audit ORDER BY n").fetchall()


async def test_all_needs_a_destination_and_dead_needs_all(tmp_path: Path) -> None:
    for words in (
        (),
        ("--all",),
        ("ci-001", "--all", "--destination", "ci"),
        ("ci-001", "--dead"),
        ("--destination", "ci"),
    ):
        refused = await ompycord("webhooks", "drop", *words, "--data-dir", str(tmp_path / "data"), folder=tmp_path)
        assert refused.code == 2, words
        assert "give one DELIVERY, or --all --destination NAME" in " ".join(refused.err.split()), refused.err


async def test_only_the_dead_letters_of_a_destination_are_retried(tmp_path: Path) -> None:
    async with open_harness(tmp_path / "data") as harness:
        await filled(harness.store)
        words = ("retry", "--all", "--dead", "--destination", "ci", "--json", "--data-dir", str(harness.folder))
        done = await ompycord("webhooks", *words, folder=tmp_path)
    assert json.loads(done.out)["deliveries"] == ["ci-001"]
