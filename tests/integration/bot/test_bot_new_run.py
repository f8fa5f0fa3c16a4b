"""`/omp new` from prompt and form to card and final answer, in a real playground."""

from tests.integration.bot.conftest import House, footer
from ompycord.domain.ids import short_id


async def test_a_prompt_becomes_mirror_thread_card_and_one_answer_that_pings_its_requester(house: House) -> None:
    mo = house.playground.mo
    async with house.alive():
        ran = await mo.command("omp new", "tasks", prompt="Fix the total. It ignores coupons.")
        started = await mo.wait_message(lambda message: "started: http" in message.text)
        record = await house.only_run()
        await house.until(record.id, lambda snapshot: snapshot.is_final)
        await mo.wait_message(lambda message: footer(message).startswith(f"{short_id(record.id)} · result"))
        await mo.wait_message(lambda m: footer(m).startswith(f"{short_id(record.id)} · card 1") and "✅" in m.text)
        await house.nothing_owed()
    assert ran.reply is not None
    assert ran.reply.raw["flags"] & 64
    mirror = [m for m in await mo.history("tasks") if footer(m)]
    assert [footer(m).split(" · ")[1] for m in mirror] == ["mirror"]
    assert mirror[0].id in started.text
    thread = await house.thread_of(record.id)
    assert thread == mirror[0].id
    kinds = [footer(m).split(" · ")[1] for m in await mo.history(thread) if footer(m)]
    assert kinds == ["card 1", "result"]
    assert [ping["users"] for ping in await house.playground.pings()] == [[mo.id]]
