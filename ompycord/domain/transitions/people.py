"""What people and limits do to a run, the same for every stage; pure. `lifecycle.py` makes rules of it."""

from collections.abc import Collection

from ompycord.domain import events as ev
from ompycord.domain.run import EndedBy, FailureClass, Machine, RunState, SuspendReason
from ompycord.domain.stage import Update
from ompycord.domain.stages import BUILD, CHECKS, PUBLISH, REVIEW, AnyStage
from ompycord.domain.task import Mode
from ompycord.domain.transitions.rule import Guard

__all__ = ["back_to_agent", "cancelled", "restarted", "restarts", "resumed", "resumes_to", "stopped"]


def resumes_to(
    *states: RunState, because: SuspendReason | None = None, modes: Collection[Mode] = frozenset(Mode)
) -> Guard:
    """The suspended run of one of these modes goes back to one of these states.

    It waits for this reason where one is given.
    """

    def guard(machine: Machine, body: ev.EventBody) -> bool:
        return machine.resume_to in states and because in {None, machine.reason} and machine.mode in modes

    return guard


def restarts(stage: AnyStage) -> Guard:
    """A person sent the agent of this stage back to its work with something to read."""

    def guard(machine: Machine, body: ev.EventBody) -> bool:
        return isinstance(body, ev.Prompted) and body.when == "restart" and machine.mode in stage.modes

    return guard


def stopped(machine: Machine, body: ev.EventBody) -> Update:
    """A person or a limit stopped it; it continues from here when a person says so."""
    if not isinstance(body, ev.RunStopped):
        return {}
    message = body.reason or f"Stopped by {body.by}."
    return {"reason": body.cause, "resume_to": machine.state, "message": message}


def restarted(machine: Machine, body: ev.EventBody) -> Update:
    """Start the agent again, in the clone as it stands; what the last start claimed no longer counts.

    What people say is work of its own, so its rounds are counted from one.
    """
    by = body.by if isinstance(body, ev.Prompted) and body.by else None
    message = (
        f"{by} sent a message; the agent restarts with it."
        if by
        else "There is a new message; the agent is continuing."
    )
    return {
        "iteration": machine.iteration + 1,
        "round": 1,
        "tries": 0,
        "claim": None,
        "checks": None,
        "is_review_open": False,
        "is_rebased": False,
        "failure": None,
        "message": message,
    }


def back_to_agent(machine: Machine, body: ev.EventBody) -> Update:
    """The resumed run goes back to its agent, the only one that can use what was written."""
    return {"resume_to": BUILD.state}


def resumed(machine: Machine, body: ev.EventBody) -> Update:
    """Another iteration of the step that was stopped.

    Where an agent starts again, what it claimed before no longer counts.
    """
    keeps_claim = machine.resume_to in {CHECKS.state, REVIEW.state, PUBLISH.state}
    return {
        "iteration": machine.iteration + 1,
        "interruptions": 0,
        "reason": None,
        "resume_to": None,
        "message": None,
        "claim": machine.claim if keeps_claim else None,
        "is_partial": machine.is_partial if keeps_claim else False,
        "ended_by": machine.ended_by if keeps_claim else None,
        "is_rebased": machine.is_rebased and keeps_claim,
        "wake_at": None,
        "pause_by": None,
    }


def cancelled(machine: Machine, body: ev.EventBody) -> Update:
    """Ended permanently by a person."""
    by = body.by if isinstance(body, ev.RunCancelled) and body.by else "its owner"
    reason = f": {body.reason}" if isinstance(body, ev.RunCancelled) and body.reason else "."
    return {
        "failure": FailureClass.CANCELLED,
        "ended_by": EndedBy.PERSON,
        "message": f"Cancelled by {by}{reason}",
        "reason": None,
        "resume_to": None,
    }
