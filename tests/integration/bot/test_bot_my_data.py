"""`/omp my-data`: a person gets what is kept of them, and only theirs; erased, cards and record name them no more."""

import json

from ompycord.app.wiring.upkeep import person_data_of
from ompycord.domain.ids import RunId
from ompycord.domain.people.erasing import is_pseudonym
from tests.integration.bot.conftest import AppHarness, is_answer


async def test_a_person_sees_what_is_theirs_and_has_it_erased(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    async with harness.running():
        run = RunId((await harness.start(mo)).id)
        other = RunId((await harness.start(ada)).id)
        for one in (run, other):
            await harness.until(one, lambda seen: seen.is_final)
        ran = await mo.command("omp my-data", "tasks")
        shown = await mo.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)
        assert "of the database are yours" in shown.text
        assert [file["filename"] for file in shown.raw["attachments"]] == ["my-data.json"]
        kept = await person_data_of(harness.infrastructure).export(mo.id)
        assert kept["runs"] == [run]
        assert other not in json.dumps(kept["rows"]), "nothing of others"
        asked = await mo.command("omp my-data", "tasks", do="erase")
        warned = await mo.wait_message(lambda m: is_answer(m, asked.id) and m.labels == ["Erase my data"])
        assert "It cannot be undone" in warned.text
        pressed = await mo.click(warned, "Erase my data")
        done = await mo.wait_message(lambda m: is_answer(m, pressed.id) and not m.is_thinking)
        assert done.text.startswith("Done: ")
        assert "Not reached:" in done.text
    record = await harness.store.run(run)
    assert record is not None
    assert is_pseudonym(record.requester)
    assert mo.id not in await harness.store.people_known()
    assert ada.id in await harness.store.people_known()
