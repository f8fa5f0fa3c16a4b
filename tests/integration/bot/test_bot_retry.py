"""*Retry* and *Run again*: a message makes one more run, whoever presses it, how often, and after a restart too."""

from ompycord.domain.ids import short_id
from tests.integration.bot.conftest import AppHarness, is_answer, kind_of
from tests.support.playground_person import Interaction, Person


async def words_for(who: Person, interaction: Interaction) -> str:
    return (await who.wait_message(lambda m: is_answer(m, interaction.id) and not m.is_thinking)).text


async def test_a_message_makes_one_more_run_for_all_who_press_it(harness: AppHarness) -> None:
    mo, ada = harness.playground.mo, harness.playground.ada
    async with harness.running():
        first = await harness.start(mo)
        result = await mo.wait_message(lambda m: kind_of(m) == "result")
        clicks = [(who, await who.start_click(result, "Run again")) for who in (mo, mo, ada)]
        said = [await words_for(who, click) for who, click in clicks]
        made = await harness.next_run({first.id})
        name = f"run `{short_id(made.id)}`"
        assert sum(name in words for words in said) == 2
        assert sum("Queued" in words for words in said) == 1
        again = await words_for(mo, await mo.click(result, "Run again"))
        other = await words_for(ada, await ada.click(result, "Run again"))
        assert made.requester in {mo.id, ada.id}
        who = ("You", "Mo") if made.requester == mo.id else ("Ada", "You")
        assert (again, other) == tuple(f"{one} pressed that already: {name} is the new one." for one in who)
        await harness.until(made.id, lambda snapshot: snapshot.is_final)
    assert {record.id for record in await harness.all_runs()} == {first.id, made.id}
    later = harness.restart()
    async with later.running():
        assert f"pressed that already: {name} is the new one." in await words_for(
            mo, await mo.click(result, "Run again")
        )
        told = await mo.command("omp status", "tasks", run=short_id(first.id))
        status = await mo.wait_message(lambda m: is_answer(m, told.id) and not m.is_thinking)
        assert "Queued" in await words_for(mo, await mo.click(status, "Run again"))  # another message, another run
        await later.next_run({first.id, made.id})
    assert len(await later.all_runs()) == 3


async def test_a_press_that_was_refused_can_be_repeated(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        first = await harness.start(mo)
        result = await mo.wait_message(lambda m: kind_of(m) == "result")
        harness.closed = "The disk is full."
        assert "The disk is full." in await words_for(mo, await mo.click(result, "Run again"))
        harness.closed = None
        assert "Queued" in await words_for(mo, await mo.click(result, "Run again"))
        await harness.next_run({first.id})
