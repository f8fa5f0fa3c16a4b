"""Signed requests as bytes, made before the clock runs; counterpart of `generator.py`."""

import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

from bench.product import SECRET
from ompycord.http import parse_secret, sign

__all__ = ["EVENT_MIX", "Sender"]

_SECRET = parse_secret(SECRET)

EVENT_MIX: tuple[dict[str, Any], ...] = (
    {"type": "tool.started", "data": {"tool": "read", "title": "src/parser.py", "call": "c1"}},
    {"type": "tool.finished", "data": {"tool": "read", "title": "src/parser.py", "call": "c1", "ok": True, "added": 3}},
    {"type": "message", "data": {"text": "The parser drops the last line when the file has no newline at its end."}},
    {"type": "usage.updated", "data": {"input": 1200, "output": 340, "cost_usd": 0.0042, "model": "sonnet"}},
)
"""What an agent says most, in turn: two ends of a tool, a sentence, its usage."""


class Sender:
    """Numbers events per run over all rounds, so that every one is new."""

    def __init__(self, *, runs: int, tag: str) -> None:
        self._runs = [f"{tag}-{number}" for number in range(runs)]
        self._seq = dict.fromkeys(self._runs, 0)
        self._ids = itertools.count(1)
        self._tag = tag

    def events(self, count: int) -> list[bytes]:
        """`count` requests of one event each, over all runs in turn."""
        return [self._request("/api/webhook/event", self._event(run)) for run in self._turn(count)]

    def batches(self, count: int, *, each: int) -> list[bytes]:
        """`count` requests of `each` events of one run."""
        result: list[bytes] = []
        for run in self._turn(count):
            events = [self._item(run) for _ in range(each)]
            result.append(self._request("/api/webhook/events", {"run": run, "events": events}))
        return result

    def _turn(self, count: int) -> Iterator[str]:
        return itertools.islice(itertools.cycle(self._runs), count)

    def _item(self, run: str) -> dict[str, Any]:
        seq = self._seq[run] = self._seq[run] + 1
        return {"seq": seq, **EVENT_MIX[seq % len(EVENT_MIX)]}

    def _event(self, run: str) -> dict[str, Any]:
        return {"schema": "ompycord/event@1", "run": run, "at": "2026-01-01T00:00:00Z", **self._item(run)}

    def _request(self, path: str, value: dict[str, Any]) -> bytes:
        body = json.dumps(value, separators=(",", ":")).encode()
        timestamp = str(int(time.time()))
        webhook_id = f"msg_{self._tag}_{next(self._ids)}"
        signature = sign(_SECRET, webhook_id=webhook_id, timestamp=timestamp, body=body)
        head = (
            f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nwebhook-id: {webhook_id}\r\nwebhook-timestamp: {timestamp}\r\n"
            f"webhook-signature: {signature}\r\n\r\n"
        )
        return head.encode() + body
