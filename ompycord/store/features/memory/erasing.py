"""Takes a person out of the memory and of the feedback; counterpart of `memory/erasure.py`, which says when.

A DELETE leaves the words in the index and in free pages (docs/platform/sqlite.md, *Full-text search*): the index is
made again here, and `SqliteStore.compact` rewrites the file afterwards.
"""

import json
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Final

from ompycord.domain.memory.items import BODY_LENGTH, TITLE_LENGTH, ErasedMemory, NewMemory
from ompycord.store.database import StorePart
from ompycord.store.features.memory.items import words_hash
from ompycord.store.statements import load

__all__ = ["SqliteErasure"]

_SQL = load("memory_erasing")
_ERASE_COUNTS = _SQL.one("erase_counts")
_ERASE_ITEMS = _SQL.one("erase_items")
_NAMING = _SQL.one("naming")
_SET_WORDS = _SQL.one("set_words")
_REPEATED = _SQL.one("erase_repeated")
_REBUILD = _SQL.one("index_again")
_ERASE = _SQL.one("erase_verdicts")
_ERASE_HISTORY = _SQL.one("erase_history")
_SHORTEST_NAME: Final = 3
"""Characters of a name that is looked for in the words of others."""


class SqliteErasure(StorePart):
    """Implements `MemoryErasureRows`."""

    async def erase(
        self, person: str, name: str, *, replace: Callable[[str], str], terms: Callable[[NewMemory], str]
    ) -> ErasedMemory:
        work = partial(_erase, person=person, name=name, replace=replace, terms=terms)
        return await self._database.writer.submit(work, is_aside=True)


def _erase(
    raw: sqlite3.Connection,
    person: str,
    name: str,
    replace: Callable[[str], str],
    terms: Callable[[NewMemory], str],
) -> ErasedMemory:
    raw.execute(_ERASE_COUNTS, (person,))
    items = raw.execute(_ERASE_ITEMS, (person,)).rowcount
    verdicts = raw.execute(_ERASE, (person,)).rowcount
    raw.execute(_ERASE_HISTORY, (person,))
    looked_for = name if len(name) >= _SHORTEST_NAME else ""
    values = {"mention": f"<@{person}>", "nickname": f"<@!{person}>", "name": looked_for}
    renamed = 0
    for row in raw.execute(_NAMING, values).fetchall():
        title, body = replace(row["title"])[:TITLE_LENGTH], replace(row["body"])[:BODY_LENGTH]
        if (title, body) == (row["title"], row["body"]):
            continue
        new = NewMemory(kind=row["kind"], title=title, body=body, paths=json.loads(row["paths"]))
        sha = words_hash(new.kind, new.title, new.body)
        words = {"id": row["id"], "title": new.title, "body": new.body, "terms": terms(new), "sha": sha}
        if raw.execute(_SET_WORDS, words).rowcount == 0:  # another says the same now
            raw.execute(_REPEATED, (row["id"],))
        renamed += 1
    raw.execute(_REBUILD)
    return ErasedMemory(items=items, verdicts=verdicts, renamed=renamed)
