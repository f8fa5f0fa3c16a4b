"""What the gateway does just now, for people: what was spent in the last minute, and what was refused, in words.

Kept in memory, over all runs; the ledger has what is true of each.
"""

from collections import deque
from typing import Final, NamedTuple

from ompycord.domain.base import Millis
from ompycord.domain.ids import RunId

__all__ = ["Activity", "RefusedRequest"]

_MINUTE_MS: Final = 60_000
_MOST_SPENT: Final = 10_000
_MOST_REFUSED: Final = 5


class RefusedRequest(NamedTuple):
    """A request that was answered by us."""

    at: Millis
    run: RunId
    words: str


class Activity:
    """Since the start of the process. Used by one loop."""

    def __init__(self) -> None:
        self._spent: deque[tuple[Millis, int]] = deque(maxlen=_MOST_SPENT)
        self.refused: deque[RefusedRequest] = deque(maxlen=_MOST_REFUSED)
        """The latest."""
        self.refusals = 0
        """All of them."""

    def spent(self, at: Millis, nano_usd: int) -> None:
        """A request was settled."""
        self._spent.append((at, nano_usd))

    def refuse(self, at: Millis, run: RunId, words: str) -> None:
        """A request was refused."""
        self.refusals += 1
        self.refused.append(RefusedRequest(at, run, words))

    def nano_usd_of_last_minute(self, now: Millis) -> int:
        """What the requests that were settled within the last minute cost, where a price is known."""
        return sum(nano for at, nano in self._spent if now - at <= _MINUTE_MS)
