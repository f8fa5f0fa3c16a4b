"""Server-sent events: in order, resumable without loss, bounded, ended by drain and by a key's end."""

import asyncio
import socket

import jsonschema_rs

from ompycord.domain.records import Commit, Scope
from ompycord.http import KeySet, mint_bearer
from ompycord.store import SqliteStore
from ompycord.webhook.schemas import published
from tests.integration.store.world import NOW, CountingIds, HandClock, People
from tests.integration.webhook.senders import SECRET, refusal
from tests.integration.webhook.served import PATIENCE_S, Served, served
from tests.support.patience import until, within


async def settle(harness: Served) -> None:
    async with within(PATIENCE_S):
        await harness.projector.settled()


async def test_a_stream_begins_with_a_snapshot_and_goes_on_with_events(
    store: SqliteStore, clock: HandClock, ids: CountingIds, keyring: KeySet
) -> None:
    async with served(store, clock, ids, keyring) as harness:
        run = (await harness.poster.event("run.started", seq=1, data={"title": "Nightly"})).json()["run"]
        await settle(harness)
        for path in ("/api/events", f"/api/runs/{run}/events"):
            async with harness.listen(path) as listener:
                assert listener.response.headers["content-type"].startswith("text/event-stream")
                begin = await listener.next()
                assert begin is not None
                [snapshot] = begin.data["snapshots"]
                assert (begin.name, begin.data["position"], snapshot["title"]) == ("reset", begin.id, "Nightly")
                assert jsonschema_rs.validator_for(published()["snapshot"]).is_valid(snapshot)
                number = begin.id + 1
                await harness.poster.event("tool.started", seq=number, data={"tool": "edit"})
                message = await listener.next()
                assert message is not None
                assert (message.id, message.name) == (number, "message")
                assert message.data == {
                    "position": number, "run": run, "source": "key:shared", "seq": number, "id": message.data["id"],
                    "at": "2026-05-28T20:26:40Z", "type": "tool.started", "data": {"tool": "edit"},
                }  # fmt: skip


async def test_a_reader_that_comes_again_misses_nothing_and_sees_nothing_twice(
    store: SqliteStore, clock: HandClock, ids: CountingIds, keyring: KeySet
) -> None:
    async with served(store, clock, ids, keyring) as harness:
        seen: list[int] = []
        last = 0
        for turn in range(6):
            for n in range(40):
                await harness.poster.event(seq=turn * 40 + n + 1)
            async with harness.listen(last=last) as listener:
                for _ in range(7 if turn < 5 else 240 - len(seen)):
                    message = await listener.next()
                    assert message is not None
                    assert message.name == "message"
                    seen.append(message.data["seq"])
                    last = message.id
        assert seen == list(range(1, 241))


async def test_a_stream_of_one_run_has_its_events_only(
    store: SqliteStore, clock: HandClock, ids: CountingIds, keyring: KeySet
) -> None:
    async with served(store, clock, ids, keyring) as harness:
        runs = [(await harness.poster.event(run=name, seq=1)).json()["run"] for name in ("a", "b")]
        await settle(harness)
        async with harness.listen(f"/api/runs/{runs[1]}/events", last=0) as listener:
            first = await listener.next()
            await harness.poster.event(run="a", seq=2)
            await harness.poster.event(run="b", seq=2)
            second = await listener.next()
        assert first is not None
        assert second is not None
        assert [(m.data["run"], m.data["seq"]) for m in (first, second)] == [(runs[1], 1), (runs[1], 2)]
        missing = await harness.http.get(f"/api/runs/{'0' * 26}/events", headers=harness.headers)
        assert refusal(missing) == (404, "unknown-run")


async def test_who_is_too_far_behind_starts_fresh(
    store: SqliteStore, clock: HandClock, ids: CountingIds, keyring: KeySet
) -> None:
    async with served(store, clock, ids, keyring, most_behind=20) as harness:
        run = (await harness.poster.event(seq=1)).json()["run"]
        for n in range(2, 31):
            await harness.poster.event(seq=n)
        await settle(harness)
        for path in ("/api/events", f"/api/runs/{run}/events"):
            async with harness.listen(path, last=10) as listener:
                assert (await listener.next() or (0,))[0] == 11  # 20 behind: all of them
            for last in (9, 31):  # 21 behind, and a position that never was
                async with harness.listen(path, last=last) as listener:
                    begin = await listener.next()
                    assert begin is not None
                    assert (begin.name, begin.id, len(begin.data["snapshots"])) == ("reset", 30, 1)


async def test_a_reader_that_reads_nothing_costs_a_page_and_is_given_up(
    store: SqliteStore, clock: HandClock, ids: CountingIds, keyring: KeySet
) -> None:
    async with served(store, clock, ids, keyring, write_s=0.2) as harness:
        token = harness.headers["authorization"]
        with socket.socket() as stalled:
            stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stalled.setblocking(False)  # the standard library's signature
            loop = asyncio.get_running_loop()
            await loop.sock_connect(stalled, ("127.0.0.1", harness.port))
            ask = f"GET /api/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\nLast-Event-ID: 0\r\n\r\n"
            await loop.sock_sendall(stalled, ask.encode())
            await until(lambda: bool(harness.streams.count))
            n = 0
            async with within(PATIENCE_S * 3):
                while harness.streams.count:
                    n += 1
                    clock.seconds += 1
                    await harness.poster.event(seq=n, data={"text": "x" * 30_000})
        assert (await harness.poster.event(seq=n + 1)).status_code == 202  # nobody else was held up


async def test_a_silent_stream_has_a_heartbeat(
    store: SqliteStore, clock: HandClock, ids: CountingIds, keyring: KeySet
) -> None:
    async with served(store, clock, ids, keyring, heartbeat_s=0.05) as harness, harness.listen(last=0) as listener:
        await listener.heartbeat()
        await listener.heartbeat()


async def test_an_ending_process_ends_every_stream(
    store: SqliteStore, clock: HandClock, ids: CountingIds, keyring: KeySet
) -> None:
    async with served(store, clock, ids, keyring) as harness, harness.listen(last=0) as listener:
        harness.app.drain()
        assert await listener.next() is None
        assert refusal(await harness.http.get("/api/events", headers=harness.headers)) == (503, "draining")


async def test_a_key_that_ends_ends_its_stream(
    store: SqliteStore, clock: HandClock, ids: CountingIds, keyring: KeySet
) -> None:
    async with served(store, clock, ids, keyring) as harness, harness.listen(last=0) as listener:
        keyring.replace([], hmac_secrets={}, shared_secret=SECRET)
        await harness.poster.event()
        assert await listener.next() is None


async def test_only_so_many_streams_are_open(
    store: SqliteStore, clock: HandClock, ids: CountingIds, keyring: KeySet
) -> None:
    async with served(store, clock, ids, keyring, most_streams=1) as harness:
        async with harness.listen(last=0) as listener:
            await harness.poster.event(seq=1)
            await listener.next()
            assert refusal(await harness.http.get("/api/events", headers=harness.headers)) == (429, "rate-limited")
        await until(lambda: not harness.streams.count)
        async with harness.listen(last=0) as listener:
            assert await listener.next() is not None


async def test_listening_needs_the_scope_and_a_runs_key_hears_its_run(
    store: SqliteStore, clock: HandClock, ids: CountingIds, keyring: KeySet
) -> None:
    async with served(store, clock, ids, keyring) as harness:
        assert refusal(await harness.http.get("/api/events")) == (401, "unauthorized")
        shared = {"authorization": f"Bearer {SECRET}"}
        assert refusal(await harness.http.get("/api/events", headers=shared)) == (403, "scope")
        bad = {**harness.headers, "last-event-id": "-1"}
        assert refusal(await harness.http.get("/api/events", headers=bad)) == (422, "schema-invalid")

        own = await People(ids).submit(store)
        other = (await harness.poster.event(seq=1)).json()["run"]
        record, token = mint_bearer(ids=ids, now_ms=NOW, name="o", scopes=[Scope.RUNS_READ], run=own.id)  # pyright: ignore[reportArgumentType]  # a ULID
        await store.commit(Commit(writes=(record,)))
        keyring.replace(await store.keys(), hmac_secrets={}, shared_secret=SECRET)
        bound = {"authorization": f"Bearer {token}"}
        answer = await harness.http.get(f"/api/runs/{other}/events", headers=bound)
        assert refusal(answer) == (404, "unknown-run")
        async with harness.listen(headers=bound) as listener:
            begin = await listener.next()
            assert begin is not None
            assert begin.data["snapshots"] == []
