"""A pause of everything: no run begins and none is resumed, until an admin ends it; it outlives the process.

Implements `bot.lookups.PauseControl`. Counterparts: `app/mode.py`, which says it, `bot/commands/admin/pausing.py`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ompycord.app.mode import StorageMode
from ompycord.domain.access import Person
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AuditTrail, Clock
from ompycord.errors import StorageError
from ompycord.telemetry import get_logger

__all__ = ["Pausing"]

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pausing:
    """Both directions, each a row of the audit."""

    mode: StorageMode
    store: AuditTrail
    clock: Clock
    kill: Callable[[RunId], Awaitable[None]] | None = None
    """Kills the programs of a run; None where none is hosted."""

    async def pause(self, person: Person) -> bool:
        """See the port."""
        try:
            await asyncio.to_thread(self.mode.pause, person.name)
            await self._audit(person, "pause")
        except (OSError, StorageError) as error:
            log.warning("up.pause_not_kept", cause=str(error))
            return False
        return True

    async def halt(self, run: RunId) -> None:
        """See the port."""
        log.error("run.halted", run=run)
        if self.kill is not None:
            await self.kill(run)

    async def unpause(self, person: Person) -> bool:
        """See the port."""
        was_paused = await asyncio.to_thread(self.mode.unpause)
        if was_paused:
            await self._audit(person, "unpause")
        return was_paused

    async def _audit(self, person: Person, action: str) -> None:
        log.warning("up.paused" if action == "pause" else "up.unpaused", by=person.name)
        detail = {"by_name": person.name}
        await self.store.audit(
            actor=person.id, action=action, subject="ompycord", detail=detail, at=self.clock.now_ms()
        )
