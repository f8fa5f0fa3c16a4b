"""A payload that is posted once more after a restart: one event where it names what it is about, else another one."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from ompycord.app.sidecar import create_sidecar
from ompycord.conductor import Bus, Projector, Snapshots
from ompycord.domain.catalog import RunChannels
from ompycord.domain.records import Scope
from ompycord.http import HttpLimits, KeySet
from ompycord.store import open_store
from tests.integration.store.world import CountingIds, HandClock
from tests.integration.webhook.test_webhook_hooks import PROMPT, Pusher

STOP = {"hook_event_name": "Stop", "session_id": "s1", "prompt_id": "p1", "last_assistant_message": "Done."}
TURN = {
    "event": "turn_end", "session": "s1", "cwd": "/repo",
    "data": {"turnIndex": 0, "message": {
        "role": "assistant", "timestamp": 1_795_217_133_800, "content": [{"type": "text", "text": "Done."}],
        "usage": {"input": 5, "output": 1, "cost": {"total": 0.5}},
    }},
}  # fmt: skip
ONCE: dict[str, tuple[str, dict[str, Any]]] = {
    "claude's prompt": ("claude", {**PROMPT, "prompt_id": "p1"}),
    "claude's answer": ("claude", STOP),
    "claude's failure": ("claude", {**STOP, "hook_event_name": "StopFailure", "error": "overloaded"}),
    "a session of claude's": ("claude", {"hook_event_name": "SessionStart", "session_id": "s1", "source": "startup"}),
    "omp's answer": ("omp", TURN),
    "omp's whole turn": ("omp", {**TURN, "event": "agent_end", "data": {"messages": [
        {"role": "user", "timestamp": 1_795_217_133_000, "content": "Fix the total."},
    ]}}),
}  # fmt: skip
AGAIN: dict[str, tuple[str, dict[str, Any]]] = {
    "a prompt of an older claude's": ("claude", PROMPT),
    "a notice": ("claude", {"hook_event_name": "Notification", "session_id": "s1", "message": "Claude waits."}),
    "a session of claude's, resumed": (
        "claude", {"hook_event_name": "SessionStart", "session_id": "s1", "source": "resume"},
    ),
    "a session of omp's": ("omp", {"event": "session_start", "session": "s1", "cwd": "/repo", "data": {}}),
    "a prompt of omp's": ("omp", {"event": "before_agent_start", "session": "s1", "data": {"prompt": "Go on."}}),
}  # fmt: skip


NOISE: dict[str, dict[str, Any]] = {
    "claude": {"hook_event_name": "Notification", "session_id": "s1", "message": "Something else."},
    "omp": {"event": "auto_retry_end", "session": "s1", "data": {}},
}


class Places:
    """Processes over one database, one after the other; the clock and the ids go on."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "ompycord.db"
        self._clock = HandClock()
        self._ids = CountingIds()
        self._headers: dict[str, str] = {}

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Pusher]:
        ring = KeySet(clock=self._clock)
        async with open_store(self._file, clock=self._clock, ids=self._ids, readers=1) as store:
            projector = Projector(
                store=store, snapshots=Snapshots(store=store), bus=Bus(), clock=self._clock, channels=RunChannels()
            )
            sidecar = create_sidecar(
                store=store,
                snapshots=Snapshots(store=store),
                keyring=ring,
                clock=self._clock,
                ids=self._ids,
                limits=HttpLimits(),
                wake=projector.wake,
                probes={},
            )
            transport = httpx.ASGITransport(sidecar)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8787") as http:
                pusher = Pusher(http, store, projector, self._clock, self._ids)
                pusher.headers = self._headers
                if not self._headers:
                    await pusher.key(ring, Scope.EVENTS_WRITE, Scope.RUNS_CREATE)
                    self._headers = pusher.headers
                else:
                    ring.replace(await store.keys(), hmac_secrets={}, shared_secret=None)
                yield pusher


async def pushed_twice(places: Places, source: str, payload: dict[str, Any], *, extra: bool) -> list[int]:
    """How many events its run has before a restart, and after it came once more. `extra`: another came between."""
    counts: list[int] = []
    for number in range(2):
        async with places.running() as pusher:
            run = (await pusher.push(payload, to=f"{source}/@session")).json()["run"]
            if extra and not number:
                assert (await pusher.push(NOISE[source], to=f"{source}/@session")).json()["run"] == run
            counts.append(len(await pusher.told(run)) - extra)
    return counts


@pytest.mark.parametrize("what", ONCE)
@pytest.mark.parametrize("extra", [False, True], ids=["at once", "after another"])
async def test_what_names_what_it_is_about_is_one_event_over_a_restart(what: str, tmp_path: Path, extra: bool) -> None:
    source, payload = ONCE[what]
    before, after = await pushed_twice(Places(tmp_path), source, payload, extra=extra)
    assert before == after > 0


@pytest.mark.parametrize("what", AGAIN)
async def test_what_may_rightly_come_again_is_told_again_after_a_restart(what: str, tmp_path: Path) -> None:
    source, payload = AGAIN[what]
    before, after = await pushed_twice(Places(tmp_path), source, payload, extra=False)
    assert after == 2 * before > 0


async def test_another_answer_to_the_same_prompt_is_another_event(tmp_path: Path) -> None:
    async with Places(tmp_path).running() as pusher:
        for words in ("Done.", "Really done."):
            run = (await pusher.push({**STOP, "last_assistant_message": words})).json()["run"]
        assert len(await pusher.told(run)) == 2
