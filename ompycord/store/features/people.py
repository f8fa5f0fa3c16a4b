"""People: what they chose for themselves."""

import sqlite3
from functools import partial

from ompycord.domain.base import Millis
from ompycord.domain.person_settings import PersonSettings
from ompycord.store.database import StorePart
from ompycord.store.statements import load

__all__ = ["SqlitePeople"]

_SQL = load("people")
_PERSON = _SQL.one("person")
_PUT_PERSON = _SQL.one("put_person")


class SqlitePeople(StorePart):
    """Implements `PeopleSettings`."""

    async def person_settings(self, person: str) -> PersonSettings:
        return await self._database.readers.one(_PERSON, (person,), _settings_of) or PersonSettings()

    async def save_person_settings(self, person: str, settings: PersonSettings, *, at: Millis) -> None:
        body = settings.model_dump_json(exclude_defaults=True)
        await self._database.writer.submit(partial(_put, values=(person, body, at)))


def _settings_of(row: sqlite3.Row) -> PersonSettings:
    return PersonSettings.model_validate_json(row["body"])


def _put(raw: sqlite3.Connection, values: tuple[str, str, Millis]) -> None:
    raw.execute(_PUT_PERSON, values)
