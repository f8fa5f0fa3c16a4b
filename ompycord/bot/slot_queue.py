"""What a queued run's card shows of the other runs of its server: its place, and which of them hold slots.

Used by `message_renderer.py`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from ompycord.conductor import Slots, Snapshots
from ompycord.domain.catalog import Catalog
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock, RunFilter, RunRecords
from ompycord.domain.run import FINAL, RunKind, RunRecord, RunState
from ompycord.render.cards.headlines import headline_of
from ompycord.render.render_context import RenderContext, SlotHolder
from ompycord.render.sanitizer import Redact, Sanitizer

__all__ = ["NO_QUEUE", "QUEUE_S", "QueueNow", "SlotQueue"]

QUEUE_S: Final = 1.0
"""Seconds for which places in the queue are known: a run that joins it is asked for at once, the others move up."""
_QUEUED: Final = 200
"""Runs in the queue whose place is known."""
_WORKING: Final = frozenset(RunState) - FINAL - {RunState.QUEUED, RunState.SUSPENDED}
_LIVE: Final = 100
"""Runs at work that are named at most."""


class QueueNow(NamedTuple):
    """The queue at one moment, as one server sees it."""

    place: int | None = None
    """Among the runs of its own server: of others it is not told how many there are."""
    holders: tuple[SlotHolder, ...] = ()
    """The runs of this server that hold slots, oldest first; empty where one is free."""
    is_shared: bool = False
    """Whether runs of other servers hold slots, too."""


NO_QUEUE: Final = QueueNow()
_Server = str | None


class _Queue(NamedTuple):
    """The whole queue at one moment."""

    read_at: float
    places: Mapping[RunId, int]
    holders: Mapping[_Server, tuple[SlotHolder, ...]]


class SlotQueue:
    """Reads the queue once for all cards that are rendered in the same moment."""

    def __init__(
        self,
        *,
        store: RunRecords,
        snapshots: Snapshots,
        clock: Clock,
        catalog: Catalog,
        redact: Redact,
        slots: Slots | None,
    ) -> None:
        self._store = store
        self._snapshots = snapshots
        self._clock = clock
        self._catalog = catalog
        self._redact = redact
        self._slots = slots
        self._now = _Queue(float("-inf"), {}, {})

    async def with_run(self, record: RunRecord) -> QueueNow:
        """The queue with this run in it. Raises StorageError."""
        now, run = self._clock.monotonic_s(), RunId(record.id)
        if run not in self._now.places or now - self._now.read_at >= QUEUE_S:
            queued = await self._store.runs(RunFilter(states=frozenset({RunState.QUEUED}), limit=_QUEUED))
            self._now = _Queue(now, _places(queued), await self._holders())
        holders = self._now.holders
        is_shared = any(guild != record.guild for guild in holders)
        return QueueNow(self._now.places.get(run), holders.get(record.guild, ()), is_shared)

    async def _holders(self) -> Mapping[_Server, tuple[SlotHolder, ...]]:
        """By server; empty where a slot is free."""
        if self._slots is None:
            return {}
        found = await self._store.runs(RunFilter(is_open=True, kind=RunKind.HOSTED, states=_WORKING, limit=_LIVE))
        guilds = {RunId(one.id): one.guild for one in found if not self._slots.is_waiting(RunId(one.id))}
        if len(guilds) < self._catalog.limits.parallel_runs:
            return {}
        sanitizer = Sanitizer(self._redact)
        holders: defaultdict[_Server, tuple[SlotHolder, ...]] = defaultdict(tuple)
        for run, one in (await self._snapshots.folded_of(sorted(guilds))).items():
            word = headline_of(one.snapshot, RenderContext(), sanitizer).word.lower()
            holders[guilds[run]] += (SlotHolder(title=one.snapshot.title, word=word),)
        return holders


def _places(queued: Iterable[RunRecord]) -> Mapping[RunId, int]:
    """Of each run in the queue of its own server; 1 is next."""
    places: dict[RunId, int] = {}
    length: Counter[_Server] = Counter()
    for record in sorted(queued, key=lambda one: (one.created_at, one.id)):
        if record.kind is RunKind.HOSTED:
            length[record.guild] += 1
            places[RunId(record.id)] = length[record.guild]
    return places
