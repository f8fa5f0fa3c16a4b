"""The last REST requests with their answers; read by `GET /control/wire`, the page, and tests against Discord's
OpenAPI.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ompycord.playground.rules.documents import Json, as_object, as_objects

KEPT = 500
REFUSED = 400
"""Statuses from here on are refusals."""


@dataclass(frozen=True, kw_only=True)
class WireEntry:
    """One request, or one connection refused. `at` is in seconds since 1970; `route` is Discord's path template.

    Tokens in `path` are left out.

    `remaining` is what the bucket has left and `reset_s` when it opens again, None where no bucket counts the request.
    """

    number: int
    at: float
    method: str
    path: str
    route: str
    status: int
    bucket: str
    remaining: int | None
    reset_s: float | None
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
            "reset_s": self.reset_s,
            "ms": self.ms,
            "fault": self.fault,
            "problems": problems(self.response) if self.status >= REFUSED else [],
        }

    def full(self) -> Json:
        """With path and both bodies, for tests."""
        more = {"path": self.path, "multipart": self.is_multipart}
        return {**self.summary(), **more, "request": self.request, "response": self.response}


def problems(response: object) -> list[str]:
    """What a refusal says: its message with its code, then one line for each field that is wrong."""
    body = as_object(response) or {}
    code = f" ({body['code']})" if body.get("code") else ""
    message = [f"{body['message']}{code}"] if body.get("message") else []
    return message + [f"{field}: {text}" for field, text in _wrong_fields(as_object(body.get("errors")) or {}, "")]


def _wrong_fields(errors: Json, path: str) -> Iterator[tuple[str, str]]:
    """Discord nests errors by field down to `_errors` (Discord, "Error Messages")."""
    for name, inner in errors.items():
        if name == "_errors":
            yield from ((path or "body", str(item.get("message", ""))) for item in as_objects(inner))
        else:
            yield from _wrong_fields(as_object(inner) or {}, f"{path}.{name}" if path else name)


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

    def add_refusal(self, at: float, method: str, path: str, status: int, response: Json) -> None:
        """What no route served: an unknown path, or a gateway connection (its status is the close code)."""
        entry = WireEntry(
            number=self.next_number(),
            at=at,
            method=method,
            path=path,
            route=path,
            status=status,
            bucket="",
            remaining=None,
            reset_s=None,
            ms=0.0,
            request=None,
            response=response,
            is_multipart=False,
            fault=None,
        )
        self.add(entry)

    def after(self, number: int) -> list[WireEntry]:
        return [entry for entry in self._entries if entry.number > number]
