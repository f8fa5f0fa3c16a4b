"""Remembers what verified runs did, in facts that Ompycord has: task, files, checks. No agent's words are in it.

So what an agent repeats of its recall never comes back as something new.
"""

from collections.abc import Callable
from typing import Final

from ompycord.conductor import Bus, Snapshots
from ompycord.domain.folds.snapshot import StatusSnapshot, Verification
from ompycord.domain.ids import RunId
from ompycord.domain.memory.items import (
    MOST_PATHS,
    TITLE_LENGTH,
    MemoryFilter,
    MemoryItem,
    MemoryKind,
    MemoryOrigin,
    MemoryPlace,
    MemoryStatus,
)
from ompycord.domain.memory.options import MemoryOptions
from ompycord.domain.people.erasing import is_pseudonym
from ompycord.domain.ports import Clock, Ids, RunFilter, RunRecords
from ompycord.domain.ports.memory import MemoryRows
from ompycord.domain.run import RunKind, RunRecord, RunState
from ompycord.errors import OmpycordError, StorageError
from ompycord.memory.book import terms_of
from ompycord.telemetry import get_logger
from ompycord.text import clean, cut

__all__ = ["MemoryKeeper", "summary_of"]

WAIT_S: Final = 300.0
_RECENT: Final = 50
"""Runs that are looked at when the process starts: those that ended while it did not run."""
_PROMPT: Final = 300
_PATHS: Final = 10

log = get_logger(__name__)


class MemoryKeeper:
    """Runs as one task for the life of the process."""

    def __init__(
        self,
        *,
        rows: MemoryRows,
        runs: RunRecords,
        snapshots: Snapshots,
        bus: Bus,
        clock: Clock,
        ids: Ids,
        options: MemoryOptions,
        redact: Callable[[str], str],
    ) -> None:
        self._rows = rows
        self._runs = runs
        self._snapshots = snapshots
        self._bus = bus
        self._clock = clock
        self._ids = ids
        self._options = options
        self._redact = redact

    async def run(self) -> None:
        """Remember each run that ends verified, until cancelled."""
        if not self._options.run_summaries:
            return
        with self._bus.subscribe() as changes:
            changed = await self._recent()
            while True:
                for run in changed:
                    try:
                        await self.keep(run)
                    except OmpycordError as error:  # asked again when it changes, or at the next start
                        log.warning("memory.not_kept", run=run, cause=str(error))
                changed = await changes.take(WAIT_S)

    async def keep(self, run: RunId) -> MemoryItem | None:
        """Remember a run that ended verified, once; None for every other one. Raises StorageError."""
        snapshot = await self._snapshots.of(run)
        if snapshot is None or not snapshot.is_final or snapshot.verification is not Verification.VERIFIED:
            return None
        kinds = frozenset({MemoryKind.RUN_SUMMARY})
        which = MemoryFilter(source_run=run, kinds=kinds, statuses=frozenset(MemoryStatus), limit=1)
        record = await self._runs.run(run)
        if record is None or is_pseudonym(record.requester) or await self._rows.items(which):
            return None
        item = summary_of(record, snapshot, item=self._ids.ulid(), at=self._clock.now_ms(), redact=self._redact)
        (stored,) = await self._rows.add([(item, terms_of(item))])
        return stored

    async def _recent(self) -> list[RunId]:
        which = RunFilter(states=frozenset({RunState.COMPLETE}), kind=RunKind.HOSTED, limit=_RECENT)
        try:
            return [RunId(record.id) for record in await self._runs.runs(which)]
        except StorageError as error:
            log.warning("memory.not_kept", cause=str(error))
            return []


def summary_of(
    record: RunRecord, snapshot: StatusSnapshot, *, item: str, at: int, redact: Callable[[str], str]
) -> MemoryItem:
    """What a verified run did. Its requester is the author: the task is that person's words."""

    def tidy(text: str) -> str:
        return redact(clean(text)).strip()

    paths = tuple(file.path for file in snapshot.files if file.path.isprintable())
    more = max(snapshot.files_total - _PATHS, 0)
    files = ", ".join((*paths[:_PATHS], *((f"and {more} more",) if more else ())))
    checks = ", ".join(check.name for check in snapshot.checks if check.ours and check.status == "passed")
    prompt = " ".join(tidy(snapshot.prompt).split())
    title = " ".join(tidy(snapshot.title or snapshot.prompt[:TITLE_LENGTH]).split()) or "A task"
    lines = [
        f"Asked: {cut(prompt, _PROMPT)}" if prompt and prompt != title else "",
        f"Changed: {files}" if files else "",
        f"Passed: {checks}" if checks else "",
    ]
    return MemoryItem(
        id=item,
        kind=MemoryKind.RUN_SUMMARY,
        title=cut(title, TITLE_LENGTH),
        body="\n".join(line for line in lines if line),
        paths=paths[:MOST_PATHS],
        **MemoryPlace.of(record).model_copy(update={"channel": None}).model_dump(),
        origin=MemoryOrigin.RUN,
        source_run=record.id,
        author=record.requester,
        author_name=snapshot.origin.requester_name,
        status=MemoryStatus.ACTIVE,
        created_at=at,
    )
