"""Moves events of ended runs into files: a file is written first, then they leave the table, a few at a time.

What a crash leaves is told by the rows: a file that is not kept is removed, a part that is still in the log goes on.
"""

import asyncio
import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final, NamedTuple, TypeVar

from ompycord.domain.base import Millis
from ompycord.domain.ids import RunId
from ompycord.domain.people.erasing import Scrub
from ompycord.errors import ArchiveUnreadable
from ompycord.store.archive.erasing import names_them, without
from ompycord.store.archive.files import FileState, FileStates, RunFrame, StoredEvent, made
from ompycord.store.archive.reading import ARCHIVE
from ompycord.store.database import Database, StorePart
from ompycord.store.features.projection import put_cursor
from ompycord.store.statements import load

__all__ = [
    "ArchiveTotals",
    "Archived",
    "ArchivedFile",
    "DueRun",
    "ErasedInFiles",
    "NamingEvents",
    "SqliteArchive",
    "kept_archives",
]

T = TypeVar("T")

FILE_BYTES: Final = 16 * 1024 * 1024
"""Of bodies in one file at most, but for one run alone."""

_SQL = load("archive")
_DUE_RUNS = _SQL.one("due_runs")
_READERS_POSITION = _SQL.one("readers_position")
_EVENTS_TO_ARCHIVE = _SQL.one("events_to_archive")
_BEGIN_ARCHIVE = _SQL.one("begin_archive")
_KEEP_ARCHIVE = _SQL.one("keep_archive")
_DROPPED_ARCHIVES = _SQL.one("dropped_archives")
_ARCHIVE_NAMES = _SQL.one("archive_names")
_FORGET_ARCHIVE = _SQL.one("forget_archive")
_PUT_ARCHIVED_RUN = _SQL.one("put_archived_run")
_DROP_ARCHIVE = _SQL.one("drop_archive")
_DROP_ARCHIVED_RUNS = _SQL.one("drop_archived_runs")
_PARTS_OF_ARCHIVE = _SQL.one("parts_of_archive")
_KEPT_ARCHIVES = _SQL.one("kept_archives")
_TOTALS = _SQL.one("totals")
_NEXT_IN_LOG = _SQL.one("next_in_log")
_TAKE_OUT_EVENTS = _SQL.one("take_out_events")
_TAKE_OUT = tuple(_SQL.one(name) for name in ("take_out_fold", "take_out_effects", "take_out_messages"))
_IS_OUT_OF_LOG = _SQL.one("is_out_of_log")


class DueRun(NamedTuple):
    """A run whose events may go."""

    pk: int
    run: RunId
    month: str
    """In which it ended, by UTC."""


@dataclass(frozen=True, slots=True)
class Archived:
    """A file that was made."""

    sha256: str
    month: str
    runs: int
    events: int
    size: int


class ArchiveTotals(NamedTuple):
    """What is in files."""

    files: int
    runs: int
    events: int
    size: int
    month: str | None
    """The last month that is."""


class ArchivedFile(NamedTuple):
    """A file that counts, and what is where it belongs."""

    archived: Archived
    state: FileState


class NamingEvents(NamedTuple):
    """Events in files that name a person."""

    events: list[StoredEvent]
    unreadable: list[str]
    """Months of files that could not be read, so that nothing is known of them."""


class ErasedInFiles(NamedTuple):
    """What an erasure did to files."""

    runs: list[RunId]
    """Of each event that is another one now."""
    unreadable: list[str]
    """Months of files that could not be read: nothing in them has changed."""


class _ArchivedRun(NamedTuple):
    run: int
    place: RunFrame
    last_position: int
    is_in_log: int


class SqliteArchive(StorePart):
    """One call after the other: what makes files and what takes people out of them must not meet."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.alone = asyncio.Lock()
        """Held by whoever makes or changes files; an erasure holds it from its first look at them to its last table."""
        self._states = FileStates(database.archive)

    async def due(self, *, before: Millis, after: int, limit: int) -> list[DueRun]:
        """Runs after a row number whose events may go."""
        values = {"before": before, "after": after, "limit": limit}
        return await self._database.readers.all(_DUE_RUNS, values, _due_of)

    async def archive(self, runs: Sequence[DueRun], *, at: Millis) -> Archived | None:
        """Put the first of these into one file, those of one month that have room; None where none can be moved yet.

        Raises StorageError; OSError where the file cannot be written.
        """
        files = self._database.archive
        async with self.alone:
            chosen: list[DueRun] = []
            events: list[list[StoredEvent]] = []
            size = 0
            for one in (one for one in runs if one.month == runs[0].month):
                found = await self._database.readers.read(partial(_events, pk=one.pk))
                if not found:
                    continue
                size += sum(len(event["body"]) for event in found)
                if chosen and size > FILE_BYTES:
                    break
                chosen.append(one)
                events.append(found)
            if not chosen:
                return None
            content, parts = await asyncio.to_thread(made, events)
            count = sum(map(len, events))
            archived = Archived(hashlib.sha256(content).hexdigest(), runs[0].month, len(chosen), count, len(content))
            await self._submit(partial(_begin, archived=archived, at=at))
            await asyncio.to_thread(files.write, content)
            last = [found[-1]["position"] for found in events]
            rows = [
                (one.pk, archived.sha256, *part, position, 1)
                for one, part, position in zip(chosen, parts, last, strict=True)
            ]
            await self._submit(partial(_keep, sha256=archived.sha256, rows=rows))
            return archived

    async def take_out(self, *, limit: int) -> int:
        """Take some events out of the log that are in files, in one small transaction; 0 once none is left."""
        return await self._database.writer.submit(partial(_take_out, limit=limit), weight=limit, is_aside=True)

    async def tidy(self) -> None:
        """Remove files that do not count. Raises StorageError, OSError."""
        async with self.alone:
            for sha256 in await self._submit(_dropped):
                await asyncio.to_thread(self._database.archive.remove, sha256)
                await self._submit(partial(_forget, sha256=sha256))

    async def naming(self, scrub: Scrub) -> NamingEvents:
        """Events in files that name a person. Raises StorageError."""
        found = NamingEvents([], [])
        for archived in await self._kept():
            try:
                runs = await self._runs_of(archived, await self._parts(archived))
            except ArchiveUnreadable as error:
                found.unreadable.append(error.month)
                continue
            found.events.extend(event for events in runs for event in events if names_them(event, scrub))
        return found

    async def erase(self, scrub: Scrub, *, at: Millis) -> ErasedInFiles:
        """Take a person out of all files that can be read; `tidy` removes what they were.

        The caller holds `alone`. Raises StorageError, OSError.
        """
        done = ErasedInFiles([], [])
        for archived in await self._submit(kept_archives):
            try:
                done.runs.extend(await self._erase_in(archived, scrub, at))
            except ArchiveUnreadable as error:
                done.unreadable.append(error.month)
        return done

    async def _erase_in(self, archived: Archived, scrub: Scrub, at: Millis) -> list[RunId]:
        files, parts = self._database.archive, await self._parts(archived)
        done: list[list[StoredEvent]] = []
        changed: list[RunId] = []
        for found in await self._runs_of(archived, parts):
            events, runs = without(found, scrub)
            done.append(events)
            changed += runs
        if not changed:
            return []
        content, places = await asyncio.to_thread(made, done)
        fresh = replace(archived, sha256=hashlib.sha256(content).hexdigest(), size=len(content))
        await self._submit(partial(_begin, archived=fresh, at=at))
        await asyncio.to_thread(files.write, content)
        rows = [
            (part.run, fresh.sha256, *place, part.last_position, part.is_in_log)
            for part, place in zip(parts, places, strict=True)
        ]
        await self._submit(partial(_keep, sha256=fresh.sha256, rows=rows, instead_of=archived.sha256))
        return changed

    async def _runs_of(self, archived: Archived, parts: Sequence[_ArchivedRun]) -> list[list[StoredEvent]]:
        """The events of all runs in a file. Raises ArchiveUnreadable."""
        read = partial(self._database.archive.read, archived.sha256, month=archived.month)
        return [await asyncio.to_thread(read, part.place) for part in parts]

    async def _kept(self) -> list[Archived]:
        return await self._database.readers.read(kept_archives)

    async def _parts(self, archived: Archived) -> list[_ArchivedRun]:
        return await self._database.readers.all(_PARTS_OF_ARCHIVE, (archived.sha256,), _part_of)

    async def totals(self) -> ArchiveTotals:
        """What is in files."""
        found = await self._database.readers.one(_TOTALS, (), lambda row: ArchiveTotals(*row))
        return found or ArchiveTotals(0, 0, 0, 0, None)

    async def names(self) -> frozenset[str]:
        """The names of all files, also of those that are being made or removed. Raises StorageError."""
        return frozenset(await self._database.readers.all(_ARCHIVE_NAMES, (), lambda row: str(row["sha256"])))

    async def files(self, *, is_thorough: bool = True) -> list[ArchivedFile]:
        """All files that count, the oldest first, and what is where they belong. Raises StorageError.

        Else one that is as it was at the last look is not read again.
        """
        kept = await self._kept()
        names = [one.sha256 for one in kept]
        states = await asyncio.to_thread(self._states.seen, names, is_thorough=is_thorough)
        return [ArchivedFile(one, state) for one, state in zip(kept, states, strict=True)]

    async def _submit(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What is asked here is answered behind what is being committed, also where nobody waits for that any more."""
        return await self._database.writer.submit(work, is_aside=True)


def _due_of(row: sqlite3.Row) -> DueRun:
    month = datetime.fromtimestamp(row["ended_at"] / 1000, UTC).strftime("%Y-%m")
    return DueRun(row["pk"], RunId(row["run"]), month)


def _events(raw: sqlite3.Connection, pk: int) -> list[StoredEvent]:
    """None while somebody who reads the log has not come to the last of them."""
    found = [dict(row) for row in raw.execute(_EVENTS_TO_ARCHIVE, (pk,))]
    upto = raw.execute(_READERS_POSITION).fetchone()[0]
    return found if found and found[-1]["position"] <= upto else []


def _dropped(raw: sqlite3.Connection) -> list[str]:
    return [str(row["sha256"]) for row in raw.execute(_DROPPED_ARCHIVES)]


def _begin(raw: sqlite3.Connection, *, archived: Archived, at: Millis) -> None:
    raw.execute(_BEGIN_ARCHIVE, {**asdict(archived), "made_at": at})


def kept_archives(raw: sqlite3.Connection) -> list[Archived]:
    """All files that count, the oldest first."""
    return [_archived_of(row) for row in raw.execute(_KEPT_ARCHIVES)]


def _archived_of(row: sqlite3.Row) -> Archived:
    return Archived(row["sha256"], row["month"], row["runs"], row["events"], row["size"])


def _part_of(row: sqlite3.Row) -> _ArchivedRun:
    return _ArchivedRun(row["run"], RunFrame(row["start"], row["length"]), row["last_position"], row["is_in_log"])


def _keep(
    raw: sqlite3.Connection, *, sha256: str, rows: Sequence[tuple[object, ...]], instead_of: str | None = None
) -> None:
    raw.execute(_KEEP_ARCHIVE, (sha256,))
    if instead_of is not None:
        raw.execute(_DROP_ARCHIVED_RUNS, (instead_of,))
        raw.execute(_DROP_ARCHIVE, (instead_of,))
    raw.executemany(_PUT_ARCHIVED_RUN, rows)


def _forget(raw: sqlite3.Connection, *, sha256: str) -> None:
    raw.execute(_FORGET_ARCHIVE, (sha256,))


def _take_out(raw: sqlite3.Connection, *, limit: int) -> int:
    row = raw.execute(_NEXT_IN_LOG).fetchone()
    if row is None:
        return 0
    put_cursor(raw, ARCHIVE, row["last_position"])
    values = {"run": row["run"], "upto": row["last_position"], "limit": limit}
    count = raw.execute(_TAKE_OUT_EVENTS, values).rowcount
    if count < limit:
        for statement in _TAKE_OUT:
            raw.execute(statement, (row["run"],))
        raw.execute(_IS_OUT_OF_LOG, (row["run"], row["archive"]))
    return max(count, 1)
