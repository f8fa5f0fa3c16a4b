"""Senders of signed events; imported by their neighbours."""

import itertools
import json
from typing import Any

import httpx

from ompycord.http import parse_secret, sign
from tests.integration.store.world import HandClock

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # from the published vectors of Standard Webhooks
EVENT = "/api/webhook/event"
EVENTS = "/api/webhook/events"


def envelope(type_: str = "note", **more: Any) -> dict[str, Any]:
    return {"schema": "ompycord/event@1", "type": type_, "run": "nightly", "data": {"text": "hello"}, **more}


class Poster:
    """Posts bodies, signed with the shared secret unless told otherwise."""

    def __init__(self, http: httpx.AsyncClient, clock: HandClock, secret: str = SECRET) -> None:
        self.http = http
        self.clock = clock
        self.secret = parse_secret(secret)
        self._numbers = itertools.count(1)

    def headers(self, body: bytes, webhook_id: str | None = None) -> dict[str, str]:
        webhook_id = webhook_id or f"msg_{next(self._numbers)}"
        timestamp = str(self.clock.now_ms() // 1000)
        return {
            "webhook-id": webhook_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": sign(self.secret, webhook_id=webhook_id, timestamp=timestamp, body=body),
            "content-type": "application/json",
        }

    async def raw(self, body: bytes, *, to: str = EVENT, webhook_id: str | None = None) -> httpx.Response:
        return await self.http.post(to, content=body, headers=self.headers(body, webhook_id))

    async def event(self, type_: str = "note", *, webhook_id: str | None = None, **more: Any) -> httpx.Response:
        return await self.raw(json.dumps(envelope(type_, **more)).encode(), webhook_id=webhook_id)

    async def batch(
        self, events: list[dict[str, Any]], *, webhook_id: str | None = None, **more: Any
    ) -> httpx.Response:
        body = {"run": "nightly", "events": events, **more}
        return await self.raw(json.dumps(body).encode(), to=EVENTS, webhook_id=webhook_id)


def refusal(response: httpx.Response) -> tuple[int, str]:
    """Status and slug of a problem, after it was seen to be one."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    body = response.json()
    assert body["status"] == response.status_code
    assert body["title"]
    return response.status_code, body["type"].removeprefix("/problems/")
