"""Which attached files are still named: by tasks, drafts, archives; those of a run by its mark in the folder."""

import json
import re
import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Final

from ompycord.domain.base import Millis
from ompycord.domain.ids import RunId
from ompycord.store.database import StorePart
from ompycord.store.statements import load

__all__ = ["SqliteAttachedFiles"]

_SQL = load("attached_files")
_OVER = _SQL.one("over_long_ago")
_TASKS = _SQL.one("named_by_tasks")
_DRAFTS = _SQL.one("drafts_of_files")
_TABLES = _SQL.one("tables_of_contents")
_SHA256: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


class SqliteAttachedFiles(StorePart):
    """Implements `AttachedFileNames`."""

    async def over_long_ago(self, runs: Sequence[RunId], *, before: Millis) -> list[RunId]:
        """Those that ended before then; none with anything under way, nor of an open chain."""
        values = {"runs": json.dumps(runs), "before": before}
        return await self._database.readers.all(_OVER, values, lambda row: RunId(row["id"]))

    async def named_files(self, *, before: Millis) -> frozenset[str]:
        """The SHA-256 of every content that a task since then, an open one, a draft or an archive names."""
        return await self._database.readers.read(partial(_named, before=before))


def _named(raw: sqlite3.Connection, *, before: Millis) -> frozenset[str]:
    found = {str(row["sha256"]) for row in raw.execute(_TASKS, {"before": before})}
    for table in [str(row["name"]) for row in raw.execute(_TABLES)]:
        rows = raw.execute(f'SELECT sha256 FROM "{table}"')  # noqa: S608  # names of our own schema
        found |= {str(row["sha256"]) for row in rows}
    for row in raw.execute(_DRAFTS, {"before": before}):
        found |= set(_SHA256.findall(row["body"]))
    return frozenset(found)
