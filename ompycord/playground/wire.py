"""The last REST requests with their answers; read by `GET /control/wire`, the page, and tests against Discord's
OpenAPI.
"""

from collections import deque
from dataclasses import dataclass
from typing import Any

from ompycord.playground.documents import Json

KEPT = 500


@dataclass(frozen=True, kw_only=True)
class WireEntry:
    """One request. `at` is in seconds since 1970; `route` is Discord's path template; tokens in `path` are left out.

    `remaining` is what the bucket has left, None where no bucket was asked.
    """

    number: int
    at: float
    method: str
    path: str
    route: str
    status: int
    bucket: str
    remaining: int | None
    ms: float
    request: Any
    response: Any
    is_multipart: bool
    fault: str | None

    def summary(self) -> Json:
        """One line of the page's drawer."""
        return {
            "n": self.number,
            "at": self.at,
            "method": self.method,
            "route": self.route,
            "status": self.status,
            "bucket": self.bucket,
            "remaining": self.remaining,
            "ms": self.ms,
        }

    def full(self) -> Json:
        """With path, fault and both bodies, for tests."""
        more = {"path": self.path, "fault": self.fault, "multipart": self.is_multipart}
        return {**self.summary(), **more, "request": self.request, "response": self.response}


class WireLog:
    """Numbers and keeps the newest entries."""

    def __init__(self) -> None:
        self._entries: deque[WireEntry] = deque(maxlen=KEPT)
        self._number = 0

    def next_number(self) -> int:
        self._number += 1
        return self._number

    def add(self, entry: WireEntry) -> None:
        self._entries.append(entry)

    def after(self, number: int) -> list[WireEntry]:
        return [entry for entry in self._entries if entry.number > number]
