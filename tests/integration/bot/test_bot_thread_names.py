"""A thread's name in a real playground: the title, the sign of the end before it, the id where two are equal.

Discord hides a thread of runs that have ended after an hour without a message.
"""

from typing import Any

from ompycord.domain.ids import RunId, short_id
from ompycord.domain.ports import AgentCapabilities
from ompycord.domain.records import OutboxKind
from ompycord.domain.run import RunState
from tests.integration.bot.conftest import PATIENCE_S, AppHarness, kind_of
from tests.integration.bot.test_bot_follow_up import follow
from tests.support.patience import within

MINUTE_S = 60.0


async def thread(harness: AppHarness, run: str) -> dict[str, Any]:
    """The thread as Discord has it, not asked for more often than Discord takes it; bounded by the caller."""
    with harness.bus.subscribe() as changes:
        while True:
            answer = await harness.playground.rest("GET", f"/channels/{await harness.thread_of(run)}")
            if answer.status == 200:
                return answer.body
            await changes.take(0.5)


async def names_of(harness: AppHarness, run: str) -> list[str]:
    """The names that the thread has got since it was opened, in order."""
    address = f"/channels/{await harness.thread_of(run)}"
    wire = await harness.playground.wire(method="PATCH")
    return [entry["request"]["name"] for entry in wire if entry["path"].endswith(address) and entry["status"] == 200]


async def named(harness: AppHarness, run: str, name: str) -> None:
    """The thread has this name; bounded."""
    async with within(PATIENCE_S):
        with harness.bus.subscribe() as changes:
            while (await thread(harness, run))["name"] != name:
                await changes.take(0.5)


async def opened(harness: AppHarness, run: str) -> str:
    await harness.until_surface(run, OutboxKind.THREAD)
    return run


async def ended(harness: AppHarness) -> str:
    """A run whose thread was there before its agent ended."""
    harness.agent.hold()
    run = await opened(harness, (await harness.start(harness.playground.mo, prompt="Make it so")).id)
    harness.agent.release()
    return run


async def test_a_thread_is_called_by_its_title_and_by_the_id_where_another_has_that_name(harness: AppHarness) -> None:
    mo = harness.playground.mo
    harness.agent.hold()
    async with harness.running():
        first = await opened(harness, (await harness.start(mo, prompt="Make it so")).id)
        second = await opened(harness, (await harness.start(mo, prompt="Make it so")).id)
        assert (await thread(harness, first))["name"] == "Make it so"
        assert (await thread(harness, second))["name"] == f"Make it so · {short_id(RunId(second))}"
        assert (await thread(harness, first))["thread_metadata"]["auto_archive_duration"] == 1440


async def test_at_the_end_it_says_how_and_is_hidden_after_an_hour(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run = await ended(harness)
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await named(harness, run, "✅ Make it so")
        assert (await thread(harness, run))["thread_metadata"]["auto_archive_duration"] == 60
        await harness.nothing_owed()
        await harness.playground.advance(59 * MINUTE_S)
        assert not (await thread(harness, run))["thread_metadata"]["archived"]
        await harness.playground.advance(2 * MINUTE_S)
        assert (await thread(harness, run))["thread_metadata"]["archived"]
    assert await names_of(harness, run) == ["✅ Make it so"]


async def test_a_follow_up_takes_the_sign_away_and_the_next_end_sets_its_own(harness: AppHarness) -> None:
    mo = harness.playground.mo
    harness.agent.capabilities = harness.capabilities["command"] = AgentCapabilities(can_resume=True)
    async with harness.running():
        first = await ended(harness)
        result = await mo.wait_message(lambda m: kind_of(m) == "result")
        await named(harness, first, "✅ Make it so")
        harness.agent.hold()
        harness.agent.writes = {"docs.md": "more\n"}
        second = (await follow(harness, mo, result, "Now the docs.")).id
        await named(harness, first, "Make it so")
        assert (await thread(harness, first))["thread_metadata"]["auto_archive_duration"] == 1440
        await harness.until(second, lambda snapshot: snapshot.state is RunState.BUILDING)
        harness.agent.release()
        await harness.until(second, lambda snapshot: snapshot.is_final)
        await harness.nothing_owed()
        # Discord takes two names in ten minutes, and is not asked for a third before. Somebody has archived
        # the thread by then: it is opened for its name.
        assert await names_of(harness, first) == ["✅ Make it so", "Make it so"]
        await harness.playground.change_world(threads={await harness.thread_of(first): {"archived": True}})
        await harness.playground.advance(11 * MINUTE_S)
        harness.clock.advance(11 * MINUTE_S)
        await named(harness, first, "✅ Make it so")
    assert not [entry for entry in await harness.playground.wire(method="PATCH") if entry["status"] == 429]
