"""A message that says a decision gets a button, where that is wanted and for who may; only the button saves it."""

from ompycord.domain.memory.items import MemoryFilter
from tests.integration.bot.conftest import AppHarness

SAID = "We decided to ship the cart without coupons"


async def test_the_button_saves_the_sentence_for_who_may(harness: AppHarness) -> None:
    mo, olu = harness.playground.mo, harness.playground.olu
    reading = AppHarness(
        harness.playground, harness.store, harness.folder, reads_threads=True, memory={"offer_decisions": True}
    )
    async with reading.running():
        await olu.say("We decided to do as we like from here", "tasks")  # may not keep anything
        await mo.say(f"Morning all. {SAID}. Bye.", "tasks")
        offer = await mo.wait_message(lambda m: "sounds like a decision" in m.text)
        assert await harness.store.memory.items(MemoryFilter()) == []
        await mo.click(offer, "Save as decision")
        await mo.wait_message(lambda m: "Saved as decision" in m.text)
        (row,) = await harness.store.memory.items(MemoryFilter())
        assert (row.item.title, row.item.repository, row.item.author_name) == (SAID, "shop", "Mo")
        await olu.click(offer, "Save as decision")
        await olu.wait_message(lambda m: "Ask" in m.text)
        assert len(await harness.store.memory.items(MemoryFilter())) == 1
