"""A run's log whose first reading is interrupted: something happens between what was read and its reader."""

from collections.abc import Awaitable, Callable, Sequence

from ompycord.domain.events import RunEvent, RunFailed, RunFinished
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunHistory
from ompycord.domain.results import PrepareResult

__all__ = ["InterruptedHistory"]

Interruption = Callable[[RunId, Sequence[RunEvent]], Awaitable[bool]]
"""`await interruption(run, what was read)`: True once it has happened; until then it is asked at each reading."""


class InterruptedHistory(RunHistory):
    """The log of `history`; after a transcript is read, and before its reader has it, `interruption` happens, once."""

    def __init__(self, history: RunHistory, interruption: Interruption) -> None:
        self._history = history
        self._interruption = interruption
        self._is_busy = False
        self.is_done = False
        """It has happened."""

    async def events_of(self, run: RunId) -> list[RunEvent]:
        return await self._history.events_of(run)

    async def transcript(self, run: RunId, *, after: int) -> list[RunEvent]:
        found = await self._history.transcript(run, after=after)
        if not self.is_done and not self._is_busy:
            self._is_busy = True
            self.is_done = await self._interruption(run, found)
            self._is_busy = False
        return found

    async def session(self, run: RunId) -> str | None:
        return await self._history.session(run)

    async def models_of(self, agent: str) -> tuple[str, ...]:
        return await self._history.models_of(agent)

    async def prepared(self, run: RunId) -> PrepareResult | None:
        return await self._history.prepared(run)

    async def claim(self, run: RunId) -> RunFinished | RunFailed | None:
        return await self._history.claim(run)

    async def session_usd(self, run: RunId, session: str) -> float:
        return await self._history.session_usd(run, session)
