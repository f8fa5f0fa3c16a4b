"""Bring a database to this version's schema, or report in one line why not; counterpart of `alembic-free-migrations/`.

Plain SQL, forward only, one transaction a file, each file's checksum kept in `schema_migrations`. Runs in the writer's
thread, before foreign keys are switched on, so that a file may rebuild a table.
"""

import hashlib
import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from ompycord.domain.ports import Clock
from ompycord.errors import ConfigurationError
from ompycord.store.connection import one_line
from ompycord.store.statements import load

__all__ = ["Migration", "find_migrations", "migrate", "statements"]

_NAME = re.compile(r"([0-9]{4})_([a-z0-9_]+)\.sql")

_SQL = load("migrations")
_CREATE_TABLE = _SQL.one("create_table")
_TABLES = _SQL.one("tables")
_APPLIED = _SQL.one("applied")
_ADD = _SQL.one("add")
_COPY = _SQL.one("copy")


class Migration(NamedTuple):
    """One file. The checksum is SHA-256 over its text with Unix line ends, as git may change those on Windows."""

    version: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def find_migrations() -> list[Migration]:
    """The files of this version: packed beside this module in a wheel, at the top of the tree in a checkout.

    An editable install does not see packed files (docs/platform/python.md, *Editable installs*), hence the second
    place. Raises ConfigurationError.
    """
    checkout = Path(__file__).parents[2] / "alembic-free-migrations"
    for folder in (resources.files(__package__ or "ompycord.store") / "migrations_sql", checkout):
        if folder.is_dir():
            return read_folder(folder)
    raise ConfigurationError("The migrations are missing from this installation: install Ompycord again.")


def read_folder(folder: Traversable) -> list[Migration]:
    """Every `NNNN_name.sql`, numbered from 1 without gaps. Raises ConfigurationError for any other `.sql` file."""
    found: list[Migration] = []
    for file in folder.iterdir():
        match = _NAME.fullmatch(file.name)
        if match is not None:
            text = file.read_bytes().decode().replace("\r\n", "\n")
            found.append(Migration(int(match[1]), match[2], text))
        elif file.name.endswith(".sql"):
            raise ConfigurationError(f"The migration {file.name} is not named NNNN_name.sql.")
    found.sort()
    if [migration.version for migration in found] != list(range(1, len(found) + 1)) or not found:
        raise ConfigurationError(
            "The migrations of this installation are not numbered 0001, 0002, ...: install it again."
        )
    return found


def migrate(raw: sqlite3.Connection, migrations: Sequence[Migration], *, path: Path, clock: Clock) -> list[int]:
    """Apply the missing migrations and return their versions.

    A database that has a schema already is copied beside itself first, as `<name>.before-NNNN`. Raises
    ConfigurationError (nothing was changed) or sqlite3.Error.
    """
    applied = _applied(raw, path.name)
    _require_same(applied, migrations, path.name)
    pending = migrations[len(applied) :]
    if pending and applied:
        _copy(raw, path.with_name(f"{path.name}.before-{pending[0].version:04}"))
    for migration in pending:
        _apply(raw, migration, clock)
    return [migration.version for migration in pending]


def statements(text: str) -> Iterator[str]:
    """Split at the semicolons that end a statement; those in strings, comments and triggers do not.

    Raises ConfigurationError when something unfinished is left at the end.
    """
    start = 0
    for match in re.finditer(";", text):
        piece = text[start : match.end()]
        if sqlite3.complete_statement(piece):
            yield piece.strip()
            start = match.end()
    rest = re.sub(r"--[^\n]*|/\*.*?\*/", "", text[start:], flags=re.DOTALL)
    if rest.strip():
        raise ConfigurationError(f"A migration ends in the middle of a statement: {rest.strip()[:60]!r}.")


def _applied(raw: sqlite3.Connection, name: str) -> list[tuple[int, str, str]]:
    tables = {row[0] for row in raw.execute(_TABLES)}
    if "schema_migrations" in tables:
        return [(row[0], row[1], row[2]) for row in raw.execute(_APPLIED)]
    if tables:
        raise ConfigurationError(f"{name} is a database of another program: choose another file.")
    return []


def _require_same(applied: Sequence[tuple[int, str, str]], migrations: Sequence[Migration], name: str) -> None:
    if len(applied) > len(migrations):
        raise ConfigurationError(
            f"{name} was made by a newer Ompycord (schema {len(applied)}, this one knows {len(migrations)}): update "
            "Ompycord."
        )
    for (version, was, checksum), migration in zip(applied, migrations, strict=False):
        if (version, was) != (migration.version, migration.name):
            raise ConfigurationError(f"Migration {version:04}_{was} of {name} is missing here: install Ompycord again.")
        if checksum != migration.checksum:
            raise ConfigurationError(
                f"Migration {version:04}_{was} was edited after it was applied to {name}: put the released file back."
            )


def _apply(raw: sqlite3.Connection, migration: Migration, clock: Clock) -> None:
    began = clock.monotonic_s()
    label = f"{migration.version:04}_{migration.name}"
    raw.execute("BEGIN IMMEDIATE")
    try:
        raw.execute(_CREATE_TABLE)
        for statement in statements(migration.text):
            raw.execute(statement)
            _require(raw.in_transaction, f"Migration {label} ends its own transaction: it must not.")
        dangling = raw.execute("PRAGMA foreign_key_check").fetchone()
        _require(dangling is None, f"Migration {label} leaves a reference to a row that is not there.")
        took_ms = round((clock.monotonic_s() - began) * 1000)
        raw.execute(_ADD, (migration.version, migration.name, migration.checksum, clock.now_ms(), took_ms))
        raw.execute(f"PRAGMA user_version = {migration.version:d}")
        raw.execute("COMMIT")
    except BaseException as error:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
            raise ConfigurationError(f"Migration {label} failed and was undone: {one_line(error)}.") from error
        raise


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ConfigurationError(message)


def _copy(raw: sqlite3.Connection, target: Path) -> None:
    """Write a whole copy under its name, or none: beside it, flushed, then renamed."""
    unfinished = target.with_name(f"{target.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # VACUUM INTO takes an empty file
    raw.execute(_COPY, (str(unfinished),))
    handle = os.open(unfinished, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    unfinished.replace(target)
