"""`/omp settings`: what somebody chose holds for every run: where they are told, when not, which agent comes first."""

from datetime import UTC, datetime

from ompycord.domain import events as ev
from ompycord.domain.person_settings import PersonSettings, Pings, QuietHours
from ompycord.playground.client import Message
from tests.integration.bot.conftest import AppHarness, is_answer, kind_of

SILENT = 1 << 12
CREATE = "/channels/{channel_id}/messages"
ALWAYS = QuietHours(start="00:00", end="00:00", zone="UTC")
REFUSED = {"message": "Cannot send messages to this user", "code": 50007}


WRONG = (
    ({"quiet": "late"}, "Quiet hours look like `22:00-07:00`"),
    ({"quiet": "22:00-25:00"}, "Quiet hours look like"),
    ({"quiet": "22:00-07:00", "zone": "Mars/Olympus"}, "Unknown time zone `Mars/Olympus`."),
    ({"commits": "just Mo"}, "cannot stand on a commit"),
    ({"quiet": "late", "zone": "Mars", "commits": "just Mo"}, "Unknown time zone `Mars`."),
)


async def choose(harness: AppHarness, **own: object) -> None:
    await harness.store.save_person_settings(harness.playground.mo.id, PersonSettings.model_validate(own), at=1)


async def finished(harness: AppHarness) -> Message:
    """The answer of a run of Mo's."""
    await harness.start(harness.playground.mo)
    found = await harness.playground.mo.wait_message(lambda m: kind_of(m) == "result")
    await harness.nothing_owed()
    return found


async def test_what_is_right_is_saved_and_all_that_is_wrong_is_named(harness: AppHarness) -> None:
    mo = harness.playground.mo
    await choose(harness, co_author="Mo <mo@example.com>")
    async with harness.running():
        opened = await mo.command("omp settings", "tasks")
        typed = {"quiet": "late", "zone": "Mars", "commits": "just Mo"}
        sent = await mo.submit_modal(opened, pings=["dm"], agent=["scripted"], **typed)
        told = await mo.wait_message(lambda m: is_answer(m, sent.id) and "Saved" in m.text)
        wrong = ("Quiet hours look like", "Unknown time zone `Mars`", "*just Mo* cannot stand on a commit")
        assert all(words in told.text for words in wrong)
        saved = PersonSettings(pings=Pings.DM, agent="scripted", co_author="Mo <mo@example.com>")
        assert await harness.store.person_settings(mo.id) == saved


async def test_what_is_chosen_in_the_form_is_kept_and_offered_again(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        opened = await mo.command("omp settings", "tasks")
        typed = {"quiet": "22-7:30", "zone": "Europe/Berlin", "commits": "Mo <mo@example.com>"}
        sent = await mo.submit_modal(opened, pings=["dm"], agent=["scripted"], **typed)
        told = await mo.wait_message(lambda m: is_answer(m, sent.id) and "Saved." in m.text)
        assert "Quiet: 22:00 to 07:30, Europe/Berlin." in told.text
        assert "On commits: `Mo <mo@example.com>`" in told.content.splitlines(), "nothing in code is escaped"
        own = await harness.store.person_settings(mo.id)
        assert own == PersonSettings(
            pings=Pings.DM,
            quiet=QuietHours(start="22:00", end="07:30", zone="Europe/Berlin"),
            agent="scripted",
            co_author="Mo <mo@example.com>",
        )
        again = await mo.command("omp settings", "tasks")
        assert again.modal is not None
        assert "22:00-07:30" in str(again.modal.raw)
        assert await harness.store.person_settings(harness.playground.ada.id) == PersonSettings()


async def test_what_cannot_be_is_refused_in_words_and_stays_as_it_was(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        for wrong, words in WRONG:
            opened = await mo.command("omp settings", "tasks")
            sent = await mo.submit_modal(opened, pings=["thread"], agent=["-"], **wrong)
            told = await mo.wait_message(lambda m, sent=sent: is_answer(m, sent.id) and "It stays as it was." in m.text)
            assert words in told.text
        assert await harness.store.person_settings(mo.id) == PersonSettings()


async def test_quiet_hours_hold_an_answer_but_not_what_only_that_person_can_answer(harness: AppHarness) -> None:
    mo = harness.playground.mo
    await choose(harness, quiet=ALWAYS)
    harness.agent.hold()
    async with harness.running():
        run = await harness.at_work()
        await harness.areas.recorder.observe(run, ev.QuestionAsked(question="q1", text="Before or after?"))
        await mo.wait_message(lambda m: kind_of(m) == "question")
        harness.agent.release()
        result = await mo.wait_message(lambda m: kind_of(m) == "result")
        assert result.raw["flags"] & SILENT
        await harness.nothing_owed()
    assert await harness.pinged() == [[mo.id]], "the question; the answer came without a sound"


async def test_outside_of_quiet_hours_an_answer_rings(harness: AppHarness) -> None:
    hour = datetime.fromtimestamp(harness.clock.now_ms() / 1000, UTC).hour
    start, end = f"{(hour + 3) % 24:02}:00", f"{(hour + 5) % 24:02}:00"
    await choose(harness, quiet=QuietHours(start=start, end=end, zone="UTC"))
    async with harness.running():
        await finished(harness)
    assert await harness.pinged() == [[harness.playground.mo.id]]


async def test_somebody_who_wants_no_pings_gets_none(harness: AppHarness) -> None:
    await choose(harness, pings="none")
    async with harness.running():
        assert (await finished(harness)).raw["flags"] & SILENT
    assert await harness.pinged() == []


async def test_a_direct_message_is_sent_instead_of_a_mention(harness: AppHarness) -> None:
    mo = harness.playground.mo
    await choose(harness, pings="dm")
    async with harness.running():
        result = await finished(harness)
        told = await mo.wait_message(lambda m: "Go to the thread" in m.labels)
        assert told.component("Go to the thread")["url"].endswith(f"/{result.channel_id}")
        assert "Done · checks passed" in told.text
        assert not told.raw["flags"] & SILENT
    assert await harness.pinged() == []


async def test_who_takes_no_direct_message_is_mentioned_in_the_thread(harness: AppHarness) -> None:
    await choose(harness, pings="dm")
    fault = {"status": 403, "body": REFUSED, "containing": "Go to the thread"}
    await harness.playground.fault("POST", CREATE, "status", **fault)
    async with harness.running():
        await finished(harness)
    assert await harness.pinged() == [[harness.playground.mo.id]]
