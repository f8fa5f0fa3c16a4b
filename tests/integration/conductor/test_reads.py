"""What a person's click reads: its run and its snapshot once, by whoever found them.

A run that moved since is read again.
"""

from ompycord.conductor import Transitions
from ompycord.domain import events as ev
from ompycord.domain.authority import SourceKind
from ompycord.domain.ids import RunId
from ompycord.domain.run import RunState
from tests.integration.conductor.conftest import ADA, AppHarness
from tests.support.database_faults import FOLD, RECORD, logged_reads


async def projected(harness: AppHarness) -> None:
    while await harness.projector.project_some():
        pass


async def test_a_decision_reads_its_run_and_its_snapshot_once(harness: AppHarness) -> None:
    run = RunId((await harness.submit()).id)
    await harness.areas.recorder.observe(run, ev.ApprovalRequested(approval="a1", title="Push"))
    await projected(harness)
    async with logged_reads(harness.store) as log:
        loaded = await harness.areas.load(run)
        assert (await harness.areas.approvals.approve(loaded, "a1", ADA)).fresh
        assert (await harness.areas.budgets.raise_budget(loaded, 2.0, ADA)).fresh
    assert log.of(RECORD, FOLD) == [RECORD]  # the snapshot was published


async def test_a_move_reads_its_run_once(harness: AppHarness) -> None:
    run = RunId((await harness.submit()).id)
    async with logged_reads(harness.store) as log:
        assert (await harness.areas.runs.stop(await harness.areas.record(run), ADA)).fresh
        assert (await harness.areas.runs.cancel(await harness.areas.record(run), ADA)).fresh
    assert log.of(RECORD, FOLD) == [RECORD, RECORD]
    assert (await harness.areas.record(run)).state is RunState.CANCELLED


async def test_a_run_that_moved_since_it_was_found_is_read_again(harness: AppHarness) -> None:
    early = await harness.submit()
    await harness.areas.runs.stop(await harness.areas.record(early.id), ADA)
    await harness.areas.runs.cancel(early, ADA)  # it was queued when it was found
    assert (await harness.areas.record(early.id)).state is RunState.CANCELLED


async def test_only_the_stored_row_decides_that_nothing_happens(harness: AppHarness) -> None:
    early = await harness.submit()
    await harness.areas.runs.stop(early, ADA)
    transitions = Transitions(store=harness.store, clock=harness.clock, ids=harness.ids)
    resumed = ev.RunResumed(by="Ada")
    _, outcome = await transitions.decide(RunId(early.id), resumed, kind=SourceKind.PERSON, known=early)
    assert outcome.is_change  # a queued run cannot be resumed; the stored one waits
    assert (await harness.areas.record(early.id)).state is not RunState.SUSPENDED
