"""Records facts that decide nothing: what our agent shows of its work, and what Ompycord did and saw itself.

Counterpart: `transitions.py`, for facts that move a run.
"""

from collections.abc import Callable

from ompycord.conductor.run_access import RunAccess
from ompycord.domain import events as ev
from ompycord.domain.authority import SourceKind
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Observations

__all__ = ["EventRecorder"]


class EventRecorder:
    """Records facts in the log. Each method returns when they are on disk."""

    def __init__(self, *, access: RunAccess, observations: Observations, wake: Callable[[], None]) -> None:
        self._access = access
        self._observations = observations
        self._wake = wake

    async def observe(self, run: RunId, *bodies: ev.EventBody) -> None:
        """Facts from the agent of a hosted run, numbered as its source. Raises NotYours, UnknownRun, RunFinal."""
        await self._observations.observe(run, bodies, at=self._access.clock.now_ms())
        self._wake()

    async def record(self, run: RunId, *bodies: ev.EventBody) -> None:
        """Facts of our own that cause no transition: checks we ran, files we saw."""
        for body in bodies:
            await self._access.record(run, body, kind=SourceKind.OMPYCORD)
        self._wake()
