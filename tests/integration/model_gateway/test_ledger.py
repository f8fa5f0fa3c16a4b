"""The ledger of model requests is the truth: cards, costs, files and metrics are sums of it, whatever broke."""

import asyncio
import csv
import io
import random
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from ompycord.app.report import METRICS, Reading
from ompycord.domain.events import UsageUpdated
from ompycord.domain.folds.fold import fold
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ports.model_ledger import ModelRequestMetered, ModelTotals
from ompycord.domain.records import Commit
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.metering.reckoning import pieces_of
from ompycord.model_gateway.spending import KEPT_TOKENS, settle_what_was_open
from ompycord.render.costs import costs_csv, costs_text
from ompycord.testing import SequentialIds
from tests.integration.model_gateway.conftest import PATHS, PRICES, Way, body_of, spec_of, way_of
from tests.support.model_answers import Truth, answer
from tests.support.patience import until, within
from tests.support.stub_provider import Reply, StubProvider

SEED = 20261130
SEEN = "One two, three. " * 40
TOKENS_SEEN = round(pieces_of(SEEN))
FAULTS = ("none", "none", "cut", "agent left", "no usage", "refused", "no stream")


async def snapshot_of(way: Way) -> StatusSnapshot:
    return fold(way.run, await way.store.events_of(way.run)).snapshot()


async def seeded(way: Way, dice: random.Random, *, count: int) -> Decimal:
    """So many requests with faults; what the provider bills for those of which it stated everything."""
    exact = Decimal(0)
    for _ in range(count):
        dialect = dice.choice(list(Dialect))
        truth = Truth(input=dice.randint(50, 90_000), cache_read=dice.randint(0, 5000), output=dice.randint(1, 900))
        words = ["word " * dice.randint(1, 9) for _ in range(dice.randint(1, 9))]
        fault = dice.choice(FAULTS)
        shape: Any = "whole" if fault == "no stream" else "stream"
        parts = answer(dialect, truth, words, shape)
        match fault:
            case "cut":
                reply = Reply(parts=parts, breaks_after=dice.randint(1, len(words)))
            case "agent left":
                reply = Reply(parts=parts, waits_after=1)
            case "no usage":
                reply = Reply(parts=parts[: len(words)])
            case "refused":
                reply = Reply(status=400, parts=[b"{}"])
            case _:
                reply = Reply(parts=parts)
                exact += PRICES.input * truth.input + Decimal("0.3") * truth.cache_read + PRICES.output * truth.output
        way.provider.replies = [reply]
        await _asked(way, dialect, fault)
        await way.settled()
    return exact / 1_000_000


async def _asked(way: Way, dialect: Dialect, fault: str) -> None:
    more: Any = {} if dialect is Dialect.GEMINI else {"stream": fault != "no stream"}
    path = PATHS[dialect].replace("streamGenerateContent?alt=sse", "generateContent") if fault == "no stream" else None
    if fault != "agent left":
        try:
            await way.ask(dialect, path=path, **more)
        except httpx.RemoteProtocolError:
            assert fault == "cut"
        return
    headers = {"authorization": f"Bearer {way.token}"}
    async with way.http.stream("POST", f"{way.url}{PATHS[dialect]}", json=body_of(dialect), headers=headers) as found:
        async for _ in found.aiter_raw():
            break


async def test_the_sum_of_the_ledger_is_that_of_cards_costs_file_and_metrics_to_the_cent(
    tmp_path: Path, provider: StubProvider
) -> None:
    dice = random.Random(SEED)
    snapshots: list[StatusSnapshot] = []
    totals: list[ModelTotals] = []
    nano = estimated = exact = 0
    for number in range(3):
        async with way_of(tmp_path / str(number), provider, spec_of(provider, f"p{number}")) as way:
            billed = await seeded(way, dice, count=40)
            rows = await way.ledger()
            snapshot = await snapshot_of(way)
            assert sum(row["nano_usd"] for row in rows if row["exactness"] == "exact") == billed * 10**9
            assert all(row["settled_at"] is not None for row in rows)
            used = [row for row in rows if row["nano_usd"]]
            assert (snapshot.usage.requests, snapshot.usage.estimated) == (
                len(used), sum(row["exactness"] == "estimated" for row in used),
            )  # fmt: skip
            nano += sum(row["nano_usd"] for row in rows)
            estimated += snapshot.usage.estimated
            exact += snapshot.usage.requests - snapshot.usage.estimated
            snapshots.append(snapshot.model_copy(update={"run": f"{snapshot.run[:-1]}{number}"}))
            totals += await way.store.model_totals()
    assert min(estimated, exact) > 20
    cents = f"{nano / 10**9:.2f}"
    assert f"{sum(one.usage.cost_usd or 0 for one in snapshots):.2f}" == cents
    assert costs_text(snapshots, title="All", redact=str).splitlines()[1].startswith(f"${float(cents):,.2f} · 3 runs")
    rows_of_file = csv.DictReader(io.StringIO(costs_csv(snapshots, redact=str)))
    assert f"{sum(float(row['cost_usd']) for row in rows_of_file):.2f}" == cents
    metric = next(one for one in METRICS if one.name == "ompycord_model_cost_usd")
    assert f"{metric.read(_Totals(totals)):.2f}" == cents
    assert {one.provider for one in totals} == {"p0", "p1", "p2"}


class _Totals(Reading):
    """A reading of the ledger alone."""

    def __init__(self, totals: list[ModelTotals]) -> None:
        object.__setattr__(self, "models", totals)


async def test_what_agents_claim_moves_no_sum(way: Way) -> None:
    way.provider.replies = [Reply(parts=answer(Dialect.CHAT, Truth(input=1000, output=100), ("Hello.",)))]
    await way.ask(Dialect.CHAT)
    await way.settled()
    before = await snapshot_of(way)
    await way.store.observe(way.run, (UsageUpdated(input=7, output=7, cost_usd=9.0),), at=1)
    after = await snapshot_of(way)
    assert after.usage == before.usage.model_copy(update={"claimed_usd": 9.0})


async def test_19_what_a_stream_has_used_is_stored_each_second(way: Way) -> None:
    way.provider.replies = [
        Reply(parts=answer(Dialect.ANTHROPIC, Truth(input=900, output=50), (SEEN, "y")), waits_after=2)
    ]
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(way.ask(Dialect.ANTHROPIC))
        await until(lambda: bool(way.clock._sleepers))  # pyright: ignore[reportPrivateUsage]
        await until(lambda: any(one.meter.pieces for one in way.gateway._exchanges))  # pyright: ignore[reportPrivateUsage]
        assert [row["output"] for row in await way.rows()] == [0]
        way.clock.advance(1.1)
        await _kept(way)
        [row] = await way.rows()
        assert (row["settled_at"], row["input"], row["output"]) == (None, 900, TOKENS_SEEN + KEPT_TOKENS)
        assert row["nano_usd"] == 900 * 3000 + (TOKENS_SEEN + KEPT_TOKENS) * 15_000
        assert await settle_what_was_open(way.store, clock=way.clock, ids=SequentialIds()) == 1
        [settled] = await way.rows()
        assert (settled["exactness"], settled["output"], settled["nano_usd"]) == (
            "estimated",
            row["output"],
            row["nano_usd"],
        )
        way.provider.go.set()
        await asking
    assert [row["output"] for row in await way.ledger()] == [TOKENS_SEEN + KEPT_TOKENS]  # settled once


async def _kept(way: Way) -> None:
    async def is_kept() -> bool:
        return any(row["output"] for row in await way.rows() if row["settled_at"] is None)

    while not await is_kept():  # noqa: ASYNC110  # the database says nothing by itself
        await asyncio.sleep(0.01)  # between two looks


async def test_19_at_fifty_points_of_a_stream_a_kill_would_forget_nothing(way: Way) -> None:
    """What the next start would settle: at least what came, and at most that and what was reserved."""
    dice = random.Random(SEED)
    for _ in range(50):
        words = ["abcd, " * dice.randint(1, 200) for _ in range(dice.randint(2, 20))]
        stop = dice.randint(1, len(words))
        parts = answer(Dialect.CHAT, Truth(input=400, output=round(sum(map(pieces_of, words)))), words)
        way.provider.go.clear()
        way.provider.replies = [Reply(parts=parts, waits_after=stop)]
        came = sum(map(pieces_of, words[:stop]))
        async with asyncio.TaskGroup() as group:
            group.create_task(way.ask(Dialect.CHAT, stream_options={"include_usage": True}))
            await until(lambda: abs(_pieces(way) - came) < 0.5)  # noqa: B023  # awaited here
            before = {row["id"] for row in await way.rows() if row["settled_at"] is not None}
            if dice.random() < 0.5:
                way.clock.advance(1.1)
                await _kept(way)
            async with within(30):
                row = await _stored(way, came)
            charged = row["output"] or row["reserved_output"]
            assert came - 1 <= charged <= came + 1 + max(row["reserved_output"], KEPT_TOKENS)
            way.provider.go.set()
        await way.settled()
        [over] = [row for row in await way.rows() if row["id"] not in before]
        assert over["settled_at"] is not None
    usage = (await snapshot_of(way)).usage
    assert sum(row["nano_usd"] for row in await way.ledger()) == round((usage.cost_usd or 0) * 10**9)


async def _stored(way: Way, came: float) -> dict[str, Any]:
    """The open row. The meter counts first, then the row is stored, then the agent has it: the second is waited for."""
    while True:
        [row] = [row for row in await way.rows() if row["settled_at"] is None]
        if (row["output"] or row["reserved_output"]) >= came - 1:
            return row
        await asyncio.sleep(0.01)  # the database says nothing by itself


def _pieces(way: Way) -> float:
    return sum(one.meter.pieces for one in way.gateway._exchanges)  # pyright: ignore[reportPrivateUsage]


async def test_what_a_stream_gives_is_stored_before_its_agent_has_it(way: Way) -> None:
    stores, go_on = asyncio.Event(), asyncio.Event()
    commit = way.store.commit
    word = "abcd, " * 200
    parts = answer(Dialect.CHAT, Truth(input=400, output=round(pieces_of(word))), [word])
    way.provider.go.clear()
    way.provider.replies = [Reply(parts=parts, waits_after=1)]
    sent: list[bytes] = []

    async def slowly(made: Commit) -> Any:
        if any(isinstance(one, ModelRequestMetered) for one in made.writes):
            stores.set()
            await go_on.wait()
        return await commit(made)

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(way.store, "commit", slowly)
        async with within(60), asyncio.TaskGroup() as group:
            group.create_task(_heard(way, send))
            await stores.wait()
            assert b"abcd" not in b"".join(sent)
            go_on.set()
            await until(lambda: b"abcd" in b"".join(sent))
            way.provider.go.set()


async def test_a_request_that_is_cancelled_before_it_went_out_closes_its_row(way: Way) -> None:
    """An agent that is killed while the database writes the row: nothing was sent, and nothing stays reserved."""
    written, go_on = asyncio.Event(), asyncio.Event()
    commit = way.store.commit

    async def slowly(made: Commit) -> Any:
        found = await commit(made)
        if not written.is_set():
            written.set()
            await go_on.wait()
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(way.store, "commit", slowly)
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(_of_a_dying_agent(way))
            await written.wait()
            asking.cancel()
    await way.settled()
    [row] = await way.rows()
    assert row["settled_at"] is not None
    assert (row["status"], row["exactness"], row["nano_usd"], row["output"]) == (None, "exact", 0, 0)
    assert (way.spending.account.reserved_usd, way.spending.account.spent_usd) == (0, 0)
    assert way.provider.asked == []
    assert await way.usage_events() == []


async def _of_a_dying_agent(way: Way) -> None:
    """The listener's task of a request, as it is cancelled when its agent's listener ends."""

    async def send(message: Any) -> None:
        raise AssertionError("nothing is answered")

    await _heard(way, send)


async def _heard(way: Way, send: Callable[[Any], Awaitable[None]]) -> None:
    """A request as the listener has it, answered by `send`."""
    body = [{"type": "http.request", "body": b'{"model": "m-1", "stream": true, "messages": []}', "more_body": False}]
    token = f"Bearer {way.token}".encode()

    async def receive() -> Any:
        if body:
            return body.pop()
        return await asyncio.Event().wait()

    scope: Any = {
        "type": "http", "method": "POST", "path": "/v1/chat/completions", "raw_path": b"/v1/chat/completions",
        "query_string": b"", "headers": [(b"authorization", token), (b"content-length", b"48")],
    }  # fmt: skip
    await way.app(scope, receive, send)
