"""The stages of a hosted run, in their order, each with where its ends lead; pure.

Counterpart: `engines/steps/`, which do them. Everything else about steps derives from these records: the state machine
(`lifecycle.py`), what the driver repeats and counts, the drawn table (`docs/reference/run-states.md`), and the test
that every state of a stage has a headline. `transitions/` has the guards and updates of their edges.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from ompycord.domain import effects as fx
from ompycord.domain.results import (
    BuildResult,
    CheckResult,
    CollectResult,
    PlanResult,
    PrepareResult,
    PublishResult,
    RebaseResult,
    ReportResult,
    SetUpResult,
    StageResult,
)
from ompycord.domain.run import Machine, RunState
from ompycord.domain.stage import ALL_MODES, Edge, Ended, Stage, Update
from ompycord.domain.task import Mode
from ompycord.domain.transitions import guards as guard
from ompycord.domain.transitions import updates as update

__all__ = [
    "ANSWER",
    "BUILD",
    "CHECKS",
    "CLEAN_UP",
    "COLLECT",
    "COLLECT_REPAIR",
    "HALT",
    "LINKS",
    "PLAN",
    "PREPARE",
    "PUBLISH",
    "REBASE",
    "REPAIR",
    "REVIEW",
    "ROLL_BACK",
    "SET_UP",
    "STAGES",
    "VERIFIED",
    "AnyStage",
    "agent_names",
    "agent_states",
    "heavy_names",
    "repeatable_names",
    "stages_of",
]

S = RunState
Unread = Callable[[Machine, Ended[BuildResult]], Update]
WORK: Final = ALL_MODES - {Mode.ASK}
"""Modes whose end is a result."""
VERIFIED: Final = frozenset({Mode.STANDARD, Mode.FULL})
FULL: Final = frozenset({Mode.FULL})
ASK: Final = frozenset({Mode.ASK})

R = TypeVar("R", bound=StageResult)
B = TypeVar("B", bound=BuildResult)


def _ready_edges(why: str, then: Callable[[Machine, Ended[R]], Update]) -> tuple[Edge[R], ...]:
    """Where a run goes once all is ready for its agent."""
    return (
        Edge("ok", S.PLANNING, (fx.PlanAgent,), f"{why}; mode full: first a plan", guard.is_planned, then),
        Edge("ok", S.BUILDING, (fx.AnswerQuestion,), f"{why}; mode ask: an answer", guard.is_answered, then),
        Edge("ok", S.BUILDING, (fx.RunAgent,), why, then=then),
    )


PREPARE: Final = Stage(
    state=S.PRECHECK,
    effect=fx.PrepareWorkspace,
    result=PrepareResult,
    is_repeatable=True,
    is_heavy=True,
    edges=(
        Edge("ok", S.PRECHECK, (fx.SetUp,), "the clone is ready; its dependencies follow", guard.has_setup,
             update.narrowed),
        *_ready_edges("the clone is ready", update.narrowed),
        Edge("failed", S.FAILED, (fx.CleanUp,), "no clone, or something that it needs is missing", then=update.failed),
    ),
)  # fmt: skip
SET_UP: Final = Stage(
    state=S.PRECHECK,
    effect=fx.SetUp,
    result=SetUpResult,
    is_repeatable=True,
    is_heavy=True,
    is_entry=False,
    edges=(
        *_ready_edges("dependencies are ready", update.nothing),
        Edge("failed", S.FAILED, (fx.CleanUp,), "a step of set-up failed", then=update.failed),
    ),
)


def _reading_edges(state: RunState, again: type[fx.Effect], result: type[B]) -> tuple[Edge[B], ...]:
    """What every start of an agent that only reads, and ends with this result, leads to where it came to no report."""
    return (
        Edge("ok", S.FAILED, (fx.CleanUp,), "it broke a bound", guard.broke_bound, update.set_aside),
        Edge("ok", S.SUSPENDED, (), "the provider refuses for now", guard.is_refused_for_now,
             update.waits_for_provider),
        Edge("ok", state, (again,), "it had not received all messages", guard.is_unread, update.unread),
        Edge("ok", S.SUSPENDED, (), "the agent was interrupted", guard.was_interrupted, update.broken_off),
    )  # fmt: skip


PLAN: Final = Stage(
    state=S.PLANNING,
    effect=fx.PlanAgent,
    result=PlanResult,
    is_repeatable=False,
    modes=FULL,
    is_heavy=True,
    takes_restart=True,
    runs_agent=True,
    edges=(
        *_reading_edges(S.PLANNING, fx.PlanAgent, PlanResult),
        Edge("ok", S.BUILDING, (fx.RunAgent,), "a valid plan; nobody needs to approve it", guard.may_follow_plan,
             update.starts_by_plan),
        Edge("ok", S.AWAITING_APPROVAL, (), "a valid plan", guard.has_plan, update.planned),
        Edge("ok", S.PLANNING, (fx.PlanAgent,), "its plan has faults; tries are left", guard.may_plan_again,
             update.planning_again),
        Edge("ok", S.FAILED, (fx.CleanUp,), "no valid plan", then=update.without_plan),
        Edge("failed", S.FAILED, (fx.CleanUp,), "the agent did not start", then=update.failed),
    ),
)  # fmt: skip
ANSWER: Final = Stage(
    state=S.BUILDING,
    effect=fx.AnswerQuestion,
    result=BuildResult,
    is_repeatable=False,
    modes=ASK,
    is_heavy=True,
    takes_restart=True,
    runs_agent=True,
    edges=(
        *_reading_edges(S.BUILDING, fx.AnswerQuestion, BuildResult),
        Edge("ok", S.FAILED, (fx.CleanUp,), "no answer", guard.gave_no_answer, update.claimed),
        Edge("ok", S.BUILDING, (fx.CheckLinks,), "an answer", then=update.claimed),
        Edge("failed", S.FAILED, (fx.CleanUp,), "the agent did not start", then=update.failed),
    ),
)  # fmt: skip
LINKS: Final = Stage(
    state=S.BUILDING,
    effect=fx.CheckLinks,
    result=StageResult,
    is_repeatable=True,
    modes=ASK,
    is_entry=False,
    edges=(
        Edge("ok", S.COMPLETE, (fx.CleanUp,), "answered", then=update.answered),
        Edge("failed", S.FAILED, (fx.CleanUp,), "its links could not be opened", then=update.failed),
    ),
)


def _agent_edges(
    state: RunState, again: type[fx.Effect], collect: type[fx.Effect], unread: Unread
) -> tuple[Edge[BuildResult], ...]:
    """What every start of an agent leads to: `again` starts it once more, `collect` takes its result out."""
    return (
        Edge("ok", S.FAILED, (fx.CleanUp,), "it broke a bound; its clone is set aside", guard.broke_bound,
             update.set_aside),
        # What it has not received yet waits as well: its provider would refuse that, too.
        Edge("ok", S.SUSPENDED, (), "the provider refuses for now", guard.is_refused_for_now,
             update.waits_for_provider),
        Edge("ok", state, (again,), "it had not received all messages", guard.is_unread, unread),
        Edge("ok", S.SUSPENDED, (), "the agent was interrupted", guard.was_interrupted, update.broken_off),
        Edge("ok", state, (collect,), "the agent ended", then=update.claimed),
        Edge("interrupted", state, (again,), "cut short, its session is kept", guard.has_session, update.continued),
    )  # fmt: skip


def _collected_edges(nothing: str) -> tuple[Edge[CollectResult], ...]:
    """What every result leads to that is not verified."""
    return (
        Edge("ok", S.FAILED, (fx.CleanUp,), "the guard refuses it", guard.breaks_policy, update.refused),
        Edge("ok", S.PUBLISHING, (fx.Publish,), "it failed; what it made is kept", guard.has_failed),
        Edge("ok", S.REPAIRING, (fx.RepairAgent,), "the guard sends it back", guard.may_repair_refused,
             update.repairing_refused),
        Edge("ok", S.PUBLISHING, (fx.Publish,), "the guard refuses it; no round is left", guard.is_refused,
             update.refused_at_last),
        Edge("ok", S.PARTIAL, (fx.CleanUp,), "its work lies beside the result", guard.is_only_left_out, update.beside),
        Edge("ok", S.COMPLETE, (fx.CleanUp,), nothing, guard.is_empty, update.without_result),
        # The clone holds the only copy: nothing is cleaned up before a person has decided.
        Edge("failed", S.SUSPENDED, (), "the result could not be taken out", then=update.stuck),
    )  # fmt: skip


BUILD: Final = Stage(
    state=S.BUILDING,
    effect=fx.RunAgent,
    result=BuildResult,
    is_repeatable=False,
    modes=WORK,
    is_heavy=True,
    starts_over=True,
    takes_restart=True,
    runs_agent=True,
    edges=(
        *_agent_edges(S.BUILDING, fx.RunAgent, fx.Collect, update.unread),
        Edge("failed", S.FAILED, (fx.CleanUp,), "the agent did not start", then=update.failed),
        Edge("interrupted", S.PRECHECK, (fx.PrepareWorkspace,), "cut short", guard.may_rebuild, update.rebuilt),
    ),
)
COLLECT: Final = Stage(
    state=S.BUILDING,
    effect=fx.Collect,
    result=CollectResult,
    is_repeatable=True,
    modes=WORK,
    is_entry=False,
    edges=(
        *_collected_edges("nothing was changed"),
        Edge("ok", S.VERIFYING, (fx.RunChecks,), "checks prove it", guard.is_checked),
        Edge("ok", S.PUBLISHING, (fx.Publish,), "mode fast: no checks"),
    ),
)
CHECKS: Final = Stage(
    state=S.VERIFYING,
    effect=fx.RunChecks,
    result=CheckResult,
    is_repeatable=False,
    modes=VERIFIED,
    takes_restart=True,
    edges=(
        Edge("ok", S.REPAIRING, (fx.RepairAgent,), "checks failed", guard.may_repair, update.repairing),
        Edge("ok", S.REVIEWING, (fx.ReviewResult,), "mode full: no check is red", guard.is_reviewed,
             update.reviewing),
        Edge("ok", S.PUBLISHING, (fx.Publish,), "checks ended", then=update.checked),
        Edge("failed", S.PUBLISHING, (fx.Publish,), "checks could not run", then=update.checked),
    ),
)  # fmt: skip
REPAIR: Final = Stage(
    state=S.REPAIRING,
    effect=fx.RepairAgent,
    result=BuildResult,
    is_repeatable=False,
    modes=VERIFIED,
    is_heavy=True,
    takes_restart=True,
    runs_agent=True,
    # No fresh clone after a crash: this one holds the result that is repaired.
    edges=(
        *_agent_edges(S.REPAIRING, fx.RepairAgent, fx.CollectRepair, update.unread_repair),
        Edge("failed", S.PUBLISHING, (fx.Publish,), "the agent did not start again", then=update.failed),
    ),
)
COLLECT_REPAIR: Final = Stage(
    state=S.REPAIRING,
    effect=fx.CollectRepair,
    result=CollectResult,
    is_repeatable=True,
    modes=VERIFIED,
    is_entry=False,
    edges=(
        *_collected_edges("nothing is changed any more"),
        Edge("ok", S.REPAIRING, (fx.RepairAgent,), "it changed nothing; rounds are left", guard.may_repair_unchanged,
             update.repairing_again),
        Edge("ok", S.PUBLISHING, (fx.Publish,), "it changed nothing; no round is left", guard.is_unchanged,
             update.verdict_stands),
        Edge("ok", S.VERIFYING, (fx.RunChecks,), "checks prove it"),
    ),
)  # fmt: skip
REVIEW: Final = Stage(
    state=S.REVIEWING,
    effect=fx.ReviewResult,
    result=ReportResult,
    is_repeatable=False,
    modes=FULL,
    is_heavy=True,
    takes_restart=True,
    runs_agent=True,
    edges=(
        Edge("ok", S.PUBLISHING, (fx.Publish,), "the reviewer broke a bound", guard.broke_bound, update.unreviewed),
        Edge("ok", S.SUSPENDED, (), "the provider refuses for now", guard.is_refused_for_now,
             update.waits_for_provider),
        Edge("ok", S.SUSPENDED, (), "the reviewer was interrupted", guard.was_interrupted, update.broken_off),
        Edge("ok", S.REPAIRING, (fx.RepairAgent,), "blocking findings; rounds are left", guard.may_repair_findings,
             update.repairing_findings),
        Edge("ok", S.PUBLISHING, (fx.Publish,), "a review", guard.has_review, update.reviewed),
        Edge("ok", S.REVIEWING, (fx.ReviewResult,), "its review has faults; tries are left", guard.may_review_again,
             update.reviewing_again),
        Edge("ok", S.PUBLISHING, (fx.Publish,), "no valid review: not verified", then=update.unreviewed),
        Edge("failed", S.PUBLISHING, (fx.Publish,), "the reviewer did not start: not verified",
             then=update.unreviewed),
    ),
)  # fmt: skip
ROLL_BACK: Final = Stage(
    state=S.BUILDING,
    effect=fx.RollBack,
    result=StageResult,
    is_repeatable=True,
    modes=WORK,
    is_heavy=True,
    is_entry=False,
    edges=(
        Edge("ok", S.BUILDING, (fx.RunAgent,), "its clone has the result of the earlier round"),
        Edge("failed", S.SUSPENDED, (), "it could not be put back", then=update.not_put_back),
    ),
)
REBASE: Final = Stage(
    state=S.PUBLISHING,
    effect=fx.PutOnMovedBase,
    result=RebaseResult,
    is_repeatable=True,
    modes=WORK,
    is_entry=False,
    edges=(
        Edge("ok", S.VERIFYING, (fx.RunChecks,), "it is on the base as it is now; checks prove it once more",
             guard.is_checked_on_base, update.rebased),
        Edge("ok", S.PUBLISHING, (fx.Publish,), "no checks, or it stays where it started", then=update.rebased),
        Edge("failed", S.PUBLISHING, (fx.Publish,), "it stays where it started", then=update.rebased),
    ),
)  # fmt: skip
PUBLISH: Final = Stage(
    state=S.PUBLISHING,
    effect=fx.Publish,
    result=PublishResult,
    is_repeatable=True,
    modes=WORK,
    edges=(
        Edge("ok", S.PUBLISHING, (fx.PutOnMovedBase,), "the base has moved on its forge", guard.base_moved),
        Edge("ok", S.FAILED, (fx.CleanUp,), "the agent said it failed", guard.publishes_failure, update.published),
        Edge("ok", S.FAILED, (fx.CleanUp,), "checks failed", guard.publishes_failed_checks, update.published),
        # collected by an earlier version, which let an empty result continue to the checks
        Edge("ok", S.COMPLETE, (fx.CleanUp,), "nothing was changed", guard.is_empty, update.without_result),
        Edge("ok", S.PARTIAL, (fx.CleanUp,), "the agent said it did a part", guard.claims_a_part, update.published),
        Edge("ok", S.COMPLETE, (fx.CleanUp,), "published", then=update.published),
        Edge("failed", S.PARTIAL, (fx.CleanUp,), "work kept, not published", then=update.failed),
    ),
)
STAGES: Final = (
    PREPARE,
    SET_UP,
    PLAN,
    ANSWER,
    LINKS,
    BUILD,
    COLLECT,
    CHECKS,
    REPAIR,
    COLLECT_REPAIR,
    REVIEW,
    ROLL_BACK,
    REBASE,
    PUBLISH,
)

AnyStage = (
    Stage[PrepareResult]
    | Stage[SetUpResult]
    | Stage[PlanResult]
    | Stage[StageResult]
    | Stage[BuildResult]
    | Stage[CollectResult]
    | Stage[CheckResult]
    | Stage[ReportResult]
    | Stage[PublishResult]
    | Stage[RebaseResult]
)


def stages_of(mode: Mode) -> tuple[AnyStage, ...]:
    """The stages of a mode, in their order."""
    return tuple(stage for stage in STAGES if mode in stage.modes)


# -- outside of the order ----------------------------------------------------------------------------------------------

HALT: Final = fx.effect_name(fx.StopAgent)
CLEAN_UP: Final = fx.effect_name(fx.CleanUp)
"""They follow from an end or from people, and nothing follows from them."""


def repeatable_names() -> frozenset[str]:
    """Steps that are done again under the same key after our crash."""
    return frozenset({*(stage.name for stage in STAGES if stage.is_repeatable), HALT, CLEAN_UP})


def heavy_names() -> frozenset[str]:
    """Steps that start an agent's work; at most `limits.parallel_runs` runs are in them or in what follows."""
    return frozenset(stage.name for stage in STAGES if stage.is_heavy)


def agent_names() -> frozenset[str]:
    """Steps that start an agent."""
    return frozenset(stage.name for stage in STAGES if stage.runs_agent)


def agent_states() -> frozenset[RunState]:
    """States in which an agent works."""
    return frozenset(stage.state for stage in STAGES if stage.runs_agent)
