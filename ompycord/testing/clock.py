"""Time and ids that a test controls."""

import asyncio
import heapq

from ompycord.domain.ids import new_ulid

__all__ = ["FakeClock", "SequentialIds"]

START_MS = 1_760_000_000_000


class FakeClock:
    """Stands still until `advance`; sleepers wake in order. Satisfies `domain.ports.Clock`."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self._start_ms = now_ms
        self._elapsed_s = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._count = 0

    def now_ms(self) -> int:
        return self._start_ms + round(self._elapsed_s * 1000)

    def monotonic_s(self) -> float:
        return self._elapsed_s

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        self._count += 1
        heapq.heappush(self._sleepers, (self._elapsed_s + seconds, self._count, woken))
        await woken.wait()

    def advance(self, seconds: float) -> None:
        """Let time pass and wake the sleepers that are due."""
        self._elapsed_s += seconds
        while self._sleepers and self._sleepers[0][0] <= self._elapsed_s:
            heapq.heappop(self._sleepers)[2].set()


class SequentialIds:
    """ULIDs that count up, tokens that are distinct. Satisfies `domain.ports.Ids`."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self._clock = clock or FakeClock()
        self._count = 0

    def ulid(self) -> str:
        self._count += 1
        return new_ulid(now_ms=self._clock.now_ms(), entropy=self._count.to_bytes(10))

    def token(self) -> str:
        self._count += 1
        return f"token-{self._count:037d}"
