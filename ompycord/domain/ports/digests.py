"""Ports of digests: what happened between two moments, and how far was told (`store/features/schedules/digests.py`)."""

from collections.abc import Sequence
from typing import Protocol

from ompycord.domain.base import Millis
from ompycord.domain.run import RunRecord
from ompycord.domain.schedules.announcement import Announcement

__all__ = ["DigestRows"]


class DigestRows(Protocol):
    """What digests read and leave. Every method raises StorageError."""

    async def runs_between(self, guild: str, start: Millis, end: Millis) -> list[RunRecord]:
        """Runs of a server, and external ones, that began or ended in [start, end), the oldest first."""
        ...

    async def decisions_between(self, guild: str, start: Millis, end: Millis) -> Sequence[str]:
        """Titles of decisions that were saved in [start, end) and still count."""
        ...

    async def reported_until(self, job: str) -> Millis:
        """The end of the last span of a job; 0 before the first."""
        ...

    async def advance(self, job: str, *, expect: Millis, end: Millis, announcement: Announcement | None) -> bool:
        """Move a job on and queue what is said, both or nothing; False where another process did before."""
        ...
