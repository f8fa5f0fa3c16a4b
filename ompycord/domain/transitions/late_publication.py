"""What may still happen to a run that has ended: its publication is done again; pure. `lifecycle.py` uses the rules.

A final state absorbs everything else. The work is never done again: only the branch, the pull request and what hangs on
it, by the same step under a new key.
"""

from collections.abc import Callable
from typing import Final

from ompycord.domain import effects as fx
from ompycord.domain import events as ev
from ompycord.domain.run import UNPUBLISHED, FailureClass, Machine, RunState
from ompycord.domain.stage import Update
from ompycord.domain.transitions.rule import MESSAGE, Guard, Rule

__all__ = ["late_publications"]

S = RunState
_DONE: Final = ev.EffectFinished.model_fields["type"].default
_AGAIN: Final = ev.PublicationRequested.model_fields["type"].default
_READY: Final = ev.ReadyRequested.model_fields["type"].default


def late_publications(is_end_of: Callable[[str], Guard]) -> tuple[Rule, ...]:
    """The rules. `is_end_of`: whether the step that publishes ended so, in this iteration."""
    is_ok, is_failed = is_end_of("ok"), is_end_of("failed")

    def succeeded(machine: Machine, body: ev.EventBody) -> bool:
        return is_ok(machine, body) and _is_unpublished(machine)

    def failed_again(machine: Machine, body: ev.EventBody) -> bool:
        return is_failed(machine, body) and _is_unpublished(machine)

    publish = (fx.Publish,)
    return (
        Rule((S.PARTIAL,), _AGAIN, S.PARTIAL, publish, "a person has it published again", _may_publish, _again),
        Rule((S.COMPLETE,), _AGAIN, S.COMPLETE, publish, "what was accepted is told to its forge", then=_again),
        Rule((S.COMPLETE,), _READY, S.COMPLETE, publish, "a person has its draft ask for review", then=_again),
        Rule((S.PARTIAL,), _DONE, S.COMPLETE, (), "published after all", succeeded, _published),
        Rule((S.PARTIAL,), _DONE, S.PARTIAL, (), "not published again", failed_again, _failed),
    )


def _is_unpublished(machine: Machine) -> bool:
    """Whether it is PARTIAL for its publication alone."""
    is_sound = machine.claim is not False and machine.checks is not False and not machine.is_partial
    return machine.failure in UNPUBLISHED and is_sound


def _may_publish(machine: Machine, body: ev.EventBody) -> bool:
    return machine.failure in UNPUBLISHED


def _again(machine: Machine, body: ev.EventBody) -> Update:
    return {"iteration": machine.iteration + 1}


def _published(machine: Machine, body: ev.EventBody) -> Update:
    return {"failure": None, "message": None}


def _failed(machine: Machine, body: ev.EventBody) -> Update:
    if not isinstance(body, ev.EffectFinished):
        return {}
    failure = body.failure or FailureClass.ENV
    return {"failure": failure, "message": (body.message or machine.message or "")[:MESSAGE] or None}
