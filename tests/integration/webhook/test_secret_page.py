"""The page on which a secret is given: once, for one person, for ten minutes; a preview uses nothing up."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from pydantic import SecretStr

from ompycord.domain.access import Person
from ompycord.domain.ids import RunId
from ompycord.domain.run import RunState
from ompycord.errors import StorageError, UnavailableError
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import ADA, AP, MO, AppHarness, store
from tests.integration.conductor.test_secrets_for_hosts import CATALOG, HOST
from tests.support.refusals import refuses

__all__ = ["store"]

PUBLIC = "https://bot.example.com:8443/omp"
ORIGIN = {"origin": "https://bot.example.com:8443", "sec-fetch-site": "same-origin"}
VALUE = "npm_" + "x9Qd2kLw7RtZ" * 3


@pytest.fixture
def harness(store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppHarness:
    harness = AppHarness(store, tmp_path, FakeClock(), webhook={"public_url": f"{PUBLIC}/"})
    monkeypatch.setattr(harness.infrastructure.present, "person", as_before)
    return harness


async def as_before(guild: str | None, person: str, name: str) -> Person:
    """Discord says that Ap is what Ap was."""
    return AP


class Site:
    """The sidecar as a proxy reaches it, for a run whose agent waits for NPM_TOKEN."""

    def __init__(self, harness: AppHarness, http: httpx.AsyncClient, run: RunId) -> None:
        self.harness = harness
        self.http = http
        self.run = run
        self.pages = harness.parts.areas.secret_pages

    async def link(self) -> str:
        """A link of Ap, as a path of the sidecar."""
        made = await self.pages.link(await self.harness.areas.load(self.run), "NPM_TOKEN", AP)
        assert made is not None
        assert made[1].startswith(f"{PUBLIC}/secret/")
        return made[1].removeprefix(PUBLIC)

    async def post(self, path: str, value: str | bytes = VALUE, **headers: str) -> httpx.Response:
        content = value if isinstance(value, bytes) else urlencode({"value": value}).encode()
        form = {"content-type": "application/x-www-form-urlencoded"}
        return await self.http.post(path, content=content, headers={**form, **ORIGIN, **headers})

    async def given(self) -> str | None:
        """What the next start of the agent would have."""
        return (await self.harness.parts.areas.secret_requests.environment(self.run)).get("NPM_TOKEN")


@asynccontextmanager
async def opened(harness: AppHarness) -> AsyncGenerator[Site]:
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.submit()).id)
        await harness.began()
        await harness.parts.areas.secret_requests.request(run, "NPM_TOKEN", "to <publish> it")
        await harness.in_state(run, RunState.SUSPENDED)
        harness.closed = "nothing starts in this test"
        transport = httpx.ASGITransport(app=harness.parts.sidecar)
        async with httpx.AsyncClient(transport=transport, base_url="http://bot.example.com:8443") as http:
            yield Site(harness, http, run)


async def test_the_page_takes_a_secret_once_and_a_look_at_it_uses_nothing_up(harness: AppHarness) -> None:
    async with opened(harness) as site:
        path = await site.link()
        for _ in range(2):  # programs that look at links
            assert (await site.http.get(path)).status_code == 200
            assert (await site.http.head(path)).content == b""
        page = await site.http.get(path)
        assert "Give NPM_TOKEN" in page.text
        assert "It needs the secret NPM_TOKEN: to &lt;publish&gt; it" in page.text
        assert "Ap: an agent asks for a secret." in page.text
        assert "<script" not in page.text
        done = await site.post(path, f"{VALUE}\r\n")
        assert done.status_code == 200
        assert "NPM_TOKEN goes to one start of the agent." in done.text
        for again in (await site.http.get(path), await site.post(path, VALUE[::-1])):
            assert again.status_code == 410
            assert "This link was used, is older than ten minutes, or never was." in again.text
        assert VALUE not in done.text
        assert await site.given() == VALUE
        (request,) = await harness.parts.areas.secret_requests.requests(site.run)
        decision = await harness.store.decision(site.run, "question", request.question)
        assert decision is not None
        assert decision.action.startswith("Give the secret NPM_TOKEN on the page, for one start of scripted")


async def test_the_page_offers_the_hosts_that_the_settings_name_and_takes_no_other(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = AppHarness(store, tmp_path, FakeClock(), CATALOG, webhook={"public_url": PUBLIC})
    monkeypatch.setattr(harness.infrastructure.present, "person", as_before)
    async with opened(harness) as site:
        path = await site.link()
        page = await site.http.get(path)
        assert page.text.count("<option") == 2
        assert f'<option value="{HOST}">Requests to {HOST} alone' in page.text
        refused = await site.post(path, urlencode({"value": VALUE, "host": "other.example.org"}).encode())
        assert (refused.status_code, "Nothing was given." in refused.text) == (409, True)
        done = await site.post(path, urlencode({"value": VALUE, "host": HOST}).encode())
        assert f"NPM_TOKEN goes to requests to {HOST}." in done.text
        assert await site.given() is None
        requests = harness.parts.areas.secret_requests
        assert await requests.for_host(site.run, "NPM_TOKEN", HOST) == VALUE


async def test_no_browser_and_no_other_site_keeps_frames_or_learns_anything(harness: AppHarness) -> None:
    async with opened(harness) as site:
        path = await site.link()
        for answer in (await site.http.get(path), await site.http.get("/secret/none"), await site.post("/secret/none")):
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["referrer-policy"] == "same-origin"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["content-security-policy"] == (
                "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; "
                "base-uri 'none'"
            )


async def test_a_form_of_another_page_gives_nothing(harness: AppHarness) -> None:
    others = (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "https://bot.example.com"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    )
    async with opened(harness) as site:
        path = await site.link()
        for headers in others:
            answer = await site.post(path, **headers)
            assert (answer.status_code, "Nothing was given." in answer.text) == (403, True), headers
        assert await site.given() is None
        assert (await site.post(path)).status_code == 200


async def test_the_link_ends_after_ten_minutes(harness: AppHarness) -> None:
    async with opened(harness) as site:
        path = await site.link()
        harness.clock.advance(599.9)
        assert (await site.http.get(path)).status_code == 200
        harness.clock.advance(0.1)
        assert (await site.http.get(path)).status_code == 410
        assert (await site.post(path)).status_code == 410
        assert await site.given() is None


async def test_a_link_is_for_the_person_who_got_it_with_the_role_of_that_moment(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(harness) as site:
        loaded = await harness.areas.load(site.run)
        with refuses("You may not decide for"):
            await site.pages.link(loaded, "NPM_TOKEN", MO)
        with refuses("another person must allow it"):
            await site.pages.link(loaded, "NPM_TOKEN", ADA)
        first, second = await site.link(), await site.link()
        assert (await site.http.get(first)).status_code == 410  # a new link of the same person ends the one before
        present = harness.infrastructure.present
        read: list[tuple[str | None, str]] = []

        async def as_runner(guild: str | None, person: str, name: str) -> object:
            read.append((guild, person))
            return AP.model_copy(update={"role": MO.role})

        monkeypatch.setattr(present, "person", as_runner)
        lost = await site.post(second)
        assert lost.status_code == 409
        assert "You may not decide for" in lost.text
        assert read == [("1", AP.id)]

        async def silent(guild: str | None, person: str, name: str) -> object:
            raise UnavailableError("Discord is away")

        monkeypatch.setattr(present, "person", silent)
        assert (await site.post(second)).status_code == 503
        assert await site.given() is None
        monkeypatch.setattr(present, "person", as_before)
        assert (await site.post(second)).status_code == 200
        assert await site.given() == VALUE


NO_VALUES = (
    (b"value=", 409, "It is empty."),
    (b"", 409, "It is empty."),
    (b"other=x9Qd2kLw", 409, "It is empty."),
    (b"value=short", 409, "shorter than 8 characters"),
    (b"value=password", 409, "plain word"),
    (b"value=" + b"x9Qd2kLw" * 1025, 409, "longer than 8,192 characters"),
    (b"value=" + b"x" * 110_000, 422, "at most 8,192 characters"),
    (b"value=%ff%fe%00abcdefgh", 422, "A secret is text"),
    (b"value=\xff\xfeabcdefgh", 422, "A secret is text"),
    (b"&".join([b"a=b"] * 20), 422, "A secret is text"),
)


async def test_a_value_that_is_none_is_said_and_the_link_works_on(harness: AppHarness) -> None:
    async with opened(harness) as site:
        path = await site.link()
        for body, status, words in NO_VALUES:
            answer = await site.post(path, body)
            assert (answer.status_code, words in answer.text) == (status, True), body[:40]
            assert "Nothing was given." in answer.text
            assert "<form" in answer.text
        assert (await site.post(path, "line one of it\r\nline two of it\r\n")).status_code == 200
        assert await site.given() == "line one of it\nline two of it"


async def test_a_proxy_may_leave_its_own_path_in_the_request(harness: AppHarness) -> None:
    async with opened(harness) as site:
        path = await site.link()
        assert (await site.http.get(f"/omp{path}")).status_code == 200
        assert (await site.post(f"/omp{path}")).status_code == 200


async def test_a_disk_that_takes_nothing_leaves_the_link(harness: AppHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(harness) as site:
        path = await site.link()

        async def full(*arguments: object) -> None:
            raise StorageError("disk full")

        put = harness.infrastructure.vault.put
        monkeypatch.setattr(harness.infrastructure.vault, "put", full)
        answer = await site.post(path)
        assert (answer.status_code, "try again in a minute" in answer.text) == (503, True)
        monkeypatch.setattr(harness.infrastructure.vault, "put", put)
        assert (await site.post(path)).status_code == 200


async def test_a_link_gives_nothing_once_its_request_is_over(harness: AppHarness) -> None:
    async with opened(harness) as site:
        path = await site.link()
        (request,) = await harness.parts.areas.secret_requests.requests(site.run)
        loaded = await harness.areas.load(site.run)
        await harness.areas.approvals.answer(loaded, request.question, "Refuse", ADA)
        answer = await site.post(path)
        assert answer.status_code == 409
        assert "does not wait for a secret called NPM_TOKEN any more. Nothing was kept." in answer.text
        assert "<form" not in answer.text


async def test_a_link_gives_nothing_for_a_later_request_of_the_same_name(harness: AppHarness) -> None:
    async with opened(harness) as site:
        path, requests = await site.link(), harness.parts.areas.secret_requests
        loaded = await harness.areas.load(site.run)
        await requests.give(loaded, "NPM_TOKEN", SecretStr(VALUE), AP, way="at a terminal")
        assert await site.given() == VALUE
        assert await site.given() is None  # the start after that one asks again
        await requests.request(site.run, "NPM_TOKEN", "again")
        answer = await site.post(path)
        assert (answer.status_code, "Nothing was kept." in answer.text) == (409, True)
        assert [one.is_open for one in await requests.requests(site.run)] == [False, True]


async def test_other_methods_and_other_names_of_the_host_reach_no_page(harness: AppHarness) -> None:
    async with opened(harness) as site:
        path = await site.link()
        assert (await site.http.put(path, content=b"value=x9Qd2kLwx9")).status_code == 405
        wrong = await site.http.get(path, headers={"host": "evil.example"})
        assert wrong.status_code == 421
        assert await site.given() is None


async def test_without_a_public_address_there_is_no_page(store: SqliteStore, tmp_path: Path) -> None:
    harness = AppHarness(store, tmp_path, FakeClock())
    async with opened(harness) as site:
        assert await site.pages.link(await harness.areas.load(site.run), "NPM_TOKEN", AP) is None
        answer = await site.http.get("/secret/x", headers={"host": "127.0.0.1"})
        assert answer.status_code in {401, 404}
