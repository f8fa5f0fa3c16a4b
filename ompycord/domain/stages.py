"""The stages of a hosted run, in their order, each with where its ends lead; pure.

Counterpart: `engines/steps/`, which do them. Everything else about steps derives from these records: the state machine
(`lifecycle.py`), what the driver repeats and counts, the drawn table (`docs/reference/run-states.md`), and the test
that every state of a stage has a headline.
"""

from typing import Final

from ompycord.domain import effects as fx
from ompycord.domain.results import (
    BuildResult,
    CheckResult,
    CollectResult,
    PrepareResult,
    PublishResult,
    StageResult,
)
from ompycord.domain.run import EndedBy, FailureClass, Machine, RunOutcome, RunState, SuspendReason
from ompycord.domain.stage import Edge, Ended, Stage, Update
from ompycord.domain.task import Mode

__all__ = [
    "BUILD",
    "CHECKS",
    "CLEAN_UP",
    "COLLECT",
    "HALT",
    "PREPARE",
    "PUBLISH",
    "STAGES",
    "AnyStage",
    "heavy_names",
    "is_again_allowed",
    "repeatable_names",
]

S = RunState
MAX_INTERRUPTIONS: Final = 3
"""How often a run repeats by itself a step that a crash interrupted."""
CHECKING: Final = (Mode.STANDARD, Mode.FULL)


# -- guards ------------------------------------------------------------------------------------------------------------


def is_again_allowed(machine: Machine) -> bool:
    """Whether a step that a crash interrupted may be done again without a person."""
    return machine.interruptions < MAX_INTERRUPTIONS


def _is_unread(machine: Machine, ended: Ended[BuildResult]) -> bool:
    return ended.result.unheard


def _is_refused_for_now(machine: Machine, ended: Ended[BuildResult]) -> bool:
    """Whether the provider of its model refused, and time or money mends that."""
    return ended.failure is FailureClass.TRANSIENT and ended.result.ended_by is EndedBy.PROVIDER


def _was_interrupted(machine: Machine, ended: Ended[BuildResult]) -> bool:
    """Whether the agent ended in the middle of its work, without a claim of its own, and may continue there."""
    passes = ended.failure is FailureClass.TRANSIENT and ended.result.ended_by in {EndedBy.TURN, EndedBy.CLOCK}
    return ended.failure is FailureClass.LOST or passes


def _has_session(machine: Machine, ended: Ended[BuildResult]) -> bool:
    """Whether the interrupted agent can continue in its own session, in the clone as it stands."""
    return ended.result.session and is_again_allowed(machine)


def _may_rebuild(machine: Machine, ended: Ended[StageResult]) -> bool:
    return is_again_allowed(machine)


def _has_failed(machine: Machine, ended: Ended[CollectResult]) -> bool:
    """Whether the agent itself reported that it failed."""
    return machine.claim is False


def _is_empty(machine: Machine, ended: Ended[CollectResult | PublishResult]) -> bool:
    """Whether the whole result equals the base: there is nothing to verify and nothing to publish."""
    return ended.result.changed == 0


def _is_only_left_out(machine: Machine, ended: Ended[CollectResult]) -> bool:
    """Whether all that the agent did lies beside a result that equals the base."""
    return ended.result.changed == 0 and bool(ended.result.left_out)


def _broke_bound(machine: Machine, ended: Ended[BuildResult]) -> bool:
    """Whether the agent was ended because it took more than it may."""
    return ended.failure is FailureClass.POLICY


def _is_checked(machine: Machine, ended: Ended[CollectResult]) -> bool:
    return machine.mode in CHECKING


def _publishes_failure(machine: Machine, ended: Ended[PublishResult]) -> bool:
    return machine.claim is False


def _claims_a_part(machine: Machine, ended: Ended[PublishResult]) -> bool:
    """Whether the agent says that it did only a part of its task."""
    return machine.is_partial


def _publishes_failed_checks(machine: Machine, ended: Ended[PublishResult]) -> bool:
    return machine.checks is False


# -- updates: what the machine remembers -------------------------------------------------------------------------------


def _failed(machine: Machine, ended: Ended[StageResult]) -> Update:
    """Keep the step's own failure class and sentence."""
    return {"failure": ended.failure or FailureClass.INTERNAL, "message": ended.message}


def _claimed(machine: Machine, ended: Ended[BuildResult]) -> Update:
    """Keep what the agent claims; it is not evidence."""
    done = ended.result.claim
    failure = None if done else ended.failure or FailureClass.REPAIRABLE
    return {
        "claim": done,
        "is_partial": done and ended.result.partial,
        "ended_by": None if done else ended.result.ended_by,
        "message": ended.message,
        "failure": failure,
        "interruptions": 0,
    }


def _unread(machine: Machine, ended: Ended[BuildResult]) -> Update:
    """Start the agent again, in the clone as it stands; what the last start claimed no longer counts."""
    message = "There is a new message; the agent is continuing."
    return {"iteration": machine.iteration + 1, "claim": None, "checks": None, "failure": None, "message": message}


def _broken_off(machine: Machine, ended: Ended[BuildResult]) -> Update:
    """Keep the work so far, which is in the clone, and the session where the agent keeps one.

    A person decides whether it continues.
    """
    return _suspended(ended, SuspendReason.INTERRUPTED, ended.message or "The agent's program crashed.")


def _waits_for_provider(machine: Machine, ended: Ended[BuildResult]) -> Update:
    """Keep the work so far and the session. A person resumes it, once the provider takes requests again."""
    return {
        **_suspended(ended, SuspendReason.PROVIDER, ended.message or "The provider refuses for now."),
        "wake_at": ended.result.until,
    }


def _suspended(ended: Ended[BuildResult], reason: SuspendReason, message: str) -> Update:
    return {
        "reason": reason,
        "resume_to": S.BUILDING,
        "message": message,
        "claim": None,
        "ended_by": ended.result.ended_by,
    }


def _continued(machine: Machine, ended: Ended[BuildResult]) -> Update:
    """Start the same session again; what it did so far is in its clone."""
    return {
        "iteration": machine.iteration + 1,
        "interruptions": machine.interruptions + 1,
        "message": "Ompycord restarted during this step; the agent is continuing in its session.",
    }


def _rebuilt(machine: Machine, ended: Ended[BuildResult]) -> Update:
    """Another iteration in a fresh clone, so that every effect key is new."""
    return {
        "iteration": machine.iteration + 1,
        "interruptions": machine.interruptions + 1,
        "message": "Ompycord restarted during this step and is redoing it.",
    }


def _stuck(machine: Machine, ended: Ended[CollectResult]) -> Update:
    """Keep the clone with what the agent made; resumed, the agent continues there and the step is tried again."""
    message = ended.message or "The result could not be taken out."
    return {
        "reason": SuspendReason.INTERRUPTED,
        "resume_to": S.BUILDING,
        "message": message,
        "claim": None,
        "ended_by": None,
    }


def _checked(machine: Machine, ended: Ended[CheckResult]) -> Update:
    """Keep what the checks proved: all passed, some failed, or nothing (none configured, tool missing)."""
    failure = FailureClass.REPAIRABLE if ended.result.passed is False else None
    return {"checks": ended.result.passed, "message": ended.message, "failure": failure}


def _published(machine: Machine, ended: Ended[PublishResult]) -> Update:
    """Keep the sentence of the checks or of the agent; the branch is shown from the files event."""
    return {"message": machine.message}


def _without_result(machine: Machine, ended: Ended[StageResult]) -> Update:
    """End without a result: the agent ended well and changed nothing, so checks of the base prove nothing about it."""
    return {"outcome": RunOutcome.NO_CHANGES, "message": "The agent changed nothing in the repository."}


def _beside(machine: Machine, ended: Ended[CollectResult]) -> Update:
    """End with what was kept beside the result; `message` says where it is."""
    return {"failure": FailureClass.POLICY, "message": ended.message}


def _set_aside(machine: Machine, ended: Ended[BuildResult]) -> Update:
    """End without a result: what broke a bound is not taken into the repository."""
    return {
        "claim": False,
        "failure": FailureClass.POLICY,
        "message": ended.message,
        "ended_by": ended.result.ended_by,
    }


# -- the stages --------------------------------------------------------------------------------------------------------

PREPARE: Final = Stage(
    state=S.PRECHECK,
    effect=fx.PrepareWorkspace,
    result=PrepareResult,
    is_repeatable=True,
    is_heavy=True,
    edges=(
        Edge("ok", S.BUILDING, (fx.RunAgent,), "the clone is ready"),
        Edge("failed", S.FAILED, (fx.CleanUp,), "no clone", then=_failed),
    ),
)
BUILD: Final = Stage(
    state=S.BUILDING,
    effect=fx.RunAgent,
    result=BuildResult,
    is_repeatable=False,
    is_heavy=True,
    starts_over=True,
    takes_restart=True,
    edges=(
        Edge("ok", S.FAILED, (fx.CleanUp,), "it broke a bound; its clone is set aside", _broke_bound, _set_aside),
        # What it has not received yet waits as well: its provider would refuse that, too.
        Edge("ok", S.SUSPENDED, (), "the provider refuses for now", _is_refused_for_now, _waits_for_provider),
        Edge("ok", S.BUILDING, (fx.RunAgent,), "it had not received all messages", _is_unread, _unread),
        Edge("ok", S.SUSPENDED, (), "the agent was interrupted", _was_interrupted, _broken_off),
        Edge("ok", S.BUILDING, (fx.Collect,), "the agent ended", then=_claimed),
        Edge("failed", S.FAILED, (fx.CleanUp,), "the agent did not start", then=_failed),
        Edge("interrupted", S.BUILDING, (fx.RunAgent,), "cut short, its session is kept", _has_session, _continued),
        Edge("interrupted", S.PRECHECK, (fx.PrepareWorkspace,), "cut short", _may_rebuild, _rebuilt),
    ),
)
COLLECT: Final = Stage(
    state=S.BUILDING,
    effect=fx.Collect,
    result=CollectResult,
    is_repeatable=True,
    is_entry=False,
    edges=(
        Edge("ok", S.PUBLISHING, (fx.Publish,), "it failed; what it made is kept", _has_failed),
        Edge("ok", S.PARTIAL, (fx.CleanUp,), "its work lies beside the result", _is_only_left_out, _beside),
        Edge("ok", S.COMPLETE, (fx.CleanUp,), "nothing was changed", _is_empty, _without_result),
        Edge("ok", S.VERIFYING, (fx.RunChecks,), "checks prove it", _is_checked),
        Edge("ok", S.PUBLISHING, (fx.Publish,), "mode fast: no checks"),
        # The clone holds the only copy: nothing is cleaned up before a person has decided.
        Edge("failed", S.SUSPENDED, (), "the result could not be taken out", then=_stuck),
    ),
)
CHECKS: Final = Stage(
    state=S.VERIFYING,
    effect=fx.RunChecks,
    result=CheckResult,
    is_repeatable=False,
    takes_restart=True,
    edges=(
        Edge("ok", S.PUBLISHING, (fx.Publish,), "checks ended", then=_checked),
        Edge("failed", S.PUBLISHING, (fx.Publish,), "checks could not run", then=_checked),
    ),
)
PUBLISH: Final = Stage(
    state=S.PUBLISHING,
    effect=fx.Publish,
    result=PublishResult,
    is_repeatable=True,
    edges=(
        Edge("ok", S.FAILED, (fx.CleanUp,), "the agent said it failed", _publishes_failure, _published),
        Edge("ok", S.FAILED, (fx.CleanUp,), "checks failed", _publishes_failed_checks, _published),
        # collected by an earlier version, which let an empty result continue to the checks
        Edge("ok", S.COMPLETE, (fx.CleanUp,), "nothing was changed", _is_empty, _without_result),
        Edge("ok", S.PARTIAL, (fx.CleanUp,), "the agent said it did a part", _claims_a_part, _published),
        Edge("ok", S.COMPLETE, (fx.CleanUp,), "published", then=_published),
        Edge("failed", S.PARTIAL, (fx.CleanUp,), "work kept, not published", then=_failed),
    ),
)
STAGES: Final = (PREPARE, BUILD, COLLECT, CHECKS, PUBLISH)

AnyStage = Stage[PrepareResult] | Stage[BuildResult] | Stage[CollectResult] | Stage[CheckResult] | Stage[PublishResult]


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
