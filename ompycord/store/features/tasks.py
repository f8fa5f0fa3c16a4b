"""Tasks: what people asked for."""

import sqlite3

from ompycord.domain.base import Millis
from ompycord.domain.task import Task
from ompycord.store.database import StorePart
from ompycord.store.statements import load
from ompycord.store.writes import Write, each

__all__ = ["WRITES", "SqliteTasks"]

_SQL = load("tasks")
_TASK = _SQL.one("task")
_ADD_TASK = _SQL.one("add_task")


class SqliteTasks(StorePart):
    """Implements `Tasks`."""

    async def task(self, task: str) -> Task | None:
        return await self._database.readers.one(_TASK, (task,), _task_of)


def _task_of(row: sqlite3.Row) -> Task:
    return Task.model_validate_json(row["body"])


def _add(raw: sqlite3.Connection, task: Task, now: Millis) -> None:
    raw.execute(_ADD_TASK, (task.id, task.model_dump_json(), now))


WRITES = (Write(record=Task, prepare=each(_add)),)
