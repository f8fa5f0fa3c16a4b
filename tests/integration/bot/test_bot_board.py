"""The board: one silent message that lists what runs, edited, followed before its hour.

Made again where it was deleted.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from ompycord.bot.delivery.board import EVERY_S
from ompycord.bot.delivery.rollover import ROLL_OVER_MS
from ompycord.domain import events as ev
from ompycord.domain.ids import RunId
from ompycord.playground.client import Message
from ompycord.store import SqliteStore
from tests.integration.bot.conftest import AppHarness, is_answer, kind_of
from tests.support.playground import Playground


@pytest.fixture
def harness(playground: Playground, store: SqliteStore, tmp_path: Path) -> AppHarness:
    return AppHarness(playground, store, tmp_path, has_board=True)


async def board_says(harness: AppHarness, words: str) -> Message:
    """The board, once it says so; edits come a few seconds apart, which need not be waited for."""

    def fits(message: Message) -> bool:
        return kind_of(message) == "board" and words in message.text

    harness.clock.advance(EVERY_S)
    return await harness.playground.ada.wait_message(fits)


async def boards(harness: AppHarness) -> list[Message]:
    shown = await harness.playground.ada.history("general", limit=100)
    return [message for message in shown if kind_of(message) == "board"]


async def test_the_board_lists_what_runs_and_says_when_nothing_does_without_a_sound(harness: AppHarness) -> None:
    async with harness.running():
        first = await board_says(harness, "No runs.")
        run = await harness.at_work()
        full = await board_says(harness, f"/{await harness.thread_of(run)})")
        assert full.id == first.id
        assert "1 working" in full.text
        harness.agent.release()
        await harness.until(run, lambda seen: seen.is_final)
        await board_says(harness, "No runs.")
    assert [message.id for message in await boards(harness)] == [first.id]
    posts = await harness.playground.wire(method="POST", route="/channels/{channel_id}/messages")
    (posted,) = [entry["request"] for entry in posts if str(harness.playground.channel("general")) in entry["path"]]
    assert posted["flags"] & 4096, "silent"


async def test_a_run_that_is_not_there_for_everybody_is_on_no_board(harness: AppHarness) -> None:
    ada, member = harness.playground.ada, harness.playground.info.roles["member"]
    async with harness.running():
        await board_says(harness, "No runs.")
        run = await harness.at_work()
        await board_says(harness, "1 working")
        ran = await ada.command("omp-admin role", "tasks", role="none", discord_role=member, repository="shop")
        await ada.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)
        await harness.areas.recorder.observe(RunId(run), ev.ToolFinished(tool="edit", title="total.py"))
        await board_says(harness, "No runs.")
        shown = await ada.command("omp status", "tasks")
        assert "1 working" in (await ada.wait_message(lambda m: is_answer(m, shown.id) and not m.is_thinking)).text
        harness.agent.release()


async def test_a_board_that_was_deleted_comes_back_also_when_that_was_while_we_were_away(harness: AppHarness) -> None:
    async with harness.running():
        first = await board_says(harness, "No runs.")
        await harness.delete(first)
        second = await harness.playground.ada.wait_message(other(first))
    await harness.delete(second)
    async with harness.restart().running():
        await harness.playground.ada.wait_message(other(first, second))
    assert len(await boards(harness)) == 1


def other(*known: Message) -> Callable[[Message], bool]:
    ids = {message.id for message in known}
    return lambda message: kind_of(message) == "board" and message.id not in ids


async def test_a_board_goes_on_in_a_fresh_message_before_its_hour_and_only_when_it_has_something_to_say(
    harness: AppHarness,
) -> None:
    async with harness.running():
        first = await board_says(harness, "No runs.")
        await harness.advance(ROLL_OVER_MS / 1000)
        await harness.at_work()
        second = await board_says(harness, "1 working")
        assert second.id != first.id
        assert [message.id for message in await boards(harness)] == [second.id]


async def test_a_board_whose_answer_got_lost_is_found_again_and_no_channel_has_two(harness: AppHarness) -> None:
    await harness.playground.fault("POST", "/channels/{channel_id}/messages", "drop_after", count=1)
    async with harness.running():
        await board_says(harness, "No runs.")
        harness.clock.advance(60)
        await harness.at_work()
        await board_says(harness, "1 working")
        assert len(await boards(harness)) == 1


async def test_a_board_that_is_refused_for_good_is_posted_ever_more_seldom_and_told_in_ops(
    playground: Playground, store: SqliteStore, tmp_path: Path
) -> None:
    """Each time that it is to be edited it is gone again, as by a bot that clears the channel."""
    harness = AppHarness(playground, store, tmp_path, has_board=True, ops=True)
    ada, general = playground.ada, playground.channel("general")
    gone = {"message": "Unknown Message", "code": 10008}
    async with harness.running():
        await board_says(harness, "No runs.")
        await playground.fault(
            "PATCH", f"/channels/{general}/messages/*", "status", status=404, body=gone, count=10_000
        )
        for _ in range(15):
            harness.bot_parts.live.removed(str(general), "1")  # whatever is deleted there may have been the board
            await harness.advance(EVERY_S)
        told = await ada.wait_message(lambda m: "I cannot keep the board in" in m.text)
        assert f"<#{general}>: the message is gone. I try again every ten minutes." in told.text
        posts = await playground.wire(method="POST", route="/channels/{channel_id}/messages")
        assert len([entry for entry in posts if str(general) in entry["path"]]) <= 5
        await playground.clear_faults()
        async with asyncio.TaskGroup() as group:
            passing = group.create_task(ten_minutes_pass(harness))
            await ada.wait_message(lambda m: "is kept again." in m.text)
            passing.cancel()
    assert len(await ada.history("ops")) == 2


async def ten_minutes_pass(harness: AppHarness) -> None:
    with harness.bus.subscribe() as changes:
        while True:
            await changes.take(0.3)
            harness.bot_parts.live.removed(str(harness.playground.channel("general")), "1")
            await harness.advance(600)
