"""The memory in a real playground: decide, save a message, search, show, drop; proposals with their buttons."""

from ompycord.app.wiring.memory import memory_book_of
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.memory.items import MemoryFilter, MemoryKind, MemoryPlace, MemoryStatus, NewMemory
from ompycord.playground.client import Message
from tests.integration.bot.conftest import AppHarness, is_answer
from tests.support.playground_person import Person


async def told(who: Person, command: str, channel: str = "tasks", **options: object) -> str:
    """What the person alone reads."""
    sent = await who.command(command, channel, **options)  # pyright: ignore[reportArgumentType]
    return (await who.wait_message(lambda m: is_answer(m, sent.id) and bool(m.text))).text


async def test_a_decision_is_saved_found_shown_and_dropped(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        saved = await told(mo, "omp decide", text="Amounts are cents. Never floats, also in exports.")
        assert saved.startswith("Saved as decision `")
        assert ", in shop: Amounts are cents" in saved
        name = saved.split("`")[1]
        (row,) = await harness.store.memory.items(MemoryFilter())
        assert (row.item.repository, row.item.channel, row.item.author_name) == ("shop", None, "Mo")
        assert "remembered already" in await told(
            mo, "omp decide", text="Amounts are cents. Never floats, also in exports."
        )
        found = await told(mo, "omp memory search", text="float")
        assert f"`{name}` **decision** · Amounts are cents" in found
        assert "Nothing that is remembered here" in await told(mo, "omp memory search", text="colours")
        shown = await told(mo, "omp memory show", item=name)
        assert "Never floats, also in exports." in shown
        assert "in shop · written by a person by Mo" in shown
        assert name in await told(mo, "omp memory list", which="decisions")
        assert name not in await told(mo, "omp memory list", which="lessons")
        assert f"Dropped `{name}`" in await told(mo, "omp memory drop", item=name)
        assert "Nothing remembered here is called" in await told(mo, "omp memory show", item=name)
        assert "Nothing that is remembered here" in await told(mo, "omp memory search", text="float")
        assert "was dropped before" in await told(
            mo, "omp decide", text="Amounts are cents. Never floats, also in exports."
        )


async def test_where_a_decision_counts_is_chosen(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        assert "on this server" in await told(mo, "omp decide", text="Everything in English", scope="server")
        assert "in <#" in await told(mo, "omp decide", text="Talk about shoes here", scope="channel")
        assert "in bare" in await told(mo, "omp decide", text="No checks here", repository="bare")
        rows = await harness.store.memory.items(MemoryFilter())
        tasks = str(harness.playground.channel("tasks"))
        assert [(r.item.repository, r.item.channel) for r in rows] == [("bare", None), (None, tasks), (None, None)]


async def test_a_message_is_saved_as_a_decision_with_its_address(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        await mo.say("We ship on Tuesdays", "tasks")
        message = await mo.wait_message(lambda m: m.text == "We ship on Tuesdays")
        sent = await mo.command("Save as decision", "tasks", target=message.id)
        await mo.wait_message(lambda m: is_answer(m, sent.id) and "Saved as decision" in m.text)
        (row,) = await harness.store.memory.items(MemoryFilter())
        assert (row.item.title, row.item.kind) == ("We ship on Tuesdays", MemoryKind.DECISION)
        assert (row.item.source_message or "").endswith(f"/{message.id}")


async def test_who_only_watches_saves_and_drops_nothing(harness: AppHarness) -> None:
    mo, olu = harness.playground.mo, harness.playground.olu
    async with harness.running():
        saved = await told(mo, "omp decide", text="Amounts are cents")
        name = saved.split("`")[1]
        await told(olu, "omp decide", text="Amounts are floats")
        await told(olu, "omp memory drop", item=name)
        (row,) = await harness.store.memory.items(MemoryFilter())
        assert (row.item.title, row.item.status) == ("Amounts are cents", MemoryStatus.ACTIVE)


async def proposed(harness: AppHarness, run: RunId, title: str, body: str = "Else the tests fail.") -> Message:
    lessons = harness.parts.areas.lessons
    await lessons.propose(run, NewMemory(kind=MemoryKind.LESSON, title=title, body=body))
    return await harness.playground.mo.wait_message(lambda m: title in m.text and "Keep" in m.labels)


async def test_an_agents_proposal_is_kept_edited_and_dropped_by_its_buttons(harness: AppHarness) -> None:
    mo, olu = harness.playground.mo, harness.playground.olu
    async with harness.running():
        run = await harness.at_work()
        shown = await proposed(harness, run, "Run the seed first")
        assert "wants to remember a lesson" in shown.text
        await olu.click(shown, "Keep")
        (row,) = await harness.store.memory.items(MemoryFilter(statuses=frozenset(MemoryStatus)))
        assert row.item.status is MemoryStatus.PROPOSED
        pressed = await mo.click(shown, "Keep")
        await mo.wait_message(lambda m: is_answer(m, pressed.id) and m.text.startswith("Kept."))
        kept = await mo.wait_message(lambda m: m.id == shown.id and "Kept by Mo." in m.text)
        assert kept.labels == []

        shown = await proposed(harness, run, "Mind the cache")
        opened = await mo.click(shown, "Edit…")
        sent = await mo.submit_modal(opened, title="Empty the cache", body="After each migration.")
        await mo.wait_message(lambda m: is_answer(m, sent.id) and "in your words" in m.text)
        await mo.wait_message(lambda m: m.id == shown.id and "Kept by Mo, in other words." in m.text)

        shown = await proposed(harness, run, "Nonsense of an agent")
        pressed = await mo.click(shown, "Drop")
        await mo.wait_message(lambda m: is_answer(m, pressed.id) and m.text.startswith("Dropped."))
        await mo.wait_message(lambda m: m.id == shown.id and "Dropped by Mo." in m.text)
        active = await harness.store.memory.items(MemoryFilter())
        assert {one.item.title for one in active} == {"Run the seed first", "Empty the cache"}
        harness.agent.release()


async def test_what_a_run_was_given_stands_on_its_card_and_is_shown_with_why(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        saved = await told(mo, "omp decide", text="The discount of the cart comes before its tax")
        name = saved.split("`")[1]
        runs = [
            RunId((await harness.start(mo, prompt=f"Fix discount and tax of the cart, try {n}")).id) for n in range(3)
        ]
        given = None
        for run in runs:
            snapshot = await harness.until(run, lambda snapshot: snapshot.is_final)
            assert snapshot.recalled is not None
            if not snapshot.recalled.withheld:
                given = run
        assert given is not None
        await mo.wait_message(lambda m: short_id(given) in m.text and "recalled 1" in m.text)
        shown = await told(mo, "omp show", run=given, what="memory")
        assert f"`{name}` decision · The discount of the cart comes before its tax (same repository)" in shown


async def test_a_proposal_without_a_message_is_kept_by_command_and_exported(harness: AppHarness) -> None:
    mo = harness.playground.mo
    place = MemoryPlace(guild=str(harness.playground.guild_id), repository="shop")
    async with harness.running():
        offered = NewMemory(kind=MemoryKind.FACT, title="Prices are in cents")
        made = await memory_book_of(harness.infrastructure).offer(place, offered)
        name = short_id(made.item.id)
        assert name in await told(mo, "omp memory list", which="proposed")
        assert "waits for a decision" in await told(mo, "omp memory show", item=name)
        await told(harness.playground.olu, "omp memory keep", item=name)
        assert name not in await told(mo, "omp memory list", which="facts")
        assert f"Kept `{name}`" in await told(mo, "omp memory keep", item=name)
        assert name in await told(mo, "omp memory list", which="facts")
        sent = await mo.command("omp memory export", "tasks")
        answer = await mo.wait_message(lambda m: is_answer(m, sent.id) and "1 item." in m.text)
        assert [file["filename"] for file in answer.raw["attachments"]] == ["AGENTS.md"]
