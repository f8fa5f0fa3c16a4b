"""How a run's thread is called, and for how long it stays in the channel's list once its run has ended.

The title while runs work, the sign of how the last one ended before it afterwards; the run's id only where another
thread has that name. Discord itself hides a thread that is quiet for its time. Called by `deliver.py`, which opens
threads, and `refresh.py`, which keeps them true.
"""

import hashlib
import math
from collections import OrderedDict
from typing import Final, NamedTuple, Protocol

from ompycord.bot.message_renderer import MessageRenderer
from ompycord.bot.rest import Rest, SendFailed, ThreadMinutes
from ompycord.bot.run_view import RunView
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.ports import Clock, ShownMessages, ThreadRecords
from ompycord.domain.records import OutboxKind, Surface
from ompycord.render.cards.headlines import headline_of
from ompycord.render.cards.names import short_title
from ompycord.render.sanitizer import Sanitizer, isolated
from ompycord.telemetry import get_logger
from ompycord.text import cut, utf16_len

__all__ = ["ThreadNameStore", "ThreadNames", "name_hash"]

_LONGEST: Final = 100
"""UTF-16 units of a thread's name (docs/platform/discord.md, *Sizes*)."""
_ISOLATES: Final = 2
_AGAIN_S: Final = 60.0
"""Seconds until a thread's name is tried again, where Discord names no time."""
_RENAMES: Final = 2
_RENAMES_S: Final = 600.0
"""Discord takes two names of a thread in ten minutes (docs/platform/discord.md, *Rate limits*)."""
_REMEMBERED: Final = 500
"""Threads of which it is remembered when they were renamed."""
_OPEN_MIN: Final = 1440
_ENDED_MIN: Final = 60
"""Minutes without a message after which Discord hides a thread from the list: while runs work, and afterwards."""

log = get_logger(__name__)


class ThreadNameStore(ShownMessages, ThreadRecords, Protocol):
    """Where threads are, and what their names are known to be."""


class _Name(NamedTuple):
    """What a thread is called."""

    plain: str
    with_id: str
    """Where another thread has the plain name."""
    hides_after_min: ThreadMinutes

    def has_hash(self, shown_hash: str) -> bool:
        """Whether a thread whose name has this hash is called so."""
        return shown_hash in {name_hash(self.plain), name_hash(self.with_id)}


def name_hash(name: str) -> str:
    """What the run for which a thread was opened keeps of its name; a channel that stands in for one has none."""
    return hashlib.sha256(name.encode()).hexdigest()


class ThreadNames:
    """Names threads. Of the runs of one thread the one at work names it, by the title of the first."""

    def __init__(self, *, store: ThreadNameStore, renderer: MessageRenderer, rest: Rest, clock: Clock) -> None:
        self._store = store
        self._renderer = renderer
        self._rest = rest
        self._clock = clock
        self._not_before: dict[str, float] = {}
        """By thread, when its name is tried again."""
        self._delayed: dict[RunId, float] = {}
        """By run, when the name that its thread must have can be given."""
        self._renamed: OrderedDict[str, tuple[float, ...]] = OrderedDict()
        """By thread, when it got its latest names."""

    async def open(self, run_view: RunView, summary: Surface, message: str) -> Surface:
        """Open the run's thread from its channel summary. Raises SendFailed, StorageError."""
        wanted = await self._wanted(run_view)
        name = await self._free(wanted, besides="")
        thread = await self._rest.open_thread(
            summary.channel,
            message,
            guild=run_view.record.guild or self._renderer.options.guilds[0],
            name=name,
            hides_after_min=wanted.hides_after_min,
        )
        return Surface(
            run=run_view.run,
            kind=OutboxKind.THREAD,
            channel=thread,
            shown_hash=name_hash(name),
            shown_position=run_view.position,
            posted_at=self._clock.now_ms(),
        )

    async def keep_true(self, run_view: RunView, channel: str) -> bool:
        """Whether the run's own thread has the name that it must have; a refusal only delays that, never an edit.

        Raises StorageError.
        """
        thread = run_view.surface(OutboxKind.THREAD)
        if thread is None or thread.channel != channel:
            return True
        shown = thread.shown_hash
        if shown is None and run_view.record.chain is not None:  # it works in the thread of another run
            shown = await self._store.thread_name(channel)
        if shown is None:
            return True
        wanted = await self._wanted(run_view)
        if wanted.has_hash(shown) or await self._store.thread_namer(channel) != run_view.run:
            return True
        now = self._clock.monotonic_s()
        again_at = max(self._not_before.get(channel, 0.0), self._has_room_at(channel))
        if now < again_at:
            self._delayed[run_view.run] = again_at
            return False
        name = await self._free(wanted, besides=channel)
        try:
            await self._rest.name_thread(channel, name, hides_after_min=wanted.hides_after_min)
        except SendFailed as failed:
            log.info("thread.not_named", run=run_view.run, reason=str(failed))
            if failed.may_pass:
                self._not_before[channel] = now + (failed.retry_after_s or _AGAIN_S)
                self._delayed[run_view.run] = self._not_before[channel]
                return False
        else:
            self._remember(channel, now)
        self._not_before.pop(channel, None)
        await self._store.shown(thread.model_copy(update={"shown_position": run_view.position}))
        await self._store.thread_named(channel, name_hash(name))
        return True

    def due(self, now: float) -> list[RunId]:
        """Take the runs whose thread can get the name now that it could not get before; `now` in monotonic seconds."""
        due = [run for run, at in self._delayed.items() if at <= now]
        for run in due:
            del self._delayed[run]
        return due

    def due_at(self) -> float:
        """When the next of them is due; infinity where there is none."""
        return min(self._delayed.values(), default=math.inf)

    async def _wanted(self, run_view: RunView) -> _Name:
        sanitizer = Sanitizer(self._renderer.redact)
        snapshot, context = run_view.snapshot, run_view.render_context
        title = short_title(snapshot, context, sanitizer)
        if run_view.record.chain is not None:
            first = RunId(run_view.record.first)
            folded = (await self._renderer.snapshots.folded_of([first])).get(first)
            title = title if folded is None else short_title(folded.snapshot, context, sanitizer)
        sign = f"{headline_of(snapshot, context, sanitizer).glyph} " if snapshot.is_final else ""
        end = f" · {short_id(run_view.run)}"

        def named(end: str) -> str:
            return f"{sign}{isolated(cut(title, _LONGEST - utf16_len(sign + end) - _ISOLATES))}{end}"

        return _Name(named(""), named(end), _ENDED_MIN if snapshot.is_final else _OPEN_MIN)

    async def _free(self, wanted: _Name, *, besides: str) -> str:
        is_taken = await self._store.is_thread_named(name_hash(wanted.plain), besides=besides)
        return wanted.with_id if is_taken else wanted.plain

    def _has_room_at(self, channel: str) -> float:
        """When Discord takes another name of this thread, as far as this process has named it."""
        times = self._renamed.get(channel, ())
        return times[-_RENAMES] + _RENAMES_S if len(times) >= _RENAMES else float("-inf")

    def _remember(self, channel: str, now: float) -> None:
        self._renamed[channel] = (*self._renamed.pop(channel, ())[1 - _RENAMES :], now)
        if len(self._renamed) > _REMEMBERED:
            self._renamed.popitem(last=False)
