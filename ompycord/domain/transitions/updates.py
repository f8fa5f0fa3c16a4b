"""What the machine remembers when an edge of a stage is taken; pure. Counterpart of `guards.py`."""

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
from ompycord.domain.run import FailureClass, Machine, RunOutcome, SuspendReason
from ompycord.domain.stage import Ended, Update

__all__ = [
    "answered",
    "beside",
    "broken_off",
    "checked",
    "claimed",
    "continued",
    "failed",
    "narrowed",
    "not_put_back",
    "nothing",
    "planned",
    "planning_again",
    "published",
    "rebased",
    "rebuilt",
    "refused",
    "refused_at_last",
    "repairing",
    "repairing_again",
    "repairing_findings",
    "repairing_refused",
    "reviewed",
    "reviewing",
    "reviewing_again",
    "set_aside",
    "starts_by_plan",
    "stuck",
    "unread",
    "unread_repair",
    "unreviewed",
    "verdict_stands",
    "waits_for_provider",
    "without_plan",
    "without_result",
]

_LINE: Final = 500


def failed(machine: Machine, ended: Ended[StageResult]) -> Update:
    """Keep the step's own failure class and sentence."""
    return {"failure": ended.failure or FailureClass.INTERNAL, "message": ended.message}


def nothing(machine: Machine, ended: Ended[StageResult]) -> Update:
    """Keep nothing of it."""
    return {}


def narrowed(machine: Machine, ended: Ended[PrepareResult]) -> Update:
    """Take no more rounds than the repository's own file allows."""
    most = ended.result.max_rounds
    return {} if most is None else {"max_rounds": min(machine.max_rounds, most)}


def claimed(machine: Machine, ended: Ended[BuildResult]) -> Update:
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


def unread(machine: Machine, ended: Ended[BuildResult]) -> Update:
    """Start the agent again, in the clone as it stands; what the last start claimed no longer counts."""
    message = "There is a new message; the agent is continuing."
    return {"iteration": machine.iteration + 1, "claim": None, "checks": None, "failure": None, "message": message}


def unread_repair(machine: Machine, ended: Ended[BuildResult]) -> Update:
    """As `unread`, within the round: the verdict that it repairs still stands."""
    return {**unread(machine, ended), "checks": machine.checks}


def broken_off(machine: Machine, ended: Ended[BuildResult]) -> Update:
    """Keep the work so far, which is in the clone, and the session where the agent keeps one.

    A person decides whether it continues.
    """
    return _suspended(machine, ended, SuspendReason.INTERRUPTED, ended.message or "The agent's program crashed.")


def waits_for_provider(machine: Machine, ended: Ended[BuildResult]) -> Update:
    """Keep the work so far and the session. A person resumes it, once the provider takes requests again."""
    return {
        **_suspended(machine, ended, SuspendReason.PROVIDER, ended.message or "The provider refuses for now."),
        "wake_at": ended.result.until,
    }


def _suspended(machine: Machine, ended: Ended[BuildResult], reason: SuspendReason, message: str) -> Update:
    return {
        "reason": reason,
        "resume_to": machine.state,
        "message": message,
        "claim": None,
        "ended_by": ended.result.ended_by,
    }


def continued(machine: Machine, ended: Ended[BuildResult]) -> Update:
    """Start the same session again; what it did so far is in its clone."""
    return {
        "iteration": machine.iteration + 1,
        "interruptions": machine.interruptions + 1,
        "message": "Ompycord restarted during this step; the agent is continuing in its session.",
    }


def rebuilt(machine: Machine, ended: Ended[BuildResult]) -> Update:
    """Another iteration in a fresh clone, so that every effect key is new."""
    return {
        "iteration": machine.iteration + 1,
        "interruptions": machine.interruptions + 1,
        "message": "Ompycord restarted during this step and is redoing it.",
    }


def not_put_back(machine: Machine, ended: Ended[StageResult]) -> Update:
    """Keep the clone as it is; a person decides what follows."""
    message = ended.message or "The earlier round could not be put back."
    return {"reason": SuspendReason.INTERRUPTED, "resume_to": machine.state, "message": message}


def stuck(machine: Machine, ended: Ended[CollectResult]) -> Update:
    """Keep the clone with what the agent made; resumed, the agent continues there and the step is tried again."""
    message = ended.message or "The result could not be taken out."
    return {
        "reason": SuspendReason.INTERRUPTED,
        "resume_to": machine.state,
        "message": message,
        "claim": None,
        "ended_by": None,
    }


def rebased(machine: Machine, ended: Ended[RebaseResult]) -> Update:
    """It was tried; the same steps follow under keys of their own."""
    return {"iteration": machine.iteration + 1, "is_rebased": True}


def checked(machine: Machine, ended: Ended[CheckResult]) -> Update:
    """Keep what the checks proved: all passed, some failed, or nothing (none configured, tool missing)."""
    failure = FailureClass.VERIFY if ended.result.passed is False else None
    message = ended.message
    if failure is not None and machine.is_rebased:
        message = f"On the base as it is now: {message or 'checks failed.'}"[:_LINE]
    return {"checks": ended.result.passed, "message": message, "failure": failure, "tree": ended.result.tree}


def _next_round(machine: Machine) -> Update:
    """The agent starts again; what its last start claimed no longer counts."""
    return {
        "iteration": machine.iteration + 1,
        "round": machine.round + 1,
        "claim": None,
        "is_partial": False,
        "ended_by": None,
        "failure": None,
        "is_rebased": False,
    }


def repairing(machine: Machine, ended: Ended[CheckResult]) -> Update:
    """Another round: the agent gets what failed. The verdict stays until the next verification."""
    verdict: Update = {"checks": False, "verdict": ended.message, "tree": ended.result.tree, "message": ended.message}
    return {**_next_round(machine), **verdict}


def repairing_again(machine: Machine, ended: Ended[CollectResult]) -> Update:
    """The round that changed nothing counts; the verdict stands."""
    return {**_next_round(machine), "message": machine.verdict}


def verdict_stands(machine: Machine, ended: Ended[CollectResult]) -> Update:
    """Out of rounds, with the result that was verified last."""
    failure = FailureClass.VERIFY if machine.checks is False else None
    return {"failure": failure, "message": machine.verdict}


def refused(machine: Machine, ended: Ended[CollectResult]) -> Update:
    """End without a result: the guard found a secret, a protected path or a link that leads out."""
    return {"failure": FailureClass.POLICY, "message": ended.message}


def repairing_refused(machine: Machine, ended: Ended[CollectResult]) -> Update:
    """Another round: the agent gets what the guard found. No verdict was given on this result."""
    return {**_next_round(machine), "verdict": ended.message, "message": ended.message}


def refused_at_last(machine: Machine, ended: Ended[CollectResult]) -> Update:
    """Out of rounds: the last result that the guard took is published, where there is one, and fails."""
    return {"checks": False, "failure": FailureClass.VERIFY, "message": ended.message}


def published(machine: Machine, ended: Ended[PublishResult]) -> Update:
    """Keep the sentence of the checks or of the agent; the branch is shown from the files event."""
    return {"message": machine.message}


def without_result(machine: Machine, ended: Ended[StageResult]) -> Update:
    """End without a result: the agent ended well and changed nothing, so checks of the base prove nothing about it."""
    return {"outcome": RunOutcome.NO_CHANGES, "message": "The agent changed nothing in the repository."}


def beside(machine: Machine, ended: Ended[CollectResult]) -> Update:
    """End with what was kept beside the result; `message` says where it is."""
    return {"failure": FailureClass.POLICY, "message": ended.message}


def set_aside(machine: Machine, ended: Ended[BuildResult]) -> Update:
    """End without a result: what broke a bound is not taken into the repository."""
    return {
        "claim": False,
        "failure": FailureClass.POLICY,
        "message": ended.message,
        "ended_by": ended.result.ended_by,
    }


# -- plans, answers, reviews -------------------------------------------------------------------------------------------


def planned(machine: Machine, ended: Ended[PlanResult]) -> Update:
    """The plan waits for a person."""
    return {
        "plan": ended.result.plan,
        "tries": 0,
        "interruptions": 0,
        "failure": None,
        "message": "The plan is ready and needs a decision.",
    }


def starts_by_plan(machine: Machine, ended: Ended[PlanResult]) -> Update:
    """The work begins by the plan, on which no person decides here."""
    message = "The plan is ready; the work begins by it."
    return {**planned(machine, ended), "follows_plan": True, "iteration": machine.iteration + 1, "message": message}


def planning_again(machine: Machine, ended: Ended[PlanResult]) -> Update:
    """The planner gets what is wrong with its plan."""
    return {
        "iteration": machine.iteration + 1,
        "tries": machine.tries + 1,
        "message": f"Its plan was refused and goes back to it. {ended.message or ''}".strip()[:_LINE],
    }


def without_plan(machine: Machine, ended: Ended[PlanResult]) -> Update:
    """No valid plan was made; an agent that could not run at all keeps its own class."""
    if ended.failure not in {None, FailureClass.REPAIRABLE}:
        return {**failed(machine, ended), "ended_by": ended.result.ended_by}
    return {"failure": FailureClass.PLAN, "message": f"No valid plan was made: {ended.message or 'none'}"[:_LINE]}


def answered(machine: Machine, ended: Ended[StageResult]) -> Update:
    """End with an answer."""
    return {"outcome": RunOutcome.ANSWERED, "message": ended.message}


def reviewing(machine: Machine, ended: Ended[CheckResult]) -> Update:
    """The verified result is read by another agent."""
    return {**checked(machine, ended), "tries": 0, "is_review_open": False, "iteration": machine.iteration + 1}


def reviewing_again(machine: Machine, ended: Ended[ReportResult]) -> Update:
    """The reviewer gets what is wrong with its report."""
    return {
        "iteration": machine.iteration + 1,
        "tries": machine.tries + 1,
        "message": f"Its review was refused and goes back to it. {ended.message or ''}".strip()[:_LINE],
    }


def reviewed(machine: Machine, ended: Ended[ReportResult]) -> Update:
    """Nothing is left to repair, or no round to repair it in."""
    is_open = bool(ended.result.blocking)
    return {"is_review_open": is_open, "message": ended.message if is_open else machine.message, "tries": 0}


def unreviewed(machine: Machine, ended: Ended[ReportResult]) -> Update:
    """No valid review was made: the result is published and not verified."""
    why = ended.message or "no reason is known."
    message = why if why.startswith("No ") else f"No review: {why}"
    return {"is_review_open": False, "message": message[:_LINE], "tries": 0}


def repairing_findings(machine: Machine, ended: Ended[ReportResult]) -> Update:
    """Another round: the agent gets what the review found. What the checks proved stands until the next ones."""
    return {**_next_round(machine), "is_review_open": True, "verdict": ended.message, "message": ended.message}
