"""The playground's state on disk: JSON documents in SQLite, written before any event about them is sent."""

import json
import sqlite3
from pathlib import Path

from ompycord.playground.rules.documents import Json, encode

SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  parent TEXT NOT NULL,
  position INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (kind, key)
) STRICT;
CREATE INDEX IF NOT EXISTS documents_in_order ON documents (kind, parent, position);
"""


class Storage:
    """Documents by kind and key, in the order of their ids within a parent. One thread, one connection."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        path.chmod(0o600)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        self._db.close()

    def get(self, kind: str, key: str) -> Json | None:
        row = self._db.execute("SELECT body FROM documents WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, kind: str, key: str, body: Json, *, parent: str = "") -> None:
        """Write one document; a key of digits is also its place in the order."""
        self._db.execute(
            "INSERT INTO documents (kind, key, parent, position, body) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body, parent = excluded.parent",
            (kind, key, parent, _position(key), encode(body).decode()),
        )

    def delete(self, kind: str, key: str) -> None:
        self._db.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key))

    def delete_children(self, kind: str, parent: str) -> None:
        self._db.execute("DELETE FROM documents WHERE kind = ? AND parent = ?", (kind, parent))

    def all(self, kind: str) -> list[Json]:
        """Every document of a kind, oldest first."""
        rows = self._db.execute("SELECT body FROM documents WHERE kind = ? ORDER BY position, key", (kind,))
        return [json.loads(row[0]) for row in rows]

    def newest(self, kind: str, parent: str, *, before: int | None = None, limit: int = 100) -> list[Json]:
        """The newest children of `parent` below `before`, newest first."""
        rows = self._db.execute(
            "SELECT body FROM documents WHERE kind = ? AND parent = ? AND position < ? ORDER BY position DESC LIMIT ?",
            (kind, parent, _bounded(before, 2**63 - 1), limit),
        )
        return [json.loads(row[0]) for row in rows]

    def oldest(self, kind: str, parent: str, *, after: int = -1, limit: int = 100) -> list[Json]:
        """The oldest children of `parent` above `after`, oldest first."""
        rows = self._db.execute(
            "SELECT body FROM documents WHERE kind = ? AND parent = ? AND position > ? ORDER BY position LIMIT ?",
            (kind, parent, _bounded(after, -1), limit),
        )
        return [json.loads(row[0]) for row in rows]


def _position(key: str) -> int:
    return _bounded(int(key), 0) if key.isascii() and key.isdigit() else 0


def _bounded(value: int | None, default: int) -> int:
    return default if value is None else max(-1, min(value, 2**63 - 1))
