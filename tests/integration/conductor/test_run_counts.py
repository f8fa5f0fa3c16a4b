"""What the metrics count of runs: each end once, what it cost, and how long people and slots were waited for."""

from pathlib import Path

from ompycord.conductor.projector import Projector
from ompycord.domain import events as ev
from ompycord.domain.catalog import Limits
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentJob, AgentOutcome, Emit, Inbox
from ompycord.domain.run import RunState
from ompycord.store import SqliteStore
from ompycord.telemetry.run_counts import Durations
from ompycord.testing import FakeClock, ScriptedAgent
from tests.integration.conductor.conftest import ADA, CATALOG, AppHarness
from tests.integration.conductor.test_external_runs import post
from tests.support.database_faults import faulty_writes


class Paid(ScriptedAgent):
    """Asks, and tells what it cost."""

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        await emit(ev.QuestionAsked(question="which", text="Which?", options=("left", "right")))
        await inbox.next()
        await emit(ev.UsageUpdated(input=7, cost_usd=0.25))
        return await super().run(job, emit, inbox)


def counted(waits: Durations) -> list[str]:
    """The upper bounds between which something was counted, once for each."""
    before, found = 0, list[str]()
    for bound, count in waits.cumulative:
        found += [bound] * (count - before)
        before = count
    return found


async def project_all(projector: Projector) -> None:
    while await projector.project_some():
        pass


async def test_a_hosted_run_is_counted_by_its_outcome_with_its_cost_and_its_waits(
    store: SqliteStore, tmp_path: Path
) -> None:
    clock = FakeClock()
    catalog = CATALOG.model_copy(update={"limits": Limits(open_per_person=9, parallel_runs=1)})
    harness = AppHarness(store, tmp_path, clock, catalog, agent=Paid())
    counts = harness.infrastructure.counts
    queued = await harness.submit()
    clock.advance(40)  # nothing works before the driver runs
    async with harness.running():
        await harness.until(queued.id, lambda snapshot: bool(snapshot.open_questions))
        assert counted(counts.waits["slot"]) == ["60"]
        clock.advance(400)
        await harness.areas.approvals.answer(await harness.areas.load(RunId(queued.id)), "which", "left", ADA)
        await harness.ended(queued.id)
    assert counted(counts.waits["people"]) == ["900"]
    assert counts.waits["people"].sum_s == 400
    assert {name: count for name, count in counts.finished.items() if count} == {"no_changes": 1}
    assert counts.cost_usd == 0.25


async def test_an_end_is_counted_once_whatever_comes_after_it_and_however_often_it_is_tried(
    harness: AppHarness,
) -> None:
    counts = harness.infrastructure.counts
    run = await post(harness, ev.RunStarted(title="Nightly"), seq=1)
    await post(harness, ev.UsageUpdated(cost_usd=2.0), seq=2)
    await project_all(harness.projector)
    assert sum(counts.finished.values()) == 0
    await post(harness, ev.RunFailed(message="no"), seq=4)
    async with faulty_writes(harness.store, "INSERT ON cursors") as projections:
        projections.refuse(1)
        assert not await harness.projector._catch_up()  # pyright: ignore[reportPrivateUsage]  # one look, without its waits
        assert sum(counts.finished.values()) == 0
        await project_all(harness.projector)
    await post(harness, ev.CheckFinished(check="late", status="passed"), seq=3)
    await project_all(harness.projector)
    assert (await harness.areas.record(RunId(run))).state is RunState.FAILED
    assert {name: count for name, count in counts.finished.items() if count} == {"failed": 1}
    assert counts.cost_usd == 2.0
