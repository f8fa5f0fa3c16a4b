"""What people do between rounds: pause before the next one, put the work back to an earlier one; pure.

`lifecycle.py` makes rules of it. Counterpart: `folds/checkpoints.py`, which lists the results to which a run can go.
"""

from collections.abc import Iterator
from typing import Final

from ompycord.domain import events as ev
from ompycord.domain.run import FINAL, Machine, RunState, SuspendReason
from ompycord.domain.stage import Update
from ompycord.domain.stages import BUILD, COLLECT, ROLL_BACK, VERIFIED
from ompycord.domain.transitions.rule import Rule

__all__ = ["at_pause", "has_next_round", "pause_rules", "roll_back_rule"]

S = RunState
_BETWEEN: Final = (S.BUILDING, S.VERIFYING, S.REPAIRING, S.REVIEWING)
"""States after which there can be another round."""
_WITH_RESULT: Final = frozenset({*_BETWEEN, S.PUBLISHING})


def has_next_round(machine: Machine) -> bool:
    """Whether another round can follow this one."""
    return machine.state in _BETWEEN and machine.mode in VERIFIED and machine.round < machine.max_rounds


def pause_rules() -> Iterator[Rule]:
    """A person wants to look before the next round; what runs now runs to its end."""

    def pausing(machine: Machine, body: ev.EventBody) -> Update:
        by = body.by if isinstance(body, ev.PauseRequested) else None
        return {"pause_by": by, "message": f"Pauses before round {machine.round + 1}, as {by} asked."}

    def may(machine: Machine, body: ev.EventBody) -> bool:
        return has_next_round(machine)

    for state in _BETWEEN:
        yield Rule(
            (state,), "run.pause_requested", state, (), "a person has it pause before the next round", may, pausing
        )


def at_pause(before: Machine, after: Machine) -> Machine | None:
    """The machine that waits for a person, where `after` would begin a round before which it is to pause."""
    if before.pause_by is None or after.round <= before.round or after.state in {*FINAL, S.SUSPENDED}:
        return None
    why = f" {after.message}" if after.message else ""
    return after.model_copy(
        update={
            "state": S.SUSPENDED,
            "reason": SuspendReason.HUMAN,
            "resume_to": after.state,
            "pause_by": None,
            "message": f"Paused before round {after.round}, as {before.pause_by} asked.{why}",
        }
    )


def roll_back_rule() -> Rule:
    """A suspended run goes on from the result of an earlier round; its rounds are counted from that one."""

    def may(machine: Machine, body: ev.EventBody) -> bool:
        return machine.resume_to in _WITH_RESULT and machine.mode in COLLECT.modes

    def rolled_back(machine: Machine, body: ev.EventBody) -> Update:
        if not isinstance(body, ev.RunRolledBack):
            return {}
        return {
            "iteration": machine.iteration + 1,
            "interruptions": 0,
            "round": body.round + 1,
            "max_rounds": max(machine.max_rounds, body.round + 1),
            "tries": 0,
            "reason": None,
            "resume_to": None,
            "wake_at": None,
            "claim": None,
            "is_partial": False,
            "is_rebased": False,
            "ended_by": None,
            "checks": None,
            "verdict": None,
            "tree": None,
            "is_review_open": False,
            "failure": None,
            "pause_by": None,
            "message": f"{body.by} put the work back to how it stood after round {body.round}.",
        }

    return Rule((S.SUSPENDED,), "run.rolled_back", BUILD.state, (ROLL_BACK.effect,),
                "a person put it back to an earlier round", may, rolled_back)  # fmt: skip
