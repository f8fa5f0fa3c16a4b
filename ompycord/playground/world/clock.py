"""The playground's time, which a test can push forward; its counterpart is `POST /control/clock`."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Gives the time in seconds since 1970."""

    def now(self) -> float: ...


class ShiftedClock:
    """The system's clock plus an offset that only grows, so that an hour can pass at once."""

    def __init__(self) -> None:
        self._offset_s = 0.0

    def now(self) -> float:
        return time.time() + self._offset_s

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass. Raises ValueError for a step backwards: ids would repeat."""
        if seconds < 0:
            raise ValueError("time goes forward only")
        self._offset_s += seconds


def timestamp(at: float) -> str:
    """A moment as Discord writes it: ISO 8601 in UTC with microseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")
