"""The other doors: hosts and origins, mounts, health, problem pages, runs, the OpenAPI document."""

import asyncio
import re

import httpx
import jsonschema_rs
import pytest
from starlette.types import Receive, Scope, Send

from ompycord import __version__
from ompycord.app.sidecar import create_sidecar
from ompycord.conductor import Snapshots
from ompycord.domain import events as ev
from ompycord.domain.ports import DumpedFold
from ompycord.domain.records import Commit
from ompycord.domain.records import Scope as KeyScope
from ompycord.http import HttpLimits, KeySet, Mount, Sidecar, mint_bearer
from ompycord.http.problems import PROBLEMS
from ompycord.render import run_view
from ompycord.render.run_view import Place, RunFact
from ompycord.store import SqliteStore
from tests.integration.store.world import NOW, CountingIds, HandClock, People
from tests.integration.webhook.senders import EVENT, Poster, envelope, refusal


async def project(store: SqliteStore) -> None:
    for event in await store.events_after(await store.cursor("projector"), limit=100):
        folds = await store.folds([event.run])
        folds[event.run].add(event)
        await store.project(
            "projector",
            upto=event.position,
            folds=[DumpedFold.of(fold) for fold in folds.values()],
            states={},
            outbox=(),
        )


async def reader(store: SqliteStore, keyring: KeySet, ids: CountingIds, run: str | None = None) -> dict[str, str]:
    bound = None if run is None else ev.RunId(run)
    record, token = mint_bearer(ids=ids, now_ms=NOW, name="r", scopes=[KeyScope.RUNS_READ], run=bound)
    await store.commit(Commit(writes=(record,)))
    keyring.replace(await store.keys(), hmac_secrets={})
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize("host", ["127.0.0.1:8787", "localhost", "LOCALHOST:1", "[::1]:8787", "[::1]", "bot.example"])
async def test_known_names_are_served(sidecar: Sidecar, http: httpx.AsyncClient, host: str) -> None:
    answer = await http.get("/problems/scope", headers={"host": host})
    assert answer.status_code == (421 if host == "bot.example" else 200)


async def test_a_configured_name_is_served_and_no_other(
    store: SqliteStore, keyring: KeySet, clock: HandClock, ids: CountingIds
) -> None:
    limits = HttpLimits(hosts=("Bot.Example",))
    app = create_sidecar(
        store=store,
        snapshots=Snapshots(store=store),
        keyring=keyring,
        clock=clock,
        ids=ids,
        limits=limits,
        wake=lambda: None,
        probes={},
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bot.example") as client:
        assert (await client.get("/problems/scope")).status_code == 200
        for host in ("evil.example", "bot.example.evil.example", "", "bot.example:80:80", "127.0.0.1.evil.example"):
            assert refusal(await client.get("/openapi.json", headers={"host": host})) == (421, "misdirected")
            assert refusal(await client.post(EVENT, headers={"host": host})) == (421, "misdirected")


async def test_web_pages_are_not_answered(http: httpx.AsyncClient) -> None:
    for origin in ("https://evil.example", "null", "http://127.0.0.1:8787"):
        for path in (EVENT, "/livez", "/api/runs"):
            answer = await http.post(path, headers={"origin": origin})
            assert refusal(answer) == (403, "browser")
            assert "access-control-allow-origin" not in answer.headers


async def test_a_mount_gets_its_prefix_and_only_browser_mounts_get_origins(
    store: SqliteStore, keyring: KeySet, clock: HandClock, ids: CountingIds
) -> None:
    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        body = f"{scope['root_path']} {scope['path']}".encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("a defect")

    app = create_sidecar(
        store=store,
        snapshots=Snapshots(store=store),
        keyring=keyring,
        clock=clock,
        ids=ids,
        limits=HttpLimits(),
        wake=lambda: None,
        probes={},
        mounts=[Mount("/mcp", echo), Mount("/mcp/deep", broken), Mount("/board", echo, is_for_browsers=True)],
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        assert (await client.get("/mcp")).text == "/mcp /mcp"
        assert (await client.get("/mcp/")).text == "/mcp /mcp/"
        assert refusal(await client.get("/mcpx")) == (404, "not-found")
        assert refusal(await client.get("/mcp/deep")) == (500, "internal")
        origin = {"origin": "http://localhost"}
        assert refusal(await client.get("/mcp", headers=origin)) == (403, "browser")
        assert (await client.get("/board/x", headers=origin)).text == "/board /board/x"


async def test_health_gives_names_only(store: SqliteStore, keyring: KeySet, clock: HandClock, ids: CountingIds) -> None:
    gateway_is_up = True

    async def yes() -> bool:
        return True

    async def gateway() -> bool:
        if gateway_is_up:
            return True
        raise RuntimeError("secret detail")

    app = create_sidecar(
        store=store,
        snapshots=Snapshots(store=store),
        keyring=keyring,
        clock=clock,
        ids=ids,
        limits=HttpLimits(),
        wake=lambda: None,
        probes={"database": yes, "gateway": gateway},
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        assert (await client.get("/livez")).json() == {"status": "ok"}
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()) == (
            200,
            {"ready": True, "checks": {"database": True, "gateway": True}},
        )
        gateway_is_up = False
        unready = await client.get("/readyz")
        assert unready.status_code == 503
        assert unready.json() == {"ready": False, "checks": {"database": True, "gateway": False}}
        gateway_is_up = True
        app.drain()
        assert (await client.get("/readyz")).json()["checks"] == {"database": True, "gateway": True, "intake": False}


async def test_a_probe_that_hangs_is_a_no(
    store: SqliteStore, keyring: KeySet, clock: HandClock, ids: CountingIds
) -> None:
    async def never() -> bool:
        await asyncio.Event().wait()
        return True

    app = create_sidecar(
        store=store,
        snapshots=Snapshots(store=store),
        keyring=keyring,
        clock=clock,
        ids=ids,
        limits=HttpLimits(),
        wake=lambda: None,
        probes={"gateway": never},
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        assert (await client.get("/readyz")).json() == {"ready": False, "checks": {"gateway": False}}


@pytest.mark.parametrize("slug", sorted(PROBLEMS))
async def test_every_problem_has_a_page(http: httpx.AsyncClient, slug: str) -> None:
    page = await http.get(f"/problems/{slug}")
    assert page.status_code == 200
    assert str(PROBLEMS[slug].status) in page.text


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


async def test_a_person_who_opens_the_address_reads_where_to_go(http: httpx.AsyncClient) -> None:
    page = await http.get("/", headers={"accept": BROWSER})
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    links: list[str] = re.findall(r'href="([^"]+)"', page.text)
    assert links
    assert {(await http.get(link)).status_code for link in links} <= {200, 503}
    assert "<script" not in page.text
    assert __version__ not in page.text
    assert (await http.head("/", headers={"accept": BROWSER})).status_code == 200


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/problem+json, */*;q=0.5", ""])
async def test_a_program_that_asks_for_the_root_keeps_its_problem(http: httpx.AsyncClient, accept: str) -> None:
    answer = await http.get("/", headers={"accept": accept})
    assert refusal(answer) == (404, "not-found")
    assert answer.headers["vary"] == "accept"


async def test_what_is_not_there_is_a_problem_too(http: httpx.AsyncClient) -> None:
    for path in ("/", "/problems/nothing", "/api/webhook", "/api/webhook/event/", "/docs", "/%00", "/api/runs/"):
        assert refusal(await http.get(path)) == (404, "not-found")
    wrong = await http.post("/livez")
    assert refusal(wrong) == (405, "method-not-allowed")
    assert wrong.headers["allow"] == "GET"


async def test_runs_are_read_with_the_scope_only(
    http: httpx.AsyncClient, poster: Poster, store: SqliteStore, keyring: KeySet, ids: CountingIds
) -> None:
    external = (await poster.event("run.started", seq=2, data={"title": "Nightly"})).json()["run"]
    people = People(ids)
    hosted = await people.submit(store)

    refused = await http.get("/api/runs", headers={"authorization": f"Bearer {envelope()}"})
    assert refusal(refused) == (401, "unauthorized")
    key = await reader(store, keyring, ids)
    listed = await http.get("/api/runs", headers=key)
    assert [run["id"] for run in listed.json()["runs"]] == [hosted.id, external]
    assert (await http.get("/api/runs?state=BUILDING&open=true&limit=1", headers=key)).json()["runs"][0][
        "id"
    ] == external
    assert refusal(await http.get("/api/runs?limit=101", headers=key)) == (422, "schema-invalid")
    assert refusal(await http.get("/api/runs?state=hunter2", headers=key)) == (422, "schema-invalid")

    await store.commit(Commit(writes=(people.event(external, ev.CancelRequested(by="Ada")),)))
    assert (await http.get(f"/api/runs/{external}", headers=key)).json()["gaps"] == []
    await project(store)
    one = (await http.get(f"/api/runs/{external}", headers=key)).json()
    assert (one["name"], one["state"], one["created_at"]) == ("nightly", "BUILDING", "2026-05-28T20:26:40Z")
    assert one["gaps"] == [{"source": "key:shared", "first": 1, "last": 1}]
    assert one["cancel_requested"] is True
    assert (await http.get(f"/api/runs/{hosted.id}", headers=key)).json()["kind"] == "hosted"
    assert refusal(await http.get(f"/api/runs/{'0' * 26}", headers=key)) == (404, "unknown-run")
    assert refusal(await http.get("/api/runs/short", headers=key)) == (422, "schema-invalid")

    own = await reader(store, keyring, ids, hosted.id)
    assert [run["id"] for run in (await http.get("/api/runs", headers=own)).json()["runs"]] == [hosted.id]
    assert refusal(await http.get(f"/api/runs/{external}", headers=own)) == (404, "unknown-run")


async def test_a_fact_that_is_declared_for_programs_comes_from_the_snapshots(
    http: httpx.AsyncClient,
    poster: Poster,
    store: SqliteStore,
    keyring: KeySet,
    ids: CountingIds,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named = (await poster.event("run.started", data={"title": "Nightly", "agent": "goose"})).json()["run"]
    await project(store)
    key = await reader(store, keyring, ids)

    async def agents() -> list[str | None]:
        (listed,) = (await http.get("/api/runs", headers=key)).json()["runs"]
        return [listed["agent"], (await http.get(f"/api/runs/{named}", headers=key)).json()["agent"]]

    assert await agents() == [None, None], "the row of an external run has none"
    fact = RunFact(name="agent", label="Agent", of=lambda run: run.agent, places=frozenset({Place.PROGRAMS}))
    monkeypatch.setattr(run_view, "RUN_FACTS", (fact,))
    assert await agents() == ["goose", "goose"]


async def test_a_key_without_the_scope_reads_nothing(
    http: httpx.AsyncClient, store: SqliteStore, keyring: KeySet, ids: CountingIds
) -> None:
    record, token = mint_bearer(ids=ids, now_ms=NOW, name="w", scopes=[KeyScope.EVENTS_WRITE])
    keyring.replace([record], hmac_secrets={})
    assert refusal(await http.get("/api/runs", headers={"authorization": f"Bearer {token}"})) == (403, "scope")
    record, token = mint_bearer(ids=ids, now_ms=NOW, name="r", scopes=[KeyScope.RUNS_READ])
    keyring.replace([record], hmac_secrets={})
    answer = await http.post(EVENT, json=envelope(), headers={"authorization": f"Bearer {token}"})
    assert refusal(answer) == (403, "scope")


async def test_the_openapi_document_describes_the_hot_path(http: httpx.AsyncClient) -> None:
    document = (await http.get("/openapi.json")).json()
    operation = document["paths"]["/api/webhook/event"]["post"]
    assert {"202", "200", "401", "409", "422", "429", "503"} <= operation["responses"].keys()
    assert "/api/runs/{run_id}" in document["paths"]

    schema = {"$ref": "#/components/schemas/Envelope", "components": document["components"]}
    validator = jsonschema_rs.validator_for(schema)
    assert validator.is_valid(envelope())
    assert validator.is_valid(envelope("x.rocket", data={"anything": 1}))
    assert not validator.is_valid(envelope(data={}))
    assert not validator.is_valid(envelope("tool.started", data={"tool": "edit", "surprise": 1}))
    assert not validator.is_valid(envelope(surprise=1))
    batch = jsonschema_rs.validator_for({"$ref": "#/components/schemas/Batch", "components": document["components"]})
    assert batch.is_valid({"run": "a", "events": [{"type": "note", "data": {"text": "x"}}]})
    assert not batch.is_valid({"run": "a", "events": [{"type": "note", "data": {"text": 1}}]})
