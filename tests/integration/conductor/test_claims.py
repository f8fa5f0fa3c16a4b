"""What an agent reports of its end by our tools: it counts where the agent then ends its turn or goes silent."""

import pytest

from ompycord.domain import events as ev
from ompycord.domain.folds.snapshot import Verification
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentOutcome
from ompycord.domain.run import EndedBy, FailureClass, RunState
from ompycord.engines.agent_start import reported
from ompycord.render.cards.verdicts import partial_sentence
from ompycord.render.render_context import RenderContext
from ompycord.render.sanitizer import Sanitizer
from tests.integration.conductor.conftest import ADA, AppHarness

PART = ev.RunFinished(summary="Half of it.", outcome="partial")
WHOLE = ev.RunFinished(summary="All of it.")
FAILED = ev.RunFailed(message="I could not.")
TURN = AgentOutcome(claim=True, message="Bye.")
SILENT = AgentOutcome(claim=False, message="x", failure=FailureClass.REPAIRABLE, ended_by=EndedBy.CLOCK)
CRASHED = AgentOutcome(claim=False, message="x", failure=FailureClass.LOST, ended_by=EndedBy.EXIT)
REFUSED = AgentOutcome(claim=False, message="x", failure=FailureClass.TRANSIENT, ended_by=EndedBy.PROVIDER)
HALF = AgentOutcome(claim=True, message="Half of it.", is_partial=True)
FAILURE = AgentOutcome(claim=False, message="I could not.", failure=FailureClass.REPAIRABLE)


@pytest.mark.parametrize(
    ("outcome", "claim", "counts"),
    [
        (TURN, None, TURN),
        (TURN, WHOLE, TURN),
        (TURN, PART, HALF),
        (TURN, FAILED, FAILURE),
        (SILENT, None, SILENT),
        (SILENT, WHOLE, AgentOutcome(claim=True, message="All of it.")),
        (SILENT, PART, HALF),
        (SILENT, FAILED, FAILURE),
        (CRASHED, WHOLE, CRASHED),
        (REFUSED, WHOLE, REFUSED),
        (FAILURE, WHOLE, FAILURE),
    ],
)
def test_a_report_speaks_for_an_agent_that_ends_its_turn_or_goes_silent(
    outcome: AgentOutcome, claim: ev.RunFinished | ev.RunFailed | None, counts: AgentOutcome
) -> None:
    assert reported(outcome, claim) == counts


async def test_a_part_is_partly_done_with_its_words_and_its_checks(harness: AppHarness) -> None:
    harness.agent.script = (WHOLE, PART)
    harness.agent.writes = {"half.txt": "half"}
    async with harness.running():
        snapshot = await harness.ended((await harness.submit()).id)
    assert (snapshot.state, snapshot.verification) == (RunState.PARTIAL, Verification.UNVERIFIED)
    assert (snapshot.summary, snapshot.failure) == ("Half of it.", None)
    assert [(check.name, check.status) for check in snapshot.checks] == [("unit", "passed")]
    assert snapshot.branch is not None
    said = partial_sentence(snapshot, RenderContext(checks=("unit",)), Sanitizer(str))
    assert said == "scripted reports that a part is done. unit passed."


async def test_a_report_of_an_earlier_start_says_nothing_of_this_one(harness: AppHarness) -> None:
    harness.agent.script, harness.agent.outcome = (PART,), CRASHED
    harness.agent.writes = {"half.txt": "half"}
    async with harness.running():
        run = RunId((await harness.submit()).id)
        await harness.in_state(run, RunState.SUSPENDED)
        harness.agent.script, harness.agent.outcome = (), TURN
        await harness.areas.runs.resume(await harness.areas.load(run), ADA)
        snapshot = await harness.ended(run)
    assert snapshot.state is RunState.COMPLETE


async def test_an_agent_that_reports_that_it_failed_has_failed(harness: AppHarness) -> None:
    harness.agent.script = (FAILED,)
    async with harness.running():
        snapshot = await harness.ended((await harness.submit()).id)
    assert (snapshot.state, snapshot.ended_by, snapshot.message) == (RunState.FAILED, EndedBy.AGENT, "I could not.")
