"""The real clock and real ids; counterparts of `testing.FakeClock` and `testing.SequentialIds`."""

import asyncio
import os
import secrets
import time

from ompycord.domain.ids import new_ulid

__all__ = ["SystemClock", "SystemIds"]


class SystemClock:
    """Satisfies `domain.ports.Clock`."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class SystemIds:
    """Satisfies `domain.ports.Ids`."""

    def ulid(self) -> str:
        return new_ulid(now_ms=time.time_ns() // 1_000_000, entropy=os.urandom(10))

    def token(self) -> str:
        return secrets.token_urlsafe(32)
