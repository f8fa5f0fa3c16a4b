"""The last REST requests with their answers; read by `GET /control/wire`, the page, and tests against Discord's
OpenAPI.
"""

from collections import deque
from dataclasses import dataclass
from typing import Any

from ompycord.playground.documents import Json, encode

KEPT = 500
SUMMARY = 300


@dataclass(frozen=True, kw_only=True)
class WireEntry:
    """One request. `route` is Discord's path template; tokens in `path` are left out."""

    number: int
    at: float
    method: str
    path: str
    route: str
    status: int
    bucket: str
    ms: float
    request: Any
    response: Any
    is_multipart: bool
    fault: str | None

    def summary(self) -> Json:
        """Without the bodies, for the page."""
        text = "" if self.request is None else encode(self.request).decode()
        return {
            "n": self.number,
            "at": self.at,
            "method": self.method,
            "path": self.path,
            "route": self.route,
            "status": self.status,
            "bucket": self.bucket,
            "ms": self.ms,
            "fault": self.fault,
            "body": text if len(text) <= SUMMARY else text[: SUMMARY - 1] + "…",
        }

    def full(self) -> Json:
        """With both bodies, for tests."""
        bodies = {"request": self.request, "response": self.response, "multipart": self.is_multipart}
        return {**self.summary(), **bodies}


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
