"""Whoever watches the store hears of each transaction that was committed, after it, and of none that was not."""

import sqlite3

import pytest

from ompycord.store import SqliteStore
from tests.integration.store.world import People


class Heard:
    """How often something was stored."""

    def __init__(self) -> None:
        self.times = 0

    def stored(self) -> None:
        self.times += 1


async def test_a_commit_is_heard_by_all_who_watch(store: SqliteStore, people: People) -> None:
    one, two = Heard(), Heard()
    with store.commits.watched_by(one):
        with store.commits.watched_by(two):
            await store.save_draft(people.draft())
        await store.save_draft(people.draft())
    await store.save_draft(people.draft())
    assert (one.times, two.times) == (2, 1)


async def test_what_was_refused_is_not_heard(store: SqliteStore) -> None:
    heard = Heard()

    def refuse(raw: sqlite3.Connection) -> None:
        raise sqlite3.IntegrityError("no")

    with store.commits.watched_by(heard), pytest.raises(Exception, match="no"):
        await store._writer.submit(refuse)  # pyright: ignore[reportPrivateUsage]
    assert heard.times == 0
