"""While a provider refuses for now the run's clocks stand still, and its card says so; who fails often rests."""

import asyncio
from pathlib import Path

from ompycord.domain.authority import SourceKind
from ompycord.domain.breakers.breaker import FAILURES, REST_S
from ompycord.domain.events import EventBody, RetryCleared, RetryLimited
from ompycord.domain.folds.fold import fold
from ompycord.domain.ids import OMPYCORD
from ompycord.domain.records import Commit, NewEvent
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.spending import settle_what_was_open
from ompycord.model_gateway.upstreams import Upstreams
from ompycord.testing import FakeClock, SequentialIds
from tests.integration.model_gateway.conftest import Way, spec_of, way_of
from tests.support.model_answers import Truth, answer
from tests.support.patience import until
from tests.support.stub_provider import Reply, StubProvider

_IDS = SequentialIds(FakeClock(2_000_000_000_000))
PARTS = answer(Dialect.CHAT, Truth(), ("Hello.",))
BUSY = Reply(status=429, headers={"retry-after": "20"}, parts=[b"busy"])


async def stored(way: Way, body: EventBody) -> None:
    """A fact of ours, as the recorder of the product stores it."""
    event = NewEvent(
        run=way.run, source=OMPYCORD, kind=SourceKind.OMPYCORD, at=way.clock.now_ms(), body=body, id=_IDS.ulid()
    )
    await way.store.commit(Commit(writes=(event,)))


def sleepers(way: Way) -> int:
    return len(way.clock._sleepers)  # pyright: ignore[reportPrivateUsage]


async def test_the_clocks_of_a_run_stand_still_from_the_first_wait_to_the_end_of_the_last(way: Way) -> None:
    heard: list[bool] = []
    way.provider_waits.watch(heard.append)
    way.provider.replies = [BUSY, BUSY, Reply(parts=PARTS)]
    async with asyncio.TaskGroup() as group:
        asking = [group.create_task(way.ask()) for _ in range(2)]
        await until(lambda: sleepers(way) == 2)
        assert heard == [True]
        limited = [one for one in way.facts if isinstance(one, RetryLimited)]
        assert len(limited) == 2
        for one in limited:
            assert one.until is not None
            assert 20_000 <= one.until - way.clock.now_ms() <= 24_000
        way.clock.advance(24)
    assert [one.result().status_code for one in asking] == [200, 200]
    assert heard == [True, False]
    assert [type(one) for one in way.facts] == [RetryLimited, RetryLimited, RetryCleared]


async def test_a_wait_of_ours_is_shown_until_it_is_over_whatever_else_is_stored(way: Way) -> None:
    await stored(way, RetryLimited(message="first answered 429.", attempt=1, until=9))
    await way.ask()
    await way.settled()
    wait = fold(way.run, await way.store.events_of(way.run)).snapshot().provider_wait
    assert wait is not None
    assert wait.until == 9
    await stored(way, RetryCleared())
    assert fold(way.run, await way.store.events_of(way.run)).snapshot().provider_wait is None


async def test_a_wait_that_a_kill_cut_off_is_over_at_the_next_start(way: Way) -> None:
    way.provider.replies = [BUSY, Reply(parts=PARTS)]
    async with asyncio.TaskGroup() as group:
        group.create_task(way.ask())
        await until(lambda: sleepers(way) == 1)
        await stored(way, RetryLimited(message="first answered 429.", attempt=1, until=9))
        await settle_what_was_open(way.store, clock=way.clock, ids=SequentialIds())
        assert fold(way.run, await way.store.events_of(way.run)).snapshot().provider_wait is None
        way.clock.advance(24)


async def test_a_provider_that_fails_often_rests_over_a_restart_and_is_asked_last(
    tmp_path: Path, provider: StubProvider
) -> None:
    async with way_of(tmp_path, provider, spec_of(provider), spec_of(provider, "second")) as way:
        provider.replies = [*[Reply(status=500)] * FAILURES, Reply(parts=PARTS)]
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(way.ask())
            for _ in range(FAILURES - 1):
                await until(lambda: sleepers(way) == 1)
                way.clock.advance(30)
        assert asking.result().status_code == 200
        [resting] = way.gateway.upstreams.resting()
        assert (resting.provider, resting.model) == ("first", "m-1")
        assert resting.until - way.clock.now_ms() <= REST_S * 1000
        again = Upstreams(providers=way.gateway.upstreams.providers, keys={}, clock=way.clock, ledger=way.store)
        await again.load()
        assert again.resting() == [resting]
        assert [one.spec.name for one in again.of(Dialect.CHAT, "m-1")] == ["second", "first"]
        way.clock.advance(REST_S + 1)
        assert [one.spec.name for one in again.of(Dialect.CHAT, "m-1")] == ["first", "second"]
        await again.succeeded("first", "m-1")
        assert await way.store.model_breakers() == []
        await way.store.commit(Commit(writes=(resting,)))
        assert await way.store.model_breakers() == [resting]


async def test_a_limit_of_tokens_needs_no_price_and_stops_in_mid_stream(tmp_path: Path, provider: StubProvider) -> None:
    bare = spec_of(provider).model_copy(update={"prices": {}})
    async with way_of(tmp_path, provider, bare, own=False) as way:
        way.limits.run_tokens = 500
        words = ["and on, " for _ in range(2000)]
        provider.replies = [Reply(parts=answer(Dialect.CHAT, Truth(input=50, output=4000), words), pause_s=0.001)]
        found = await way.ask(Dialect.CHAT)
        await way.settled()
        assert found.status_code == 200
        assert "the limit of 500 tokens of this run is reached. An admin raises limits.run_tokens." in found.text
        assert 500 <= way.spending.account.spent_tokens < 1000  # of 4,000: how many come in one read is the machine's
        assert way.limits.short_of_tokens == [500]
        assert provider.asked[0].json["max_completion_tokens"] < 500
        refused = await way.ask(Dialect.CHAT)
        assert (refused.status_code, len(provider.asked)) == (402, 1)
        assert way.limits.short_of_tokens == [500, 500]


async def test_of_two_limits_the_one_that_binds_is_named(way: Way) -> None:
    way.limits.usd, way.limits.run_tokens = 100.0, 1
    assert "the limit of 1 tokens" in (await way.ask()).text
    way.limits.usd, way.limits.run_tokens = 0.000001, 1_000_000
    assert "Raise it in Discord to go on." in (await way.ask()).text
    assert way.limits.short_of_tokens == [1, None]


async def test_what_is_refused_and_spent_is_known(way: Way) -> None:
    way.provider.replies = [Reply(parts=answer(Dialect.CHAT, Truth(input=1000, output=1000), ("Hello.",)))]
    await way.ask()
    await way.settled()
    activity, now = way.gateway.activity, way.clock.now_ms()
    assert activity.nano_usd_of_last_minute(now) == 18_000_000
    assert activity.nano_usd_of_last_minute(now + 60_001) == 0
    way.gateway.stop("Ompycord: an admin stopped all models.")
    for _ in range(7):
        await way.ask()
    assert activity.refusals == 7
    assert [(one.run, one.words) for one in activity.refused] == [
        (way.run, "Ompycord: an admin stopped all models.")
    ] * 5
