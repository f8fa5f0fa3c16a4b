"""Gives the runs of a terminal that began where there was no Discord a place in it, once there is one.

Such a run has no server and no channel: it is listed, not shown. From here on it is shown in the home channel like any
other. Counterpart: `run_operations.py`, which starts them.
"""

from collections.abc import Callable, Sequence
from typing import Final

from ompycord.conductor.deliveries import deliveries
from ompycord.conductor.run_access import RunStore
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock, RunFilter, RunHistory
from ompycord.domain.records import Commit, OutboxRow, RunPlaced
from ompycord.domain.run import RunKind, RunRecord
from ompycord.errors import OmpycordError
from ompycord.telemetry import get_logger

__all__ = ["Adoption"]

_LOOKED_AT: Final = 500
_MOST: Final = 20
"""Runs that are shown at one start, the newest; all of them are listed."""

log = get_logger(__name__)


class Adoption:
    """Runs once, as a service that ends by itself."""

    def __init__(
        self,
        *,
        store: RunStore,
        history: RunHistory,
        clock: Clock,
        guilds: Sequence[str],
        channel: str | None,
        wake: Callable[[], None],
        most: int = _MOST,
    ) -> None:
        """`guilds` and `channel`: where the cards of runs of the terminal stand; nothing is done without them."""
        self._most = most
        self._store = store
        self._history = history
        self._clock = clock
        self._guild = next((one for one in guilds if int(one)), None)
        self._channel = channel
        self._wake = wake

    async def run(self) -> None:
        """Place them, oldest first. What fails is tried at the next start."""
        try:
            await self.place()
        except OmpycordError as error:
            log.warning("adoption.failed", cause=str(error))

    async def place(self) -> int:
        """How many were placed. Raises StorageError."""
        if self._guild is None or self._channel is None:
            return 0
        newest = await self._store.runs(RunFilter(kind=RunKind.HOSTED, limit=_LOOKED_AT))
        found = [record for record in newest if _is_of_a_terminal(record)][: self._most]
        for record in reversed(found):
            await self._store.commit(Commit(writes=await self._writes(record, self._guild, self._channel)))
            log.info("adoption", run=record.id)
        if found:
            self._wake()
        return len(found)

    async def _writes(self, record: RunRecord, guild: str, channel: str) -> tuple[RunPlaced | OutboxRow, ...]:
        """Its place, and the messages that it would have by now; of two that are the same the store takes one."""
        run, now = RunId(record.id), self._clock.now_ms()
        rows: list[OutboxRow] = []
        for event in await self._history.events_of(run):
            rows += deliveries(run, event.body, kind=record.kind, channel=channel, at=now)
        return (RunPlaced(run=run, guild=guild, channel=channel), *rows)


def _is_of_a_terminal(record: RunRecord) -> bool:
    """Whoever starts runs elsewhere has an account, a server or a key."""
    return record.guild is None and record.channel is None and record.requester is None and record.key_id is None
