"""People talk under a card: it comes down to the end of its thread, silently, and leaves nothing behind."""

from ompycord.bot.delivery.messages_below import SCROLLED_OUT_BY
from ompycord.bot.delivery.rollover import MOVED_AT_MOST_MS
from ompycord.domain import events as ev
from ompycord.domain.ids import RunId
from tests.integration.bot.conftest import AppHarness, kind_of

LATER_S = MOVED_AT_MOST_MS / 1000 + 1


async def talking(harness: AppHarness, count: int = SCROLLED_OUT_BY) -> RunId:
    """A run at work whose card is true, with so many messages of people below it."""
    run = await harness.at_work()
    await transcript(harness, run, count)
    return run


async def transcript(harness: AppHarness, run: RunId, count: int) -> None:
    """Somebody without a role talks: the bot, which may not read messages here, has nothing to say to that."""
    thread = await harness.thread_of(run)
    for number in range(count):
        await harness.playground.olu.say(f"What about {number}?", thread)


async def below(harness: AppHarness, run: RunId) -> list[str]:
    """The thread from the first card on: our messages by kind, people's as `transcript`."""
    shown = await harness.playground.ada.history(await harness.thread_of(run), limit=100)
    return [kind_of(message) or "talk" for message in shown if message.raw["type"] == 0]


async def test_a_card_that_people_talk_under_comes_down_silently_and_the_old_one_is_gone(harness: AppHarness) -> None:
    mo, playground = harness.playground.mo, harness.playground
    async with harness.running():
        run = await talking(harness)
        assert (await below(harness, run))[0] == "card 1"
        harness.clock.advance(LATER_S)
        await harness.moved_to(run, 2)
        assert await below(harness, run) == ["talk"] * SCROLLED_OUT_BY + ["card 2"]
        await transcript(harness, run, SCROLLED_OUT_BY)
        harness.clock.advance(LATER_S)
        await harness.moved_to(run, 3)
        assert [kind for kind in await below(harness, run) if kind != "talk"] == ["card 3"]
        await transcript(harness, run, SCROLLED_OUT_BY)
        harness.agent.release()
        await mo.wait_message(lambda m: kind_of(m) == "card 3" and "Done · checks passed" in m.text)
        await mo.wait_message(lambda m: kind_of(m) == "result")
        harness.clock.advance(LATER_S)
        await harness.areas.recorder.record(run, ev.Note(text="late"))
        await harness.projector.settled()
        await harness.true_everywhere(run)
        await harness.nothing_owed()
        assert "card 4" not in await below(harness, run), "the card of a run that is over stays where it is"
    assert await harness.pinged() == [[mo.id]]
    posts = [entry for entry in await playground.wire(method="POST") if "card" in str(entry["request"])]
    assert all(entry["request"]["flags"] & 4096 for entry in posts if "· card" in str(entry["request"]))


async def test_a_card_is_not_moved_for_a_few_words_nor_twice_in_a_minute_nor_for_notices_of_discords(
    harness: AppHarness,
) -> None:
    async with harness.running():
        run = await talking(harness, SCROLLED_OUT_BY - 1)
        member = f"/channels/{await harness.thread_of(run)}/thread-members/{harness.playground.olu.id}"
        assert (await harness.playground.rest("PUT", member)).status == 204, "Discord says that Olu was added"
        harness.clock.advance(LATER_S)
        await harness.looked_at_again(run)
        assert [kind for kind in await below(harness, run) if "card" in kind] == ["card 1"]
        await harness.areas.recorder.observe(run, ev.QuestionAsked(question="q1", text="Before or after?"))
        await harness.moved_to(run, 2)  # the question is the one message too many
        await transcript(harness, run, SCROLLED_OUT_BY)
        await harness.looked_at_again(run)
        assert [kind for kind in await below(harness, run) if "card" in kind] == ["card 2"], "not a minute old"


async def test_a_restart_moves_no_card_of_a_silent_thread_and_sees_what_was_said_meanwhile(harness: AppHarness) -> None:
    async with harness.running():
        run = await talking(harness, 0)
    silent = harness.restart()
    silent.agent.hold()
    silent.clock.advance(LATER_S)
    async with silent.running():
        await silent.looked_at_again(run)
        probes = await harness.playground.wire(method="GET", route="/channels/{channel_id}/messages")
        thread = await harness.thread_of(run)
        assert not [entry for entry in probes if thread in entry["path"]], "the gateway told that nothing was said"
        assert [kind for kind in await below(harness, run) if "card" in kind] == ["card 1"]
    await transcript(harness, run, SCROLLED_OUT_BY)
    later = silent.restart()
    later.agent.hold()
    later.clock.advance(LATER_S)
    async with later.running():
        await later.moved_to(run, 2)
        assert (await below(later, run))[-1] == "card 2"


async def test_a_card_whose_removal_got_lost_is_removed_after_the_crash(harness: AppHarness) -> None:
    route = "/channels/{channel_id}/messages/{message_id}"
    async with harness.running():
        run = await talking(harness)
        await harness.playground.fault("DELETE", route, "status", status=503, body={"message": "no", "code": 0})
        harness.clock.advance(LATER_S)
        await harness.until_card(run, 2)
        await harness.struck()
        assert [kind for kind in await below(harness, run) if "card" in kind] == ["card 1", "card 2"]
    await harness.playground.clear_faults()
    later = harness.restart()
    later.clock.advance(LATER_S)
    async with later.running():
        await later.moved_to(run, 2)
        assert [kind for kind in await below(later, run) if "card" in kind] == ["card 2"]
