"""A reader: several statements of one query see one moment, whatever is committed between them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ompycord.errors import DatabaseDamaged
from ompycord.store.connection import connect
from ompycord.store.readers import Readers
from ompycord.testing import FakeClock

COUNT = "SELECT count(*) FROM things"


def unexpected(damage: DatabaseDamaged) -> None:
    pytest.fail(str(damage))


async def test_statements_of_one_query_see_one_moment_and_the_next_query_sees_what_came_since(tmp_path: Path) -> None:
    """The second round shows that the moment of the first one has ended."""
    path = tmp_path / "things.db"
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE things (id INTEGER PRIMARY KEY)")

        def add() -> None:
            with closing(sqlite3.connect(path)) as other, other:
                other.execute("INSERT INTO things DEFAULT VALUES")

        def twice(raw: sqlite3.Connection) -> tuple[int, int]:
            (before,) = raw.execute(COUNT).fetchone()
            add()
            (after,) = raw.execute(COUNT).fetchone()
            return before, after

        readers = Readers(
            [await connect(path, mode="ro", busy_timeout_s=5.0)], clock=FakeClock(), timeout_s=5.0, damaged=unexpected
        )
        try:
            assert [await readers.read(twice) for _ in range(2)] == [(0, 0), (1, 1)]
        finally:
            await readers.close()
