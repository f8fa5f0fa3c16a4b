"""Everything that the database holds of one person: found, and taken out in one transaction.

Every table is looked through, so that one that is new is not forgotten; a few have rules of their own. Counterparts:
`domain/people/erasing.py`, which says what becomes of a text, and `memory/erasing.py` for what is remembered.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, Final, cast

from ompycord.domain.auditing.chain import AuditRow
from ompycord.domain.auditing.marks import ERASED, ROWS_IN_ONE, erased_detail
from ompycord.domain.base import Frozen, Millis
from ompycord.domain.people.erasing import ERASED_WORDS, Scrub
from ompycord.store.archive.cuts import RewrittenFile, put_in_place
from ompycord.store.archive.files import StoredEvent
from ompycord.store.archive.record_files import without_person
from ompycord.store.database import StorePart
from ompycord.store.features.audit import add_audit
from ompycord.store.statements import load

__all__ = ["ErasedPerson", "NamingRow", "PersonSummary", "SqlitePerson", "archived_row", "moved_row"]

_SQL = load("person")
_NAMES = _SQL.one("names_of")
_RUNS = _SQL.one("runs_of_person")
_ALL_RUNS = _SQL.one("all_runs")
_ROLES = _SQL.one("roles_of_person")
_KNOWN = _SQL.one("people_known")
_TYPED = _SQL.one("events_typed")
_EDITS = _SQL.one("edits_of_answers")
_PUT_EVENT = _SQL.one("put_event_body")
_PUT_AUDIT = _SQL.one("put_audit_texts")
_DROP_FOLD = _SQL.one("drop_fold")
_TABLES = _SQL.one("user_tables")
_COLUMNS = _SQL.one("columns_of")
_WORDS_GO = _SQL.one("decisions_lose_words")
_DROPPED: Final = tuple(
    _SQL.one(name) for name in ("drop_choices", "drop_drafts", "drop_deliveries_of", "drop_feedback_of")
)
_OWN: Final = frozenset({"events", "audit", "folds", "schema_migrations"})
"""Tables with rules of their own, or without people."""
_OF_MEMORY: Final = "memory_"
"""What is remembered is erased by the memory, which knows its index."""
_MOST: Final = 20_000
"""Rows of one table that an export holds."""


class NamingRow(Frozen):
    """A row that names a person."""

    table: str
    row: dict[str, Any] | None
    """As it is, where it is theirs; None where others wrote it, and only name them."""


class PersonSummary(Frozen):
    """Who it is, and what stands in the way of taking them out."""

    names: tuple[str, ...]
    runs: tuple[str, ...]
    """The runs that they asked for, by id."""
    open_runs: int
    given_roles: int


class ErasedPerson(Frozen):
    """What was taken out."""

    rows: int
    events: int
    audit: int
    runs: tuple[str, ...]
    """Runs whose log is another one now."""


@dataclass
class _Done:
    rows: int = 0
    events: int = 0
    audit: dict[int, str] = field(default_factory=dict[int, str])
    folds: set[int] = field(default_factory=set[int])


class SqlitePerson(StorePart):
    """Reads and erases one person."""

    async def person_summary(self, person: str) -> PersonSummary:
        return await self._database.readers.read(partial(_summary, person=person))

    async def people_known(self) -> list[str]:
        """Every id of a person who acted."""
        return await self._database.readers.all(_KNOWN, (), lambda row: str(row["person"]))

    async def person_rows(self, scrub: Scrub) -> list[NamingRow]:
        """Every row that names a person."""
        return await self._database.readers.read(partial(_rows_of, scrub=scrub))

    async def erase_person(
        self, scrub: Scrub, *, key: bytes, by: str, at: Millis, files: Sequence[RewrittenFile] = ()
    ) -> ErasedPerson:
        """Take a person out of every table but those of the memory; a signed row of the audit names what changed.

        `files`: those of the record, already written without them; they count from this transaction on.
        """
        work = partial(_erase, scrub=scrub, key=key, by=by, at=at, files=files)
        return await self._database.writer.submit(work)


def _summary(raw: sqlite3.Connection, *, person: str) -> PersonSummary:
    names = {str(row["name"]) for row in raw.execute(_NAMES, {"person": person}) if row["name"]}
    runs = raw.execute(_RUNS, (person,)).fetchall()
    return PersonSummary(
        names=tuple(sorted(names)),
        runs=tuple(str(row["id"]) for row in runs),
        open_runs=sum(row["ended_at"] is None for row in runs),
        given_roles=int(raw.execute(_ROLES, (person,)).fetchone()["n"]),
    )


def _rows_of(raw: sqlite3.Connection, *, scrub: Scrub) -> list[NamingRow]:
    found: list[NamingRow] = []
    for table, columns in _tables(raw):
        if table == "folds" or table.startswith(f"{_OF_MEMORY}index"):
            continue
        rows = islice(_naming(raw, table, columns, scrub), _MOST)
        found.extend(NamingRow(table=table, row=_own(dict(row), scrub)) for row in rows)
    return found


def archived_row(event: StoredEvent, scrub: Scrub) -> NamingRow:
    """An event that lies in a file."""
    texts = {name: event[name].decode("utf-8", "replace") for name in ("type", "body")}
    return NamingRow(table="archived events", row=_own({**event, **texts}, scrub))


def moved_row(row: AuditRow, scrub: Scrub) -> NamingRow:
    """A row of the record that lies in a file."""
    texts = {name: row.text(name) for name in ("actor", "action", "subject", "detail")}
    return NamingRow(table="archived audit", row=_own({"n": row.n, "at": row.at, **texts}, scrub))


def _own(row: Mapping[str, Any], scrub: Scrub) -> dict[str, Any] | None:
    shown = {name: value for name, value in row.items() if not isinstance(value, bytes)}
    is_own = any(value == scrub.person or (isinstance(value, str) and _wrote(value, scrub)) for value in shown.values())
    return shown if is_own else None


def _wrote(text: str, scrub: Scrub) -> bool:
    try:
        value = json.loads(text)
    except ValueError:
        return False
    return isinstance(value, dict) and scrub.wrote(cast("dict[str, Any]", value))


def _erase(
    raw: sqlite3.Connection, *, scrub: Scrub, key: bytes, by: str, at: Millis, files: Sequence[RewrittenFile]
) -> ErasedPerson:
    done = _Done(audit=put_in_place(raw, files))
    runs = [(int(row["pk"]), str(row["id"])) for row in raw.execute(_RUNS, (scrub.person,))]
    done.folds.update(pk for pk, _ in runs)
    for statement in _DROPPED:
        done.rows += raw.execute(statement, (scrub.person,)).rowcount
    raw.execute(_WORDS_GO, {"person": scrub.person, "words": ERASED_WORDS})
    _erase_events(raw, scrub, done)
    _erase_audit(raw, scrub, done)
    for table, columns in _tables(raw):
        if table == "folds":
            done.folds.update(row["run"] for row in _naming(raw, table, columns, scrub))
        elif table not in _OWN and not table.startswith(_OF_MEMORY):
            done.rows += _erase_table(raw, table, columns, scrub)
    ids = {int(row["pk"]): str(row["id"]) for row in raw.execute(_ALL_RUNS)}
    for run in done.folds:
        raw.execute(_DROP_FOLD, (run,))
    changed = sorted(done.audit.items())
    for first in range(0, max(len(changed), 1), ROWS_IN_ONE):
        detail = erased_detail(key, dict(changed[first : first + ROWS_IN_ONE]))
        add_audit(raw, at=at, actor=by, action=ERASED, subject=scrub.pseudonym, detail=detail)
    return ErasedPerson(
        rows=done.rows, events=done.events, audit=len(done.audit),
        runs=tuple(ids[run] for run in sorted(done.folds) if run in ids),
    )  # fmt: skip


def _erase_events(raw: sqlite3.Connection, scrub: Scrub, done: _Done) -> None:
    typed = {row["typed"] for row in raw.execute(_TYPED, (scrub.person,))}
    edits = [row for row in raw.execute(_EDITS) if json.loads(row["body"]).get("typed") in typed]
    columns = {"body": "TEXT"}
    found = {row["position"]: row for row in (*_naming(raw, "events", columns, scrub), *edits)}
    for position, row in found.items():
        before = str(row["body"])
        is_theirs = True if json.loads(before).get("typed") in typed else None
        body = scrub.json(before, is_theirs=is_theirs)
        if body != before:
            digest = hashlib.sha256(f"{row['type']}\n{body}".encode()).digest()
            raw.execute(_PUT_EVENT, (body, digest, position))
            done.events += 1
            done.folds.add(int(row["run"]))


def _erase_audit(raw: sqlite3.Connection, scrub: Scrub, done: _Done) -> None:
    columns = {"actor": "TEXT", "subject": "TEXT", "detail": "TEXT"}
    for found in list(_naming(raw, "audit", columns, scrub)):
        texts = {name: found[name].encode() for name in ("actor", "action", "subject", "detail")}
        row = AuditRow.model_validate({name: texts.get(name, found[name]) for name in AuditRow.model_fields})
        now = without_person(row, scrub)
        if now is not None:
            raw.execute(_PUT_AUDIT, (now.text("actor"), now.text("subject"), now.text("detail"), now.n))
            done.audit[now.n] = now.content_hash


def _erase_table(raw: sqlite3.Connection, table: str, columns: Mapping[str, str], scrub: Scrub) -> int:
    keys = _primary(raw, table) or ["rowid"]
    count = 0
    for row in list(_naming(raw, table, columns, scrub)):
        texts = {name: str(row[name]) for name, type_ in columns.items() if type_ == "TEXT" and row[name] is not None}
        now = {name: scrub.json(text, column=name) for name, text in texts.items()}
        changed = {name: text for name, text in now.items() if text != texts[name]}
        if not changed:
            continue
        sets = ", ".join(f'"{name}" = ?' for name in changed)
        where = " AND ".join(f'"{name}" IS ?' for name in keys)
        values = (*changed.values(), *(row[name] for name in keys))
        # Where they were erased before, the row under their pseudonym may be there: the later one counts.
        raw.execute(f'UPDATE OR REPLACE "{table}" SET {sets} WHERE {where}', values)  # noqa: S608  # names of our own schema
        count += 1
    return count


def _tables(raw: sqlite3.Connection) -> Iterator[tuple[str, Mapping[str, str]]]:
    for row in raw.execute(_TABLES).fetchall():
        table = str(row["name"])
        columns = raw.execute(_COLUMNS, (table,)).fetchall()
        yield table, {str(column["name"]): str(column["type"]) for column in columns}


def _primary(raw: sqlite3.Connection, table: str) -> Sequence[str]:
    """The columns of its primary key, where it names one."""
    return [str(column["name"]) for column in raw.execute(_COLUMNS, (table,)) if column["pk"]]


def _naming(raw: sqlite3.Connection, table: str, columns: Mapping[str, str], scrub: Scrub) -> Iterator[sqlite3.Row]:
    """The rows in which one of their names or ids stands."""
    texts = [f'CAST("{name}" AS TEXT)' for name, type_ in columns.items() if type_ in {"TEXT", "BLOB", ""}]
    if not texts:
        return iter(())
    tests = " OR ".join(f"instr({text}, ?)" for text in texts for _ in scrub.needles)
    values = [needle for _ in texts for needle in scrub.needles]
    own = "" if _primary(raw, table) else ", rowid"
    return raw.execute(f'SELECT *{own} FROM "{table}" WHERE {tests}', values)  # noqa: S608  # names of our own schema
