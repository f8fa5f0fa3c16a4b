"""Moves old rows of the record into files: a month once all of it is old enough, and on request.

Counterparts: `store/archive/cuts.py`, which does it, and `domain/auditing/cuts.py`, what the record says of it.
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from ompycord.app.auditing.anchoring import Anchoring, TamperedAnchors
from ompycord.app.retention.keeper import month_before
from ompycord.bot.lookups import HealthLine
from ompycord.domain.base import Millis
from ompycord.domain.ports import Clock
from ompycord.errors import OmpycordError, RefusedInWords
from ompycord.store import SqliteStore
from ompycord.telemetry import get_logger

__all__ = ["Cutting", "MovedRows", "day_of"]

PAUSE_S: Final = 3600.0
_OURS: Final = "Ompycord"

log = get_logger(__name__)


@dataclass(frozen=True)
class MovedRows:
    """What moved, or would."""

    rows: int = 0
    through: int | None = None
    """The last of them; None where none did."""
    files: int = 0
    not_anchored: str | None = None
    """Why the row that says so has no anchor yet."""


@dataclass(kw_only=True)
class Cutting:
    """For one data folder. Without `keep_days` only what is asked for moves."""

    store: SqliteStore
    anchoring: Anchoring
    clock: Clock
    keep_days: int | None = None
    fault: str | None = field(default=None, init=False)
    """Why what is due stays in the database; read by health."""

    async def run(self) -> None:
        """Look at the start and every hour until cancelled; what fails is told by health, and tried again."""
        while True:
            await self.inspect()
            await self.clock.sleep(PAUSE_S)

    async def inspect(self) -> None:
        """Move what is due now."""
        try:
            await self.store.cuts.tidy()
            if self.keep_days is not None:
                moved = await self.cut(month_before(self.clock.now_ms(), self.keep_days), by=_OURS)
                if moved.rows:
                    log.info("audit.cut", rows=moved.rows, through=moved.through, not_anchored=moved.not_anchored)
        except (OmpycordError, OSError) as error:
            self.fault = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            log.warning("audit.not_cut", cause=self.fault)
        else:
            self.fault = None

    async def due(self, before: Millis) -> MovedRows:
        """What `cut` would move."""
        return MovedRows(rows=await self.store.cuts.due(before=before))

    async def cut(self, before: Millis, *, by: str) -> MovedRows:
        """Move all rows that are older, then anchor the row that says so.

        Raises Refused where the record has a break that no one confirmed; StorageError, OSError.
        """
        due = await self.store.cuts.due(before=before)
        if not due:
            return MovedRows()
        key = await asyncio.to_thread(self.anchoring.key)
        await self._require_whole(key)
        moved = MovedRows()
        while moved.rows < due:  # rows that say what moved are not due, whatever the clock says
            file = await self.store.cuts.cut(before=before, key=key, by=by, at=self.clock.now_ms())
            if file is None:
                break
            moved = MovedRows(rows=moved.rows + file.rows, through=file.last, files=moved.files + 1)
        try:
            await self.anchoring.add()
        except (OmpycordError, TamperedAnchors) as error:
            return replace(moved, not_anchored=str(error))
        return moved

    async def _require_whole(self, key: bytes) -> None:
        try:
            report = await self.store.check_audit(await self.anchoring.read(), key=key)
        except TamperedAnchors as error:
            raise RefusedInWords(f"The anchors were changed: {error}. No row moves before that is clear.") from None
        if report.open_faults:
            fault = report.open_faults[0]
            raise RefusedInWords(
                f"{fault.text} Nothing moves before that is clear: look with `ompycord audit verify`, confirm it with "
                f'`ompycord audit accept {fault.n} --reason "…"`.'
            )

    def lines(self) -> tuple[HealthLine, ...]:
        """The line of `/omp health`, where something is wrong."""
        if self.fault is None:
            return ()
        return (HealthLine(name="Record", is_ok=False, text=f"old rows stay in the database: {self.fault}"),)


def day_of(at: Millis) -> str:
    """A day by UTC, in words."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d")
