"""A card's life in five moments, and what can go wrong in each; counterpart of the playground's `faults.py`.

A journey is one run from its prompt to its final message, with a fault at some of its moments; `true_card` says what
must be there afterwards, whatever happened.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from ompycord.bot.delivery.pending_deliveries import CLOSED_S
from ompycord.domain import events as ev
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.records import OutboxKind
from ompycord.domain.run import RunRecord
from ompycord.playground.client import JsonObject
from tests.integration.bot.conftest import AppHarness, footer, kind_of
from tests.support.patience import within

__all__ = ["FATAL", "FAULTS", "MOMENTS", "journey", "true_card"]

CONVERGED_S: Final = 60.0
_FORBIDDEN: Final = 403
POST, THREAD, EDIT = (
    "/channels/{channel_id}/messages",
    "/channels/{channel_id}/messages/{message_id}/threads",
    "/channels/{channel_id}/messages/{message_id}",
)
MOMENTS: Final[dict[str, JsonObject]] = {
    "mirror": {"method": "POST", "route": POST, "containing": "· mirror"},
    "thread": {"method": "POST", "route": THREAD},
    "card": {"method": "POST", "route": POST, "containing": "· card 1"},
    "edit": {"method": "PATCH", "route": EDIT, "containing": "· card 1"},
    "final": {"method": "POST", "route": POST, "containing": "· result"},
}
"""Which request of the bot each moment is."""


def _limited(seconds: float, scope: str, *, via: bool = True) -> JsonObject:
    headers = {"Retry-After": str(seconds), "X-RateLimit-Scope": scope}
    if scope == "global":
        headers["X-RateLimit-Global"] = "true"
    body = {"message": "You are being rate limited.", "retry_after": seconds, "global": scope == "global"}
    return {"action": "status", "status": 429, "body": body, "headers": headers, "via": via}


def _status(status: int, code: int = 0) -> JsonObject:
    return {"action": "status", "status": status, "body": {"message": f"{status}: fault", "code": code}}


def _gateway(action: str, **more: Any) -> JsonObject:
    return {"action": "disturb", "body": {"action": action, **more}}


FAULTS: Final[dict[str, JsonObject]] = {
    "late before": {"action": "delay_before", "seconds": 0.5},
    "late after": {"action": "delay_after", "seconds": 0.5},
    "no permission": _status(403, 50013),
    "no access": _status(403, 50001),
    "bad request of no known kind": _status(400),
    "not found of no known kind": _status(404),
    "conflict": _status(409),
    "server error": _status(500),
    "bad gateway": _status(502),
    "not available": _status(503),
    "limited for the user": _limited(0.4, "user"),
    "limited for the resource": _limited(0.4, "shared"),
    "limited for all": _limited(0.4, "global"),
    "limited by a front": _limited(0.4, "user", via=False),
    "limited for all by a front": _limited(0.4, "global", via=False),
    "half an answer": {"action": "half_after"},
    "reset before": {"action": "drop_before"},
    "reset after": {"action": "drop_after"},
    "outage": {"action": "outage", "seconds": 1.0},
    "op 7": _gateway("reconnect"),
    "op 9, resumable": _gateway("invalid_session", resumable=True),
    "op 9": _gateway("invalid_session", resumable=False),
    "gateway dropped": _gateway("drop"),
    "gateway closed": _gateway("close", code=4000),
}
FATAL: Final = (4004, 4010, 4011, 4012, 4013, 4014)


async def journey(harness: AppHarness, plan: Mapping[str, JsonObject], *, name: str) -> RunRecord:
    """One run with these faults at these moments, until its deliveries have ended.

    Raises TimeoutError where they never do.
    """
    for moment, fault in plan.items():
        await harness.playground.post("/control/faults", {**MOMENTS[moment], "count": 1, **fault})
    harness.agent.hold()
    before = {record.id for record in await harness.all_runs()}
    async with within(CONVERGED_S), asyncio.TaskGroup() as group:
        hurrying = group.create_task(_hurry(harness))
        await harness.online()
        await harness.playground.mo.start_command("omp new", "tasks", prompt=name)
        record = await harness.next_run(before)
        await harness.until_surface(record.id, OutboxKind.CARD)
        await harness.areas.recorder.observe(RunId(record.id), ev.ToolFinished(tool="edit", title="total.py"))
        await harness.true_everywhere(record.id)
        harness.agent.release()
        await harness.until(record.id, lambda seen: seen.is_final)
        await harness.until_surface(record.id, OutboxKind.RESULT)
        await harness.true_everywhere(record.id)
        hurrying.cancel()
    return record


async def _hurry(harness: AppHarness) -> None:
    """A channel that refuses us is asked again after half a minute: that much passes as soon as one has refused."""
    known: set[int] = set()
    with harness.bus.subscribe() as changes:
        while True:
            await changes.take(0.2)
            for fault in await harness.playground.faults():
                if fault["status"] == _FORBIDDEN and fault["hits"] and fault["id"] not in known:
                    known.add(fault["id"])
                    harness.clock.advance(CLOSED_S + 1)


async def true_card(harness: AppHarness, record: RunRecord) -> None:
    """One mirror, one card, one final message; all true, and the asking person rung once."""
    mine = short_id(RunId(record.id))
    await harness.playground.mo.wait_message(
        lambda m: kind_of(m) == "mirror" and mine in footer(m) and "Done" in m.text, timeout=CONVERGED_S
    )
    places = {str(harness.playground.channel("tasks")), await harness.thread_of(record.id)}
    shown = [m for place in places for m in await harness.playground.ada.history(place, limit=100) if mine in footer(m)]
    assert sorted(map(kind_of, shown)) == ["card 1", "mirror", "result"]
    text = {kind_of(message): message.text for message in shown}
    assert "Done · checks passed" in text["card 1"], text
    ours = {message.id for message in shown}
    pinged = [ping["users"] for ping in await harness.playground.pings() if ping["users"] and ping["message"] in ours]
    assert pinged == [[harness.playground.mo.id]]
