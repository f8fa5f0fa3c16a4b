"""A person's data: what is kept of them, written out, and taken out of database, memory and files.

An erasure outlives a backup: its pseudonym is added to the file `erased` of the data folder, which no backup holds and
no restore brings back, and what is on that list is taken out again before anything is served.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ompycord.app.auditing.anchoring import Anchoring
from ompycord.app.backups.copies import place_of
from ompycord.app.team.named_files import NameSearch
from ompycord.app.team.unreached import note_unreached
from ompycord.backup.options import BackupOptions
from ompycord.domain.ids import RunId
from ompycord.domain.people.erasing import Scrub, is_pseudonym, pseudonym_of
from ompycord.domain.ports import Clock
from ompycord.errors import RefusedInWords
from ompycord.files import replace_file
from ompycord.memory.erasure import erase_from_memory
from ompycord.store import SqliteStore
from ompycord.store.archive.cuts import names_in
from ompycord.store.archive.files import FileState
from ompycord.store.archive.record_files import RecordFile, without_person
from ompycord.store.features.team.person import PersonSummary, archived_row, moved_row
from ompycord.telemetry import get_logger

__all__ = ["PersonData"]

ERASED_FILE: Final = "erased"
"""In the data folder: the pseudonym of everybody who was erased, a line each."""
_FOLDERS: Final = ("artifacts", "workspaces", "spool")
_CODE: Final = frozenset({"clone", "base", ".git"})
_BUNDLE: Final = ".bundle"
"""Results as git has them."""
log = get_logger(__name__)


def _nothing(runs: Iterable[RunId]) -> None:
    """Where no process keeps snapshots."""


async def _settled() -> None:
    """Where no process writes anything."""


async def _at_next_start() -> Sequence[str]:
    """Where no process asks it."""
    return ("The memory of another package, where memory.backend names one: it forgets them after the next start.",)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonData:
    """For one data folder."""

    store: SqliteStore
    data: Path
    anchoring: Anchoring
    clock: Clock
    backups: BackupOptions
    forget: Callable[[Iterable[RunId]], None] = _nothing
    """Called with the runs whose log is another one now."""
    settle: Callable[[], Awaitable[None]] = _settled
    """Has written what is about to name people; awaited first."""
    remembering: Callable[[], Awaitable[Sequence[str]]] = _at_next_start
    """Has the memory of another package forget; sentences where it does not yet."""

    async def export(self, person: str) -> dict[str, Any]:
        """All that is kept of a person, as JSON: every row of theirs, and how many rows of others name them."""
        scrub, summary = await self._scrub(person)
        rows = await self.store.person_rows(scrub)
        archives = await self._archives()
        files = await asyncio.to_thread(
            lambda: [str(path.relative_to(self.data)) for path in self._files(scrub, archives)]
        )
        archived = await self.store.archive.naming(scrub)
        rows += [archived_row(event, scrub) for event in archived.events]
        rows += await self.store.cuts.of_rows(
            lambda moved: [moved_row(row, scrub) for row in moved if without_person(row, scrub) is not None]
        )
        lost = [one.file for one in await self.store.cuts.seen() if one.state is not FileState.PRESENT]
        named = Counter(one.table for one in rows if one.row is None)
        return {
            "person": person,
            "names": list(scrub.names),
            "runs": list(summary.runs),
            "rows": [{"table": one.table, **one.row} for one in rows if one.row is not None],
            "named_by_others": dict(named),
            "files": files,
            "elsewhere": [
                *_archives_left(archived.unreadable, person),
                *_rows_left(lost, person),
                *self._elsewhere(),
            ],
        }

    async def erase(self, person: str, *, by: str, names: Collection[str] = ()) -> dict[str, Any]:
        """Take a person out; what was done. `names` are more of theirs than those that the database has.

        Raises Refused while runs of theirs are open, or where roles were given to them at run time.
        """
        scrub, summary = await self._scrub(person, names)
        if summary.open_runs:
            raise RefusedInWords(
                f"Open runs of theirs: {summary.open_runs}. Cancel them or wait for their end, then try again."
            )
        if summary.given_roles:
            raise RefusedInWords(
                "A role was given to them at run time, and forgetting that would give another one. An admin takes it "
                "back first: `/omp-admin role` with *as configured*."
            )
        return await self._erase(scrub, by=by)

    async def erase_again(self) -> int:
        """Take out everybody who is on the list of erasures and in the database again, after a restore; how many."""
        listed = await asyncio.to_thread(self._listed)
        if not listed:
            return 0
        key = await asyncio.to_thread(self.anchoring.key)
        await self.store.cuts.tidy()
        known = {
            *await self.store.people_known(),
            *await self.store.cuts.of_rows(lambda rows: {row.text("actor") for row in rows}),
        }
        back = [one for one in sorted(known) if pseudonym_of(key, one) in listed]
        for person in back:
            scrub, _ = await self._scrub(person)
            await self._erase(scrub, by="Ompycord")
            log.warning("person.erased_again", pseudonym=scrub.pseudonym)
        return len(back)

    async def _erase(self, scrub: Scrub, *, by: str) -> dict[str, Any]:
        await self.settle()
        await asyncio.to_thread(self._list, scrub.pseudonym)  # first: a crash in between is made good by the next start
        key = await asyncio.to_thread(self.anchoring.key)
        who = scrub.pseudonym if by == scrub.person else scrub.text(by)
        # Nothing moves into a file meanwhile: it would be removed for naming them, or be made behind what is erased.
        async with self.store.archive.alone, self.store.cuts.alone:
            removed, refused = await asyncio.to_thread(self._remove_files, scrub, await self._archives())
            in_files = await self.store.archive.erase(scrub, at=self.clock.now_ms())
            # Last of all the tables: where it ends before, the names are still there for the next start.
            remembered = [
                await erase_from_memory(self.store.erasure, _later, scrub.person, name) for name in (*scrub.names, "")
            ]
            of_record, lost = await self.store.cuts.without(scrub, at=self.clock.now_ms())
            left = [*in_files.unreadable, *(one.named for one in lost)]
            await asyncio.to_thread(note_unreached, self.data, scrub.pseudonym, left)
            done = await self.store.erase_person(scrub, key=key, by=who, at=self.clock.now_ms(), files=of_record)
        await self.store.archive.tidy()
        await self.store.cuts.tidy()
        self.forget({*map(RunId, done.runs), *in_files.runs})
        await self.store.compact()
        return {
            "pseudonym": scrub.pseudonym,
            "rows": done.rows,
            "events": done.events + len(in_files.runs),
            "audit": done.audit,
            "memory": sum(one.items + one.renamed for one in remembered),
            "files": removed,
            "elsewhere": [
                *_archives_left(in_files.unreadable, scrub.person),
                *_rows_left(lost, scrub.person),
                *(f"The file {one}: remove it by hand." for one in refused),
                *await self.remembering(),
                *self._elsewhere(),
            ],
        }

    async def _scrub(self, person: str, names: Collection[str] = ()) -> tuple[Scrub, PersonSummary]:
        if is_pseudonym(person):
            raise RefusedInWords("That is the pseudonym of somebody who was erased. Give a Discord id.")
        summary = await self.store.person_summary(person)
        key = await asyncio.to_thread(self.anchoring.key)
        moved = await self.store.cuts.of_rows(lambda rows: names_in(rows, person))
        known = tuple(dict.fromkeys((*summary.names, *sorted(moved), *names)))
        return Scrub(person, known, pseudonym_of(key, person)), summary

    async def _archives(self) -> frozenset[str]:
        """Files that are written anew, row by row."""
        return await self.store.archive.names() | await self.store.cuts.names()

    # -- files ---------------------------------------------------------------------------------------------------------

    def _files(self, scrub: Scrub, archives: Collection[str]) -> Iterator[Path]:
        """Files below the data folder in which they are named. Code is left: git is listed as out of reach.

        So are archives: they are written anew, event by event.
        """
        search = NameSearch(scrub.needles)
        for folder in _FOLDERS:
            for root, folders, names in os.walk(self.data / folder):
                folders[:] = [name for name in folders if name not in _CODE]
                paths = (Path(root, one) for one in names if not one.endswith(_BUNDLE) and one not in archives)
                yield from filter(search.finds, paths)

    def _remove_files(self, scrub: Scrub, archives: Collection[str]) -> tuple[int, list[str]]:
        """How many are gone, and those that stay since the disk refuses it."""
        count, refused = 0, list[str]()
        for path in list(self._files(scrub, archives)):
            try:
                path.unlink(missing_ok=True)
                count += 1
            except OSError as error:
                refused.append(f"{path.relative_to(self.data)} ({error.strerror})")
        return count, refused

    def _listed(self) -> frozenset[str]:
        file = self.data / ERASED_FILE
        try:
            return frozenset(file.read_text(encoding="ascii").split())
        except FileNotFoundError:
            return frozenset()

    def _list(self, pseudonym: str) -> None:
        known = self._listed()
        if pseudonym not in known:
            replace_file(self.data / ERASED_FILE, "".join(f"{one}\n" for one in sorted({*known, pseudonym})))

    def _elsewhere(self) -> list[str]:
        """Where they may be named that no erasure here reaches."""
        found = place_of(self.backups, self.data).found()
        backups = [f"Backup {one.name}: it goes when {self.backups.keep} newer ones are there." for one in found]
        return [
            "Discord: messages that they wrote, and those that name them. Delete them there.",
            "Git: commits, pull requests, and branches, whose names are made of titles; here and on forges.",
            "Keys, paths and schedules that are called after them. Rename them.",
            "ompycord.yml: their id under `access`. Take it out, so that it is not used again.",
            "Logs of this process: they go with their age, as `log.keep` says.",
            "Model providers: what agents and the memory sent them, as their own terms say.",
            *backups,
        ]


async def _later() -> None:
    """The database is rewritten once, at the end."""


def _archives_left(months: Iterable[str], person: str) -> list[str]:
    return _left((f"Archived events of {month}" for month in dict.fromkeys(months)), person)


def _rows_left(files: Iterable[RecordFile], person: str) -> list[str]:
    return _left((one.named.capitalize() for one in files), person)


def _left(what: Iterable[str], person: str) -> list[str]:
    """What lies in files that could not be read, and what to do."""
    return [
        f"{one}: their file is missing or damaged. Bring it back with `ompycord archive restore`, "
        f"then run `ompycord person erase {person} --name THEIR_NAME`. If it is lost, nothing is left to erase."
        for one in what
    ]
