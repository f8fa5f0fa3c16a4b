"""Puts refused attempts into the audit: one row for each kind of a person and hour, and a number for those behind it.

Counterpart: `domain/auditing/refused.py`, what an attempt is. Each surface notes what it refuses at its own edge.
"""

import asyncio
from collections import Counter, deque
from typing import Final, NamedTuple

from ompycord.domain.auditing.refused import REFUSED, RefusedAttempt
from ompycord.domain.base import Millis
from ompycord.domain.ports import AuditTrail, Clock
from ompycord.errors import StorageError
from ompycord.telemetry import get_logger

__all__ = ["HOUR_MS", "MOST", "MOST_OF_ONE", "RefusalRecord"]

HOUR_MS: Final = 3_600_000
MOST_OF_ONE: Final = 20
"""Kinds of refused attempts of one actor that have rows of their own in an hour; the others share one."""
MOST: Final = 500
"""Kinds of all actors in an hour; those of others share one row for each surface."""
_WAITING: Final = 4 * MOST
"""Rows that wait while the database takes nothing."""
_AGAIN_S: Final = 30.0
_OTHERS: Final = "others"

log = get_logger(__name__)


class _Row(NamedTuple):
    attempt: RefusedAttempt
    times: int
    at: Millis


class RefusalRecord:
    """Implements `RefusalNotes`.

    The first attempt of a kind is a row at once. What comes again within the clock's hour is counted, and is one
    more row at the end of that hour: two rows at most for each kind, however often somebody tries.
    """

    def __init__(self, *, audit: AuditTrail, clock: Clock) -> None:
        self._audit = audit
        self._clock = clock
        self._hour = 0
        self._again: dict[tuple[str, ...], _Row] = {}
        """The kinds of this hour, each with how often it came since its first row."""
        self._kinds: Counter[str] = Counter()
        self._rows: deque[_Row] = deque()
        self._lost = 0
        self._changed = asyncio.Event()
        self._writing = asyncio.Lock()

    def note(self, attempt: RefusedAttempt) -> None:
        """See the port."""
        now = self._clock.now_ms()
        self._turn(now)
        attempt = self._bounded(attempt)
        known = self._again.get(attempt.key)
        if known is not None:
            self._again[attempt.key] = known._replace(times=known.times + 1, at=now)
            return
        self._again[attempt.key] = _Row(attempt, 0, now)
        self._kinds[attempt.actor] += 1
        self._put(_Row(attempt, 1, now))

    async def run(self) -> None:
        """Write rows as they come, and the numbers at the end of each hour, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hours())
            while True:
                await self._changed.wait()
                self._changed.clear()
                try:
                    await self.write()
                except StorageError as error:
                    log.warning("refusals.wait", cause=str(error), rows=len(self._rows))
                    await self._clock.sleep(_AGAIN_S)
                    self._changed.set()

    async def write(self) -> None:
        """Write what waits. Raises StorageError; the rest is kept then."""
        async with self._writing:  # whoever else writes finds what is left
            while self._rows:
                row = self._rows[0]
                await self._audit.audit(
                    actor=row.attempt.actor, action=REFUSED, subject=row.attempt.run, detail=_detail(row), at=row.at
                )
                self._rows.popleft()
        if self._lost:
            log.warning("refusals.lost", rows=self._lost)
            self._lost = 0

    async def finish(self) -> None:
        """Write all, the numbers of this hour too: the process ends."""
        self._close()
        try:
            await self.write()
        except StorageError as error:
            log.warning("refusals.lost", cause=str(error), rows=len(self._rows))

    async def _hours(self) -> None:
        while True:
            now = self._clock.now_ms()
            await self._clock.sleep((HOUR_MS - now % HOUR_MS) / 1000)
            self._turn(self._clock.now_ms())

    def _turn(self, now: Millis) -> None:
        hour = now // HOUR_MS
        if hour != self._hour:
            self._close()
            self._hour = hour

    def _close(self) -> None:
        """End an hour: what came again becomes a row."""
        for row in self._again.values():
            if row.times:
                self._put(row)
        self._again.clear()
        self._kinds.clear()

    def _bounded(self, attempt: RefusedAttempt) -> RefusedAttempt:
        """The kind as which it is counted: a flood of kinds becomes a few."""
        if attempt.key in self._again:
            return attempt
        if len(self._again) >= MOST:
            return RefusedAttempt(surface=attempt.surface, actor=_OTHERS, what=_OTHERS, code=_OTHERS)
        if self._kinds[attempt.actor] >= MOST_OF_ONE:
            return attempt.model_copy(update={"what": _OTHERS, "code": _OTHERS, "guild": "", "run": "", "needs": ""})
        return attempt

    def _put(self, row: _Row) -> None:
        if len(self._rows) >= _WAITING:
            self._lost += 1
            return
        self._rows.append(row)
        self._changed.set()


def _detail(row: _Row) -> dict[str, str]:
    attempt = row.attempt
    named = {"by_name": attempt.by_name, "guild": attempt.guild, "needs": attempt.needs}
    return {
        "surface": attempt.surface, "what": attempt.what, "code": attempt.code, "count": str(row.times),
        **{name: value for name, value in named.items() if value},
    }  # fmt: skip
