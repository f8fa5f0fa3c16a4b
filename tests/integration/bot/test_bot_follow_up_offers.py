"""A message in the thread of a run that has ended: the offer to start a follow-up with it, in a real playground."""

from pathlib import Path

import pytest

from ompycord.bot.interactions.follow_ups import offer_id
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.run import RunRecord
from ompycord.playground.client import Message
from ompycord.store import SqliteStore
from tests.integration.bot.conftest import AppHarness, is_answer, kind_of
from tests.support.playground import Playground
from tests.support.playground_person import Interaction, Person

TEXT = "Now the docs, please."
EDIT = "/channels/{channel_id}/messages/{message_id}"
WITHDRAWN = "no follow-up is offered"


@pytest.fixture
def harness(playground: Playground, store: SqliteStore, tmp_path: Path) -> AppHarness:
    """A bot that may read messages."""
    return AppHarness(playground, store, tmp_path, reads_threads=True)


async def ended(harness: AppHarness, who: Person) -> tuple[RunRecord, StatusSnapshot, str]:
    """A run that has ended, all of which is shown, and its thread."""
    record = await harness.start(who)
    await who.wait_message(lambda m: kind_of(m) == "result")
    await harness.nothing_owed()
    snapshot = await harness.until(record.id, lambda snapshot: snapshot.is_final)
    return record, snapshot, await harness.thread_of(record.id)


async def offered(who: Person, snapshot: StatusSnapshot) -> Message:
    words = f"Start a follow-up on `{snapshot.branch}`?"
    return await who.wait_message(lambda m: words in m.text and m.labels == ["Start", "No"])


async def answer_to(who: Person, ran: Interaction, words: str) -> Message:
    return await who.wait_message(lambda m: is_answer(m, ran.id) and words in m.text)


async def test_a_message_is_offered_as_a_follow_up_and_start_starts_it_once(harness: AppHarness) -> None:
    mo, ada = harness.playground.mo, harness.playground.ada
    async with harness.running():
        first, snapshot, thread = await ended(harness, mo)
        said = await mo.say(TEXT, thread)
        offer = await offered(mo, snapshot)
        assert offer.raw["message_reference"]["message_id"] == said.id
        clicks = [await who.start_click(offer, "Start") for who in (mo, mo, ada)]
        await answer_to(mo, clicks[0], "Queued")
        closed = await mo.wait_message(lambda m: m.id == offer.id and not m.labels)
        second = await harness.next_run({first.id})
        assert f"run `{second.id[-6:].lower()}`" in closed.text
        done = await harness.until(second.id, lambda snapshot: snapshot.is_final)
        assert (done.prompt, done.follows) == (TEXT, first.id)
        await harness.nothing_owed()
    assert len(await harness.all_runs()) == 2


async def test_the_text_of_the_message_counts_as_it_is_when_start_is_pressed(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        first, snapshot, thread = await ended(harness, mo)
        said = await mo.say("Now the dogs.", thread)
        offer = await offered(mo, snapshot)
        await mo.edit(said, TEXT)
        await prompt_is(harness, said, TEXT)
        await mo.click(offer, "Start")
        second = await harness.next_run({first.id})
        assert (await harness.until(second.id, lambda snapshot: snapshot.is_final)).prompt == TEXT


async def prompt_is(harness: AppHarness, said: Message, text: str) -> None:
    """The offer for a message has this text; bounded by the caller's patience."""
    with harness.bus.subscribe() as changes:
        while True:
            draft = await harness.store.draft(offer_id(said.id))
            if draft is not None and draft.body.get("prompt") == text:
                return
            await changes.take(0.05)


async def test_a_message_that_is_deleted_takes_its_offer_with_it(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        _, snapshot, thread = await ended(harness, mo)
        said = await mo.say(TEXT, thread)
        offer = await offered(mo, snapshot)
        await harness.playground.fault("PATCH", EDIT, "delay_before", count=1, seconds=2.0)
        await mo.delete(said)
        await prompt_is(harness, said, "")
        late = await mo.click(offer, "Start")  # the buttons are still shown
        assert late.reply is not None
        assert "That offer was withdrawn, so nothing started." in late.reply.text
        await mo.wait_message(lambda m: m.id == offer.id and not m.labels and WITHDRAWN in m.text)
    assert len(await harness.all_runs()) == 1


async def test_a_message_that_becomes_one_for_another_person_is_withdrawn(harness: AppHarness) -> None:
    mo, ada = harness.playground.mo, harness.playground.ada
    async with harness.running():
        _, snapshot, thread = await ended(harness, mo)
        said = await mo.say(TEXT, thread)
        offer = await offered(mo, snapshot)
        await mo.edit(said, f"<@{ada.id}> {TEXT}")
        await mo.wait_message(lambda m: m.id == offer.id and not m.labels and WITHDRAWN in m.text)


async def test_no_closes_the_offer(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        _, snapshot, thread = await ended(harness, mo)
        await mo.say(TEXT, thread)
        offer = await offered(mo, snapshot)
        await answer_to(mo, await mo.click(offer, "No"), "No follow-up.")
        await mo.wait_message(lambda m: m.id == offer.id and not m.labels)
    assert len(await harness.all_runs()) == 1


async def test_what_people_say_to_one_another_is_no_follow_up(harness: AppHarness) -> None:
    mo, ada = harness.playground.mo, harness.playground.ada
    async with harness.running():
        _, snapshot, thread = await ended(harness, mo)
        talk = await ada.say(f"<@{mo.id}> looks good", thread)
        await mo.say("I think so too", thread, reply_to=talk)
        await mo.say("/omp help", thread)
        await harness.playground.olu.say("Give me the keys", thread)
        await mo.say(TEXT, thread)
        await offered(mo, snapshot)
        shown = [m for m in await mo.history(thread, limit=20) if "Start" in m.labels]
    assert len(shown) == 1


async def test_an_offer_stands_after_a_kill_and_its_run_is_that_of_who_presses_start(
    harness: AppHarness, playground: Playground, store: SqliteStore, tmp_path: Path
) -> None:
    mo, ada = harness.playground.mo, harness.playground.ada
    harness.agent.writes = {}  # branches of the double end with its process
    async with harness.running():
        first, _, thread = await ended(harness, mo)
        await mo.say(TEXT, thread)
        offer = await mo.wait_message(lambda m: "Start a follow-up?" in m.text and "Start" in m.labels)
    later = AppHarness(playground, store, tmp_path, reads_threads=True)
    async with later.running():
        await ada.wait_message(lambda m: m.id == offer.id)
        await ada.click(offer, "Start")
        second = await later.next_run({first.id})
        assert second.requester == ada.id
        assert (await later.until(second.id, lambda snapshot: snapshot.is_final)).prompt == TEXT


async def test_who_may_only_watch_gets_no_offer_and_starts_none(harness: AppHarness) -> None:
    olu, mo = harness.playground.olu, harness.playground.mo
    async with harness.running():
        await harness.playground.change_world(member_roles={olu.id: [harness.playground.info.roles["member"]]})
        _, snapshot, thread = await ended(harness, mo)
        await olu.say("Let me", thread)
        await mo.say(TEXT, thread)
        offer = await offered(mo, snapshot)
        for button in ("Start", "No"):
            clicked = await olu.click(offer, button)
            assert clicked.reply is not None
            assert clicked.reply.text.startswith("You can watch here, not start runs.")
    assert len(await harness.all_runs()) == 1


async def test_without_leave_to_read_the_bot_says_so_once_and_offers_the_form(
    playground: Playground, store: SqliteStore, tmp_path: Path
) -> None:
    harness = AppHarness(playground, store, tmp_path)
    mo = harness.playground.mo
    async with harness.running():
        _, _, thread = await ended(harness, mo)
        for text in (TEXT, "Hello?"):
            await mo.say(text, thread)
        notice = await mo.wait_message(lambda m: "I cannot read messages here" in m.text)
        assert notice.labels == ["Follow up…"]
        opened = await mo.click(notice, "Follow up…")
        assert opened.modal is not None
        await harness.nothing_owed()
        shown = [m for m in await mo.history(thread, limit=20) if "I cannot read messages here" in m.text]
    assert len(shown) == 1
