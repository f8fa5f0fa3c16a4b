"""The board: one silent message that lists what runs, edited, followed before its hour, made again where it was deleted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ompycord.bot.board import EVERY_S
from ompycord.bot.succession import ROLL_OVER_MS
from ompycord.store import SqliteStore
from tests.integration.bot.conftest import House, kind_of
from tests.support.playground import Playground
from tests.support.playground_page import Message


@pytest.fixture
def house(playground: Playground, store: SqliteStore, tmp_path: Path) -> House:
    return House(playground, store, tmp_path, has_board=True)


async def board_says(house: House, words: str) -> Message:
    """The board, once it says so; edits come a few seconds apart, which need not be waited for."""

    def fits(message: Message) -> bool:
        return kind_of(message) == "board" and words in message.text

    house.clock.leap(EVERY_S)
    return await house.playground.ada.wait_message(fits)


async def boards(house: House) -> list[Message]:
    shown = await house.playground.ada.history("general", limit=100)
    return [message for message in shown if kind_of(message) == "board"]


async def test_the_board_lists_what_runs_and_says_when_nothing_does_without_a_sound(house: House) -> None:
    async with house.alive():
        first = await board_says(house, "Nothing runs.")
        run = await house.at_work()
        full = await board_says(house, f"<#{await house.thread_of(run)}>")
        assert full.id == first.id
        assert "1 live run" in full.text
        house.agent.release()
        await house.until(run, lambda seen: seen.is_final)
        await board_says(house, "Nothing runs.")
    assert [message.id for message in await boards(house)] == [first.id]
    posts = await house.playground.wire(method="POST", route="/channels/{channel_id}/messages")
    (posted,) = [entry["request"] for entry in posts if str(house.playground.channel("general")) in entry["path"]]
    assert posted["flags"] & 4096, "silent"


async def test_a_board_that_was_deleted_comes_back_also_when_that_was_while_we_were_away(house: House) -> None:
    async with house.alive():
        first = await board_says(house, "Nothing runs.")
        await house.delete(first)
        second = await house.playground.ada.wait_message(other(first))
    await house.delete(second)
    async with house.reborn().alive():
        await house.playground.ada.wait_message(other(first, second))
    assert len(await boards(house)) == 1


def other(*known: Message) -> Callable[[Message], bool]:
    ids = {message.id for message in known}
    return lambda message: kind_of(message) == "board" and message.id not in ids


async def test_a_board_goes_on_in_a_fresh_message_before_its_hour_and_only_when_it_has_something_to_say(
    house: House,
) -> None:
    async with house.alive():
        first = await board_says(house, "Nothing runs.")
        await house.leap(ROLL_OVER_MS / 1000)
        await house.at_work()
        second = await board_says(house, "1 live run")
        assert second.id != first.id
        assert [message.id for message in await boards(house)] == [second.id]


async def test_a_board_whose_answer_got_lost_is_found_again_and_no_channel_has_two(house: House) -> None:
    await house.playground.fault("POST", "/channels/{channel_id}/messages", "drop_after", count=1)
    async with house.alive():
        await board_says(house, "Nothing runs.")
        house.clock.leap(60)
        await house.at_work()
        await board_says(house, "1 live run")
        assert len(await boards(house)) == 1
