"""What people think of results: the current verdict of each person on a run, and every one that was given."""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from ompycord.domain.base import Millis
from ompycord.domain.ids import RunId
from ompycord.domain.memory.feedback import Feedback
from ompycord.store.database import StorePart
from ompycord.store.statements import load

__all__ = ["SqliteFeedback"]

_SQL = load("feedback")
_EARLIER = _SQL.one("earlier")
_PUT = _SQL.one("put")
_PUT_HISTORY = _SQL.one("put_history")
_OF_RUN = _SQL.one("of_run")
_HISTORY = _SQL.one("history")
_SINCE = _SQL.one("since")


class SqliteFeedback(StorePart):
    """Implements `FeedbackRows`."""

    async def put(self, feedback: Feedback) -> Feedback | None:
        return await self._database.writer.submit(partial(_put, values=feedback.model_dump(mode="json")), is_aside=True)

    async def of_run(self, run: RunId) -> Sequence[Feedback]:
        return await self._database.readers.all(_OF_RUN, (run,), _feedback)

    async def history(self, run: RunId) -> Sequence[Feedback]:
        return await self._database.readers.all(_HISTORY, (run,), _feedback)

    async def since(self, at: Millis) -> Sequence[Feedback]:
        return await self._database.readers.all(_SINCE, (at,), _feedback)


def _put(raw: sqlite3.Connection, values: Mapping[str, Any]) -> Feedback | None:
    found = raw.execute(_EARLIER, values).fetchone()
    raw.execute(_PUT, values)
    raw.execute(_PUT_HISTORY, values)
    return None if found is None else _feedback(found)


def _feedback(row: sqlite3.Row) -> Feedback:
    return Feedback.model_validate({name: row[name] for name in Feedback.model_fields})
