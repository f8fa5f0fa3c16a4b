"""What people think of results: by command and by reaction, once a person, with history; and 📌 on a message."""

from ompycord.domain.ids import RunId
from ompycord.domain.memory.feedback import FeedbackVerdict
from ompycord.domain.memory.items import MemoryFilter
from tests.integration.bot.conftest import AppHarness, kind_of
from tests.integration.bot.test_bot_memory import told
from tests.support.patience import within


async def given(harness: AppHarness) -> RunId:
    """A run whose agent was given what is remembered, and that has ended."""
    while True:
        run = RunId((await harness.start(harness.playground.mo, prompt="Fix discount and tax of the cart")).id)
        snapshot = await harness.until(run, lambda snapshot: snapshot.is_final)
        assert snapshot.recalled is not None
        if not snapshot.recalled.withheld:
            return run


async def test_a_verdict_is_one_a_person_with_its_history_and_moves_what_was_recalled(harness: AppHarness) -> None:
    mo, ada = harness.playground.mo, harness.playground.ada
    async with harness.running():
        saved = await told(mo, "omp decide", text="The discount of the cart comes before its tax")
        run, other = await given(harness), await given(harness)
        assert "👍 noted" in await told(mo, "omp feedback give", verdict="good", run=run)
        assert "👎 noted" in await told(ada, "omp feedback give", verdict="bad", words="Too slow", run=run)
        name = saved.split("`")[1]
        shown = await told(mo, "omp memory show", item=name)
        assert "helped 1 · harmed 1" in shown
        again = await told(mo, "omp feedback give", verdict="bad", run=run)
        assert "👎 noted" in again
        assert "it was 👍 before" in again
        assert "harmed 2" in await told(mo, "omp memory show", item=name)
        assert "helped" not in await told(mo, "omp memory show", item=name)
        current = await harness.store.feedback.of_run(run)
        assert {one.person_name: one.verdict for one in current} == {
            "Mo": FeedbackVerdict.BAD,
            "Ada": FeedbackVerdict.BAD,
        }
        history = await harness.store.feedback.history(run)
        assert [one.verdict.value for one in history] == ["good", "bad", "bad"]
        assert await harness.store.verify_audit() >= 3
        assert name not in await told(mo, "omp memory list", which="harmful")
        await told(ada, "omp feedback give", verdict="bad", run=other)
        assert name in await told(mo, "omp memory list", which="harmful")
        report = await told(mo, "omp feedback report")
        assert "3 verdicts (0 good 👍, 0 edit ✏️, 3 bad 👎)" in report
        assert "scripted: 0 of 3 good; too few to say more" in report


async def test_a_run_at_work_has_no_result_to_judge(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run = await harness.at_work()
        assert "has not ended" in await told(mo, "omp feedback give", verdict="good", run=run)
        harness.agent.release()


async def test_a_reaction_on_a_result_is_a_verdict_and_on_another_message_none(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run = RunId((await harness.start(mo)).id)
        card = await mo.wait_message(lambda m: kind_of(m) == "card 1")
        await mo.react(card, "👎")
        result = await mo.wait_message(lambda m: kind_of(m) == "result")
        await harness.nothing_owed()
        await mo.react(result, "👍")
        async with within(20):
            with harness.bus.subscribe() as changes:
                while not await harness.store.feedback.of_run(run):
                    await changes.take(0.05)
        (one,) = await harness.store.feedback.of_run(run)
        assert (one.person_name, one.verdict) == ("Mo", FeedbackVerdict.GOOD)


async def test_a_pin_saves_a_message_as_a_decision_for_who_may(harness: AppHarness) -> None:
    mo, olu = harness.playground.mo, harness.playground.olu
    reading = AppHarness(harness.playground, harness.store, harness.folder, reads_threads=True)
    async with reading.running():
        await mo.say("We never deploy on Fridays", "tasks")
        said = await mo.wait_message(lambda m: m.text == "We never deploy on Fridays")
        await olu.react(said, "📌")
        await mo.react(said, "📌")
        await mo.wait_message(lambda m: "Saved as decision" in m.text)
        (row,) = await harness.store.memory.items(MemoryFilter())
        assert (row.item.title, row.item.author_name, row.item.repository) == (
            "We never deploy on Fridays", "Mo", "shop",
        )  # fmt: skip


async def test_what_is_like_a_new_decision_is_replaced_on_demand(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        first = await told(mo, "omp decide", text="Deploy the shop on Tuesday mornings")
        older = first.split("`")[1]
        sent = await mo.command("omp decide", "tasks", text="Deploy the shop on Thursday mornings")
        asked = await mo.wait_message(lambda m: "Does the new one replace it?" in m.text)
        assert sent is not None
        await mo.click(asked, f"Replace {older}")
        await mo.wait_message(lambda m: f"replaces `{older}`" in m.text)
        (row,) = await harness.store.memory.items(MemoryFilter())
        assert row.item.title == "Deploy the shop on Thursday mornings"
        assert (row.item.supersedes or "").lower().endswith(older)
