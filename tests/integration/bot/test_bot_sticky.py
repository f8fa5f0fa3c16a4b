"""People talk under a card: it comes down to the end of its thread, silently, and leaves nothing behind."""

from ompycord.bot.below import BURIED_BY
from ompycord.bot.succession import MOVED_AT_MOST_MS
from ompycord.domain import events as ev
from ompycord.domain.ids import RunId
from tests.integration.bot.conftest import House, kind_of

LATER_S = MOVED_AT_MOST_MS / 1000 + 1


async def talking(house: House, count: int = BURIED_BY) -> RunId:
    """A run at work whose card is true, with so many messages of people below it."""
    run = await house.at_work()
    await talk(house, run, count)
    return run


async def talk(house: House, run: RunId, count: int) -> None:
    thread = await house.thread_of(run)
    for number in range(count):
        await house.playground.ada.say(f"What about {number}?", thread)


async def below(house: House, run: RunId) -> list[str]:
    """The thread from the first card on: our messages by kind, people's as `talk`."""
    shown = await house.playground.ada.history(await house.thread_of(run), limit=100)
    return [kind_of(message) or "talk" for message in shown if message.raw["type"] == 0]


async def test_a_card_that_people_talk_under_comes_down_silently_and_the_old_one_is_gone(house: House) -> None:
    mo, playground = house.playground.mo, house.playground
    async with house.alive():
        run = await talking(house)
        assert (await below(house, run))[0] == "card 1"
        house.clock.leap(LATER_S)
        await house.moved_to(run, 2)
        assert await below(house, run) == ["talk"] * BURIED_BY + ["card 2"]
        await talk(house, run, BURIED_BY)
        house.clock.leap(LATER_S)
        await house.moved_to(run, 3)
        assert [kind for kind in await below(house, run) if kind != "talk"] == ["card 3"]
        await talk(house, run, BURIED_BY)
        house.agent.release()
        await mo.wait_message(lambda m: kind_of(m) == "card 3" and "Done, checked" in m.text)
        await mo.wait_message(lambda m: kind_of(m) == "result")
        house.clock.leap(LATER_S)
        await house.conductor.record(run, ev.Note(text="late"))
        await house.projector.settled()
        await house.true_everywhere(run)
        await house.nothing_owed()
        assert "card 4" not in await below(house, run), "the card of a run that is over stays where it is"
    assert await house.rung() == [[mo.id]]
    posts = [entry for entry in await playground.wire(method="POST") if "card" in str(entry["request"])]
    assert all(entry["request"]["flags"] & 4096 for entry in posts if "· card" in str(entry["request"]))


async def test_a_card_is_not_moved_for_a_few_words_nor_twice_in_a_minute_nor_for_notices_of_discords(
    house: House,
) -> None:
    async with house.alive():
        run = await talking(house, BURIED_BY - 1)
        member = f"/channels/{await house.thread_of(run)}/thread-members/{house.playground.olu.id}"
        assert (await house.playground.rest("PUT", member)).status == 204, "Discord says that Olu was added"
        house.clock.leap(LATER_S)
        await house.looked_at_again(run)
        assert [kind for kind in await below(house, run) if "card" in kind] == ["card 1"]
        await house.conductor.observe(run, ev.QuestionAsked(question="q1", text="Before or after?"))
        await house.moved_to(run, 2)  # the question is the one message too many
        await talk(house, run, BURIED_BY)
        await house.looked_at_again(run)
        assert [kind for kind in await below(house, run) if "card" in kind] == ["card 2"], "not a minute old"


async def test_a_restart_moves_no_card_of_a_silent_thread_and_sees_what_was_said_meanwhile(house: House) -> None:
    async with house.alive():
        run = await talking(house, 0)
    silent = house.reborn()
    silent.agent.hold()
    silent.clock.leap(LATER_S)
    async with silent.alive():
        await silent.looked_at_again(run)
        probes = await house.playground.wire(method="GET", route="/channels/{channel_id}/messages")
        thread = await house.thread_of(run)
        assert not [entry for entry in probes if thread in entry["path"]], "the gateway told that nothing was said"
        assert [kind for kind in await below(house, run) if "card" in kind] == ["card 1"]
    await talk(house, run, BURIED_BY)
    later = silent.reborn()
    later.agent.hold()
    later.clock.leap(LATER_S)
    async with later.alive():
        await later.moved_to(run, 2)
        assert (await below(later, run))[-1] == "card 2"


async def test_a_card_whose_removal_got_lost_is_removed_after_the_crash(house: House) -> None:
    route = "/channels/{channel_id}/messages/{message_id}"
    async with house.alive():
        run = await talking(house)
        await house.playground.fault("DELETE", route, "status", status=503, body={"message": "no", "code": 0})
        house.clock.leap(LATER_S)
        await house.until_card(run, 2)
        await house.struck()
        assert [kind for kind in await below(house, run) if "card" in kind] == ["card 1", "card 2"]
    await house.playground.page.call("DELETE", "/control/faults")
    later = house.reborn()
    later.clock.leap(LATER_S)
    async with later.alive():
        await later.moved_to(run, 2)
        assert [kind for kind in await below(later, run) if "card" in kind] == ["card 2"]
