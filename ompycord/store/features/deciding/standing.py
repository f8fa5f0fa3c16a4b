"""What people decided about calls of agents, and the permissions among it that still stand."""

import json
import sqlite3
from functools import partial

from ompycord.domain.base import Millis
from ompycord.domain.risk.standing import CallDecision
from ompycord.store.database import StorePart
from ompycord.store.features.audit import add_audit
from ompycord.store.features.runs import run_pk
from ompycord.store.rows import canonical
from ompycord.store.statements import load
from ompycord.store.writes import Write, each

__all__ = ["WRITES", "SqliteCallDecisions"]

_SQL = load("standing")
_ADD = _SQL.one("add_call_decision")
_BEFORE = _SQL.one("decided_before")
_FOR = _SQL.one("standing_for")
_ALL = _SQL.one("standing")
_REVOKE = _SQL.one("revoke_standing")


class SqliteCallDecisions(StorePart):
    """Implements `CallDecisions`."""

    async def decided_before(
        self, guild: str, repository: str, shown: str, *, before: Millis, limit: int
    ) -> list[CallDecision]:
        where = {"guild": guild, "repository": repository, "shown": shown, "before": before, "limit": limit}
        return await self._database.readers.all(_BEFORE, where, _decision_of)

    async def standing_for(
        self, guild: str, repository: str, channel: str, shown: str, *, now: Millis
    ) -> list[CallDecision]:
        where = {"guild": guild, "repository": repository, "channel": channel, "shown": shown, "now": now}
        return await self._database.readers.all(_FOR, where, _decision_of)

    async def standing(self, guild: str, *, now: Millis, limit: int) -> list[CallDecision]:
        return await self._database.readers.all(_ALL, {"guild": guild, "now": now, "limit": limit}, _decision_of)

    async def revoke_standing(self, guild: str, id: str, *, by: str, by_name: str, at: Millis) -> bool:  # noqa: A002  # the field's name
        revoke = partial(_revoke, guild=guild, name=id, by=by, by_name=by_name, at=at)
        return await self._database.writer.submit(revoke)


def _decision_of(row: sqlite3.Row) -> CallDecision:
    return CallDecision.model_validate({**dict(row), "by": json.loads(row["by"])})


def _add(raw: sqlite3.Connection, decided: CallDecision, now: Millis) -> None:
    values = decided.model_dump(mode="json", exclude={"by", "run", "revoked_at", "revoked_by"})
    by = canonical([one.model_dump(mode="json") for one in decided.by])
    raw.execute(_ADD, {**values, "by": by, "run": run_pk(raw, decided.run)})


def _revoke(raw: sqlite3.Connection, *, guild: str, name: str, by: str, by_name: str, at: Millis) -> bool:
    found = raw.execute(_REVOKE, {"guild": guild, "id": name, "by": by, "at": at}).rowcount == 1
    if found:
        detail = {"by_name": by_name, "server": guild}
        add_audit(raw, at=at, actor=by, action="revoke-permission", subject=name, detail=detail)
    return found


WRITES = (Write(record=CallDecision, prepare=each(_add)),)
