"""The copy that tests open in place of a new database is what a start makes from nothing."""

import sqlite3
from contextlib import closing
from pathlib import Path

from ompycord.store import open_store
from tests.integration.store.world import CountingIds, HandClock
from tests.support.new_store import new_store

_SCHEMA = "SELECT type, name, sql FROM sqlite_schema ORDER BY name"
_APPLIED = "SELECT version, name, checksum FROM schema_migrations ORDER BY version"


def content(path: Path) -> tuple[object, ...]:
    with closing(sqlite3.connect(path)) as raw:
        tables = [name for (name,) in raw.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        counts = {name: raw.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}
        version = raw.execute("PRAGMA user_version").fetchone()
        return raw.execute(_SCHEMA).fetchall(), raw.execute(_APPLIED).fetchall(), counts, version


async def test_a_copy_has_the_schema_the_rows_and_the_rights_of_one_that_was_migrated_here(tmp_path: Path) -> None:
    made, copied = tmp_path / "made/ompycord.db", tmp_path / "copied/ompycord.db"
    async with open_store(made, clock=HandClock(), ids=CountingIds()):
        pass
    async with new_store(copied, clock=HandClock(), ids=CountingIds()):
        pass
    assert content(copied) == content(made)
    assert copied.stat().st_mode == made.stat().st_mode
    assert copied.parent.stat().st_mode == made.parent.stat().st_mode
