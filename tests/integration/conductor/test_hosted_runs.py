"""Hosted runs from the form to the branch, over the real store."""

import asyncio
from pathlib import Path

import pytest

from ompycord.domain import events as ev
from ompycord.domain.folds.snapshot import Verification
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.person_settings import PersonSettings
from ompycord.domain.ports import AgentOutcome
from ompycord.domain.records import OutboxKind
from ompycord.domain.run import FailureClass, RunState, SuspendReason
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import ADA, CATALOG, MO, VI, AppHarness
from tests.support.patience import patient
from tests.support.refusals import refuses


async def test_a_run_goes_from_the_form_to_its_branch_and_is_verified_by_our_checks(harness: AppHarness) -> None:
    async with harness.running():
        record = await harness.submit()
        snapshot = await harness.ended(record.id)
    assert snapshot.state is RunState.COMPLETE
    assert snapshot.verification is Verification.VERIFIED
    assert harness.checks.ran == ["unit"]
    assert snapshot.branch == f"ompycord/fix-the-total-{short_id(record.id)}"
    assert snapshot.branch in harness.workspaces.branches
    assert [file.path for file in snapshot.files] == ["total.py"]
    kinds = [row.kind for row in await harness.store.outbox()]
    assert kinds == [OutboxKind.SUMMARY, OutboxKind.THREAD, OutboxKind.CARD, OutboxKind.RESULT]


async def test_without_checks_a_claim_is_only_a_claim(harness: AppHarness) -> None:
    async with harness.running():
        record = await harness.submit(repository="bare")
        snapshot = await harness.ended(record.id)
    assert snapshot.state is RunState.COMPLETE
    assert snapshot.verification is Verification.UNVERIFIED
    assert snapshot.message == "No check is configured for bare."


async def test_mode_fast_runs_no_check_and_stays_unverified(harness: AppHarness) -> None:
    async with harness.running():
        record = await harness.submit(mode="fast")
        snapshot = await harness.ended(record.id)
    assert (snapshot.state, snapshot.verification) == (RunState.COMPLETE, Verification.UNVERIFIED)
    assert harness.checks.ran == []


async def test_an_agent_that_claims_checks_of_its_own_is_not_believed(harness: AppHarness) -> None:
    harness.agent.script = (ev.CheckFinished(check="unit", status="passed", passed=99),)
    async with harness.running():
        record = await harness.submit(repository="bare")
        snapshot = await harness.ended(record.id)
    assert snapshot.verification is Verification.UNVERIFIED


async def test_failing_checks_fail_the_run_and_keep_the_branch(harness: AppHarness) -> None:
    harness.checks.results = {"unit": ev.CheckFinished(check="unit", status="failed", passed=410, failed=2)}
    async with harness.running():
        record = await harness.submit()
        snapshot = await harness.ended(record.id)
    assert (snapshot.state, snapshot.failure) == (RunState.FAILED, FailureClass.VERIFY)
    assert snapshot.message == "unit: 2 of 412 fail."
    assert snapshot.branch in harness.workspaces.branches


async def test_a_result_that_touched_its_tests_is_published_and_not_verified(harness: AppHarness) -> None:
    harness.checks.changes = (ev.ChangedEvidence(path="tests/test_total.py", what="test_removed"),)
    async with harness.running():
        snapshot = await harness.ended((await harness.submit()).id)
    assert (snapshot.state, snapshot.verification) == (RunState.COMPLETE, Verification.UNVERIFIED)
    assert snapshot.evidence == harness.checks.changes
    assert snapshot.branch in harness.workspaces.branches
    assert snapshot.message == "unit passed, but existing tests or how checks run were changed."


@pytest.mark.parametrize(
    ("statuses", "state", "verification"),
    [
        (("passed", "passed", "passed"), RunState.COMPLETE, Verification.VERIFIED),
        (("passed", "missing", "passed"), RunState.COMPLETE, Verification.UNVERIFIED),
        (("error", "passed", "passed"), RunState.COMPLETE, Verification.UNVERIFIED),
        (("missing", "passed", "timeout"), RunState.FAILED, Verification.FAILED),
        (("passed", "passed", "failed"), RunState.FAILED, Verification.FAILED),
    ],
)
async def test_of_several_checks_all_must_pass(
    store: SqliteStore, tmp_path: Path, statuses: tuple[str, ...], state: RunState, verification: Verification
) -> None:
    names = ("unit", "lint", "types")
    shop = CATALOG.repository("shop")
    more = shop.model_copy(update={"checks": tuple(shop.checks[0].model_copy(update={"name": name}) for name in names)})
    harness = AppHarness(store, tmp_path, FakeClock(), CATALOG.model_copy(update={"repositories": (more,)}))
    harness.checks.results = {
        name: ev.CheckFinished.model_validate({"check": name, "status": status})
        for name, status in zip(names, statuses, strict=True)
    }
    async with harness.running():
        snapshot = await harness.ended((await harness.submit()).id)
    assert (snapshot.state, snapshot.verification) == (state, verification)
    assert {check.name: check.status for check in snapshot.checks} == dict(zip(names, statuses, strict=True))
    assert harness.checks.ran == list(names)
    assert len(set(harness.checks.trees)) == len(names)


async def test_a_missing_tool_is_no_failure_of_the_code(harness: AppHarness) -> None:
    harness.checks.results = {
        "unit": ev.CheckFinished(check="unit", status="missing", detail="pytest is not installed here")
    }
    async with harness.running():
        record = await harness.submit()
        snapshot = await harness.ended(record.id)
    assert (snapshot.state, snapshot.verification) == (RunState.COMPLETE, Verification.UNVERIFIED)
    assert snapshot.message == "No check ran: pytest is not installed here."


async def test_an_agent_that_fails_is_shown_as_failed_with_its_words(harness: AppHarness) -> None:
    harness.agent.outcome = AgentOutcome(claim=False, message="I cannot do this.", failure=FailureClass.REPAIRABLE)
    async with harness.running():
        record = await harness.submit()
        snapshot = await harness.ended(record.id)
    assert (snapshot.state, snapshot.message) == (RunState.FAILED, "I cannot do this.")
    assert harness.checks.ran == []


async def test_a_clone_that_cannot_be_made_fails_with_the_reason(harness: AppHarness) -> None:
    harness.workspaces.refuses = "The base branch main does not exist."
    async with harness.running():
        record = await harness.submit()
        snapshot = await harness.ended(record.id)
    assert (snapshot.state, snapshot.failure) == (RunState.FAILED, FailureClass.ENV)
    assert snapshot.message == "The base branch main does not exist."


async def test_an_agent_that_must_be_confined_does_not_start_where_nothing_confines(harness: AppHarness) -> None:
    async with harness.running():
        record = await harness.submit(agent="strict")
        snapshot = await harness.ended(record.id)
    assert (snapshot.state, snapshot.failure) == (RunState.FAILED, FailureClass.POLICY)
    assert harness.agent.jobs == []


async def test_the_same_draft_twice_starts_one_run(harness: AppHarness) -> None:
    draft = harness.ids.ulid()
    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(harness.submit(draft=draft)) for _ in range(5)]
    assert {attempt.result().id for attempt in tries} == {draft}
    assert sum(row.kind is OutboxKind.SUMMARY for row in await harness.store.outbox()) == 1


async def test_cancel_halts_the_agent_and_frees_the_workspace(harness: AppHarness) -> None:
    harness.agent.hold()
    async with harness.running():
        record = await harness.submit(MO)
        await asyncio.wait_for(harness.agent.began.wait(), patient(10))
        await harness.areas.runs.cancel(await harness.areas.record(RunId(record.id)), MO, reason="wrong branch")
        snapshot = await harness.ended(record.id)
        await harness.settled(record.id)
    assert (snapshot.state, snapshot.message) == (RunState.CANCELLED, "Cancelled by Mo: wrong branch")
    assert harness.agent.cancelled == 1
    assert await harness.workspaces.workspace(RunId(record.id)) is None


async def test_stop_keeps_everything_and_resume_goes_on_in_the_same_clone(harness: AppHarness) -> None:
    harness.agent.hold()
    async with harness.running():
        record = await harness.submit()
        run = RunId(record.id)
        await asyncio.wait_for(harness.agent.began.wait(), patient(10))
        kept = harness.agent.jobs[0].cwd / "half.txt"
        kept.write_text("half done\n")
        await harness.areas.runs.stop(await harness.areas.record(run), ADA)
        stopped = await harness.in_state(run, RunState.SUSPENDED)
        assert stopped.reason is SuspendReason.HUMAN
        harness.agent.release()
        await harness.areas.runs.resume(await harness.areas.load(run), ADA)
        snapshot = await harness.ended(run)
    assert harness.agent.cancelled == 1
    assert [job.iteration for job in harness.agent.jobs] == [1, 2]
    assert [file.path for file in snapshot.files] == ["half.txt", "total.py"]


async def test_a_crash_in_mid_build_begins_again_by_itself_in_a_fresh_clone(
    harness: AppHarness, tmp_path: object
) -> None:
    harness.agent.hold()
    async with harness.running():
        record = await harness.submit()
        await asyncio.wait_for(harness.agent.began.wait(), patient(10))
        (harness.agent.jobs[0].cwd / "half.txt").write_text("half done\n")
    second = harness.restart()
    async with second.running():
        snapshot = await second.ended(record.id)
    assert second.swept == [record.id]
    assert (snapshot.state, snapshot.verification) == (RunState.COMPLETE, Verification.VERIFIED)
    assert snapshot.iteration == 2
    assert [file.path for file in snapshot.files] == ["total.py"]
    kinds = [row.kind for row in await second.store.outbox()]
    assert kinds == [OutboxKind.SUMMARY, OutboxKind.THREAD, OutboxKind.CARD, OutboxKind.RESULT]


async def test_two_answers_at_once_have_one_effect_and_the_other_is_told_who_was_first(harness: AppHarness) -> None:
    harness.agent.script = (ev.QuestionAsked(question="q1", text="Which?", options=("left", "right")),)
    harness.agent.hold()
    async with harness.running():
        record = await harness.submit()
        run = RunId(record.id)
        await harness.until(run, lambda snapshot: snapshot.needs_person)
        async with asyncio.TaskGroup() as group:
            left = group.create_task(harness.areas.approvals.answer(await harness.areas.load(run), "q1", "left", ADA))
            right = group.create_task(harness.areas.approvals.answer(await harness.areas.load(run), "q1", "right", ADA))
        snapshot = await harness.until(run, lambda snapshot: not snapshot.needs_person)
        first, second = sorted((left.result(), right.result()), key=lambda committed: not committed.fresh)
        assert first.fresh
        assert not second.fresh
        assert second.earlier is not None
        assert second.earlier.action == snapshot.questions[0].answer
        assert second.earlier.by_name == "Ada"


@pytest.mark.parametrize(
    ("person", "changes", "words"),
    [
        (VI, {}, "You can watch here"),
        (ADA, {"repository": "../etc"}, "Repository '../etc' not found. Known: shop, bare, vault"),
        (ADA, {"agent": "nobody"}, "Agent 'nobody' not found for shop"),
    ],
)
async def test_what_cannot_be_is_refused_in_words_and_starts_nothing(
    harness: AppHarness, person: object, changes: dict[str, str], words: str
) -> None:
    with refuses(words.replace("(", "\\(").replace("..", r"\.\.")):
        await harness.submit(person, **changes)  # pyright: ignore[reportArgumentType]  # parametrised
    assert await harness.store.outbox() == []


async def test_limits_hold_and_people_wait_in_line_fairly(crowded: AppHarness) -> None:
    crowded.agent.hold()
    async with crowded.running():
        first = await crowded.submit(ADA)
        await asyncio.wait_for(crowded.agent.began.wait(), patient(10))
        second = await crowded.submit(ADA)
        third = await crowded.submit(MO)
        with refuses("You have 2 open runs"):
            await crowded.submit(ADA)
        crowded.agent.release()
        for record in (first, second, third):
            await crowded.ended(record.id)
    assert [job.run for job in crowded.agent.jobs] == [first.id, third.id, second.id] or [
        job.run for job in crowded.agent.jobs
    ] == [first.id, second.id, third.id]


async def test_a_stranger_may_not_cancel_and_the_requester_may(harness: AppHarness) -> None:
    record = await harness.submit(MO)
    other = MO.model_copy(update={"id": "100000000000000004", "name": "Po"})
    with refuses("its requester or an"):
        await harness.areas.runs.cancel(await harness.areas.record(RunId(record.id)), other)
    assert (await harness.areas.runs.cancel(await harness.areas.record(RunId(record.id)), MO)).fresh


async def test_a_closed_machine_refuses_new_runs_and_lets_those_in_line_wait(harness: AppHarness) -> None:
    record = await harness.submit()
    harness.closed = "This machine is low on disk."
    with refuses("low on disk"):
        await harness.submit()
    harness.was_asked.clear()
    async with harness.running():
        for _ in range(2):  # the driver's second look comes after whatever the first one did
            await asyncio.wait_for(harness.was_asked.wait(), patient(10))
            harness.was_asked.clear()
            harness.driver.wake()
        waiting = await harness.store.run(RunId(record.id))
        assert waiting is not None
        assert waiting.state is RunState.QUEUED
        harness.closed = None
        harness.driver.wake()
        await harness.ended(record.id)


async def test_who_asked_stands_on_the_commit_as_they_wish_when_it_is_made(harness: AppHarness) -> None:
    harness.agent.hold()
    async with harness.running():
        mine = await harness.submit(MO)
        await harness.began()
        await harness.store.save_person_settings(MO.id, PersonSettings(co_author="Mo <mo@example.com>"), at=1)
        harness.agent.release()
        await harness.ended(mine.id)
        await harness.ended((await harness.submit(ADA)).id)
    assert harness.workspaces.co_authors == ["Mo <mo@example.com>", None]
