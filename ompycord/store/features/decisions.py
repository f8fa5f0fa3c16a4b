"""Decisions: what people decided, once; each is also a link of the audit."""

import sqlite3
from collections.abc import Sequence

from ompycord.domain.base import Millis
from ompycord.domain.ids import RunId
from ompycord.domain.records import Committed, Decision
from ompycord.store.database import StorePart
from ompycord.store.features.audit import add_audit
from ompycord.store.features.runs import run_pk
from ompycord.store.statements import load
from ompycord.store.writes import Write, each

__all__ = ["WRITES", "SqliteDecisions"]

_SQL = load("decisions")
_DECISION = _SQL.one("decision")
_ADD_DECISION = _SQL.one("add_decision")


class SqliteDecisions(StorePart):
    """Implements the reading of `Decisions`."""

    async def decision(self, run: RunId, kind: str, ref: str) -> Decision | None:
        return await self._database.readers.one(_DECISION, (run, kind, ref), _decision_of)


def _decision_of(row: sqlite3.Row) -> Decision:
    return Decision.model_validate(dict(row))


def _earlier(raw: sqlite3.Connection, decisions: Sequence[Decision]) -> Committed | None:
    """The earlier decision, where one of them comes second."""
    for decision in decisions:
        row = raw.execute(_DECISION, (decision.run, decision.kind, decision.ref)).fetchone()
        if row is not None:
            return Committed(fresh=False, earlier=_decision_of(row))
    return None


def _add(raw: sqlite3.Connection, decision: Decision, now: Millis) -> None:
    values = (decision.kind, decision.ref, decision.action, decision.by, decision.by_name, decision.at)
    raw.execute(_ADD_DECISION, (decision.id, run_pk(raw, decision.run), *values))
    detail = {"decision": decision.id, "ref": decision.ref, "action": decision.action, "by_name": decision.by_name}
    add_audit(raw, at=decision.at, actor=decision.by, action=decision.kind, subject=decision.run, detail=detail)


WRITES = (Write(record=Decision, prepare=each(_add), earlier=_earlier),)
