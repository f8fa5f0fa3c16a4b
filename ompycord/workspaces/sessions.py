"""Sessions of agents that are kept for follow-ups: their HOMEs, each in the folder of the run that made it.

Used by `service.py`; `home_cleaning.py` takes out what the agent was granted.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from ompycord.domain.base import Millis
from ompycord.domain.folds.follow_up import Former
from ompycord.domain.ids import RunId, is_ulid, short_id
from ompycord.errors import WorkspaceError
from ompycord.telemetry import get_logger
from ompycord.workspaces.folders import is_real_folder, remove
from ompycord.workspaces.guarding.granted import FindGranted
from ompycord.workspaces.home_cleaning import cleaned_size
from ompycord.workspaces.record import Folder, Kept, Record
from ompycord.workspaces.session_limits import SessionLimits

__all__ = ["Adopted", "KeptSessions"]

_DAY_MS: Final = 24 * 60 * 60 * 1000
_MIB: Final = 1024 * 1024

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Adopted:
    """A kept session in which a run goes on."""

    work: Path
    session: str


class _Place(NamedTuple):
    folder: Folder
    record: Record
    kept: Kept


class KeptSessions:
    """One change at a time: what is adopted is not removed in the same moment."""

    def __init__(self, folder: Path, limits: SessionLimits) -> None:
        """`folder` holds the folders of runs."""
        self._folder = folder
        self._limits = limits
        self._lock = asyncio.Lock()

    async def keep(self, folder: Folder, *, grants: Sequence[Path], granted: FindGranted | None, at: Millis) -> bool:
        """Keep the HOME of a run that has ended; whether it is kept. Nothing of the run runs any more.

        What cannot be cleaned is removed, and so is every session beyond the limits. Raises WorkspaceError.
        """
        async with self._lock:
            owner = Folder(folder.work)
            record = owner.read()
            if record is None or not is_real_folder(folder.home):
                return False
            size = await asyncio.to_thread(cleaned_size, folder.home, grants, granted)
            if size is None:
                await self._drop(owner, record)
                return False
            await owner.write(record.model_copy(update={"kept": Kept(at=at, size=size)}))
        await self.prune(at)
        return self.is_kept(folder)

    def is_kept(self, folder: Folder) -> bool:
        """Whether the session in which a run worked is kept."""
        record = Folder(folder.work).read()
        return record is not None and record.kept is not None

    async def adopt(self, former: Former, run: RunId, *, objects: Path) -> Adopted | None:
        """The newest session of the runs before that is kept, from now on in use by `run`. Raises WorkspaceError.

        `objects` is where the repository's are: a confined program sees those that the session's folder names.
        """
        async with self._lock:
            for known in former.sessions:
                place = self._place_of(known.run)
                if place is None or place.kept.used_by not in {None, run} or place.record.objects != objects:
                    continue
                kept = place.kept.model_copy(update={"used_by": run})
                await place.folder.write(place.record.model_copy(update={"kept": kept}))
                return Adopted(place.folder.path, known.session)
        return None

    async def drop(self, folder: Folder) -> None:
        """Remove the session in which a run worked. Raises WorkspaceError."""
        async with self._lock:
            owner = Folder(folder.work)
            if (record := owner.read()) is not None:
                await self._drop(owner, record)

    async def release(self, run: RunId) -> None:
        """Note that a run does not use a session any more. Raises WorkspaceError."""
        async with self._lock:
            for place in await asyncio.to_thread(lambda: list(self._places())):
                if place.kept.used_by == run:
                    kept = place.kept.model_copy(update={"used_by": None})
                    await place.folder.write(place.record.model_copy(update={"kept": kept}))

    async def prune(self, now: Millis) -> None:
        """Remove what is kept for too long, and the oldest while all are too large. Those in use stay."""
        async with self._lock:
            places = await asyncio.to_thread(lambda: sorted(self._places(), key=lambda place: place.kept.at))
            room = self._limits.sessions_mib * _MIB - sum(place.kept.size for place in places)
            for place in places:
                is_old = now - place.kept.at >= self._limits.sessions_days * _DAY_MS
                if place.kept.used_by is not None or not (is_old or room < 0):
                    continue
                try:
                    await self._drop(place.folder, place.record)
                except WorkspaceError as error:
                    log.warning("session.not_removed", run=place.folder.path.name, cause=str(error))
                    continue
                room += place.kept.size
                log.info("session.removed", run=place.folder.path.name, reason="age" if is_old else "size")

    async def _drop(self, folder: Folder, record: Record) -> None:
        await remove(folder.path / "home")
        if record.kept is not None:
            await folder.write(record.model_copy(update={"kept": None}))

    def _place_of(self, run: RunId) -> _Place | None:
        """Where the session is that this run had last."""
        try:
            located, _ = Folder.located(self._folder / run)
            folder = Folder(located.work)
            record = folder.read()
        except WorkspaceError:  # damaged: the follow-up begins a new session
            return None
        if record is None or record.kept is None or not is_real_folder(folder.home):
            return None
        return _Place(folder, record, record.kept)

    def _places(self) -> Iterator[_Place]:
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            if not is_ulid(path.name):
                continue
            folder = Folder(path)
            try:
                record = folder.read()
            except WorkspaceError as error:
                log.warning("workspace.unreadable", run=short_id(path.name), cause=str(error))
                continue
            if record is not None and record.kept is not None:
                yield _Place(folder, record, record.kept)
