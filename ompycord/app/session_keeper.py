"""Removes what is kept for some days: sessions of agents (`workspaces/sessions.py`), and tapes of runs."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from ompycord.domain.base import Millis
from ompycord.domain.ports import Clock
from ompycord.errors import WorkspaceError
from ompycord.telemetry import get_logger

__all__ = ["SessionKeeper"]

PAUSE_S: Final = 3600.0

log = get_logger(__name__)


class SessionKeeper:
    """Looks at the start and every hour."""

    def __init__(self, *, prune: Sequence[Callable[[Millis], Awaitable[None]]], clock: Clock) -> None:
        """`prune`: each removes what is too old at a moment."""
        self._prune = prune
        self._clock = clock

    async def run(self) -> None:
        """Runs until cancelled; what cannot be removed now is tried again."""
        while True:
            for prune in self._prune:
                try:
                    await prune(self._clock.now_ms())
                except (WorkspaceError, OSError) as error:
                    log.warning("sessions.not_pruned", cause=str(error))
            await self._clock.sleep(PAUSE_S)
