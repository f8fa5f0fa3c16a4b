"""`POST /api/webhook/event`: what is taken, and every way of being refused (docs/contracts/http.md, *Answers*)."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from ompycord.app.sidecar import create_sidecar
from ompycord.conductor import Snapshots
from ompycord.domain import events as ev
from ompycord.domain.records import Commit, Scope
from ompycord.http import HttpLimits, KeySet, Sidecar, mint_bearer
from ompycord.store import SqliteStore
from ompycord.webhook import EventLimits
from tests.integration.store.world import NOW, CountingIds, HandClock, People
from tests.integration.webhook.senders import EVENT, SECRET, Poster, envelope, refusal

DAY = "2026-05-28T00:00:00Z"


async def test_a_signed_event_is_on_disk_when_it_is_acknowledged(
    poster: Poster, store: SqliteStore, woken: asyncio.Event
) -> None:
    answer = await poster.event("tool.started", seq=17, at="2026-05-20T12:00:00.25+02:00", data={"tool": "edit"})
    assert answer.status_code == 202
    body = answer.json()
    [event] = await store.events_after(0, limit=10)
    assert body == {"accepted": 1, "duplicates": 0, "run": event.run, "position": 1, "cancel_requested": False}
    assert (event.source, event.seq, event.at) == ("key:shared", 17, 1779271200250)
    assert event.body == ev.ToolStarted(tool="edit")
    assert woken.is_set()
    run = await store.run(event.run)
    assert run is not None
    assert (run.external_name, run.channel) == ("nightly", "builds")


async def test_a_replay_gets_the_first_answer_and_wakes_nobody(poster: Poster, woken: asyncio.Event) -> None:
    first = await poster.event(webhook_id="msg_1")
    woken.clear()
    again = await poster.event(webhook_id="msg_1")
    assert (first.status_code, again.status_code) == (202, 200)
    assert "ompycord-replayed" not in first.headers
    assert again.headers["ompycord-replayed"] == "true"
    assert again.json() == {**first.json(), "accepted": 0, "duplicates": 1}
    assert not woken.is_set()
    assert refusal(await poster.event(webhook_id="msg_1", data={"text": "other"})) == (409, "id-conflict")


async def test_a_duplicate_and_a_conflict_are_told_apart(poster: Poster) -> None:
    first = await poster.event(seq=1)
    again = await poster.event(seq=1, at=DAY)
    assert (again.status_code, again.json()["duplicates"], again.json()["position"]) == (202, 1, 1)
    assert first.json()["run"] == again.json()["run"]
    assert refusal(await poster.event(seq=1, data={"text": "other"})) == (409, "sequence-conflict")
    assert refusal(await poster.event()) == (409, "sequence-conflict")
    assert (await poster.event(source="b")).status_code == 202


async def test_an_ended_lane_is_said_to_be_ended(poster: Poster) -> None:
    await poster.event("run.finished", seq=5, data={})
    assert refusal(await poster.event(seq=6)) == (409, "run-final")
    assert (await poster.event(seq=4)).status_code == 202


async def test_a_wish_to_cancel_is_told_to_the_sender(poster: Poster, store: SqliteStore, ids: CountingIds) -> None:
    run = (await poster.event()).json()["run"]
    await store.commit(Commit(writes=(People(ids).event(run, ev.CancelRequested(by="Ada")),)))
    assert (await poster.event()).json()["cancel_requested"] is True


async def test_a_runs_own_key_speaks_for_its_run_only(
    http: httpx.AsyncClient, store: SqliteStore, keyring: KeySet, ids: CountingIds
) -> None:
    people = People(ids)
    run, other = await people.submit(store), await people.submit(store)
    scopes = [Scope.EVENTS_WRITE, Scope.RUNS_CREATE]
    record, token = mint_bearer(ids=ids, now_ms=NOW, name="run", scopes=scopes, run=ev.RunId(run.id))
    await store.commit(Commit(writes=(record,)))
    keyring.replace(await store.keys(), hmac_secrets={})
    bearer = {"authorization": f"Bearer {token}"}

    taken = await http.post(EVENT, json=envelope(run=run.id), headers=bearer)
    assert (taken.status_code, taken.json()["run"]) == (202, run.id)
    for name in (other.id, "nightly"):
        assert refusal(await http.post(EVENT, json=envelope(run=name), headers=bearer)) == (404, "unknown-run")
    claim = envelope("run.cancelled", run=run.id, data={})
    assert refusal(await http.post(EVENT, json=claim, headers=bearer)) == (403, "not-yours")


async def test_a_bearer_may_name_its_posts(http: httpx.AsyncClient) -> None:
    headers = {"authorization": f"Bearer {SECRET}", "webhook-id": "mine-1"}
    first = await http.post(EVENT, json=envelope(), headers=headers)
    again = await http.post(EVENT, json=envelope(), headers=headers)
    assert (first.status_code, again.status_code) == (202, 200)
    bad = await http.post(EVENT, json=envelope(), headers={**headers, "webhook-id": "not an id"})
    assert refusal(bad) == (422, "schema-invalid")


@pytest.mark.parametrize("type_", ["question.answered", "approval.granted", "run.state", "run.cancel_requested"])
async def test_agents_say_nothing_that_is_for_people_or_us(poster: Poster, type_: str) -> None:
    assert refusal(await poster.event(type_)) == (403, "not-yours")


async def test_unknown_types_are_kept_up_to_four_kib(poster: Poster, store: SqliteStore) -> None:
    assert (await poster.event("x.rocket", data={"a": ["ü" * 2000]})).status_code == 202
    assert refusal(await poster.event("x.rocket", data={"a": ["ü" * 2048]})) == (422, "schema-invalid")
    [event] = await store.events_after(0, limit=10)
    assert event.body == ev.Opaque(type="x.rocket", data={"a": ["ü" * 2000]})


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"secret-value": 1}, "/secret-value"),
        ({"type": "Not A Type"}, "/type"),
        ({"run": ""}, "/run"),
        ({"run": 5}, "/run"),
        ({"run": "x" * 129}, "/run"),
        ({"seq": 0}, "/seq"),
        ({"seq": "1"}, "/seq"),
        ({"seq": True}, "/seq"),
        ({"seq": 1.0}, "/seq"),
        ({"source": "a/b"}, "/source"),
        ({"source": "a\n"}, "/source"),
        ({"data": []}, "/data"),
        ({"data": {}}, "/data/text"),
        ({"data": {"text": ["hunter2"]}}, "/data/text"),
        ({"data": {"text": "x", "a/b~c": 1}}, "/data/a~1b~0c"),
        ({"data": {"text": "x", "type": "note"}}, "/data/type"),
        ({"schema": "other"}, "/schema"),
        ({"schema": 1}, "/schema"),
        ({"at": "yesterday"}, "/at"),
        ({"at": "2026-13-01T00:00:00Z"}, "/at"),
        ({"at": "2026-06-01T00:00:00"}, "/at"),
        ({"at": "1969-12-31T23:59:59Z"}, "/at"),
        ({"at": "0001-01-01T00:00:00+23:59"}, "/at"),
        ({"at": "9999-12-31T23:59:59-23:59"}, "/at"),
        ({"at": NOW}, "/at"),
    ],
)
async def test_a_wrong_shape_is_pointed_at_and_never_quoted(
    poster: Poster, change: dict[str, Any], pointer: str
) -> None:
    answer = await poster.event(**change) if "type" not in change else await poster.event(change["type"])
    assert refusal(answer) == (422, "schema-invalid")
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert "hunter2" not in answer.text


async def test_a_newer_schema_is_named_before_anything_else(poster: Poster) -> None:
    changes: tuple[dict[str, Any], ...] = (
        {"schema": "ompycord/event@2"},
        {"schema": "ompycord/event@12", "novelty": 1, "run": None},
    )
    for change in changes:
        assert refusal(await poster.event(**change)) == (422, "schema-unsupported")


async def test_the_future_is_refused_beyond_a_day(poster: Poster) -> None:
    assert (await poster.event(at="2026-05-29T20:26:40Z")).status_code == 202  # NOW is 2026-05-28T20:26:40Z
    assert refusal(await poster.event(at="2026-05-29T20:26:40.001Z")) == (422, "schema-invalid")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        json.dumps(envelope()).encode("utf-16"),
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":-1e999}',
        b'{"a":9007199254740993}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":1,"a":2}',
        b'{"a":"\\u0000"}',
        b'{"\\u0000":1}',
        b'{"a":"\\ud800"}',
        b'{"\\udc00":1}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\x01"}',
        b"[" * 200_000,
        b'{"a":' * 17 + b"1" + b"}" * 17,
        b'{"a":[' + b"1," * 2000 + b"1]}",
        json.dumps({"a": "x" * 32769}).encode(),
        json.dumps({"x" * 129: 1}).encode(),
        b"{'a':1}",
        b'{"a":01}',
        b'{"a":1,}',
        b"{} {}",
    ],
)
async def test_what_is_no_json_of_ours_is_malformed(poster: Poster, body: bytes) -> None:
    assert refusal(await poster.raw(body)) == (400, "malformed-json")


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"text"', b"{}", b"1e5", b"-0"])
async def test_json_that_is_no_envelope_is_an_invalid_schema(poster: Poster, body: bytes) -> None:
    assert refusal(await poster.raw(body)) == (422, "schema-invalid")


async def test_the_largest_body_is_taken_and_no_larger_one(poster: Poster, http: httpx.AsyncClient) -> None:
    body = json.dumps(envelope()).encode().ljust(256 * 1024)
    assert (await poster.raw(body)).status_code == 202
    assert refusal(await poster.raw(body + b" ")) == (413, "too-large")

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b" " * 64 * 1024

    assert refusal(await http.post(EVENT, content=pieces())) == (413, "too-large")


async def test_compressed_bodies_are_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post(EVENT, content=b"x", headers={"content-encoding": "gzip"})
    assert refusal(answer) == (415, "encoding")


async def test_other_methods_are_told_the_right_one(http: httpx.AsyncClient) -> None:
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        answer = await http.request(method, EVENT)
        assert refusal(answer) == (405, "method-not-allowed")
        assert answer.headers["allow"] == "POST"


async def test_a_key_has_its_rate(poster: Poster, clock: HandClock) -> None:
    for n in range(1, 501):
        assert (await poster.event(seq=n)).status_code == 202
    refused = await poster.event(seq=501)
    assert refusal(refused) == (429, "rate-limited")
    assert refused.headers["retry-after"] == "1"
    clock.seconds += 0.01
    assert (await poster.event(seq=501)).status_code == 202
    assert refusal(await poster.event(seq=502)) == (429, "rate-limited")


async def test_too_many_waiting_events_put_new_ones_off(
    store: SqliteStore, keyring: KeySet, clock: HandClock, ids: CountingIds
) -> None:
    app = create_sidecar(
        store=store,
        snapshots=Snapshots(store=store),
        keyring=keyring,
        clock=clock,
        ids=ids,
        limits=HttpLimits(),
        wake=lambda: None,
        probes={},
        event_limits=EventLimits(backlog=3),
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        poster = Poster(http, clock)
        for n in (1, 2, 3):
            assert (await poster.event(seq=n)).status_code == 202
        refused = await poster.event(seq=4)
        assert refusal(refused) == (429, "backlog")
        assert refused.headers["retry-after"] == "2"
        await store.project("projector", upto=3, folds=(), states={}, outbox=())
        clock.seconds += 0.2
        assert (await poster.event(seq=4)).status_code == 202


async def test_an_ending_process_takes_nothing_new(poster: Poster, sidecar: Sidecar) -> None:
    sidecar.drain()
    refused = await poster.event()
    assert refusal(refused) == (503, "draining")
    assert refused.headers["retry-after"] == "5"


async def test_a_refusing_database_is_no_acknowledgement(poster: Poster, store: SqliteStore) -> None:
    await store.close()
    refused = await poster.event()
    assert refusal(refused) == (503, "storage")
    assert int(refused.headers["retry-after"]) >= 1
