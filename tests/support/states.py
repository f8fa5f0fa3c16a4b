"""One hand-made snapshot for every state of a card, with the surroundings that a card of it has."""

from typing import Any, NamedTuple

from ompycord.domain.events import (
    AnswerLink,
    ChangedEvidence,
    ChangedFile,
    CheckFinished,
    CheckProved,
    OtherWork,
    OverlappingWork,
    Phase,
    PrecheckLine,
    PullRequestOpened,
    PullRequestSeen,
    ReviewFinished,
    SetupFinished,
    SetupStarted,
    Step,
)
from ompycord.domain.folds.overlaps import Overlap
from ompycord.domain.folds.reports import CheckedAnswer, Proposal
from ompycord.domain.folds.snapshot import (
    Approval,
    Artifact,
    Check,
    Gap,
    LoopNotice,
    ProviderWait,
    Question,
    StatusSnapshot,
    ToolCall,
    Usage,
    Verification,
)
from ompycord.domain.guardian.escalation import EscalationLevel
from ompycord.domain.ids import RunId, Source
from ompycord.domain.reports.findings import ReviewFinding
from ompycord.domain.reports.plan import Plan, PlannedFile, PlanStep
from ompycord.domain.run import EndedBy, FailureClass, RunKind, RunOutcome, RunState, SuspendReason
from ompycord.domain.task import Mode, Origin
from ompycord.render.render_context import RenderContext, SlotHolder

RUN = RunId("01JD3V9K2M8Q4W5X6YAB7F3K2M")
NOON = 1_795_262_400_000
"""2026-11-21T12:00:00Z"""
MINUTE = 60_000


class Scene(NamedTuple):
    """A snapshot and what is around it."""

    snapshot: StatusSnapshot
    render_context: RenderContext


ORIGIN = Origin(guild="1", channel="2", requester="3", requester_name="Ada")
PLAN = (
    Phase(title="Plan", status="done", steps=(Step(title="read", status="done"), Step(title="choose", status="done"))),
    Phase(
        title="Build",
        status="active",
        steps=(
            Step(title="Write the failing test first", status="done"),
            Step(title="cart/total.py", status="active"),
            Step(title="docs"),
        ),
    ),
    Phase(title="Verify"),
    Phase(title="Publish"),
)
TOOLS = (
    ToolCall(tool="edit", title="cart/total.py", status="ok", added=14, removed=3, at=NOON),
    ToolCall(tool="search", title="rg coupon", status="ok", at=NOON),
    ToolCall(tool="bash", title="pytest", status="failed", detail="1 failed", at=NOON),
)
FILES = (
    ChangedFile(path="cart/total.py", added=24, removed=4),
    ChangedFile(path="tests/test_cart.py", status="added", added=7, removed=0),
)
USAGE = Usage(input=61_000, output=4_000, cache_read=1_250_000, cost_usd=0.42)
BRANCH = "ompycord/7f3k2m"
PULL = "https://github.com/acme/shop/pull/3"
PASSED = CheckFinished(check="pytest", status="passed", passed=412, failed=0, duration_ms=38_000)
FAILED = CheckFinished(
    check="pytest",
    status="failed",
    passed=410,
    failed=2,
    duration_ms=41_000,
    failing=("tests/test_cart.py::test_two_coupons", "tests/test_cart.py::test_zero"),
)


BROKEN_SETUP = SetupFinished(
    status="failed",
    step="packages",
    detail="it ended with exit code 1",
    host="registry.npmjs.org",
    tail="npm error code E403\nnpm error 403 Forbidden - GET registry.npmjs.org/left-pad",
)
TO_FIX = (
    PrecheckLine(name="sandbox", status="warn", text="The network of set-up cannot be denied here.", fix=""),
    PrecheckLine(name="disk", status="fail", text="1 GiB is free, 3 GiB are needed.", fix="Free the disk."),
    PrecheckLine(
        name=".ompycord.yml",
        status="fail",
        text="modes: the operator does not allow full here.",
        fix="Take it out, or add it to repositories.shop.modes.",
    ),
)


def check(name: str, status: str, *, ours: bool = True, result: CheckFinished | None = None) -> Check:
    return Check.model_validate({"name": name, "status": status, "ours": ours, "result": result, "at": NOON})


CIRCLES = "`bash: make <all>` was used 4 times in a row and failed the same way every time."


def circles(level: EscalationLevel, *, is_delivered: bool = True) -> LoopNotice:
    """What the guardian noticed five minutes ago."""
    at = NOON - 5 * MINUTE
    return LoopNotice(level=level, kind="repeat", evidence=CIRCLES, is_delivered=is_delivered, at=at)


def proved(name: str, status: str = "passed", result: CheckFinished | None = None, **facts: Any) -> Check:
    """A check with what other runs of it showed."""
    known = {"check": name, "base": "passed", "with_base": "passed", "canary": "seen", **facts}
    return check(name, status, result=result).model_copy(update={"proof": CheckProved.model_validate(known)})


def hosted(state: RunState, **more: Any) -> StatusSnapshot:
    """A run of Ada's in the repository shop."""
    values: dict[str, Any] = {
        "run": RUN,
        "kind": RunKind.HOSTED,
        "state": state,
        "title": "Cart ignores discount",
        "prompt": "The cart total ignores the discount when two coupons are used. Fix it and add a test.",
        "repository": "shop",
        "agent": "omp",
        "mode": Mode.STANDARD,
        "budget_usd": 2.0,
        "origin": ORIGIN,
        "created_at": NOON,
        "started_at": NOON + MINUTE,
        "last_event_at": NOON + 10 * MINUTE,
    }
    return StatusSnapshot.model_validate({**values, **more})


def external(state: RunState, **more: Any) -> StatusSnapshot:
    """A run on somebody's laptop that reports here."""
    more = {"agent": "Claude Code", "repository": "shop", "title": "Nightly upgrade", **more}
    values: dict[str, Any] = {"run": RUN, "kind": RunKind.EXTERNAL, "state": state, "created_at": NOON}
    return StatusSnapshot.model_validate({**values, "last_event_at": NOON + 20 * MINUTE, **more})


def done(**more: Any) -> StatusSnapshot:
    """A completed hosted run."""
    values: dict[str, Any] = {
        "verification": Verification.UNVERIFIED,
        "summary": "Discount applied after tax lines; test added.",
        "files": FILES,
        "files_total": 2,
        "branch": BRANCH,
        "usage": USAGE,
        "ended_at": NOON + 10 * MINUTE,
    }
    return hosted(RunState.COMPLETE, **{**values, **more})


def unchanged(**more: Any) -> StatusSnapshot:
    """A completed hosted run that left nothing."""
    values: dict[str, Any] = {
        "outcome": RunOutcome.NO_CHANGES,
        "message": "The agent changed nothing in the repository.",
        "summary": None,
    }
    return done(**{**values, "files": (), "files_total": 0, "branch": None, **more})


def asked(**more: Any) -> Question:
    values: dict[str, Any] = {
        "ref": "q1",
        "text": "Two coupons of 60 % each: stop at zero, or refuse the second?",
        "options": ("Stop at zero", "Refuse the second"),
        "asked_at": NOON + 9 * MINUTE,
    }
    return Question.model_validate({**values, **more})


def wants(**more: Any) -> Approval:
    values: dict[str, Any] = {
        "ref": "a1",
        "title": "Run a command",
        "command": "npm publish --dry-run",
        "risk": "network",
        "asked_at": NOON + 9 * MINUTE,
    }
    return Approval.model_validate({**values, **more})


PROPOSAL = Proposal(
    ref="1",
    plan=Plan(
        summary="Apply the discount after the tax lines, and stop at zero.",
        steps=(PlanStep(title="A failing test", files=("tests/test_total.py",)), PlanStep(title="The fix")),
        files=(
            PlannedFile(path="cart/total.py", change="modify", why="it takes one coupon"),
            PlannedFile(path="docs/coupons.md", change="add"),
        ),
        checks=("pytest",),
        risks=("Totals that were rounded before.",),
    ),
    hash="5e" * 32,
    agent="omp",
    asked_at=NOON + 8 * MINUTE,
)
APPROVED = PROPOSAL.model_copy(update={"status": "approved", "by": "Ada", "closed_at": NOON + 5 * MINUTE})
REVIEW = ReviewFinished(
    by="codex",
    summary="It does what was asked for, but for two coupons.",
    findings=(
        ReviewFinding(
            severity="blocking", title="Two coupons go below zero", why="60 % twice.", path="cart/total.py", line=12
        ),
        ReviewFinding(severity="remark", title="The name `x` says little"),
    ),
)
_ANSWER = "The total is made in `cart/total.py:12`; see also `cart/none.py:3`."
ANSWER = CheckedAnswer(
    text=_ANSWER,
    commit="8c1f" * 10,
    links=(
        AnswerLink(start=21, end=39, path="cart/total.py", line=12),
        AnswerLink(start=50, end=66, path="cart/none.py", line=3, fault="that commit has no such file"),
    ),
    struck=1,
    is_checked=True,
)
S = RunState
NORMAL = RenderContext(confinement="files", channel_name="dev", approvers="approver")
BUSY: dict[str, Any] = {"plan": PLAN, "tools": TOOLS, "files": FILES, "files_total": 2, "usage": USAGE}


def render_context(**more: Any) -> RenderContext:
    return NORMAL.model_copy(update=more)


def overlap(
    *,
    pull_request: int | None = None,
    title: str = "Round once",
    conflicts: tuple[str, ...] = (),
    branch: str | None = None,
) -> Overlap:
    """Other work that changes the same file."""
    work = OtherWork(run=RUN) if pull_request is None else OtherWork(pull_request=pull_request)
    other = OverlappingWork(
        work=work, who="Ada" if pull_request is None else None, title=title, files=("cart/total.py",), files_total=1,
        conflicts=conflicts, branch=branch,
    )  # fmt: skip
    return Overlap(other=other)


SCENES: dict[str, Scene] = {
    "queued": Scene(
        hosted(S.QUEUED, started_at=None),
        render_context(queue_place=2, starts_at=NOON + 12 * MINUTE, confinement=None, checks=("pytest", "ruff")),
    ),
    "queued, no forecast": Scene(hosted(S.QUEUED, started_at=None, budget_usd=None), render_context()),
    "preparing": Scene(hosted(S.PRECHECK), render_context()),
    "setting up": Scene(
        hosted(S.PRECHECK, setup=SetupStarted(step="packages", number=1, of=2)), render_context(confinement="full")
    ),
    "set-up failed": Scene(
        hosted(S.FAILED, failure=FailureClass.ENV, ended_at=NOON, started_at=None, setup=BROKEN_SETUP),
        render_context(),
    ),
    "not started": Scene(
        hosted(S.FAILED, failure=FailureClass.ENV, ended_at=NOON, started_at=None, precheck=TO_FIX), render_context()
    ),
    "planning": Scene(hosted(S.PLANNING, mode=Mode.FULL), render_context()),
    "plan waits for approval": Scene(
        hosted(S.AWAITING_APPROVAL, mode=Mode.FULL, plan=PLAN[2:], proposals=(PROPOSAL,)),
        render_context(question_url="https://discord.com/channels/1/2/3"),
    ),
    "plan waits, nobody decided in a day": Scene(
        hosted(
            S.SUSPENDED,
            mode=Mode.FULL,
            proposals=(PROPOSAL,),
            reason=SuspendReason.HUMAN,
            resume_to=S.AWAITING_APPROVAL,
            message="Paused: no one decided on its plan for a day.",
        ),
        render_context(),
    ),
    "building": Scene(hosted(S.BUILDING, **BUSY), render_context()),
    "building, no plan yet": Scene(hosted(S.BUILDING), render_context()),
    "building, cut short before": Scene(
        hosted(S.BUILDING, iteration=2, message="Ompycord restarted during this step and is redoing it.", **BUSY),
        render_context(),
    ),
    "building, rehearsal": Scene(hosted(S.BUILDING, agent="rehearsal", **BUSY), render_context(is_rehearsal=True)),
    "building, unconfined": Scene(hosted(S.BUILDING), render_context(confinement="none")),
    "building, network open": Scene(hosted(S.BUILDING), render_context(is_network_open=True)),
    "building, slowed by Discord": Scene(
        hosted(S.BUILDING), render_context(slowed_until=NOON + 9 * MINUTE, gateway="reconnecting", breaker="openai")
    ),
    "building, last words": Scene(
        hosted(S.BUILDING, last_words="I will look at `cart/total.py`.\nThen the tests.", notes=("model switched",)),
        render_context(),
    ),
    "checking": Scene(
        hosted(S.VERIFYING, checks=(check("ruff", "passed"), check("pytest", "running")), **BUSY), render_context()
    ),
    "repairing": Scene(
        hosted(S.REPAIRING, iteration=2, round=2, max_rounds=3, checks=(check("pytest", "failed", result=FAILED),)),
        render_context(),
    ),
    "reviewing": Scene(
        hosted(S.REVIEWING, mode=Mode.FULL, message="pytest passed.", checks=(check("pytest", "passed"),)),
        render_context(),
    ),
    "repairing what a review found": Scene(
        hosted(
            S.REPAIRING,
            mode=Mode.FULL,
            round=2,
            max_rounds=3,
            review=REVIEW,
            checks=(check("pytest", "passed"),),
            message="codex reviewed it: 1 blocking finding: Two coupons go below zero.",
        ),
        render_context(),
    ),
    "publishing": Scene(hosted(S.PUBLISHING, branch=BRANCH), render_context()),
    "needs you: question": Scene(
        hosted(S.BUILDING, questions=(asked(),), **BUSY),
        render_context(question_url="https://discord.com/channels/1/2/3"),
    ),
    "needs you: question, where messages are read": Scene(
        hosted(S.BUILDING, questions=(asked(),), **BUSY), render_context(reads_messages=True, takes_messages=True)
    ),
    "building, where messages are read": Scene(
        hosted(S.BUILDING, **BUSY), render_context(reads_messages=True, takes_messages=True)
    ),
    "needs you: approval": Scene(hosted(S.BUILDING, approvals=(wants(),), questions=(asked(),)), render_context()),
    "provider wait": Scene(
        hosted(
            S.BUILDING,
            provider_wait=ProviderWait(
                since=NOON + 8 * MINUTE, message="too many requests", attempt=3, of=8, until=NOON + 12 * MINUTE
            ),
            **BUSY,
        ),
        render_context(),
    ),
    "provider wait, nothing known": Scene(
        hosted(S.BUILDING, provider_wait=ProviderWait(since=NOON + 8 * MINUTE)), render_context()
    ),
    "stopped by a person": Scene(
        hosted(S.SUSPENDED, reason=SuspendReason.HUMAN, resume_to=S.BUILDING, message="Stopped by Ada."),
        render_context(),
    ),
    "building, goes in circles": Scene(
        hosted(S.BUILDING, loop=circles("nudge"), **(BUSY | {"tools": (*TOOLS, *TOOLS[-1:] * 3, TOOLS[0])})),
        render_context(),
    ),
    "building, goes in circles and reads nothing": Scene(
        hosted(S.BUILDING, loop=circles("nudge", is_delivered=False)), render_context()
    ),
    "building, started again since it went in circles": Scene(
        hosted(S.BUILDING, loop=circles("escalate"), iteration=2), render_context()
    ),
    "paused between rounds": Scene(
        hosted(
            S.SUSPENDED,
            reason=SuspendReason.HUMAN,
            resume_to=S.REPAIRING,
            round=2,
            max_rounds=3,
            commit="c" * 40,
            files=FILES,
            files_total=2,
            message="Paused before round 2, as Ada asked. unit: 1 of 4 tests failed.",
        ),
        render_context(),
    ),
    "going in circles": Scene(
        hosted(S.SUSPENDED, reason=SuspendReason.HUMAN, resume_to=S.BUILDING, loop=circles("ask"), message=CIRCLES),
        render_context(),
    ),
    "ended since it went in circles": Scene(
        hosted(
            S.FAILED,
            failure=FailureClass.LOOP,
            ended_by=EndedBy.GUARDIAN,
            loop=circles("stop"),
            branch=BRANCH,
            message=f"It was ended because it went in circles. {CIRCLES}",
        ),
        render_context(),
    ),
    "budget reached": Scene(
        hosted(S.SUSPENDED, reason=SuspendReason.BUDGET, usage=USAGE.model_copy(update={"cost_usd": 2.03})),
        render_context(),
    ),
    "shared budget reached": Scene(
        hosted(
            S.SUSPENDED,
            reason=SuspendReason.ACCOUNT,
            message="Ada's limit of $10.00 a day is used up. It begins again on 2026-11-21 at 00:00 (UTC). "
            "An admin raises it with /omp-admin budget.",
        ),
        render_context(),
    ),
    "suspended for the provider": Scene(
        hosted(S.SUSPENDED, reason=SuspendReason.PROVIDER, wake_at=NOON + 30 * MINUTE, message="Quota exhausted"),
        render_context(),
    ),
    "suspended for the disk": Scene(hosted(S.SUSPENDED, reason=SuspendReason.DISK), render_context()),
    "interrupted": Scene(
        hosted(
            S.SUSPENDED,
            reason=SuspendReason.INTERRUPTED,
            message="This step was interrupted 4 times; it is paused until a person resumes it.",
        ),
        render_context(),
    ),
    "waits for a person without its agent": Scene(
        hosted(S.SUSPENDED, reason=SuspendReason.WAITING, resume_to=S.BUILDING, questions=(asked(),)),
        render_context(),
    ),
    "answered while its agent was stopped": Scene(
        hosted(S.SUSPENDED, reason=SuspendReason.WAITING, resume_to=S.BUILDING), render_context()
    ),
    "others change the same files": Scene(
        hosted(
            S.VERIFYING,
            overlaps=(
                overlap(conflicts=("cart/total.py",), branch="ompycord/round-once-1a2b3c"),
                overlap(pull_request=12, title="ada/rounding"),
            ),
            overlaps_total=2,
            **BUSY,
        ),
        render_context(),
    ),
    "waits for other work": Scene(
        hosted(
            S.SUSPENDED,
            reason=SuspendReason.OVERLAP,
            resume_to=S.VERIFYING,
            message="Mo has it wait for Ada's run 0g0001.",
            awaits=OtherWork(run=RUN),
            overlaps=(overlap(conflicts=("cart/total.py",)),),
            overlaps_total=1,
        ),
        render_context(),
    ),
    "answered, waits for a slot": Scene(hosted(S.BUILDING, **BUSY), render_context(waits_for_slot=True)),
    "queued behind others": Scene(
        hosted(S.QUEUED, started_at=None),
        render_context(
            queue_place=1,
            slot_holders=(
                SlotHolder(title="Cart ignores the *discount*", word="building 2/4"),
                SlotHolder(title="Coupons", word="waiting for the provider"),
            ),
        ),
    ),
    "a permission was used": Scene(
        hosted(
            S.BUILDING,
            approvals=(wants(status="granted", scope="run", by="Grace", uses=3, closed_at=NOON),),
            notes=("a note",),
            **BUSY,
        ),
        render_context(),
    ),
    "verified": Scene(
        done(
            verification=Verification.VERIFIED,
            checks=(check("pytest", "passed", result=PASSED), check("ruff", "passed")),
            url="https://forge.example/shop/pulls/128",
        ),
        render_context(),
    ),
    "unverified: tool missing": Scene(done(checks=(check("pytest", "missing"),)), render_context(checks=("pytest",))),
    "unverified: a tool of another name missing": Scene(
        done(
            checks=(
                check(
                    "unit",
                    "missing",
                    result=CheckFinished(check="unit", status="missing", detail="gradle is not installed here"),
                ),
                check(
                    "pytest",
                    "missing",
                    result=CheckFinished(check="pytest", status="missing", detail="pytest is not installed here"),
                ),
            )
        ),
        render_context(),
    ),
    "unverified: part of the tools missing": Scene(
        done(checks=(check("ruff", "passed"), check("pytest", "missing"), check("mypy", "missing"))), render_context()
    ),
    "unverified: mode fast": Scene(done(mode=Mode.FAST), render_context(checks=("pytest",))),
    "unverified: no checks configured": Scene(done(), render_context(checks=())),
    "unverified: the agent's own checks": Scene(
        done(checks=(check("ruff", "passed"), check("mypy", "passed", ours=False))), render_context()
    ),
    "verified, and the agent tells of checks of its own": Scene(
        done(
            verification=Verification.VERIFIED,
            checks=(
                check("pytest", "passed", result=PASSED),
                check("mypy", "passed", ours=False),
                check("e2e", "failed", ours=False),
            ),
        ),
        render_context(),
    ),
    "unverified: a test was touched": Scene(
        done(
            checks=(check("pytest", "passed", result=PASSED),),
            evidence=(ChangedEvidence(path="tests/test_cart.py", what="test_skipped", name="test_two_coupons"),),
            evidence_total=1,
        ),
        render_context(),
    ),
    "unverified: tests and checks were touched": Scene(
        done(
            checks=(check("pytest", "passed", result=PASSED), check("lint", "passed")),
            evidence=(
                ChangedEvidence(path="Makefile", what="check_changed"),
                ChangedEvidence(path="cart/total.py", what="answer", name="os._exit"),
                ChangedEvidence(path="conftest.py", what="check_added"),
                ChangedEvidence(path="old/test_a.py", what="test_removed"),
                ChangedEvidence(path="pyproject.toml", what="check_changed", name="tool.pytest.ini_options"),
                ChangedEvidence(path="run_tests.sh", what="check_linked", name="/bin/true"),
                ChangedEvidence(path="setup.cfg", what="check_removed"),
                ChangedEvidence(path="test_b.py", what="test_moved", name="b.txt"),
                ChangedEvidence(path="test_c.py", what="test_changed", name="adds setUp"),
                ChangedEvidence(path="test_d.py", what="test_linked", name="test_e.py"),
                ChangedEvidence(path="unittest.py", what="shadow", name="unittest"),
                ChangedEvidence(path="x.pyc", what="compiled"),
            ),
            evidence_total=120,
        ),
        render_context(),
    ),
    "unverified: two changed tests wait to be accepted": Scene(
        done(
            checks=(
                proved(
                    "pytest",
                    result=PASSED,
                    with_base="failed",
                    with_base_failing=("tests/test_cart.py::test_tax",),
                    new_total=2,
                    new_green=("tests/test_cart.py::test_new",),
                ),
            ),
            evidence=(
                ChangedEvidence(path="tests/test_cart.py", what="test_changed", name="test_tax", put_back=True),
                ChangedEvidence(path="tests/test_total.py", what="test_removed", name="test_old", put_back=True),
            ),
            evidence_total=2,
            commit="c0ffee",
        ),
        render_context(),
    ),
    "verified: a person accepted changed tests": Scene(
        done(
            verification=Verification.VERIFIED,
            accepted_by="Ada",
            checks=(proved("pytest", result=PASSED, with_base="failed"),),
            evidence=(ChangedEvidence(path="tests/test_cart.py", what="test_changed", put_back=True),),
            evidence_total=1,
        ),
        render_context(),
    ),
    "verified: with the base's tests too": Scene(
        done(
            verification=Verification.VERIFIED,
            checks=(
                proved("pytest", result=PASSED, new_total=1, base_tests=411),
                proved("lint", canary=None, with_base="same"),
            ),
            evidence=(ChangedEvidence(path="tests/test_cart.py", what="test_changed", put_back=True),),
            evidence_total=1,
        ),
        render_context(),
    ),
    "unverified: something hides failing tests": Scene(
        done(
            checks=(
                proved(
                    "pytest",
                    result=PASSED,
                    canary="hidden",
                    with_base=None,
                    lie="assertEqual no longer fails in its process",
                ),
            )
        ),
        render_context(),
    ),
    "unverified: passed at the second time": Scene(
        done(checks=(proved("pytest", result=PASSED, unstable=("tests/test_cart.py::test_late",), unstable_before=3),)),
        render_context(),
    ),
    "unverified: tests of the base are gone": Scene(
        done(checks=(proved("pytest", result=PASSED, lost=("tests/test_cart.py::test_tax",), lost_total=4),)),
        render_context(),
    ),
    "unverified: as red as the base": Scene(
        done(
            checks=(
                proved(
                    "pytest",
                    "failed",
                    FAILED,
                    base="failed",
                    with_base=None,
                    canary=None,
                    only_old=True,
                    old_failing=("tests/test_cart.py::test_two_coupons",),
                ),
            ),
        ),
        render_context(),
    ),
    "failed checks, and a test was touched": Scene(
        hosted(
            S.FAILED,
            verification=Verification.FAILED,
            failure=FailureClass.REPAIRABLE,
            checks=(check("pytest", "failed", result=FAILED),),
            evidence=(ChangedEvidence(path="tests/test_cart.py", what="test_changed"),),
            evidence_total=1,
            branch=BRANCH,
            ended_at=NOON + 15 * MINUTE,
        ),
        render_context(),
    ),
    "unverified, a cost in another currency": Scene(done(usage=Usage(cost_complete=False)), render_context(checks=())),
    "unverified, tokens unknown": Scene(done(usage=Usage(cost_usd=0.42)), render_context(checks=())),
    "unverified: check without a result": Scene(done(checks=(check("pytest", "error"),)), render_context()),
    "verified in mode full": Scene(
        done(
            mode=Mode.FULL,
            verification=Verification.VERIFIED,
            checks=(check("pytest", "passed"),),
            proposals=(
                PROPOSAL.model_copy(update={"status": "approved", "by": "Ada", "closed_at": NOON + 5 * MINUTE}),
            ),
            review=REVIEW.model_copy(update={"findings": REVIEW.findings[1:]}),
        ),
        render_context(),
    ),
    "its review found what is open": Scene(
        done(
            mode=Mode.FULL,
            checks=(check("pytest", "passed"),),
            review=REVIEW,
            proposals=(APPROVED,),
        ),
        render_context(checks=("pytest",)),
    ),
    "nobody reviewed it": Scene(
        done(mode=Mode.FULL, checks=(check("pytest", "passed"),)), render_context(checks=("pytest",))
    ),
    "no valid plan": Scene(
        hosted(
            S.FAILED,
            mode=Mode.FULL,
            failure=FailureClass.PLAN,
            message="No valid plan was made: files is empty: name at least 1.",
            ended_at=NOON + 4 * MINUTE,
        ),
        render_context(),
    ),
    "answered": Scene(
        unchanged(mode=Mode.ASK, outcome=RunOutcome.ANSWERED, message="Answered.", answer=ANSWER), render_context()
    ),
    "answered, and wrote what was dropped": Scene(
        unchanged(
            mode=Mode.ASK,
            outcome=RunOutcome.ANSWERED,
            answer=ANSWER.model_copy(
                update={"links": (), "struck": 0, "changed": (".git", "x.py"), "changed_total": 2}
            ),
        ),
        render_context(),
    ),
    "no changes": Scene(unchanged(last_words="Error: 401 Unauthorized"), render_context(checks=("pytest",))),
    "no changes, the agent's summary": Scene(
        unchanged(summary="Nothing to do: it is fixed already.", last_words="I will look.", mode=Mode.FAST),
        render_context(),
    ),
    "no changes, nothing said": Scene(unchanged(), render_context(checks=())),
    "no changes, an earlier round on a branch": Scene(
        unchanged(last_words="Taken back.", branch=BRANCH), render_context()
    ),
    "done, but a check took too long": Scene(
        done(
            verification=Verification.FAILED,
            checks=(
                check(
                    "pytest",
                    "timeout",
                    result=CheckFinished(check="pytest", status="timeout", duration_ms=600_000),
                ),
            ),
        ),
        render_context(),
    ),
    "partial, under review": Scene(
        hosted(
            S.PARTIAL,
            verification=Verification.VERIFIED,
            branch=BRANCH,
            pull_request=PullRequestOpened(number=3, url=PULL),
            pull_request_now=PullRequestSeen(
                number=3,
                url=PULL,
                state="open",
                ci="red",
                ci_done=3,
                ci_total=3,
                ci_named=("lint",),
                ci_url=f"{PULL}/checks",
                ci_note="The same is red on the base, so nothing is repaired here.",
                approved=("anna",),
                threads=2,
                outdated=1,
            ),
            usage=USAGE,
            ended_at=NOON + 3 * MINUTE,
        ),
        render_context(),
    ),
    "failed checks": Scene(
        hosted(
            S.FAILED,
            iteration=4,
            round=4,
            max_rounds=4,
            verification=Verification.FAILED,
            failure=FailureClass.REPAIRABLE,
            checks=(check("pytest", "failed", result=FAILED),),
            branch=BRANCH,
            files=FILES,
            files_total=2,
            usage=USAGE.model_copy(update={"cost_usd": 1.10}),
            ended_at=NOON + 15 * MINUTE,
            plan=PLAN,
        ),
        render_context(),
    ),
    "failed, the agent's word": Scene(
        hosted(
            S.FAILED,
            failure=FailureClass.REPAIRABLE,
            message="I cannot find the cart module",
            usage=USAGE.model_copy(update={"cost_complete": False}),
            ended_at=NOON + 3 * MINUTE,
        ),
        render_context(),
    ),
    "failed, stopped by our clock": Scene(
        hosted(
            S.FAILED,
            failure=FailureClass.REPAIRABLE,
            ended_by=EndedBy.CLOCK,
            message="omp stopped responding for 900 s, so Ompycord stopped it.",
            ended_at=NOON + 20 * MINUTE,
        ),
        render_context(),
    ),
    "failed, refused by its provider": Scene(
        hosted(
            S.FAILED,
            failure=FailureClass.ENV,
            ended_by=EndedBy.PROVIDER,
            message="Invalid API key · Please run /login",
            ended_at=NOON + MINUTE,
        ),
        render_context(),
    ),
    "failed, by its own word": Scene(
        hosted(
            S.FAILED,
            failure=FailureClass.REPAIRABLE,
            ended_by=EndedBy.AGENT,
            message="I cannot find the cart module",
            ended_at=NOON + 3 * MINUTE,
        ),
        render_context(),
    ),
    "failed, tokens of a turn that was cut": Scene(
        hosted(
            S.FAILED,
            failure=FailureClass.REPAIRABLE,
            ended_by=EndedBy.EXIT,
            message="omp exited with code 3: fatal: linker not found",
            usage=USAGE.model_copy(update={"tokens_complete": False, "cost_complete": False}),
            ended_at=NOON + 3 * MINUTE,
        ),
        render_context(),
    ),
    "a part, says the agent": Scene(
        done(
            summary="The totals are right; coupons are left.",
            checks=(check("pytest", "passed", result=PASSED),),
        ).model_copy(update={"state": S.PARTIAL}),
        render_context(),
    ),
    "failed, this machine": Scene(
        hosted(S.FAILED, failure=FailureClass.ENV, usage=Usage(input=900), ended_at=NOON + 2 * MINUTE), render_context()
    ),
    "partly done": Scene(
        hosted(S.PARTIAL, message="The branch could not be pushed", files=FILES, files_total=2), render_context()
    ),
    "not published": Scene(
        hosted(
            S.PARTIAL,
            failure=FailureClass.ENV,
            message="No pull request. acme/shop: the token was refused. The result is on the branch here.",
            files=FILES,
            files_total=2,
            branch=BRANCH,
            commit="c" * 40,
        ),
        render_context(),
    ),
    "published again": Scene(
        hosted(
            S.PARTIAL,
            failure=FailureClass.ENV,
            message="No pull request. acme/shop: the token was refused. The result is on the branch here.",
            files=FILES,
            files_total=2,
            branch=BRANCH,
            commit="c" * 40,
            publishes_again=True,
        ),
        render_context(),
    ),
    "verified: its draft waits for a person": Scene(
        done(
            verification=Verification.VERIFIED,
            checks=(check("pytest", "passed", result=PASSED),),
            commit="c" * 40,
            pull_request=PullRequestOpened(number=7, url="https://forge.example/acme/shop/pull/7", draft=True),
            pull_request_now=PullRequestSeen(
                number=7, url="https://forge.example/acme/shop/pull/7", state="open", draft=True
            ),
        ),
        render_context(),
    ),
    "cancelled": Scene(
        hosted(S.CANCELLED, message="Cancelled by Ada: wrong branch", branch=BRANCH, ended_at=NOON + 2 * MINUTE),
        render_context(),
    ),
    "external, working": Scene(external(S.BUILDING, tools=TOOLS), RenderContext(channel_name="ops")),
    "external, silent": Scene(external(S.BUILDING), RenderContext(silent_since=NOON + 20 * MINUTE)),
    "external, gaps": Scene(
        external(
            S.BUILDING,
            gaps=(Gap(source=Source("key:a"), first=4, last=7), Gap(source=Source("key:a/ci"), first=2, last=2)),
            gap_count=14,
        ),
        RenderContext(),
    ),
    "external, checking": Scene(
        external(S.VERIFYING, checks=(check("pytest", "running", ours=False),)), RenderContext()
    ),
    "external, cancel requested": Scene(external(S.BUILDING, cancel_requested=True), RenderContext()),
    "external, lost": Scene(external(S.SUSPENDED, reason=SuspendReason.LOST), RenderContext()),
    "external, done": Scene(
        external(
            S.COMPLETE,
            verification=Verification.UNVERIFIED,
            checks=(check("pytest", "passed", ours=False),),
            summary="Upgraded 14 packages.",
            artifacts=(Artifact(name="log", kind="log", url="https://ci.example/log/1"),),
            ended_at=NOON + 20 * MINUTE,
        ),
        RenderContext(),
    ),
    "external, partly done": Scene(external(S.PARTIAL, ended_at=NOON + 20 * MINUTE), RenderContext()),
    "external, failed": Scene(
        external(S.FAILED, failure=FailureClass.TRANSIENT, summary="The registry did not answer"), RenderContext()
    ),
    "replaced by a newer card": Scene(
        hosted(S.BUILDING, **BUSY), render_context(live_url="https://discord.com/channels/1/2/4")
    ),
    "verified, its result posted": Scene(
        done(verification=Verification.VERIFIED, checks=(check("ruff", "passed"),)),
        render_context(result_url="https://discord.com/channels/1/2/5"),
    ),
    "cancelled, its result posted": Scene(
        external(S.CANCELLED, ended_at=NOON + 20 * MINUTE),
        render_context(result_url="https://discord.com/channels/1/2/5", shows_title=True),
    ),
    "verified, its clone gone": Scene(
        done(verification=Verification.VERIFIED, checks=(check("ruff", "passed"),)), render_context(is_expired=True)
    ),
}
