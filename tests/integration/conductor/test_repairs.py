"""Runs whose checks fail: the agent gets what failed, round by round, until they pass or no round is left."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ompycord.dialects.prompts.repair_text import REPAIR
from ompycord.domain import events as ev
from ompycord.domain.catalog import Catalog, Limits
from ompycord.domain.folds.snapshot import Verification
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentCapabilities, AgentJob, AgentOutcome, Emit, Inbox
from ompycord.domain.run import FailureClass, RunState
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock, ScriptedAgent
from tests.integration.conductor.conftest import CATALOG, AppHarness, MakeHouse

RED = ev.CheckFinished(check="unit", status="failed", passed=410, failed=2, failing=("test_tax", "test_total"))


class Repairs(ScriptedAgent):
    """Writes a file of its own in each start, as long as `writes_until` says."""

    def __init__(self, *, writes_until: int = 99) -> None:
        super().__init__()
        self._until = writes_until

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        number = len(self.jobs) + 1
        self.writes = {f"file{number}.txt": "x"} if number <= self._until else {}
        self.outcome = AgentOutcome(claim=True, message=f"Attempt {number}.")
        return await super().run(job, emit, inbox)


MakeHarness = Callable[..., AppHarness]


@pytest.fixture
def make(store: SqliteStore, tmp_path: Path) -> MakeHarness:
    def made(agent: ScriptedAgent, red: int, catalog: Catalog = CATALOG) -> AppHarness:
        """The check fails `red` times, then it passes."""
        harness = AppHarness(store, tmp_path, FakeClock(), catalog, agent=agent)
        checks = harness.checks

        async def turn_green() -> None:
            checks.results = {"unit": RED} if len(checks.ran) < red else {}

        checks.before = turn_green
        return harness

    return made


async def states(harness: AppHarness, run: str) -> Sequence[tuple[RunState, int]]:
    events = await harness.store.events_of(RunId(run))
    return [(event.body.state, event.body.round) for event in events if isinstance(event.body, ev.RunStateChanged)]


async def test_what_failed_goes_back_to_the_agent_and_the_repaired_result_is_verified(make: MakeHarness) -> None:
    agent = Repairs()
    harness = make(agent, 1)
    async with harness.running():
        record = await harness.submit()
        snapshot = await harness.ended(record.id)
    assert (snapshot.state, snapshot.verification, snapshot.round) == (RunState.COMPLETE, Verification.VERIFIED, 2)
    assert (RunState.REPAIRING, 2) in await states(harness, record.id)
    first, second = agent.jobs
    assert REPAIR not in first.prompt
    assert first.cwd == second.cwd
    for words in ("Fix the total.", f"{REPAIR} (round 2 of 3): unit: 2 of 412 fail.", "- test_tax",
                  "> test_total failed", "- file1.txt", "> Attempt 1."):  # fmt: skip
        assert words in second.prompt
    assert sorted(file.path for file in snapshot.files) == ["file1.txt", "file2.txt"]


async def test_out_of_rounds_the_run_fails_and_its_branch_is_kept(make: MakeHarness) -> None:
    agent = Repairs()
    harness = make(agent, 99)
    async with harness.running():
        record = await harness.submit()
        snapshot = await harness.ended(record.id)
    assert len(agent.jobs) == 3
    assert (snapshot.state, snapshot.failure) == (RunState.FAILED, FailureClass.VERIFY)
    assert (snapshot.round, snapshot.max_rounds) == (3, 3)
    assert snapshot.branch in harness.workspaces.branches
    assert "Round 2:\n> Attempt 2." in agent.jobs[2].prompt


async def test_a_round_that_changes_nothing_is_not_checked_again_and_counts(
    make: MakeHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = Repairs(writes_until=1)
    harness = make(agent, 99)
    async with harness.running():
        record = await harness.submit()
        snapshot = await harness.ended(record.id)
    passed = [state for state, _ in await states(harness, record.id)]
    assert passed.count(RunState.VERIFYING) == 1
    assert (snapshot.state, snapshot.failure) == (RunState.FAILED, FailureClass.VERIFY)
    assert snapshot.message == "unit: 2 of 412 fail."
    assert len(agent.jobs) == 3
    assert "You changed nothing in the last round" in agent.jobs[2].prompt
    assert [check.status for check in snapshot.checks] == ["failed"]


@pytest.mark.parametrize(("own", "general", "starts"), [(None, 2, 2), (1, 3, 1), (4, 1, 4)])
async def test_the_repository_says_how_many_rounds_else_the_limits_do(
    make: MakeHarness, own: int | None, general: int, starts: int
) -> None:
    shop = CATALOG.repository("shop").model_copy(update={"max_iterations": own})
    limits = Limits(max_iterations=general)
    agent = Repairs()
    harness = make(agent, 99, CATALOG.model_copy(update={"repositories": (shop,), "limits": limits}))
    async with harness.running():
        await harness.ended((await harness.submit()).id)
    assert len(agent.jobs) == starts


async def test_an_agent_with_a_session_is_told_only_what_failed(make: MakeHarness) -> None:
    agent = Repairs()
    agent.capabilities = AgentCapabilities(simulated=True, can_resume=True)
    agent.script = (ev.SessionOpened(session="s-1"),)
    harness = make(agent, 1)
    async with harness.running():
        await harness.ended((await harness.submit()).id)
    second = agent.jobs[1]
    assert second.session == "s-1"
    assert second.prompt.startswith(REPAIR)
    assert "Fix the total." not in second.prompt
    assert second.whole_prompt is not None
    assert REPAIR in second.whole_prompt


async def test_in_mode_fast_nothing_is_checked_and_nothing_repaired(make: MakeHarness) -> None:
    agent = Repairs()
    harness = make(agent, 99)
    async with harness.running():
        snapshot = await harness.ended((await harness.submit(mode="fast")).id)
    assert (len(agent.jobs), snapshot.state) == (1, RunState.COMPLETE)


SCRIPT = """
cat >prompt.txt
if grep -q "checks failed on your result" prompt.txt; then
    git checkout -q HEAD -- tests
else
    sed -i 's/21.50/99.99/' tests/test_total.py
fi
rm prompt.txt; echo more >>README.md; echo done
"""


@pytest.mark.posix
async def test_with_a_real_check_the_agent_gets_the_first_error_as_it_was_printed(real_house: MakeHouse) -> None:
    harness, sample = await real_house(SCRIPT)
    async with harness.running():
        record = await harness.submit(repository=sample.name, agent="script")
        snapshot = await harness.ended(record.id)
    assert snapshot.state is RunState.COMPLETE
    assert snapshot.round == 2
    events = await harness.store.events_of(RunId(record.id))
    errors = [event.body for event in events if isinstance(event.body, ev.ChecksErred)]
    assert errors[0].tests[0].test == "tests.test_total.TotalTest.test_lines_are_added"
    assert "Decimal('21.50') != Decimal('99.99')" in errors[0].tests[0].error
