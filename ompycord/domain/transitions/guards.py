"""Whether an edge of a stage is taken; pure. Counterpart of `updates.py`: what the machine remembers then."""

from typing import Final

from ompycord.domain.results import (
    BuildResult,
    CheckResult,
    CollectResult,
    PlanResult,
    PrepareResult,
    PublishResult,
    RebaseResult,
    ReportResult,
    StageResult,
)
from ompycord.domain.run import EndedBy, FailureClass, Machine
from ompycord.domain.stage import Ended
from ompycord.domain.task import Mode

__all__ = [
    "MAX_INTERRUPTIONS",
    "MAX_TRIES",
    "base_moved",
    "breaks_policy",
    "broke_bound",
    "claims_a_part",
    "gave_no_answer",
    "has_failed",
    "has_plan",
    "has_review",
    "has_session",
    "has_setup",
    "is_again_allowed",
    "is_answered",
    "is_checked",
    "is_checked_on_base",
    "is_empty",
    "is_only_left_out",
    "is_planned",
    "is_refused",
    "is_refused_for_now",
    "is_reviewed",
    "is_unchanged",
    "is_unread",
    "may_follow_plan",
    "may_plan_again",
    "may_rebuild",
    "may_repair",
    "may_repair_findings",
    "may_repair_refused",
    "may_repair_unchanged",
    "may_review_again",
    "publishes_failed_checks",
    "publishes_failure",
    "was_interrupted",
]

MAX_INTERRUPTIONS: Final = 3
"""How often a run repeats by itself a step that a crash interrupted."""
MAX_TRIES: Final = 3
"""How often an agent may try to report in the shape that is asked of it."""
CHECKING: Final = (Mode.STANDARD, Mode.FULL)


def is_again_allowed(machine: Machine) -> bool:
    """Whether a step that a crash interrupted may be done again without a person."""
    return machine.interruptions < MAX_INTERRUPTIONS


def has_setup(machine: Machine, ended: Ended[PrepareResult]) -> bool:
    """Whether dependencies are made ready before the agent starts."""
    return bool(ended.result.setup)


def is_unread(machine: Machine, ended: Ended[BuildResult]) -> bool:
    """Whether people wrote something that this start of the agent never received."""
    return ended.result.unheard


def is_refused_for_now(machine: Machine, ended: Ended[BuildResult]) -> bool:
    """Whether the provider of its model refused, and time or money mends that."""
    return ended.failure is FailureClass.TRANSIENT and ended.result.ended_by is EndedBy.PROVIDER


def was_interrupted(machine: Machine, ended: Ended[BuildResult]) -> bool:
    """Whether the agent ended in the middle of its work, without a claim of its own, and may continue there."""
    passes = ended.failure is FailureClass.TRANSIENT and ended.result.ended_by in {EndedBy.TURN, EndedBy.CLOCK}
    return ended.failure is FailureClass.LOST or passes


def has_session(machine: Machine, ended: Ended[BuildResult]) -> bool:
    """Whether the interrupted agent can continue in its own session, in the clone as it stands."""
    return ended.result.session and is_again_allowed(machine)


def may_rebuild(machine: Machine, ended: Ended[StageResult]) -> bool:
    """Whether the interrupted agent may start over in a fresh clone."""
    return is_again_allowed(machine)


def breaks_policy(machine: Machine, ended: Ended[CollectResult]) -> bool:
    """Whether the guard found what ends the run; in a mode without repairs whatever it found."""
    return ended.result.guard == "policy" or (ended.result.guard is not None and machine.mode not in CHECKING)


def may_repair_refused(machine: Machine, ended: Ended[CollectResult]) -> bool:
    """Whether the agent repairs what the guard did not take."""
    return ended.result.guard is not None and _has_rounds(machine)


def is_refused(machine: Machine, ended: Ended[CollectResult]) -> bool:
    """Whether the guard did not take the result."""
    return ended.result.guard is not None


def has_failed(machine: Machine, ended: Ended[CollectResult]) -> bool:
    """Whether the agent itself reported that it failed."""
    return machine.claim is False


def is_empty(machine: Machine, ended: Ended[CollectResult | PublishResult]) -> bool:
    """Whether the whole result equals the base: there is nothing to verify and nothing to publish."""
    return ended.result.changed == 0


def is_only_left_out(machine: Machine, ended: Ended[CollectResult]) -> bool:
    """Whether all that the agent did lies beside a result that equals the base."""
    return ended.result.changed == 0 and bool(ended.result.left_out)


def broke_bound(machine: Machine, ended: Ended[BuildResult]) -> bool:
    """Whether the agent was ended because it took more than it may."""
    return ended.failure is FailureClass.POLICY


def is_checked(machine: Machine, ended: Ended[CollectResult]) -> bool:
    """Whether this mode has checks."""
    return machine.mode in CHECKING


def publishes_failure(machine: Machine, ended: Ended[PublishResult]) -> bool:
    """Whether the agent said that it failed."""
    return machine.claim is False


def claims_a_part(machine: Machine, ended: Ended[PublishResult]) -> bool:
    """Whether the agent says that it did only a part of its task."""
    return machine.is_partial


def publishes_failed_checks(machine: Machine, ended: Ended[PublishResult]) -> bool:
    """Whether the last verification was red."""
    return machine.checks is False


def base_moved(machine: Machine, ended: Ended[PublishResult]) -> bool:
    """Whether the result is to be put on its base first; once, whatever that becomes meanwhile."""
    return ended.result.onto is not None and not machine.is_rebased


def is_checked_on_base(machine: Machine, ended: Ended[RebaseResult]) -> bool:
    """Whether the result stands on another base now, and this mode has checks."""
    return ended.result.commit is not None and machine.mode in CHECKING


def _has_rounds(machine: Machine) -> bool:
    """Whether its agent may work on. It does not have the base on which a result was put, so it repairs none there."""
    return machine.round < machine.max_rounds and not machine.is_rebased


def may_repair(machine: Machine, ended: Ended[CheckResult]) -> bool:
    """Whether a red verification goes back to the agent."""
    return ended.result.passed is False and machine.mode in CHECKING and _has_rounds(machine)


def is_unchanged(machine: Machine, ended: Ended[CollectResult]) -> bool:
    """Whether the result is the one that was verified last, so that its verdict stands."""
    return ended.result.tree is not None and ended.result.tree == machine.tree


def may_repair_unchanged(machine: Machine, ended: Ended[CollectResult]) -> bool:
    """Whether a round that changed nothing is followed by another."""
    return is_unchanged(machine, ended) and _has_rounds(machine)


# -- plans, answers, reviews -------------------------------------------------------------------------------------------


def is_planned(machine: Machine, ended: Ended[StageResult]) -> bool:
    """Whether this mode begins with a plan, and the work does not follow one yet: a crash takes none back."""
    return machine.mode is Mode.FULL and not machine.follows_plan


def is_answered(machine: Machine, ended: Ended[StageResult]) -> bool:
    """Whether this mode gives an answer and changes nothing."""
    return machine.mode is Mode.ASK


def has_plan(machine: Machine, ended: Ended[PlanResult]) -> bool:
    """Whether a valid plan was made."""
    return ended.result.plan is not None


def may_follow_plan(machine: Machine, ended: Ended[PlanResult]) -> bool:
    """Whether a valid plan was made on which no person decides."""
    return has_plan(machine, ended) and not ended.result.asks


def may_plan_again(machine: Machine, ended: Ended[PlanResult]) -> bool:
    """Whether the planner, which itself works well, gets what is wrong with its plan."""
    return _is_sound(ended) and _has_tries(machine)


def has_review(machine: Machine, ended: Ended[ReportResult]) -> bool:
    """Whether a valid review was made."""
    return ended.result.blocking is not None


def may_repair_findings(machine: Machine, ended: Ended[ReportResult]) -> bool:
    """Whether blocking findings go back to the agent."""
    return bool(ended.result.blocking) and _has_rounds(machine)


def may_review_again(machine: Machine, ended: Ended[ReportResult]) -> bool:
    """Whether the reviewer gets what is wrong with its report."""
    return _is_sound(ended) and _has_tries(machine)


def _has_tries(machine: Machine) -> bool:
    return machine.tries + 1 < MAX_TRIES


def _is_sound(ended: Ended[BuildResult]) -> bool:
    """Whether the agent ran well: one whose key or program is at fault will not report better the next time."""
    return ended.failure in {None, FailureClass.REPAIRABLE}


def is_reviewed(machine: Machine, ended: Ended[CheckResult]) -> bool:
    """Whether this mode has a review, and no check is red."""
    return machine.mode is Mode.FULL and ended.result.passed is not False


def gave_no_answer(machine: Machine, ended: Ended[BuildResult]) -> bool:
    """Whether the agent that was asked said nothing, or that it failed."""
    return not ended.result.claim
