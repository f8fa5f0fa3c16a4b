"""What answers and approvals share: one decision per request; the second person to decide is shown who was first."""

from typing import Literal

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.interactions.replies import send_privately
from ompycord.conductor import LoadedRun
from ompycord.domain.access import Person
from ompycord.domain.records import Committed, Decision
from ompycord.domain.run import RunState, SuspendReason
from ompycord.errors import RefusedInWords
from ompycord.render.notices import already_decided

__all__ = ["reply_to_decision", "require_open", "what_next"]


async def require_open(
    context: BotContext,
    person: Person,
    loaded: LoadedRun,
    right: str,
    kind: Literal["question", "approval", "plan"],
    ref: str,
) -> None:
    """Check, before a form is shown, what its submission needs.

    The form must be the first answer, so rights are checked now and the decision is made afterwards. Raises Refused
    where the person may not, or the request is already decided.
    """
    context.require(person, right, loaded.record)
    first = await context.store.decisions.decision(loaded.run, kind, ref)
    if first is not None:
        raise RefusedInWords(_first(context, first))


def what_next(loaded: LoadedRun) -> str:
    """What follows from a decision for the agent, as a sentence behind it; empty where nothing needs to be said.

    The agent of a run that was stopped gets it only once somebody resumes the run.
    """
    machine = loaded.record.machine
    if machine is None or machine.state is not RunState.SUSPENDED:
        return ""
    if machine.reason is not SuspendReason.WAITING:
        return " The run is stopped, so it is kept: its agent gets it once you press *Resume* on the card."
    return " Its agent is started again with it, as soon as a slot is free."


async def reply_to_decision(context: BotContext, interaction: Interaction, committed: Committed, words: str) -> None:
    """Reply with this text, or with who was first where the person came second."""
    first = committed.earlier
    await send_privately(interaction, words if first is None else _first(context, first))


def _first(context: BotContext, first: Decision) -> str:
    return already_decided(first.by_name, first.at, first.action, context.sanitizer)
