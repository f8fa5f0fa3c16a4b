"""`POST /api/webhook/events`: up to 500 events of one run, all or nothing."""

from typing import Any

import pytest

from ompycord.store import SqliteStore
from tests.integration.store.world import HandClock
from tests.integration.webhook.senders import Poster, refusal


def notes(*seqs: int | None) -> list[dict[str, Any]]:
    return [{"type": "note", "seq": seq, "data": {"text": f"note {seq}"}} for seq in seqs]


async def test_a_batch_is_counted(poster: Poster, store: SqliteStore) -> None:
    await poster.batch(notes(1, 2), source="b")
    answer = await poster.batch(notes(2, 3, 4), source="b")
    assert answer.status_code == 202
    body = answer.json()
    assert (body["accepted"], body["duplicates"], body["position"]) == (2, 1, 4)
    assert [(e.source, e.seq) for e in await store.events_after(0, limit=9)] == [
        ("key:shared/b", seq) for seq in (1, 2, 3, 4)
    ]


Case = tuple[list[dict[str, Any]], int, tuple[int, str]]
BAD: list[Case] = [
    ([*notes(1, 2), *notes(None)], 2, (409, "sequence-conflict")),
    ([*notes(1), {"type": "run.finished", "seq": 2}, *notes(3)], 2, (409, "run-final")),
    ([*notes(1), {"type": "note", "seq": 2, "data": {}}], 1, (422, "schema-invalid")),
    ([*notes(1), {"type": "note", "seq": 2, "run": "other", "data": {"text": "a"}}], 1, (422, "schema-invalid")),
    ([*notes(1), {"schema": "ompycord/event@2"}], 1, (422, "schema-unsupported")),
    ([*notes(1), {"type": "run.state", "data": {}}], 1, (403, "not-yours")),
    ([*notes(1, 2), {"type": "note", "data": {"text": "x" * 40_000}}], 2, (400, "malformed-json")),
]


@pytest.mark.parametrize(("events", "index", "problem"), BAD)
async def test_one_bad_event_refuses_all_and_is_named(
    poster: Poster, store: SqliteStore, events: list[dict[str, Any]], index: int, problem: tuple[int, str]
) -> None:
    answer = await poster.batch(events)
    assert refusal(answer) == problem
    assert answer.json()["index"] == index
    assert await store.backlog() == 0


@pytest.mark.parametrize("events", [[], notes(*range(1, 502)), "no list", [1]])
async def test_a_batch_has_one_to_five_hundred_events(poster: Poster, events: Any) -> None:
    assert refusal(await poster.batch(events)) == (422, "schema-invalid")


async def test_a_full_batch_fits_the_burst_and_counts_against_it(poster: Poster, clock: HandClock) -> None:
    assert (await poster.batch(notes(*range(1, 501)))).json()["accepted"] == 500
    refused = await poster.batch(notes(*range(501, 601)))
    assert refusal(refused) == (429, "rate-limited")
    assert refused.headers["retry-after"] == "1"
    clock.seconds += 1
    assert (await poster.batch(notes(*range(501, 601)))).status_code == 202


async def test_a_replayed_batch_gets_the_first_answer(poster: Poster) -> None:
    first = await poster.batch(notes(None, None), webhook_id="batch_1")
    again = await poster.batch(notes(None, None), webhook_id="batch_1")
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.headers["ompycord-replayed"] == "true"
    assert (again.json()["position"], again.json()["accepted"]) == (first.json()["position"], 0)
    refused = await poster.batch(notes(None), webhook_id="batch_1")
    assert refusal(refused) == (409, "id-conflict")
    assert "index" not in refused.json()


async def test_a_batch_may_be_a_mebibyte(poster: Poster) -> None:
    big = [{"type": "note", "data": {"text": "x" * 32_000}} for _ in range(32)]
    assert (await poster.batch(big)).status_code == 202
    assert refusal(await poster.batch([*big, *big[:2]])) == (413, "too-large")
