"""A result that the guard does not take: its agent repairs it, or the run ends with nothing published."""

from pathlib import Path

import pytest

from ompycord.dialects.prompts.repair_text import REFUSED, REPAIR
from ompycord.domain import events as ev
from ompycord.domain.folds.snapshot import StatusSnapshot, Verification
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentJob, AgentOutcome, Emit, Inbox
from ompycord.domain.run import FailureClass, RunState
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock, ScriptedAgent
from tests.integration.conductor.conftest import CATALOG, AppHarness

BROKEN = ev.GuardFinding(rule="syntax", path="total.py", line=3, detail="invalid syntax")
SECRET = ev.GuardFinding(rule="secret", path="conf.ini", line=2, detail="a GitHub token")
FINE = ev.ResultGuarded(files=1)


def refusal(*findings: ev.GuardFinding) -> ev.ResultGuarded:
    return ev.ResultGuarded(findings=findings, total=len(findings), files=1)


class Writes(ScriptedAgent):
    """Writes a file of its own in each start."""

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        self.writes = {f"file{len(self.jobs) + 1}.txt": "x"}
        return await super().run(job, emit, inbox)


@pytest.fixture
def harness(store: SqliteStore, tmp_path: Path) -> AppHarness:
    return AppHarness(store, tmp_path, FakeClock(), CATALOG, agent=Writes())


async def ended(harness: AppHarness, *said: ev.ResultGuarded, mode: str = "standard") -> StatusSnapshot:
    harness.workspaces.guard_verdicts = list(said)
    async with harness.running():
        record = await harness.submit(mode=mode)
        return await harness.ended(record.id)


async def test_what_does_not_parse_is_repaired_before_any_check_sees_it(harness: AppHarness) -> None:
    snapshot = await ended(harness, refusal(BROKEN), FINE)
    assert (snapshot.state, snapshot.verification, snapshot.round) == (RunState.COMPLETE, Verification.VERIFIED, 2)
    assert harness.checks.ran == ["unit"]
    first, second = harness.agent.jobs
    assert REFUSED not in first.prompt
    assert f"{REFUSED} (round 2 of 3): total.py line 3 does not parse: invalid syntax." in second.prompt
    assert "- total.py line 3 does not parse: invalid syntax" in second.prompt
    assert REPAIR not in second.prompt
    assert snapshot.guard == FINE


async def test_a_repair_that_breaks_the_syntax_does_not_cost_the_result_before_it(harness: AppHarness) -> None:
    harness.checks.results = {"unit": ev.CheckFinished(check="unit", status="failed", passed=1, failed=1)}
    snapshot = await ended(harness, FINE, refusal(BROKEN), refusal(BROKEN))
    assert (snapshot.state, snapshot.failure, snapshot.round) == (RunState.FAILED, FailureClass.VERIFY, 3)
    assert snapshot.message == "total.py line 3 does not parse: invalid syntax."
    assert snapshot.branch is not None
    assert [file.path for file in snapshot.files] == ["file1.txt"]
    facts = await harness.store.events_of(RunId(snapshot.run))
    rounds = [one.body.round for one in facts if isinstance(one.body, ev.RunStateChanged)]
    assert rounds.count(3) > 0
    assert harness.checks.ran == ["unit"]


async def test_out_of_rounds_without_any_result_nothing_is_published(harness: AppHarness) -> None:
    snapshot = await ended(harness, *(refusal(BROKEN) for _ in range(3)))
    assert (snapshot.state, snapshot.failure) == (RunState.FAILED, FailureClass.VERIFY)
    assert (snapshot.branch, harness.workspaces.branches, harness.checks.ran) == (None, {}, [])


@pytest.mark.parametrize("mode", ["fast", "standard"])
async def test_a_secret_ends_the_run_with_the_place_named_and_nothing_published(harness: AppHarness, mode: str) -> None:
    snapshot = await ended(harness, refusal(SECRET, BROKEN), mode=mode)
    assert (snapshot.state, snapshot.failure, snapshot.round) == (RunState.FAILED, FailureClass.POLICY, 1)
    assert snapshot.message == (
        "conf.ini line 2 holds a GitHub token; total.py line 3 does not parse: invalid syntax. Nothing was "
        f"published; the patch is kept in workspaces/{snapshot.run}/refused.patch of the data folder."
    )
    assert (snapshot.branch, harness.workspaces.branches) == (None, {})


async def test_a_mode_without_repairs_ends_with_whatever_was_found(harness: AppHarness) -> None:
    size = ev.GuardFinding(rule="lines", detail="9 new lines, 8 is the most")
    snapshot = await ended(harness, refusal(size), mode="fast")
    assert (snapshot.state, snapshot.failure) == (RunState.FAILED, FailureClass.POLICY)
    assert snapshot.message is not None
    assert snapshot.message.startswith("The result is too large: 9 new lines, 8 is the most.")
    assert "refused.patch" in snapshot.message


async def test_an_agent_that_reports_failure_publishes_nothing_that_is_refused(harness: AppHarness) -> None:
    harness.agent.outcome = AgentOutcome(claim=False, message="I give up.", failure=FailureClass.REPAIRABLE)
    snapshot = await ended(harness, refusal(SECRET))
    assert (snapshot.state, snapshot.failure) == (RunState.FAILED, FailureClass.POLICY)
    assert harness.workspaces.branches == {}
