"""The record as admins read it in Discord: the rows of their server, and a run explained.

Counterpart: `operations.py`, which serves the command line, where all of it is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ompycord.app.auditing.explaining import explained
from ompycord.conductor import Snapshots
from ompycord.domain.auditing.chain import AuditRow
from ompycord.domain.base import Millis
from ompycord.domain.ids import RunId
from ompycord.domain.run import RunRecord
from ompycord.store import SqliteStore

__all__ = ["RecordView"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """Implements `TeamRecord`."""

    store: SqliteStore
    snapshots: Snapshots
    home: str
    """The first server of the settings."""

    async def last(
        self, guild: str, *, before: int | None = None, person: str | None = None, run: str | None = None, limit: int
    ) -> Sequence[AuditRow]:
        """See the port."""
        return await self.store.audit_last(
            guild, is_home=guild == self.home, before=before, actor=person, subject=run, limit=limit
        )

    async def moved_until(self) -> Millis | None:
        """See the port."""
        return max((file.until for file in await self.store.cuts.files()), default=None)

    async def explain(self, record: RunRecord) -> Sequence[str]:
        """See the port."""
        loaded = await self.snapshots.load(record)
        events = await self.store.events_of(RunId(record.id))
        return explained(record, loaded.snapshot, await self.store.audit_of(record.id, since=record.created_at), events)
