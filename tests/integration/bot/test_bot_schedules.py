"""Schedules in a real playground: shown before they are saved, listed, paused, resumed, removed; messages of no run."""

from ompycord.domain.schedules.announcement import Announcement
from ompycord.playground.client import Message
from tests.integration.bot.conftest import AppHarness, is_answer
from tests.support.playground_person import Person


async def answer(who: Person, command: str, **options: object) -> Message:
    sent = await who.command(command, "tasks", **options)  # pyright: ignore[reportArgumentType]
    return await who.wait_message(lambda m: is_answer(m, sent.id) and bool(m.text))


async def test_a_schedule_is_shown_saved_listed_paused_resumed_and_removed(harness: AppHarness) -> None:
    mo, olu = harness.playground.mo, harness.playground.olu
    task = {"when": "weekdays 09:00", "prompt": "Look after it", "zone": "Europe/Berlin"}
    async with harness.running():
        odd = await answer(mo, "omp schedule add", schedule="nightly", **{**task, "when": "0 0 30 2 *"})
        assert "would never be due" in odd.text
        odd = await answer(mo, "omp schedule add", schedule="Not A Name", **task)
        assert "is no name" in odd.text
        shown = await answer(mo, "omp schedule add", schedule="nightly", **task)
        assert "**nightly**: at 09:00 on Monday to Friday (Europe/Berlin)." in shown.text
        assert shown.text.count("09:00 (<t:") == 5
        assert await harness.store.schedules.schedules() == []
        clicked = await mo.click(shown, "Save")
        await mo.wait_message(lambda m: is_answer(m, clicked.id) and m.text.startswith("Saved `nightly`. Next: <t:"))
        (row,) = await harness.store.schedules.schedules()
        assert (row.owner_name, row.zone, row.request.repository) == ("Mo", "Europe/Berlin", "shop")
        listed = (await answer(mo, "omp schedule list")).text
        assert "**nightly** · at 09:00 on Monday to Friday (Europe/Berlin) · next <t:" in listed
        await answer(olu, "omp schedule pause", schedule="nightly")
        assert (await harness.store.schedules.schedules())[0].paused is None
        assert "is paused" in (await answer(mo, "omp schedule pause", schedule="nightly")).text
        assert "⏸ paused: Mo paused it." in (await answer(mo, "omp schedule list")).text
        assert "goes on. Next: <t:" in (await answer(mo, "omp schedule resume", schedule="nightly")).text
        assert "is removed" in (await answer(mo, "omp schedule remove", schedule="nightly")).text
        assert "There are no schedules here." in (await answer(mo, "omp schedule list")).text


async def test_a_message_of_no_run_is_sent_once_also_where_the_answer_was_lost(harness: AppHarness) -> None:
    mo, store = harness.playground.mo, harness.store
    channel = str(harness.playground.channel("tasks"))
    one = Announcement(
        key="a", guild=str(harness.playground.guild_id), channel=channel, text="Schedule `x` is paused.",
        nonce="n" * 20,
        created_at=harness.clock.now_ms(),
    )  # fmt: skip
    await store.announcements.announce(one)
    assert not await store.announcements.announce(one)
    async with harness.running():
        await mo.wait_message(lambda m: "Schedule `x` is paused." in str(m.embeds))
        await store.announcements.announce(one.model_copy(update={"key": "b"}))  # as if its first answer had been lost
        async with harness.half_minutes_pass():
            while await store.announcements.unsent():
                await harness.clock.sleep(0.05)
        assert [m.embeds for m in await mo.history("tasks")].count([]) == 0
        assert len([m for m in await mo.history("tasks") if "is paused" in str(m.embeds)]) == 1
