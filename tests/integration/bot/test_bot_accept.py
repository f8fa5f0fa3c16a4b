"""*Accept changed tests* in a real playground: by whom, once, and what the result shows then."""

from ompycord.domain import events as ev
from ompycord.domain.folds.snapshot import Verification
from ompycord.domain.ids import RunId
from ompycord.playground.client import Message
from tests.integration.bot.conftest import AppHarness, is_answer, kind_of
from tests.support.playground_person import Person

CHANGED = ev.ChangedEvidence(path="tests/test_total.py", what="test_changed", name="test_tax")


async def ended(harness: AppHarness, who: Person) -> tuple[str, Message]:
    harness.checks.changes = (CHANGED, CHANGED.model_copy(update={"path": "tests/test_cart.py"}))
    record = await harness.start(who)
    return record.id, await who.wait_message(lambda m: kind_of(m) == "result")


async def test_an_approver_accepts_and_the_result_is_verified_with_the_name(harness: AppHarness) -> None:
    ada = harness.playground.ada
    async with harness.running():
        run, result = await ended(harness, ada)
        assert "Done · not verified" in result.text
        assert result.labels[0] == "Accept 2 changed tests"
        ran = await ada.click(result, "Accept 2 changed tests")
        await ada.wait_message(lambda m: is_answer(m, ran.id) and "Accepted 2 changes" in m.text)
        shown = await ada.wait_message(lambda m: m.id == result.id and "Done · checks passed" in m.text)
        assert "Ada accepted what it changed" in shown.text
        assert "Accept 2 changed tests" not in shown.labels
        snapshot = await harness.until(run, lambda snapshot: snapshot.accepted_by is not None)
        assert snapshot.verification is Verification.VERIFIED
        decided = [event.body for event in await harness.store.events_of(RunId(run))
                   if isinstance(event.body, ev.EvidenceAccepted)]  # fmt: skip
        assert [(one.by, one.commit, one.changes) for one in decided] == [("Ada", snapshot.commit, 2)]
        row = await harness.store.decision(RunId(run), "accept", snapshot.commit or "")
        assert row is not None
        assert (row.by_name, row.action) == ("Ada", "2 changes")


async def test_who_only_watches_cannot_accept(harness: AppHarness) -> None:
    olu = harness.playground.olu
    async with harness.running():
        run, result = await ended(harness, harness.playground.ada)
        await olu.click(result, "Accept 2 changed tests")
        snapshot = await harness.until(run, lambda snapshot: snapshot.is_final)
        assert snapshot.verification is Verification.UNVERIFIED
        assert snapshot.accepted_by is None
