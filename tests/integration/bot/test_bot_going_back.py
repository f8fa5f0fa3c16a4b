"""A run that was paused between rounds is put back to an earlier one by its card, as people see it in a playground."""

from ompycord.domain import events as ev
from ompycord.domain.ids import RunId
from ompycord.domain.run import RunRecord, RunState
from ompycord.playground.client import Message
from tests.integration.bot.conftest import AppHarness, is_answer, kind_of
from tests.integration.conductor.conftest import ADA

RED = ev.CheckFinished(check="unit", status="failed", passed=3, failed=1, failing=("test_tax",))


async def paused(harness: AppHarness) -> tuple[RunRecord, Message]:
    """A run whose first round is red and that waits before its second, and its card."""

    async def asks() -> None:
        (record,) = await harness.all_runs()
        if not asked:
            asked.append(record.id)
            await harness.areas.checkpoints.pause(record, ADA)

    asked: list[str] = []
    harness.checks.results = {"unit": RED}
    harness.checks.before = asks
    ada = harness.playground.ada
    record = await harness.start(ada)
    await harness.until(record.id, lambda snapshot: snapshot.state is RunState.SUSPENDED)
    return record, await ada.wait_message(lambda m: kind_of(m) == "card 1" and "Go back…" in m.labels)


async def test_the_form_lists_the_rounds_and_the_agent_starts_again_from_the_chosen_one(harness: AppHarness) -> None:
    ada = harness.playground.ada
    async with harness.running():
        record, card = await paused(harness)
        assert card.labels == ["Resume", "Say…", "Take over", "Go back…", "Cancel run"]
        clone = await harness.workspaces.workspace(RunId(record.id))
        assert clone is not None
        (clone.path / "half.py").write_text("x = \n")  # what the agent had begun
        opened = await ada.click(card, "Go back…")
        assert opened.modal is not None
        assert "Round 1: 1 file, unit failed" in str(opened.modal.raw)
        harness.checks.results = {}
        sent = await ada.submit_modal(opened, round=["1"])
        await ada.wait_message(lambda m: is_answer(m, sent.id) and "Put back to round 1; the agent continues" in m.text)
        snapshot = await harness.until(record.id, lambda snapshot: snapshot.is_final)
    assert (snapshot.state, [file.path for file in snapshot.files]) == (RunState.COMPLETE, ["total.py"])
    told = [note for note in snapshot.notes if note.startswith("Put back: ")]
    assert len(told) == 1
    assert told[0].startswith("Put back: what the agent changed since (2 files in all) (kept as refs/ompycord/left/")


async def test_who_may_not_resume_it_may_not_put_it_back(harness: AppHarness) -> None:
    async with harness.running():
        record, card = await paused(harness)
        mo = harness.playground.mo
        await mo.wait_message(lambda m: m.id == card.id and "Go back…" in m.labels)
        clicked = await mo.click(card, "Go back…")
        assert clicked.modal is None
        await mo.wait_message(lambda m: is_answer(m, clicked.id) and "needs" in m.text)
        assert (await harness.areas.record(RunId(record.id))).state is RunState.SUSPENDED
