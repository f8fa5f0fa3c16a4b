"""Looks at the start for what an earlier process left: clones of runs that are over, their programs and their refs.

Runs that were at work go on by their journal (`conductor/driver.py`); here they are only named. Counterpart:
`report.py`, which keeps what was found for `ompycord doctor`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

from ompycord.app.recovery.report import Recovered, keep_recovered
from ompycord.domain.events import LeftOut
from ompycord.domain.ids import RunId, is_ulid, short_id
from ompycord.domain.ports import Clock, Decisions, Journal, RunRecords
from ompycord.domain.records import Commit, OutboxKind, OutboxRow
from ompycord.domain.run import FINAL, RunState
from ompycord.errors import OmpycordError, WorkspaceError
from ompycord.render.reports.recovered import recovered_ref
from ompycord.telemetry import get_logger
from ompycord.workspaces.folders import is_real_folder
from ompycord.workspaces.record import Folder

__all__ = ["RecoverySearch", "SearchedStore"]

_NAMED: Final = 100

log = get_logger(__name__)


class SearchedStore(RunRecords, Journal, Decisions, Protocol):
    """Rows of runs, the steps that are open, and deliveries that are decided."""


class RecoverySearch:
    """Runs once, as a service that ends by itself."""

    def __init__(
        self,
        *,
        store: SearchedStore,
        folder: Path,
        discard: Callable[[RunId], Awaitable[None]],
        keep: Callable[[RunId], Awaitable[Sequence[LeftOut]]],
        prune_refs: Callable[[Callable[[RunId], Awaitable[bool]]], Awaitable[None]],
        data: Path,
        clock: Clock,
        ops_channel: str | None = None,
    ) -> None:
        """`folder` holds the folders of runs; `discard` removes a clone, and keeps result, diff and record.

        `keep` names what a clone holds that no result has, and keeps it. `prune_refs` removes what repositories hold
        for runs at work, where the run is over. Without an ops channel only `doctor` and the log tell.
        """
        self._store = store
        self._folder = folder
        self._discard = discard
        self._keep = keep
        self._prune_refs = prune_refs
        self._data = data
        self._clock = clock
        self._ops_channel = ops_channel
        self._known: RunId | None = None
        """One of the runs that are named, which the database knows."""

    async def run(self) -> None:
        """Find, clean, keep the report. What cannot be cleaned is named and tried at the next start."""
        try:
            found = await self.search()
            await self._prune_refs(self._is_over)
            await asyncio.to_thread(keep_recovered, self._data, found)
            await self._notify(found)
        except (OmpycordError, OSError) as error:
            log.warning("recovery.failed", cause=str(error))
            return
        if found.is_something:
            log.info("recovery", resumed=len(found.resumed), cleaned=len(found.cleaned), stuck=len(found.stuck))

    async def _notify(self, found: Recovered) -> None:
        """Queue the notice, once for a start; it stands beside one of the runs. Raises StorageError."""
        if self._ops_channel is None or self._known is None or not found.is_something:
            return
        ref = recovered_ref(
            resumed=len(found.resumed),
            cleaned=len(found.cleaned),
            stuck=len(found.stuck),
            kept=len(found.kept),
            at=found.at,
        )
        body = {"channel": self._ops_channel}
        row = OutboxRow(run=self._known, kind=OutboxKind.NOTICE, ref=ref, body=body, created_at=found.at)
        await self._store.commit(Commit(writes=(row,)))

    async def search(self) -> Recovered:
        """What was found. Raises StorageError."""
        open_ = {row.run for row in await self._store.open_effects()}
        self._known = min(open_, default=None)
        cleaned: list[str] = []
        stuck: list[str] = []
        kept: list[str] = []
        for run in await asyncio.to_thread(self._left_over):
            record = await self._store.run(run)
            if run in open_ or (record is not None and record.state not in FINAL):
                continue
            if record is not None:
                self._known = self._known or RunId(record.id)
            try:
                # Who cancelled a run was told that its work is lost.
                left = await self._keep(run) if record is None or record.state is not RunState.CANCELLED else ()
                if any(piece.ref is None for piece in left):
                    raise WorkspaceError("; ".join(piece.what for piece in left if piece.ref is None))
                await self._discard(run)
            except OmpycordError as error:
                log.warning("recovery.stuck", run=run, cause=str(error))
                stuck.append(short_id(run))
            else:
                log.info("recovery.cleaned", run=run, is_known=record is not None, kept=[piece.ref for piece in left])
                cleaned.append(short_id(run))
                kept += [short_id(run)] if left else []
        return Recovered(
            at=self._clock.now_ms(),
            resumed=tuple(sorted(short_id(run) for run in open_))[:_NAMED],
            cleaned=tuple(cleaned[:_NAMED]),
            stuck=tuple(stuck[:_NAMED]),
            kept=tuple(kept[:_NAMED]),
        )

    async def _is_over(self, run: RunId) -> bool:
        """Whether it is a run of this data folder that has ended, with nothing left to do and no clone here."""
        record = await self._store.run(run)
        if (
            record is None
            or record.state not in FINAL
            or await asyncio.to_thread((self._folder / run / "clone").exists)
        ):
            return False
        return not any(row.run == run for row in await self._store.open_effects())

    def _left_over(self) -> list[RunId]:
        """Runs with a clone that no one said to keep, and in which no follow-up works."""
        if not self._folder.is_dir():
            return []
        return [RunId(path.name) for path in sorted(self._folder.iterdir()) if is_ulid(path.name) and _has_clone(path)]


def _has_clone(path: Path) -> bool:
    if not is_real_folder(path / "clone"):
        return False
    try:
        record = Folder(path).read()
    except OmpycordError:  # damaged: a person looks at it
        return False
    if record is None:
        return True
    is_used = record.kept is not None and record.kept.used_by is not None
    return record.set_aside is None and not is_used
