"""Whatever is posted, the answer is one of ours: a problem or an acknowledgement, never a 5xx.

Bad keys never reach a store.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ompycord.app.sidecar import create_sidecar
from ompycord.conductor import Snapshots
from ompycord.domain.events import EVENT_TYPES
from ompycord.domain.folds.fold import RunFold
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunFilter
from ompycord.domain.records import Commit, Committed, Decision, KeyRecord, Post, Receipt, Scope
from ompycord.domain.run import RunRecord
from ompycord.errors import BadEvent
from ompycord.http import HttpLimits, KeySet, mint_bearer
from ompycord.text.strict_json import NotJson, parse_json, require_within_limits
from tests.support.examples import examples
from tests.unit.http.test_keys import NOW, SHARED, Clock, Ids

RUN = RunId("01KSR492000000000000000001")
BEARER = {"authorization": f"Bearer {SHARED}"}


class CountingStore:
    """The sidecar's part of the store port; counts how often it is asked and keeps what it is given."""

    def __init__(self) -> None:
        self.asked = 0
        self.posts: list[Post] = []

    async def append(self, posts: Sequence[Post], *, together: bool = False) -> list[Receipt | BadEvent]:
        self.asked += 1
        self.posts.extend(posts)
        return [Receipt(run=RUN, position=len(self.posts)) for _ in posts]

    async def backlog(self) -> int:
        self.asked += 1
        return 0

    async def run(self, run: RunId) -> RunRecord | None:
        self.asked += 1
        return None

    async def runs(self, which: RunFilter) -> list[RunRecord]:
        self.asked += 1
        return []

    async def folds(self, runs: Sequence[RunId]) -> dict[RunId, RunFold]:
        self.asked += 1
        return {}

    async def commit(self, commit: Commit) -> Committed:
        self.asked += 1
        return Committed(fresh=True)

    async def decision(self, run: RunId, kind: str, ref: str) -> Decision | None:
        self.asked += 1
        return None


async def ask(
    store: CountingStore,
    method: str,
    path: str,
    *,
    body: bytes = b"",
    headers: Mapping[str, str],
    peer: str = "127.0.0.1",
    keys: Sequence[KeyRecord] = (),
) -> httpx.Response:
    clock = Clock()
    keyring = KeySet(clock=clock)
    keyring.replace(keys, hmac_secrets={}, shared_secret=SHARED)
    limits = HttpLimits(trusted_proxies=("192.0.2.7",))
    app = create_sidecar(
        store=store,
        snapshots=Snapshots(store=store),
        keyring=keyring,
        clock=clock,
        ids=Ids(),
        limits=limits,
        wake=lambda: None,
        probes={},
    )
    transport = httpx.ASGITransport(app, client=(peer, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8787") as http:
        return await http.request(method, path, content=body, headers=headers)


def require_ours(response: httpx.Response) -> None:
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json"
        body = response.json()
        assert body["type"].startswith("/problems/")
        assert body["status"] == response.status_code


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
fields = st.sampled_from(
    ["text", "tool", "ok", "phases", "question", "data", "added", "files", "type", "cost_usd", "check"]
)
envelopes = st.fixed_dictionaries(
    {},
    optional={
        "schema": st.just("ompycord/event@1") | json_values,
        "type": st.sampled_from(sorted(EVENT_TYPES)) | st.just("x.y") | json_values,
        "run": st.just("nightly") | json_values,
        "seq": st.integers(-1, 3) | json_values,
        "at": st.just("2026-05-20T12:00:00Z") | st.text() | json_values,
        "source": st.just("b") | json_values,
        "data": st.dictionaries(fields, json_values, max_size=4) | json_values,
        "events": st.lists(json_values, max_size=3) | json_values,
    },
)
paths = st.sampled_from(["/api/webhook/event", "/api/webhook/events"])


@pytest.mark.examples
@settings(max_examples=examples(400), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(value=envelopes | json_values, path=paths)
async def test_no_json_gets_a_server_error(value: Any, path: str) -> None:
    body = json.dumps(value).encode()  # escapes surrogates, writes NaN and Infinity as such
    require_ours(await ask(CountingStore(), "POST", path, body=body, headers=BEARER))


@pytest.mark.examples
@settings(max_examples=examples(200), deadline=None)
@given(body=st.binary(max_size=300), path=paths)
async def test_no_bytes_get_a_server_error(body: bytes, path: str) -> None:
    require_ours(await ask(CountingStore(), "POST", path, body=body, headers=BEARER))


@pytest.mark.examples
@settings(max_examples=examples(300), deadline=None)
@given(value=json_values)
def test_what_is_parsed_is_what_the_standard_library_parses(value: Any) -> None:
    text = json.dumps(value).encode()
    try:
        parsed = parse_json(text)
        require_within_limits(parsed)
    except NotJson:
        return
    assert parsed == json.loads(text)
    assert json.loads(json.dumps(parsed, allow_nan=False)) == value


def test_sixteen_levels_are_taken_and_no_more() -> None:
    require_within_limits(parse_json(b"[" * 16 + b"1" + b"]" * 16))
    with pytest.raises(NotJson, match="deeper"):
        require_within_limits(parse_json(b"[" * 17 + b"1" + b"]" * 17))
    require_within_limits(parse_json(b"[" + b",".join([b"1"] * 1999) + b"]"))
    with pytest.raises(NotJson, match="2,000"):
        require_within_limits(parse_json(b"[" + b",".join([b"1"] * 2000) + b"]"))


class BrokenStore(CountingStore):
    """Has a defect."""

    async def append(self, posts: Sequence[Post], *, together: bool = False) -> list[Receipt | BadEvent]:
        raise RuntimeError("hunter2")

    async def runs(self, which: RunFilter) -> list[RunRecord]:
        raise RuntimeError("hunter2")


@pytest.mark.parametrize(("method", "path"), [("POST", "/api/webhook/event"), ("GET", "/api/runs")])
async def test_a_defect_of_ours_is_a_problem_and_logged(
    method: str, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    body = b'{"schema":"ompycord/event@1","type":"note","run":"a","data":{"text":"x"}}' if method == "POST" else b""
    record, token = mint_bearer(
        ids=Ids(), now_ms=NOW, name="a", scopes=[Scope.EVENTS_WRITE, Scope.RUNS_CREATE, Scope.RUNS_READ]
    )
    headers = {"authorization": f"Bearer {token}"}
    answer = await ask(BrokenStore(), method, path, body=body, headers=headers, keys=[record])
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "hunter2" not in answer.text
    assert "hunter2" in caplog.text


BAD_AUTH: list[dict[str, str]] = [
    {},
    {"authorization": ""},
    {"authorization": "Bearer"},
    {"authorization": "Bearer wrong"},
    {"authorization": f"Basic {SHARED}"},
    {"authorization": f"Bearer {SHARED}, Bearer {SHARED}"},
    {"authorization": "Bearer ompk_00000001_" + "0" * 43},
    {**BEARER, "webhook-signature": "v1,wrong"},
    {**BEARER, "webhook-signature": ""},
    {**BEARER, "webhook-id": "a", "webhook-timestamp": "1780000000", "webhook-signature": "v1,wrong"},
    {**BEARER, "x-forwarded-for": "203.0.113.9"},
    {**BEARER, "forwarded": "for=203.0.113.9"},
    {**BEARER, "x-forwarded-proto": "https"},
]


@pytest.mark.parametrize("headers", BAD_AUTH)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/webhook/event"),
        ("POST", "/api/webhook/events"),
        ("GET", "/api/runs"),
        ("GET", f"/api/runs/{RUN}"),
    ],
)
async def test_failed_authentication_asks_no_store_and_says_one_thing(
    headers: dict[str, str], method: str, path: str
) -> None:
    store = CountingStore()
    answer = await ask(store, method, path, body=b"{}" if method == "POST" else b"", headers=headers)
    expected = await ask(store, method, path, headers={"authorization": "Bearer other"})
    assert (answer.status_code, answer.content) == (401, expected.content)
    assert answer.headers == expected.headers
    assert store.asked == 0


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 202),
        ("::1", {}, 202),
        ("192.0.2.1", {}, 401),
        ("192.0.2.7", {"x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9"}, 202),
        ("192.0.2.7", {"x-forwarded-proto": "http"}, 401),
        ("192.0.2.7", {}, 401),
        ("127.0.0.1", {"via": "1.1 proxy"}, 401),
    ],
)
async def test_the_shared_secret_travels_only_where_nobody_listens(
    peer: str, headers: dict[str, str], status: int
) -> None:
    body = b'{"schema":"ompycord/event@1","type":"note","run":"a","data":{"text":"x"}}'
    answer = await ask(
        CountingStore(), "POST", "/api/webhook/event", body=body, headers={**BEARER, **headers}, peer=peer
    )
    assert answer.status_code == status
