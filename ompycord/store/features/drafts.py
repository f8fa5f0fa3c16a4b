"""Drafts: what people typed, and the run that it became."""

import sqlite3
from collections.abc import Sequence
from functools import partial

from ompycord.domain.base import Millis
from ompycord.domain.records import Committed, Draft
from ompycord.store.database import StorePart
from ompycord.store.rows import canonical, with_json
from ompycord.store.statements import load
from ompycord.store.writes import Write, each

__all__ = ["WRITES", "SqliteDrafts"]

_SQL = load("drafts")
_DRAFT = _SQL.one("draft")
_DRAFT_RUN = _SQL.one("draft_run")
_DRAFT_OF_RUN = _SQL.one("draft_of_run")
_ADD_DRAFT = _SQL.one("add_draft")
_BIND_DRAFT = _SQL.one("bind_draft")
_SAVE_DRAFT = _SQL.one("save_draft")


class SqliteDrafts(StorePart):
    """Implements `Drafts`."""

    async def draft(self, draft: str) -> Draft | None:
        return await self._database.readers.one(_DRAFT, (draft,), _draft_of)

    async def save_draft(self, draft: Draft) -> None:
        await self._database.writer.submit(partial(_save, draft=draft))


def _draft_of(row: sqlite3.Row) -> Draft:
    return Draft.model_validate(with_json(row, "body"))


def _values(draft: Draft) -> dict[str, object]:
    return {**draft.model_dump(), "body": canonical(draft.body)}


def _save(raw: sqlite3.Connection, draft: Draft) -> None:
    """Insert a draft, or replace the body of an existing one."""
    raw.execute(_SAVE_DRAFT, _values(draft))


def _earlier(raw: sqlite3.Connection, drafts: Sequence[Draft]) -> Committed | None:
    """Whether one of them became another run, or its run came from another draft."""
    for draft in drafts:
        bound = raw.execute(_DRAFT_RUN, (draft.id,)).fetchone()
        if bound is not None and bound["run"] is not None and bound["run"] != draft.run:
            return Committed(fresh=False)
        other = raw.execute(_DRAFT_OF_RUN, (draft.run,)).fetchone()  # NULL equals nothing
        if other is not None and other["id"] != draft.id:
            return Committed(fresh=False)
    return None


def _put(raw: sqlite3.Connection, draft: Draft, now: Millis) -> None:
    """Insert a draft, or bind the existing one to its run."""
    if raw.execute(_DRAFT_RUN, (draft.id,)).fetchone() is None:
        raw.execute(_ADD_DRAFT, _values(draft))
    elif draft.run is not None:
        raw.execute(_BIND_DRAFT, (draft.run, draft.id))


WRITES = (Write(record=Draft, prepare=each(_put), earlier=_earlier),)
