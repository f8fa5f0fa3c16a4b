"""webhook-ids over time and batches: one answer for one id, whatever it came with, for eight days."""

import pytest

from ompycord.store import SqliteStore
from tests.integration.store.world import HandClock
from tests.integration.webhook.senders import Poster, refusal

DAY_MS = 24 * 3600 * 1000
NOTE = {"type": "note", "data": {"text": "x"}}


async def test_an_id_of_an_event_is_no_id_for_a_batch_and_the_other_way_round(poster: Poster) -> None:
    assert (await poster.event(webhook_id="msg_1")).status_code == 202
    assert refusal(await poster.batch([NOTE], webhook_id="msg_1")) == (409, "id-conflict")
    assert (await poster.batch([NOTE, NOTE], webhook_id="msg_2")).status_code == 202
    assert refusal(await poster.event(webhook_id="msg_2")) == (409, "id-conflict")
    assert refusal(await poster.batch([NOTE], webhook_id="msg_2")) == (409, "id-conflict")


async def test_a_batch_that_overlaps_another_counts_what_was_there(poster: Poster, store: SqliteStore) -> None:
    events = [{**NOTE, "seq": n} for n in range(1, 7)]
    first = (await poster.batch(events[:4])).json()
    second = (await poster.batch(events[2:])).json()
    assert (first["accepted"], first["duplicates"]) == (4, 0)
    assert (second["accepted"], second["duplicates"], second["position"]) == (2, 2, 6)
    twice = (await poster.batch([events[0], events[0]])).json()
    assert (twice["accepted"], twice["duplicates"]) == (0, 2)
    assert await store.backlog() == 6


async def test_a_conflict_in_a_batch_leaves_its_id_free(poster: Poster, store: SqliteStore) -> None:
    assert (await poster.event(seq=1)).status_code == 202
    refused = await poster.batch([{**NOTE, "seq": 2}, {**NOTE, "seq": 1}], webhook_id="msg_b")
    assert refusal(refused) == (409, "sequence-conflict")
    assert refused.json()["index"] == 1
    assert await store.backlog() == 1
    assert (await poster.batch([{**NOTE, "seq": 2}], webhook_id="msg_b")).status_code == 202


@pytest.mark.parametrize(("days", "status"), [(7.0, 200), (7.999, 200), (8.001, 409)])
async def test_an_id_is_known_for_eight_days_and_then_forgotten(
    poster: Poster, clock: HandClock, days: float, status: int
) -> None:
    """Forgotten, the same body is a new request; its number in the lane still refuses what differs."""
    assert (await poster.event(seq=1, webhook_id="msg_1")).status_code == 202
    clock.pass_ms(int(days * DAY_MS))
    assert (await poster.event(seq=2, webhook_id="msg_2")).status_code == 202  # prunes on its way
    again = await poster.event(seq=1, webhook_id="msg_1")
    other = await poster.event(seq=1, webhook_id="msg_1", data={"text": "other"})
    if status == 200:
        assert (again.status_code, again.headers["ompycord-replayed"]) == (200, "true")
        assert refusal(other) == (409, "id-conflict")
    else:
        assert (again.status_code, again.json()["duplicates"]) == (202, 1)  # by its number, not by its id
        assert "ompycord-replayed" not in again.headers


async def test_a_forgotten_id_may_stand_for_another_body(poster: Poster, clock: HandClock) -> None:
    for n in range(5):
        assert (await poster.batch([NOTE], webhook_id=f"old_{n}")).status_code == 202
    clock.pass_ms(9 * DAY_MS)
    assert (await poster.event(webhook_id="new", run="other")).status_code == 202
    for n in range(5):
        assert (await poster.batch([NOTE, NOTE], webhook_id=f"old_{n}")).status_code == 202
