"""Requests of a run's programs that wait here for a provider: while there is one, the run's clocks stand still.

Made by whoever serves the run's listener; `agents/` watches it for the program that it started.
"""

from collections.abc import Callable

__all__ = ["ProviderWaits"]


class ProviderWaits:
    """Those of one run during one step. Used by one loop."""

    def __init__(self) -> None:
        self._count = 0
        self._watchers: list[Callable[[bool], None]] = []

    @property
    def is_waiting(self) -> bool:
        """Whether a request waits."""
        return self._count > 0

    def watch(self, waiting: Callable[[bool], None]) -> None:
        """Call `waiting` with True when the first request begins to wait, and with False once none does."""
        self._watchers.append(waiting)
        if self.is_waiting:
            waiting(True)

    def begin(self) -> None:
        """A request waits from now on."""
        self._count += 1
        if self._count == 1:
            self._notify()

    def end(self) -> None:
        """It does not wait any more."""
        self._count -= 1
        if self._count == 0:
            self._notify()

    def _notify(self) -> None:
        for waiting in self._watchers:
            waiting(self.is_waiting)
