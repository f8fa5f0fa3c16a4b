"""A request to a model passes the gateway: its bytes as they are, its usage exactly, its key from here."""

import asyncio
import hashlib
import json
import random
import socket
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from ompycord.domain.events import EventBody, RetryCleared, RetryLimited
from ompycord.domain.ids import RunId
from ompycord.domain.ports.model_ledger import SpentSoFar
from ompycord.errors import StorageError
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.price import Prices, TokenPrices
from ompycord.model_gateway.spending import settle_what_was_open
from ompycord.testing import SequentialIds
from tests.integration.model_gateway.conftest import KEY, PATHS, PRICES, Way, body_of, spec_of, way_of
from tests.support.model_answers import Truth, answer
from tests.support.patience import until, within
from tests.support.stub_provider import Asked, Reply, StubProvider, stub_provider

TRUTH = Truth(input=1200, cache_read=200, output=45, reasoning=5)
WORDS = ("One ", "two ", "three.")
TOKEN_HEADERS = ("authorization", "x-api-key", "x-goog-api-key")


@pytest.mark.parametrize("dialect", Dialect)
async def test_an_answer_passes_byte_by_byte_and_is_charged_exactly(way: Way, dialect: Dialect) -> None:
    parts = answer(dialect, TRUTH, WORDS)
    way.provider.replies = [Reply(parts=parts)]
    more: Any = {"stream_options": {"include_usage": True}} if dialect is Dialect.CHAT else {}
    found = await way.ask(dialect, **more)
    assert hashlib.sha256(found.content).digest() == hashlib.sha256(b"".join(parts)).digest()
    assert (found.status_code, found.headers["x-request-id"]) == (200, "req_1")
    asked = way.provider.asked[0]
    assert json.loads(asked.body) == body_of(dialect, **more)
    assert f"{asked.path}{'?' if asked.query else ''}{asked.query}" == PATHS[dialect]
    [row] = await way.ledger()
    assert (row["input"], row["cache_read"], row["output"], row["exactness"]) == (1200, 200, 45, "exact")
    usd = (1200 * PRICES.input + 200 * Decimal("0.3") + 45 * PRICES.output) / 1_000_000
    assert row["nano_usd"] == int(usd * 10**9)
    assert (row["provider"], row["model"], row["request_id"]) == ("first", "m-1", "req_1")
    [used] = await way.usage_events()
    assert used.cost_usd == pytest.approx(float(usd), abs=1e-9)
    assert (used.input, used.output, used.at_least, used.provider) == (1200, 45, False, "first")
    assert (way.spending.account.reserved_usd, way.spending.account.reserved_tokens) == (0, 0)


@pytest.mark.parametrize("dialect", Dialect)
async def test_the_key_is_ours_and_nothing_of_the_agents_headers_leaks(way: Way, dialect: Dialect) -> None:
    way.provider.replies = [Reply(parts=answer(dialect, TRUTH, WORDS), headers={"set-cookie": "a=b", "x-secret": "1"})]
    headers = {
        "x-api-key": way.token, "authorization": f"Bearer {way.token}", "cookie": "c=d", "anthropic-beta": "b-1",
        "x-forwarded-for": "1.2.3.4", "accept-encoding": "gzip, br",
    }  # fmt: skip
    path = f"{PATHS[dialect]}{'&' if '?' in PATHS[dialect] else '?'}key={way.token}"
    found = await way.http.post(f"{way.url}{path}", json=body_of(dialect), headers=headers)
    asked = way.provider.asked[0]
    assert way.token not in f"{asked.headers}{asked.query}{asked.body.decode()}"
    assert [asked.headers[name] for name in TOKEN_HEADERS if name in asked.headers] in ([KEY], [f"Bearer {KEY}"])
    assert asked.headers["accept-encoding"] == "identity"
    assert asked.headers["anthropic-beta"] == "b-1"
    assert not {"cookie", "x-forwarded-for"} & set(asked.headers)
    assert not {"set-cookie", "x-secret"} & set(found.headers)
    assert KEY not in f"{found.headers}{found.text}"


async def test_usage_that_the_agent_did_not_ask_for_is_counted_and_not_shown(way: Way) -> None:
    parts = answer(Dialect.CHAT, TRUTH, WORDS)
    way.provider.replies = [Reply(parts=parts)]
    found = await way.ask(Dialect.CHAT)
    assert way.provider.asked[0].json["stream_options"] == {"include_usage": True}
    assert found.content == b"".join([*parts[:-2], parts[-1]])
    assert (await way.ledger())[0]["output"] == 45


async def test_an_answer_without_a_stream_is_charged_too(way: Way) -> None:
    way.provider.replies = [Reply(parts=answer(Dialect.ANTHROPIC, TRUTH, WORDS, "whole"))]
    found = await way.ask(Dialect.ANTHROPIC, stream=False)
    assert found.json()["type"] == "message"
    assert [(row["output"], row["exactness"]) for row in await way.ledger()] == [(45, "exact")]


async def test_counting_tokens_is_forwarded_and_free(way: Way) -> None:
    way.provider.replies = [Reply(parts=[b'{"input_tokens": 7}'], headers={"content-type": "application/json"})]
    found = await way.ask(path="/v1/messages/count_tokens", max_tokens=9)
    assert found.json() == {"input_tokens": 7}
    assert await way.ledger() == []


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("which", ["none", "another", "ended", "in the query alone"])
async def test_13_without_the_runs_own_token_nothing_is_asked(way: Way, dialect: Dialect, which: str) -> None:
    path, headers = PATHS[dialect], {"x-api-key": "ompr_another"} if which == "another" else {}
    if which == "ended":
        way.run_token.end()
        headers = {"authorization": f"Bearer {way.token}"}
    if which == "in the query alone":
        path = f"{path}{'&' if '?' in path else '?'}key={way.token}"
    found = await way.http.post(f"{way.url}{path}", json=body_of(dialect), headers=headers)
    assert found.status_code == 401
    assert way.provider.asked == []
    assert await way.ledger() == []


REFUSED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "files": ("POST", "/v1/files", {}), "batches": ("POST", "/v1/messages/batches", {}),
    "dots": ("POST", "/v1/messages/../files", {}), "slashes": ("POST", "/v1//messages", {}),
    "encoded": ("POST", "/v1/%6dessages", {}), "a model that no one offers": ("POST", "/v1/messages", {"model": "m-2"}),
    "in the background": ("POST", "/v1/responses", {"background": True}),
    "another tier": ("POST", "/v1/chat/completions", {"service_tier": "flex"}),
    "no model": ("POST", "/v1/messages", {"model": None}),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
async def test_14_what_passes_budgets_by_is_refused_in_words(tmp_path: Path, provider: StubProvider, case: str) -> None:
    method, path, more = REFUSED[case]
    async with way_of(tmp_path, provider, spec_of(provider, models=("m-1",))) as way:
        content = json.dumps({**body_of(Dialect.CHAT), **more}).encode()
        raw = (
            f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {way.token}\r\n"
            f"content-length: {len(content)}\r\nconnection: close\r\n\r\n"
        ).encode()
        said = await spoken(way, raw + content)
        assert said.startswith((b"HTTP/1.1 400", b"HTTP/1.1 403"))
        assert b"Ompycord: " in said
        assert provider.asked == []
        assert await way.ledger() == []


SMUGGLED = {
    "chunks beside a length": "content-length: 5\r\ntransfer-encoding: chunked\r\n",
    "chunks": "transfer-encoding: chunked\r\n",
    "two lengths": "content-length: 5\r\ncontent-length: 6\r\n",
    "two tokens": "authorization: Bearer x\r\ncontent-length: 2\r\n",
    "an origin": "origin: https://x.example\r\ncontent-length: 2\r\n",
    "compressed": "content-encoding: zstd\r\ncontent-length: 2\r\n",
}


@pytest.mark.parametrize("case", SMUGGLED)
async def test_14_what_two_readers_read_in_two_ways_is_refused(way: Way, case: str) -> None:
    raw = f"POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {way.token}\r\n{SMUGGLED[case]}"
    said = await spoken(way, f"{raw}connection: close\r\n\r\n{{}}".encode())
    assert said.startswith((b"HTTP/1.1 4", b""))
    assert b"HTTP/1.1 200" not in said
    assert way.provider.asked == []


async def test_14_an_absolute_target_is_no_models(way: Way) -> None:
    raw = f"POST http://api.example.org/v1/messages HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {way.token}\r\n"
    said = await spoken(way, f"{raw}content-length: 2\r\nconnection: close\r\n\r\n{{}}".encode())
    assert said.startswith(b"HTTP/1.1 4")
    assert way.provider.asked == []


async def spoken(way: Way, raw: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(way.url.rpartition(":")[2]))
    writer.write(raw)
    async with within(20):
        said = await reader.read()
    writer.close()
    return said


async def test_15_a_websocket_is_refused_so_that_the_agent_goes_on_without(way: Way) -> None:
    headers = {"authorization": f"Bearer {way.token}", "upgrade": "websocket", "connection": "Upgrade"}
    found = await way.http.get(f"{way.url}/v1/responses", headers=headers)
    assert found.status_code == 426


async def test_models_of_the_settings_are_listed_and_other_paths_are_the_sidecars(
    tmp_path: Path, provider: StubProvider
) -> None:
    async with way_of(tmp_path, provider, spec_of(provider, models=("m-1", "m-2")), models=("m-2",)) as way:
        headers = {"authorization": f"Bearer {way.token}"}
        listed = (await way.http.get(f"{way.url}/v1/models", headers=headers)).json()
        assert [one["id"] for one in listed["data"]] == ["m-2"]
        assert (await way.http.get(f"{way.url}/mcp/")).text == "the sidecar"
        assert (await way.ask(Dialect.CHAT)).status_code == 400
        assert provider.asked == []


@pytest.mark.parametrize("dialect", [Dialect.ANTHROPIC, Dialect.CHAT])
async def test_9_an_agent_that_hangs_up_ends_its_request_at_the_provider(way: Way, dialect: Dialect) -> None:
    way.provider.replies = [Reply(parts=answer(dialect, TRUTH, WORDS), waits_after=2)]
    headers = {"authorization": f"Bearer {way.token}"}
    async with way.http.stream("POST", f"{way.url}{PATHS[dialect]}", json=body_of(dialect), headers=headers) as found:
        async for _ in found.aiter_raw():
            break
    async with within(20):
        await way.provider.closed.wait()
        await until(lambda: way.gateway.streams == 0)
    [row] = await way.ledger()
    assert row["exactness"] == "estimated"
    assert row["input"] == (1200 if dialect is Dialect.ANTHROPIC else row["reserved_input"])
    assert (await way.usage_events())[0].exactness == "estimated"


async def test_9_a_silent_provider_is_left_too(way: Way) -> None:
    way.provider.replies = [Reply(parts=[b"x"], waits_after=0)]
    with pytest.raises(httpx.ReadTimeout):
        await way.http.post(
            f"{way.url}{PATHS[Dialect.CHAT]}", json=body_of(Dialect.CHAT), timeout=0.5,
            headers={"authorization": f"Bearer {way.token}"},
        )  # fmt: skip
    async with within(20):
        await way.provider.closed.wait()


@pytest.mark.parametrize("status", [429, 529, 500, 503])
@pytest.mark.parametrize("header", [None, "2", "30"])
async def test_11_a_provider_that_is_busy_is_asked_again_and_the_agent_sees_none_of_it(
    way: Way, status: int, header: str | None
) -> None:
    busy = Reply(status=status, headers={"retry-after": header} if header else {}, parts=[b"busy"])
    parts = answer(Dialect.ANTHROPIC, TRUTH, WORDS)
    way.provider.replies = [busy, busy, Reply(parts=parts)]
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(way.ask(Dialect.ANTHROPIC))
        for number in (1, 2):
            async with within(20):
                await until(lambda: sum(isinstance(one, RetryLimited) for one in way.facts) == number)  # noqa: B023  # awaited here
            assert len(way.provider.asked) == number
            await until(lambda: bool(way.clock._sleepers))  # pyright: ignore[reportPrivateUsage]
            way.clock.advance(60)
    found = asking.result()
    assert (found.status_code, found.content) == (200, b"".join(parts))
    first = next(one for one in way.facts if isinstance(one, RetryLimited))
    assert first.message == f"first answered {status}."
    assert isinstance(way.facts[-1], RetryCleared)
    assert [row["status"] for row in await way.ledger()] == [200]


async def test_11_a_provider_that_stays_busy_is_asked_five_times_and_its_answer_passes_with_a_short_wait(
    way: Way,
) -> None:
    way.provider.replies = [Reply(status=429, headers={"retry-after": "60"}, parts=[b'{"error": "its own words"}'])]
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(way.ask(Dialect.ANTHROPIC))
        for _ in range(4):
            await until(lambda: bool(way.clock._sleepers))  # pyright: ignore[reportPrivateUsage]
            way.clock.advance(80)
    found = asking.result()
    assert (found.status_code, found.headers["retry-after"]) == (429, "30")
    assert found.text == '{"error": "its own words"}'
    assert len(way.provider.asked) == 5
    assert [(row["status"], row["output"], row["nano_usd"]) for row in await way.ledger()] == [(429, 0, 0)]
    assert await way.usage_events() == []


async def test_11_a_wait_of_an_hour_is_not_waited_for(way: Way) -> None:
    way.provider.replies = [Reply(status=429, headers={"retry-after": "3600"}, parts=[b"{}"])]
    found = await way.ask(Dialect.RESPONSES)
    assert (found.status_code, found.headers["retry-after"], len(way.provider.asked)) == (429, "30", 1)


async def test_12_another_provider_answers_where_the_first_is_dead(tmp_path: Path, provider: StubProvider) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    parts = answer(Dialect.CHAT, TRUTH, WORDS)
    provider.replies = [Reply(parts=parts)]
    dead = spec_of(provider, "dead").model_copy(update={"base_url": f"http://127.0.0.1:{port}"})
    async with way_of(tmp_path, provider, dead, spec_of(provider, "second")) as way:
        found = await way.ask(Dialect.CHAT, stream_options={"include_usage": True})
        assert found.content == b"".join(parts)
        assert [row["provider"] for row in await way.ledger()] == ["second"]


async def test_12_what_a_fallback_answers_has_the_fallbacks_price(tmp_path: Path, provider: StubProvider) -> None:
    parts = answer(Dialect.CHAT, TRUTH, WORDS)
    provider.replies = [Reply(parts=parts)]
    async with stub_provider() as first:
        first.replies = [Reply(status=503, parts=[b"{}"])]
        dearer = TokenPrices(input=Decimal(30), output=Decimal(150), cache_read=Decimal(3))
        specs = (spec_of(first), spec_of(provider, "second"))
        async with way_of(tmp_path, provider, *specs) as way:
            way.gateway._prices = Prices(  # pyright: ignore[reportPrivateUsage]
                own={("first", "m-1"): PRICES, ("second", "m-1"): dearer}, listed=lambda kind, model: None
            )
            async with asyncio.TaskGroup() as group:
                asking = group.create_task(way.ask(Dialect.CHAT, stream_options={"include_usage": True}))
                for _ in range(4):
                    await until(lambda: bool(way.clock._sleepers))  # pyright: ignore[reportPrivateUsage]
                    way.clock.advance(60)
            assert (asking.result().status_code, asking.result().content) == (200, b"".join(parts))
            [row] = await way.ledger()
            assert (row["provider"], len(first.asked)) == ("second", 5)
            usd = (1200 * dearer.input + 200 * Decimal(3) + 45 * dearer.output) / 1_000_000
            assert row["nano_usd"] == int(usd * 10**9)
            assert way.spending.account.spent_usd == usd


@pytest.mark.long
async def test_12_a_thousand_random_cuts_never_join_two_answers(tmp_path: Path, provider: StubProvider) -> None:
    chance = random.Random(12)  # a game of chance
    async with stub_provider() as second:
        specs = (spec_of(provider), spec_of(second, "second"))
        async with way_of(tmp_path, provider, *specs) as way:
            for number in range(1000):
                dialect = chance.choice(list(Dialect))
                whole = b"".join(answer(dialect, TRUTH, (f"first {number} ", "and on.")))
                second.replies = [Reply(parts=answer(dialect, TRUTH, (f"second {number}",)))]
                parts = [whole[:at] for at in (chance.randrange(1, len(whole)),)]
                provider.replies = [Reply(parts=[*parts, b"x"], breaks_after=1)]
                seen, is_broken = await half(way, dialect)
                assert is_broken
                assert whole.startswith(seen)
            assert second.asked == []
            assert len(await way.ledger()) == 1000


async def test_12_after_the_first_byte_nothing_is_joined_and_half_an_answer_does_not_look_whole(
    tmp_path: Path, provider: StubProvider
) -> None:
    parts = answer(Dialect.ANTHROPIC, TRUTH, WORDS)
    async with stub_provider() as second:
        second.replies = [Reply(parts=parts)]
        specs = (spec_of(provider), spec_of(second, "second"))
        async with way_of(tmp_path, provider, *specs) as way:
            for cut in range(1, len(parts)):
                provider.replies = [Reply(parts=parts, breaks_after=cut)]
                whole, is_broken = await half(way)
                assert is_broken
                assert b"".join(parts).startswith(whole)
            assert second.asked == []
            await until(lambda: way.gateway.streams == 0)
            assert {row["exactness"] for row in (await way.ledger())[:-1]} == {"estimated"}


async def half(way: Way, dialect: Dialect = Dialect.ANTHROPIC) -> tuple[bytes, bool]:
    """What came of an answer, and whether it broke off."""
    whole = b""
    headers = {"authorization": f"Bearer {way.token}"}
    more: Any = {"stream_options": {"include_usage": True}} if dialect is Dialect.CHAT else {}
    url, body = f"{way.url}{PATHS[dialect]}", body_of(dialect, **more)
    try:
        async with way.http.stream("POST", url, json=body, headers=headers) as found:
            async for chunk in found.aiter_raw():
                whole += chunk
    except httpx.RemoteProtocolError:
        return whole, True
    return whole, False


async def test_without_any_provider_that_answers_the_words_say_so(tmp_path: Path, provider: StubProvider) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    dead = spec_of(provider).model_copy(update={"base_url": f"http://127.0.0.1:{port}"})
    async with way_of(tmp_path, provider, dead) as way, asyncio.TaskGroup() as group:
        asking = group.create_task(way.ask(Dialect.CHAT))
        for _ in range(4):
            await until(lambda: bool(way.clock._sleepers))  # pyright: ignore[reportPrivateUsage]
            way.clock.advance(60)
        found = await asking
        assert found.status_code == 502
        assert "no provider of this model could be reached" in found.text
        assert way.spending.account.reserved_tokens == 0


async def test_10_stopping_all_models_ends_every_stream_and_forwards_nothing_more(way: Way) -> None:
    way.provider.replies = [Reply(parts=answer(Dialect.ANTHROPIC, TRUTH, WORDS), waits_after=2)]
    async with asyncio.TaskGroup() as group:
        asking = [group.create_task(way.ask(Dialect.ANTHROPIC)) for _ in range(50)]
        first = len(b"".join(answer(Dialect.ANTHROPIC, TRUTH, WORDS)[:2]))
        await until(lambda: way.gateway.streams == 50 and way.provider.sent_bytes == 50 * first, seconds=60)
        sent = way.provider.sent_bytes
        assert way.gateway.stop("Ompycord: an admin stopped all models.") == 50
    for one in asking:
        assert "Ompycord: an admin stopped all models." in one.result().text
    assert way.provider.sent_bytes == sent
    assert (await way.ask(Dialect.ANTHROPIC)).status_code == 402
    assert len(way.provider.asked) == 50
    way.gateway.resume()
    way.provider.replies = [Reply(parts=answer(Dialect.ANTHROPIC, TRUTH, WORDS))]
    assert (await way.ask(Dialect.ANTHROPIC)).status_code == 200
    assert len(await way.ledger()) == 51


async def test_10_a_request_that_is_on_its_way_out_is_stopped_too(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stop comes while its row is written: after it was allowed, and before it went out."""
    write = way.spending.open

    async def stopped_meanwhile(*arguments: Any, **more: Any) -> None:
        await write(*arguments, **more)
        way.gateway.stop("Ompycord: an admin stopped all models.")

    monkeypatch.setattr(way.spending, "open", stopped_meanwhile)
    found = await way.ask(Dialect.ANTHROPIC)
    assert (found.status_code, "an admin stopped all models" in found.text) == (402, True)
    assert way.provider.asked == []
    assert [(row["output"], row["nano_usd"]) for row in await way.ledger()] == [(0, 0)]
    assert way.spending.account.reserved_tokens == 0


@pytest.mark.parametrize("dialect", Dialect)
async def test_6_a_budget_that_is_crossed_in_mid_stream_ends_it_with_our_words(way: Way, dialect: Dialect) -> None:
    """The provider ignores the lowered bound: the text that is seen is what ends it."""
    words = ["four characters a token, and on and on " for _ in range(400)]
    parts, whole, came = answer(dialect, Truth(input=100, output=4000), words), bytearray(), asyncio.Event()

    async def until_it_came() -> None:
        while len(whole) < way.provider.sent_bytes:
            came.clear()
            await came.wait()

    way.provider.replies = [Reply(parts=parts, pace=until_it_came), Reply(parts=parts)]
    way.limits.usd = 0.03
    headers, body = {"authorization": f"Bearer {way.token}"}, body_of(dialect, stream_options={"include_usage": True})
    async with way.http.stream("POST", f"{way.url}{PATHS[dialect]}", json=body, headers=headers) as found:
        async for chunk in found.aiter_raw():
            whole += chunk
            came.set()
    await way.settled()
    assert found.status_code == 200
    assert b"the limit of $0.03 of this run is reached" in whole
    spent = way.spending.account.spent_usd
    assert Decimal("0.03") <= spent <= Decimal("0.03") * Decimal("1.01")
    assert way.limits.paused == [float(spent)]
    refused = await way.ask(dialect)
    assert refused.status_code == (400 if dialect is Dialect.RESPONSES else 402)
    assert len(way.provider.asked) == 1
    [row] = await way.ledger()
    assert row["exactness"] == "estimated"
    way.limits.usd = 1.0
    assert (await way.ask(dialect)).status_code == 200


async def test_7_hidden_thought_is_bounded_by_the_provider_itself(way: Way) -> None:
    way.limits.usd = 0.015
    way.provider.replies = [Reply(parts=answer(Dialect.RESPONSES, Truth(input=20, output=900, reasoning=900), ()))]
    await way.ask(Dialect.RESPONSES, max_output_tokens=32_000)
    bound = way.provider.asked[0].json["max_output_tokens"]
    assert 900 < bound < 1000
    assert Decimal(bound) * PRICES.output / 1_000_000 <= Decimal("0.015")


async def test_22_a_limit_of_money_without_a_price_is_refused_in_words(tmp_path: Path, provider: StubProvider) -> None:
    bare = spec_of(provider).model_copy(update={"prices": {}})
    async with way_of(tmp_path, provider, bare, own=False) as way:
        way.limits.usd = 5.0
        found = await way.ask(Dialect.CHAT)
        assert found.status_code == 402
        assert "the price of this model is not known" in found.text
        assert provider.asked == []
        assert way.limits.paused == []
        way.limits.usd = None
        provider.replies = [Reply(parts=answer(Dialect.CHAT, TRUTH, WORDS))]
        assert (await way.ask(Dialect.CHAT)).status_code == 200
        assert [(row["nano_usd"], row["output"]) for row in await way.ledger()] == [(None, 45)]
        assert (await way.usage_events())[0].cost_usd is None


async def test_19_what_was_under_way_when_the_process_ended_is_charged_as_it_was_reserved(way: Way) -> None:
    way.limits.usd = 5.0
    way.provider.replies = [Reply(parts=answer(Dialect.CHAT, TRUTH, WORDS), waits_after=1)]
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(way.ask(Dialect.CHAT, max_tokens=1000))
        await until(lambda: way.provider.open == 1)
        [row] = await way.rows()
        assert row["settled_at"] is None
        assert await settle_what_was_open(way.store, clock=way.clock, ids=SequentialIds()) == 1
        way.provider.go.set()
        await asking
    [row] = await way.ledger()
    assert (row["exactness"], row["input"], row["output"]) == ("estimated", row["reserved_input"], 1000)
    assert row["nano_usd"] == row["reserved_nano_usd"] >= 1000 * 15_000
    assert await settle_what_was_open(way.store, clock=way.clock, ids=SequentialIds()) == 0


async def test_what_earlier_steps_spent_counts_against_the_limit(tmp_path: Path, provider: StubProvider) -> None:
    provider.replies = [Reply(parts=answer(Dialect.CHAT, TRUTH, WORDS))]
    async with way_of(tmp_path, provider) as way:
        await way.ask(Dialect.CHAT)
        await way.settled()
        spent = way.spending.account.spent_usd
        assert spent > 0
        again = type(way.spending)(
            run=way.run, ledger=way.store, limits=way.limits, record=way.record, wake=lambda: None, clock=way.clock,
            ids=SequentialIds(),
        )  # fmt: skip
        await again.refresh()
        assert again.account.spent_usd == spent


async def test_8_fifty_requests_at_once_stay_within_the_limit_and_reserve_nothing_afterwards(way: Way) -> None:
    way.limits.usd = 0.2

    def within_bound(asked: Asked) -> list[bytes]:
        made = min(1000, asked.json["max_tokens"])
        return answer(Dialect.CHAT, Truth(input=30, output=made), ("x" * 4 * made,))

    way.provider.replies = [Reply(by=within_bound)]
    async with asyncio.TaskGroup() as group:
        asking = [group.create_task(way.ask(Dialect.CHAT, max_tokens=1000)) for _ in range(50)]
    assert sum(one.result().status_code == 200 for one in asking) >= 10
    await way.settled()
    account = way.spending.account
    assert account.spent_usd <= Decimal("0.2") * Decimal("1.01")
    assert (account.reserved_usd, account.reserved_tokens) == (0, 0)
    rows, events = await way.ledger(), await way.usage_events()
    assert sum(row["nano_usd"] for row in rows) == pytest.approx(sum(one.cost_usd for one in events) * 10**9)


async def test_an_error_of_the_provider_passes_as_it_is_and_costs_nothing(way: Way) -> None:
    way.provider.replies = [Reply(status=400, parts=[b'{"error": "its own"}'], headers={"content-type": "x/y"})]
    found = await way.ask(Dialect.CHAT)
    assert (found.status_code, found.text, found.headers["content-type"]) == (400, '{"error": "its own"}', "x/y")
    assert [(row["status"], row["nano_usd"]) for row in await way.ledger()] == [(400, 0)]


async def test_a_redirect_is_not_followed_with_the_key(way: Way) -> None:
    way.provider.replies = [Reply(status=307, headers={"location": f"{way.provider.url}/elsewhere"})]
    assert (await way.ask(Dialect.CHAT)).status_code == 307
    assert len(way.provider.asked) == 1


async def test_what_was_spent_before_is_taken_once_however_many_requests_begin_together(way: Way) -> None:
    """The slowest reading of the ledger must not put back what was charged since."""
    late, read = asyncio.Event(), way.store.spent_on_models

    async def slowly(run: RunId) -> SpentSoFar:
        found = await read(run)
        if not late.is_set():
            late.set()
            await until(lambda: way.spending.account.spent_usd > 0)
        return found

    way.provider.replies = [Reply(parts=answer(Dialect.CHAT, TRUTH, WORDS))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(way.store, "spent_on_models", slowly)
        async with asyncio.TaskGroup() as group:
            group.create_task(way.ask(Dialect.CHAT))
            await late.wait()
            group.create_task(way.ask(Dialect.CHAT))
    await way.settled()
    rows = await way.ledger()
    assert way.spending.account.spent_usd == sum(Decimal(row["nano_usd"]) for row in rows) / 10**9


async def test_a_database_that_takes_no_fact_of_a_wait_ends_no_request(way: Way) -> None:
    async def refuse(run: RunId, *bodies: EventBody) -> None:
        raise StorageError("the disk is full")

    parts = answer(Dialect.ANTHROPIC, TRUTH, WORDS)
    way.provider.replies = [Reply(status=429, parts=[b"busy"]), Reply(parts=parts)]
    way.spending._record = refuse  # pyright: ignore[reportPrivateUsage]
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(way.ask(Dialect.ANTHROPIC))
        await until(lambda: bool(way.clock._sleepers))  # pyright: ignore[reportPrivateUsage]
        way.clock.advance(60)
    assert (asking.result().status_code, asking.result().content) == (200, b"".join(parts))
    assert [row["exactness"] for row in await way.ledger()] == ["exact"]
