"""Component states: what shown buttons and forms mean, until they expire."""

import sqlite3
from functools import partial

from ompycord.domain.base import Millis
from ompycord.domain.component_state import ComponentState
from ompycord.store.database import StorePart
from ompycord.store.rows import canonical, with_json
from ompycord.store.statements import load
from ompycord.store.steady import keep_steady

__all__ = ["SqliteComponentStates"]

_SQL = load("component_states")
_COMPONENT_STATE = _SQL.one("component_state")
_ADD = _SQL.one("add_component_state")
_PRUNE = _SQL.one("prune_component_states")


class SqliteComponentStates(StorePart):
    """Implements `ComponentStates`."""

    async def component_state(self, state: str) -> ComponentState | None:
        values = {"id": state, "now": self._database.clock.now_ms()}
        return await self._database.readers.one(_COMPONENT_STATE, values, _state_of)

    async def save_component_state(self, state: ComponentState) -> None:
        body = canonical(state.meaning.model_dump(mode="json"))
        values: dict[str, object] = {**state.model_dump(exclude={"meaning"}), "body": body}
        await self._database.writer.submit(partial(_save, values=values, steady=self._database.steady.now_ms()))


def _state_of(row: sqlite3.Row) -> ComponentState:
    values = with_json(row, "body")
    meaning = values.pop("body")
    return ComponentState.model_validate({**values, "meaning": meaning})


def _save(raw: sqlite3.Connection, values: dict[str, object], steady: Millis) -> None:
    keep_steady(raw, steady)
    raw.execute(_PRUNE, (steady,))
    raw.execute(_ADD, values)
