"""Calls of a plug-in: each in the plug-in's own loop, with an end, and none while an earlier one goes on after it.

What its code does, holds up nothing of ours: it may block, raise anything, take its end for nothing, or leave.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from ompycord.domain.ports import Clock
from ompycord.plugins.own_loop import END_S, Act, OwnLoop
from ompycord.telemetry import get_logger

__all__ = ["PluginCalls", "PluginFailed"]

_CLOSING_S: Final = 2.0

log = get_logger(__name__)


class PluginFailed(Exception):
    """There is no answer. Its text is the end of a sentence, with nothing that the plug-in said: that may be secret."""

    def __init__(self, why: str, *, raised: BaseException | None = None) -> None:
        super().__init__(why)
        self.raised = raised
        """What its code raised; None where it did not end."""


class PluginCalls:
    """The calls of one plug-in, named for the log."""

    def __init__(self, name: str, *, clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._own = OwnLoop(name=name)
        self._left: list[Act] = []
        """Calls that were ended and go on all the same."""

    @property
    def is_busy(self) -> bool:
        """Whether a call that was ended goes on all the same."""
        self._left = [one for one in self._left if one.outcome is None]
        return bool(self._left)

    async def call(self, act: Callable[[], Awaitable[object]], *, within_s: float) -> object:
        """What its code answers. Raises PluginFailed, also while a call that was ended goes on."""
        if self.is_busy:
            raise PluginFailed("has not ended an earlier call")
        return await self._bounded(act, within_s)

    async def close(self, act: Callable[[], Awaitable[object]]) -> None:
        """Call what closes its connections, then end its loop. Raises nothing; what goes on there is left behind."""
        try:
            await self._bounded(act, _CLOSING_S)
        except PluginFailed as failed:
            log.warning("plugin.not_closed", plugin=self._name, cause=str(failed))
        if not await self._own.end():
            log.warning("plugin.left_behind", plugin=self._name, after_s=END_S)

    async def _bounded(self, act: Callable[[], Awaitable[object]], within_s: float) -> object:
        acting = self._own.begin(act)
        try:
            await self._wait(acting, within_s)
        finally:
            outcome = acting.outcome
            if outcome is None:
                acting.cancel()
                self._left.append(acting)
        if outcome is None:
            raise PluginFailed(f"did not answer within {within_s:g} s")
        if outcome.error is not None:
            raise PluginFailed(f"raised {type(outcome.error).__name__}", raised=outcome.error)
        return outcome.answer

    async def _wait(self, acting: Act, within_s: float) -> None:
        """Until it ended, or so long."""
        async with asyncio.TaskGroup() as group:
            ends = (group.create_task(self._clock.sleep(within_s)), group.create_task(acting.wait()))
            try:
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in ends:
                    one.cancel()
