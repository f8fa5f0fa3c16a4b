"""The door under attack: failures limited and counted for each address, floods without the database.

Slow connections closed.
"""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from ompycord.app.sidecar import create_sidecar
from ompycord.conductor import Snapshots
from ompycord.domain.folds.fold import RunFold
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunFilter
from ompycord.domain.records import Commit, Committed, Decision, Post, Receipt, Scope
from ompycord.domain.run import RunRecord
from ompycord.errors import BadEvent
from ompycord.http import HttpLimits, KeySet, Sidecar, mint_bearer, mint_hmac, parse_secret
from ompycord.http.auth_check import AuthCheck
from ompycord.http.problems import Problem
from ompycord.store import SqliteStore
from tests.integration.store.world import CountingIds, HandClock
from tests.integration.webhook.senders import EVENT, EVENTS, SECRET, Poster, envelope, refusal
from tests.support.patience import within
from tests.support.sidecar import Options
from tests.support.sidecar_process import post, sidecar_process

PROXY = "192.0.2.7"
LIMITS = HttpLimits(trusted_proxies=(PROXY,))
CONNECTIONS = 500
WRONG = "whsec_" + "d3Jvbmctc2VjcmV0LW9mLXNvbWVib2R5LWVsc2U="


class CountingStore:
    """The real store behind a counter: every use of it counts, whatever the method."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.asked = 0

    async def append(self, posts: Sequence[Post], *, together: bool = False) -> list[Receipt | BadEvent]:
        self.asked += 1
        return await self._store.append(posts, together=together)

    async def backlog(self) -> int:
        self.asked += 1
        return await self._store.backlog()

    async def run(self, run: RunId) -> RunRecord | None:
        self.asked += 1
        return await self._store.run(run)

    async def runs(self, which: RunFilter) -> list[RunRecord]:
        self.asked += 1
        return await self._store.runs(which)

    async def folds(self, runs: Sequence[RunId]) -> dict[RunId, RunFold]:
        self.asked += 1
        return await self._store.folds(runs)

    async def commit(self, commit: Commit) -> Committed:
        self.asked += 1
        return await self._store.commit(commit)

    async def decision(self, run: RunId, kind: str, ref: str) -> Decision | None:
        self.asked += 1
        return await self._store.decision(run, kind, ref)


def from_address(app: Sidecar, address: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(address, 1)), base_url="http://localhost")


@pytest.fixture
def counted(store: SqliteStore) -> CountingStore:
    return CountingStore(store)


@pytest.fixture
def app(counted: CountingStore, keyring: KeySet, clock: HandClock, ids: CountingIds) -> Sidecar:
    return create_sidecar(
        store=counted,
        snapshots=Snapshots(store=counted),
        keyring=keyring,
        clock=clock,
        ids=ids,
        limits=LIMITS,
        wake=lambda: None,
        probes={},
    )


async def test_a_flood_of_invalid_signatures_never_asks_the_database(
    app: Sidecar, counted: CountingStore, store: SqliteStore, clock: HandClock
) -> None:
    before = store.transactions
    async with from_address(app, "127.0.0.1") as http:  # never put off unread: every signature is really checked
        wrong = Poster(http, clock, secret=WRONG)
        for n in range(300):
            note = {"type": "note", "data": {"text": "x"}}
            answer = await (wrong.batch([note]) if n % 2 else wrong.event())
            assert refusal(answer) == (401, "unauthorized")
            assert refusal(await http.get("/api/runs")) == (401, "unauthorized")
        assert (counted.asked, store.transactions, app.counts.without_key) == (0, before, 600)
        assert (await Poster(http, clock).event()).status_code == 202
        assert counted.asked > 0


async def test_an_address_that_fails_often_is_put_off_unread(app: Sidecar, clock: HandClock) -> None:
    async with from_address(app, "203.0.113.9") as http, from_address(app, "203.0.113.10") as other:
        for _ in range(20):
            assert refusal(await http.post(EVENT, content=b"{}")) == (401, "unauthorized")
        for path in (EVENT, EVENTS):
            refused = await http.post(path, content=b"x" * 10_000_000)  # too large, but nobody looks
            assert refusal(refused) == (429, "too-many-failures")
            assert 1 <= int(refused.headers["retry-after"]) <= 5
        assert refusal(await http.get("/api/runs")) == (429, "too-many-failures")
        wrong = Poster(http, clock, secret=WRONG)
        assert refusal(await wrong.event()) == (429, "too-many-failures")
        assert (await Poster(other, clock).event()).status_code == 202
        assert (await http.get("/livez")).status_code == 200
        clock.seconds += 5
        assert refusal(await wrong.event()) == (401, "unauthorized")


async def test_nobody_is_shut_out_by_the_failures_of_others_behind_the_same_proxy(
    app: Sidecar, keyring: KeySet, clock: HandClock
) -> None:
    """The proxy is not listed, so all that comes through it counts as one sender's."""
    record, token = mint_bearer(ids=CountingIds(70), now_ms=clock.now_ms(), name="reader", scopes=[Scope.RUNS_READ])
    keyring.replace([record], hmac_secrets={}, shared_secret=SECRET)
    async with from_address(app, "203.0.113.9") as http:
        for _ in range(40):
            await http.post(EVENT, content=b"{}")
        old = {"webhook-id": "m", "webhook-timestamp": "1000000000", "webhook-signature": f"v1,{'A' * 43}="}
        for headers in ({}, old, {**old, "webhook-signature": "v1,x"}, {"authorization": f"Bearer {token}x"}):
            refused = await http.post(EVENT, content=b"x" * 10_000_000, headers=headers)  # too large, but nobody looks
            assert refusal(refused) == (429, "too-many-failures")
        assert (await http.get("/api/runs", headers={"authorization": f"Bearer {token}"})).status_code == 200


async def test_a_valid_signature_is_never_shut_out(app: Sidecar, clock: HandClock) -> None:
    async with from_address(app, "203.0.113.9") as http:
        for _ in range(40):
            await http.post(EVENT, content=b"{}")
        assert refusal(await Poster(http, clock, secret=WRONG).event()) == (429, "too-many-failures")
        assert (await Poster(http, clock).event()).status_code == 202


@pytest.mark.parametrize(
    "header",
    [
        "x-forwarded-port",
        "x-forwarded-anything",
        "cf-connecting-ip",
        "true-client-ip",
        "x-client-ip",
        "forwarded",
        "via",
    ],
)
async def test_the_shared_secret_is_no_bearer_behind_a_proxy_that_says_so_in_any_way(app: Sidecar, header: str) -> None:
    body, bearer = json.dumps(envelope("note", data={"text": "x"})), {"authorization": f"Bearer {SECRET}"}
    async with from_address(app, "127.0.0.1") as http:
        assert refusal(await http.post(EVENT, content=body, headers={**bearer, header: "1"})) == (401, "unauthorized")
        assert (await http.post(EVENT, content=body, headers=bearer)).status_code == 202


async def test_an_address_that_sent_something_valid_is_heard_out(app: Sidecar, clock: HandClock) -> None:
    async with from_address(app, "203.0.113.9") as http:
        assert (await Poster(http, clock).event()).status_code == 202
        for _ in range(50):
            assert refusal(await http.post(EVENT, content=b"{}")) == (401, "unauthorized")
        assert (await Poster(http, clock).event(webhook_id="msg_later")).status_code == 202
        clock.seconds += 600
        last = httpx.Response(0)
        for _ in range(20):
            last = await http.post(EVENT, content=b"{}")
        assert refusal(last) == (401, "unauthorized")  # 10 minutes filled the bucket again
        clock.seconds += 1
        assert refusal(await Poster(http, clock, secret=WRONG).event()) == (429, "too-many-failures")


async def test_behind_a_listed_proxy_the_last_hop_counts(app: Sidecar, clock: HandClock) -> None:
    async with from_address(app, PROXY) as http:
        last = httpx.Response(0)
        for n in range(25):
            hop = {"x-forwarded-for": f"198.51.100.{n}, 203.0.113.9", "x-forwarded-proto": "https"}
            last = await http.post(EVENT, content=b"{}", headers=hop)
        assert refusal(last) == (429, "too-many-failures")
        http.headers["x-forwarded-for"] = "203.0.113.9, 198.51.100.1"
        assert (await Poster(http, clock).event()).status_code == 202


def test_the_table_of_addresses_is_bounded_and_a_network_counts_as_one(keyring: KeySet, clock: HandClock) -> None:
    auth_check = AuthCheck(keyring=keyring, clock=clock, limits=HttpLimits(addresses=8, failures_burst=3))
    for n in range(100):
        for peer in (f"203.0.113.{n}", f"2001:db8:0:{n:x}::1", "not an address", None):
            with pytest.raises(Problem, match="unauthorized"):
                auth_check.authenticate_request({}, b"", peer=peer)
    assert (auth_check.addresses, auth_check.failures) == (8, 400)
    for n in range(3):
        with pytest.raises(Problem, match="unauthorized"):
            auth_check.authenticate_request({}, b"", peer=f"2001:db8::{n + 1:x}")
    with pytest.raises(Problem, match="too-many-failures"):
        auth_check.check_address({}, peer="2001:db8::ffff")


async def test_secrets_overlap_while_they_are_rotated(
    http: httpx.AsyncClient, keyring: KeySet, clock: HandClock
) -> None:
    scopes = [Scope.EVENTS_WRITE, Scope.RUNS_CREATE]
    made = [mint_hmac(ids=CountingIds(n), now_ms=clock.now_ms(), name="r", scopes=scopes) for n in (50, 60 << 40)]
    secrets = {record.id: parse_secret(text) for record, text in made}
    posters = [Poster(http, clock, secret=text) for _, text in made]
    records = [record for record, _ in made]

    keyring.replace(records[:1], hmac_secrets=secrets, shared_secret=SECRET)
    assert (await posters[0].event(run="a", seq=1)).status_code == 202
    assert refusal(await posters[1].event(run="a", seq=1)) == (401, "unauthorized")
    keyring.replace(records, hmac_secrets=secrets, shared_secret=SECRET)  # both: nobody is locked out
    assert (await posters[0].event(run="a", seq=2)).status_code == 202
    assert (await posters[1].event(run="a", seq=1)).status_code == 202
    assert (await Poster(http, clock).event(run="a")).status_code == 202  # and the shared one
    keyring.replace(records[1:], hmac_secrets=secrets, shared_secret=SECRET)
    assert refusal(await posters[0].event(run="a", seq=3)) == (401, "unauthorized")
    assert (await posters[1].event(run="a", seq=2)).status_code == 202


@asynccontextmanager
async def many_connections(
    port: int, count: int
) -> AsyncGenerator[list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]:
    opened: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    try:
        for _ in range(count):  # appended one by one, so that what was opened is closed when one fails
            opened.append(await asyncio.open_connection("127.0.0.1", port))  # noqa: PERF401  # the same reason
        yield opened
    finally:
        for _, writer in opened:
            writer.transport.abort()


@pytest.mark.posix
@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
async def test_five_hundred_slow_connections_are_closed_and_stop_nobody(tmp_path: Path) -> None:
    half_header = b"POST /api/webhook/event HTTP/1.1\r\nHost: local"
    half_body = b'POST /api/webhook/event HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"schema"'
    options = Options(header_s=2.0, body_s=2.0)
    async with sidecar_process(tmp_path / "a.db", options) as child, child.client() as http:
        async with many_connections(child.port, CONNECTIONS) as connections:
            for n, (_, writer) in enumerate(connections):
                writer.write(half_body if n % 2 else half_header)
            for n in range(20):  # while all of them are open
                assert (await post(http, envelope(seq=n + 1), f"valid_{n}")).status_code == 202
            answers = [await read_to_end(reader) for reader, _ in connections]
        assert [answer[:12] for answer in answers] == [b"HTTP/1.1 408"] * CONNECTIONS
        assert all(b"/problems/too-slow" in answer for answer in answers)
        assert (await post(http, envelope(seq=21), "valid_last")).status_code == 202


async def read_to_end(reader: asyncio.StreamReader) -> bytes:
    async with within(30):
        return await reader.read()
