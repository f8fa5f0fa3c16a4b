"""Plans, reviews and answers over the real store: who is told what, what is kept of an agent that only reads."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ompycord.dialects.prompts.repair_text import REVIEWED
from ompycord.dialects.prompts.report_text import ASK, PLAN, REFUSED, REVIEW
from ompycord.domain import events as ev
from ompycord.domain.catalog import Catalog, Limits
from ompycord.domain.folds.snapshot import StatusSnapshot, Verification
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentJob, AgentOutcome, AgentPurpose, Emit, Inbox
from ompycord.domain.repository import AgentSpec, ReviewerSpec, Sandbox
from ompycord.domain.run import FailureClass, RunOutcome, RunState, SuspendReason
from ompycord.errors import ProcessFailed, Refused
from ompycord.render.cards.asking import PAUSE_AFTER_MS
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock, ScriptedAgent
from tests.integration.conductor.conftest import ADA, MO, VI, AppHarness, MakeHouse
from tests.integration.conductor.conftest import CATALOG as STRICT

OPEN = Sandbox(minimum="none")
SECOND = AgentSpec(name="second", kind="command", command=("sh",), sandbox=OPEN)
CATALOG = STRICT.model_copy(update={"agents": (STRICT.agents[0], SECOND)})
PLANNED = {
    "summary": "Write it down.",
    "steps": [{"title": "Write", "files": ["new.txt"]}],
    "files": [{"path": "new.txt", "change": "add"}],
}
CONTENT: dict[str, Any] = {"summary": "It is fine.", "findings": []}
BLOCKING = {
    "summary": "No.",
    "findings": [{"severity": "blocking", "title": "It is empty", "why": "x", "path": "new.txt"}],
}


def block(what: object) -> str:
    return f"Here.\n```json\n{json.dumps(what)}\n```"


class Reports(ScriptedAgent):
    """Says what it is given for each purpose, one after the other, the last one over and over."""

    def __init__(self, **says: Sequence[str]) -> None:
        super().__init__()
        self.says: dict[AgentPurpose, list[str]] = {
            "plan": list(says.get("plan", [block(PLANNED)])),
            "review": list(says.get("review", [block(CONTENT)])),
            "answer": list(says.get("answer", ["It is so."])),
            "work": ["Done."],
        }
        self.opens: str | None = None
        self.more: tuple[str, ...] = ()
        """What it writes beside the file of the plan."""

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        says = self.says[job.purpose]
        words = says.pop(0) if len(says) > 1 else says[0]
        number = len(self.jobs) + 1
        self.writes = dict.fromkeys(("new.txt", *self.more), str(number)) if job.purpose == "work" else {}
        self.script = (
            ev.SessionOpened(session=f"of {job.purpose}"),
            ev.ToolFinished(tool="read", title="cart.py"),
            ev.UsageUpdated(input=10),
            *([ev.Message(text=words)] if words else []),
        )
        self.outcome = AgentOutcome(claim=True, message=words[:500] or None)
        return await super().run(job, emit, inbox)

    def of(self, purpose: AgentPurpose) -> list[AgentJob]:
        return [job for job in self.jobs if job.purpose == purpose]


MakeHarness = Any


@pytest.fixture
def make(store: SqliteStore, tmp_path: Path) -> MakeHarness:
    def made(agent: ScriptedAgent, catalog: Catalog = CATALOG) -> AppHarness:
        return AppHarness(store, tmp_path, FakeClock(), catalog, agent=agent)

    return made


async def waits(harness: AppHarness, run: str) -> StatusSnapshot:
    snapshot = await harness.in_state(run, RunState.AWAITING_APPROVAL)
    await harness.settled(run)
    return snapshot


class CannotReview(Reports):
    """As `second` it does not start."""

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        if job.spec.name == "second":
            raise ProcessFailed("Its licence is over.")
        return await super().run(job, emit, inbox)


NOT_HERE = SECOND.model_copy(update={"command": ("no-such-agent",)})


@pytest.mark.parametrize(
    ("agent", "second", "note"),
    [
        (Reports(), NOT_HERE, None),
        (CannotReview(), SECOND, "second could not review it, so scripted did: Its licence is over."),
    ],
)
async def test_where_no_other_agent_can_the_same_one_reviews_in_a_fresh_session_and_that_is_said(
    make: MakeHarness, agent: Reports, second: AgentSpec, note: str | None
) -> None:
    harness = make(agent, CATALOG.model_copy(update={"agents": (STRICT.agents[0], second)}))
    async with harness.running():
        record = await harness.submit(mode="full")
        await waits(harness, record.id)
        await harness.areas.plans.approve(await loaded(harness, record.id), ADA)
        snapshot = await harness.ended(record.id)
    assert (snapshot.state, snapshot.verification) == (RunState.COMPLETE, Verification.VERIFIED)
    assert snapshot.review is not None
    assert (snapshot.review.by, snapshot.review.is_second) == ("scripted", False)
    assert (note is None) or note in snapshot.notes
    (review,) = agent.of("review")
    assert review.session is None


UNPLANNED = ev.GuardFinding(rule="unplanned", path="other.txt")


async def test_an_unplanned_file_goes_back_once_and_is_taken_the_second_time(make: MakeHarness) -> None:
    harness = make(Reports())
    harness.workspaces.guard_verdicts = [ev.ResultGuarded(findings=(UNPLANNED,), total=1, files=2)]
    async with harness.running():
        record = await harness.submit(mode="full")
        await waits(harness, record.id)
        await harness.areas.plans.approve(await loaded(harness, record.id), ADA)
        snapshot = await harness.ended(record.id)
    assert (snapshot.verification, snapshot.round) == (Verification.VERIFIED, 2)
    assert [rules.planned for rules in harness.workspaces.rules] == [("new.txt",), ("new.txt", "other.txt")]
    assert "other.txt is not in the plan" in harness.agent.of("work")[1].prompt


async def test_what_a_review_has_repaired_is_no_surprise_to_the_plan(make: MakeHarness) -> None:
    shop, *others = CATALOG.repositories
    automatic = shop.model_copy(update={"plan_approval": "automatic"})
    finding = {"severity": "blocking", "title": "It adds twice", "why": "x", "path": "README.md"}
    agent = Reports(review=[block({"summary": "No.", "findings": [finding]}), block(CONTENT)])
    agent.more = ("README.md",)
    harness = make(agent, CATALOG.model_copy(update={"repositories": (automatic, *others)}))
    async with harness.running():
        snapshot = await harness.ended((await harness.submit(mode="full")).id)
    assert (snapshot.verification, snapshot.round) == (Verification.VERIFIED, 2)
    assert [rules.planned for rules in harness.workspaces.rules] == [("new.txt",), ("new.txt", "README.md")]


def has_two(snapshot: StatusSnapshot) -> bool:
    return len(snapshot.proposals) == 2


async def loaded(harness: AppHarness, run: str) -> Any:
    record = await harness.store.run(RunId(run))
    assert record is not None
    return await harness.infrastructure.snapshots.load(record)


async def test_a_plan_is_made_approved_and_followed_and_its_result_reviewed(make: MakeHarness) -> None:
    agent = Reports()
    harness = make(agent)
    async with harness.running():
        record = await harness.submit(mode="full")
        snapshot = await waits(harness, record.id)
        assert snapshot.proposal is not None
        assert (snapshot.needs_person, snapshot.proposal.plan.summary) == (True, "Write it down.")
        await harness.areas.plans.approve(await loaded(harness, record.id), ADA)
        snapshot = await harness.ended(record.id)
    assert (snapshot.state, snapshot.verification) == (RunState.COMPLETE, Verification.VERIFIED)
    assert snapshot.review is not None
    assert (snapshot.review.by, snapshot.review.is_second) == ("second", True)
    assert [job.purpose for job in agent.jobs] == ["plan", "work", "review"]
    planner, builder, reviewer = agent.jobs
    for words in (PLAN, "Fix the total.", "The repository's checks: unit."):
        assert words in planner.prompt
    assert "Ada approved this plan for it." in builder.prompt
    assert builder.cwd not in {planner.cwd, reviewer.cwd}
    for words in (REVIEW, "> Fix the total.", "Ada approved", "unit passed: 1 passed, 0 failed"):
        assert words in reviewer.prompt
    assert [job.env.get("OMPYCORD_PURPOSE") for job in agent.jobs] == ["plan", None, "review"]
    decision = await harness.store.decision(RunId(record.id), "plan", "1")
    assert decision is not None
    assert (decision.by, decision.action) == (ADA.id, f"Approve (plan {snapshot.proposals[0].hash[:12]})")


async def test_of_an_agent_that_reads_only_tools_and_costs_are_kept(make: MakeHarness) -> None:
    harness = make(Reports())
    async with harness.running():
        record = await harness.submit(mode="full")
        await waits(harness, record.id)
        kept = [event.body for event in await harness.store.events_of(RunId(record.id)) if event.source == "agent"]
        assert {type(body) for body in kept} == {ev.ToolFinished, ev.UsageUpdated}
        await harness.areas.plans.approve(await loaded(harness, record.id), ADA)
        snapshot = await harness.ended(record.id)
    assert (snapshot.session, snapshot.last_words, snapshot.summary) == ("of work", "Done.", "Done.")
    assert snapshot.usage.input == 30


async def test_a_malformed_plan_goes_back_with_all_its_faults_and_the_third_fails_the_run(make: MakeHarness) -> None:
    wrong = block({**PLANNED, "checks": ["pytest"], "files": [{"path": "/etc/x", "change": "add"}]})
    agent = Reports(plan=[wrong, "I will just begin.", block({**PLANNED, "steps": []})])
    harness = make(agent)
    async with harness.running():
        record = await harness.submit(mode="full")
        snapshot = await harness.ended(record.id)
    assert (snapshot.state, snapshot.failure) == (RunState.FAILED, FailureClass.PLAN)
    assert snapshot.message == "No valid plan was made: steps is empty: name at least 1."
    first, second, third = (job.prompt for job in agent.jobs)
    assert REFUSED not in first
    for words in (REFUSED, '- files[0] "/etc/x" is absolute', '- checks[0] "pytest" is no check', "> ```json"):
        assert words in second
    assert "- The answer holds no JSON object:" in third
    assert len(agent.jobs) == 3


async def test_what_a_person_wants_to_be_different_reaches_the_planner_and_a_message_the_builder(
    make: MakeHarness,
) -> None:
    agent = Reports()
    harness = make(agent)
    async with harness.running():
        record = await harness.submit(mode="full")
        await waits(harness, record.id)
        run = await harness.store.run(RunId(record.id))
        assert run is not None
        await harness.areas.messages.send_message(run, "approve it, yes", "next", ADA)
        still = await harness.in_state(record.id, RunState.AWAITING_APPROVAL)
        assert [one.status for one in still.proposals] == ["open"]
        await harness.areas.plans.change(await loaded(harness, record.id), "In capitals.", ADA)
        await harness.until(record.id, has_two)
        snapshot = await waits(harness, record.id)
        assert [one.status for one in snapshot.proposals] == ["changed", "open"]
        await harness.areas.plans.approve(await loaded(harness, record.id), ADA)
        await harness.ended(record.id)
    assert "Ada wants it to be different:\n> In capitals." in agent.of("plan")[1].prompt
    assert "approve it, yes" in agent.of("plan")[1].prompt


async def test_each_plan_is_decided_once_by_who_may_and_only_as_it_was_read(make: MakeHarness) -> None:
    harness = make(Reports())
    async with harness.running():
        record = await harness.submit(mode="full", repository="vault")
        snapshot = await waits(harness, record.id)
        read, plans = await loaded(harness, record.id), harness.areas.plans
        assert snapshot.proposal is not None
        for person in (ADA, VI):  # whoever asked may not approve under the two-person rule, nor who may only watch
            with pytest.raises(Refused):
                await plans.approve(read, person)
        with pytest.raises(Refused):
            await plans.reject(read, ADA, plan="0" * 8)
        rejected = await plans.reject(read, ADA, reason="Not now.", plan=snapshot.proposal.hash[:8])
        assert rejected.fresh
        second = await plans.reject(read, MO.model_copy(update={"role": ADA.role}))
        assert second.earlier is not None
        assert second.earlier.by == ADA.id
        ended = await harness.ended(record.id)
    assert (ended.state, ended.message) == (RunState.CANCELLED, "Ada rejected the plan: Not now.")


async def test_nobody_needs_to_approve_where_the_repository_says_so(make: MakeHarness) -> None:
    shop, *others = CATALOG.repositories
    automatic = shop.model_copy(update={"plan_approval": "automatic"})
    agent = Reports()
    harness = make(agent, CATALOG.model_copy(update={"repositories": (automatic, *others)}))
    async with harness.running():
        snapshot = await harness.ended((await harness.submit(mode="full")).id)
    assert snapshot.verification is Verification.VERIFIED
    assert "This is this plan for it." in agent.of("work")[0].prompt


async def test_a_plan_that_waits_holds_no_slot_and_after_a_day_its_run_pauses(make: MakeHarness) -> None:
    harness = make(Reports(), CATALOG.model_copy(update={"limits": Limits(parallel_runs=1)}))
    async with harness.running():
        first = await harness.submit(mode="full")
        await waits(harness, first.id)
        other = await harness.ended((await harness.submit(mode="fast")).id)
        assert other.state is RunState.COMPLETE
        harness.clock.advance(PAUSE_AFTER_MS / 1000 + 1)
        await harness.areas.reminders().check_once()
        paused = await harness.in_state(first.id, RunState.SUSPENDED)
        assert (paused.reason, paused.message) == (
            *(SuspendReason.HUMAN, "Paused: no one decided on its plan for a day."),
        )
        await harness.areas.plans.approve(await loaded(harness, first.id), ADA)
        assert (await harness.ended(first.id)).verification is Verification.VERIFIED


async def test_what_a_review_must_have_is_repaired_and_open_findings_cost_the_mark(make: MakeHarness) -> None:
    shop, *others = CATALOG.repositories
    itself = shop.model_copy(update={"plan_approval": "automatic", "reviewer": ReviewerSpec(agent="scripted")})
    catalog = CATALOG.model_copy(update={"repositories": (itself, *others)})
    agent = Reports(review=[block(BLOCKING), block(CONTENT)])
    harness = make(agent, catalog)
    async with harness.running():
        snapshot = await harness.ended((await harness.submit(mode="full")).id)
        assert (snapshot.verification, snapshot.round) == (Verification.VERIFIED, 2)
        assert snapshot.review is not None
        assert not snapshot.review.is_second
        repair = agent.of("work")[1].prompt
        for words in (f"{REVIEWED} (round 2 of 3)", "Must be repaired: It is empty (new.txt)"):
            assert words in repair
        agent.says["review"] = [block(BLOCKING)]
        snapshot = await harness.ended((await harness.submit(mode="full")).id)
    assert (snapshot.state, snapshot.verification, snapshot.round) == (
        *(RunState.COMPLETE, Verification.UNVERIFIED, 3),
    )


async def test_a_review_that_is_none_costs_the_mark_and_fails_nothing(make: MakeHarness) -> None:
    shop, *others = CATALOG.repositories
    automatic = shop.model_copy(update={"plan_approval": "automatic"})
    agent = Reports(review=["Looks good to me!"])
    harness = make(agent, CATALOG.model_copy(update={"repositories": (automatic, *others)}))
    async with harness.running():
        snapshot = await harness.ended((await harness.submit(mode="full")).id)
    assert (snapshot.state, snapshot.verification, len(agent.of("review"))) == (
        *(RunState.COMPLETE, Verification.UNVERIFIED, 3),
    )
    assert REFUSED in agent.of("review")[2].prompt


async def test_an_answer_has_a_limit_of_its_own_and_no_branch(make: MakeHarness) -> None:
    agent = Reports(answer=["The total is in `cart.py:1`."])
    harness = make(agent)
    async with harness.running():
        snapshot = await harness.ended((await harness.submit(mode="ask", prompt="Where is the total?")).id)
        named = await harness.ended((await harness.submit(mode="ask", budget_usd="3")).id)
    assert (snapshot.state, snapshot.outcome, snapshot.branch) == (RunState.COMPLETE, RunOutcome.ANSWERED, None)
    assert (snapshot.verification, snapshot.budget_usd, named.budget_usd) == (Verification.UNVERIFIED, 0.5, 3)
    assert snapshot.answer is not None
    assert (snapshot.answer.text, snapshot.answer.struck) == ("The total is in `cart.py:1`.", 1)
    (first, _) = agent.jobs
    assert (first.spec.wall_s, ASK in first.prompt) == (600, True)


async def test_an_agent_that_says_nothing_has_not_answered(make: MakeHarness) -> None:
    harness = make(Reports(answer=[""]))
    async with harness.running():
        snapshot = await harness.ended((await harness.submit(mode="ask")).id)
    assert (snapshot.state, snapshot.message) == (RunState.FAILED, "It ended without an answer.")


WRITER = """
cat >/dev/null
echo changed >>cart/total.py && rm -f README.md && echo new >new.txt
git -c user.name=w -c user.email=w@localhost commit --quiet --all --message written
python3 -m compileall -q cart >/dev/null 2>&1
echo "The total is in cart/total.py:1 and in cart/nothing.py:2."
"""


async def test_what_an_unconfined_agent_changes_in_its_copy_is_dropped_and_named(real_house: MakeHouse) -> None:
    harness, sample = await real_house(WRITER)
    async with harness.running():
        record = await harness.submit(repository=sample.name, agent="script", mode="ask")
        snapshot = await harness.ended(record.id)
    answer = snapshot.answer
    assert answer is not None
    assert (snapshot.outcome, snapshot.branch, answer.struck) == (RunOutcome.ANSWERED, None, 1)
    assert {".git", "cart/total.py", "new.txt"} <= set(answer.changed)
    assert sample.path is not None
    assert "changed" not in (sample.path / "cart/total.py").read_text()
    assert not (sample.path / "new.txt").exists()


def test_who_reviews_is_another_agent_else_another_model_else_the_same(tmp_path: Path) -> None:
    from ompycord.domain.task import TaskRequest

    shop = CATALOG.repositories[0]
    task = TaskRequest.model_validate({"prompt": "x", "repository": "shop", "agent": "scripted"})
    assert CATALOG.reviewer_of(task, shop).spec.name == "second"
    alone = CATALOG.model_copy(update={"agents": CATALOG.agents[:1]})
    assert (alone.reviewer_of(task, shop).spec.name, alone.reviewer_of(task, shop).is_second) == ("scripted", False)
    named = shop.model_copy(update={"reviewer": ReviewerSpec(agent="scripted", model="large")})
    chosen = CATALOG.reviewer_of(task, named)
    assert (chosen.spec.name, chosen.model, chosen.is_second) == ("scripted", "large", True)
    forbidden = shop.model_copy(update={"agents": ("scripted",), "reviewer": ReviewerSpec(agent="second")})
    with pytest.raises(Refused):
        CATALOG.reviewer_of(task, forbidden)
