"""Issues that call for a run by a label or an assignment and wait: what their agent will read, and *Start*.

Counterpart: `conductor/issue_calls/calls.py`, which asks for it in the channel.
"""

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature
from ompycord.bot.interactions.issues import issue_words
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.domain.access import Person, Role
from ompycord.domain.issue_calls.records import CALL_START, CALL_VIEW
from ompycord.domain.ports.triggers import TeamIssueCalls
from ompycord.errors import RefusedInWords
from ompycord.render.cards.cardview import Button
from ompycord.render.message import message

__all__ = ["issue_call_feature"]


def issue_call_feature(context: BotContext) -> Feature:
    """The buttons."""

    async def show(interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer(interaction)
        call, snapshot = await calls_of(context).waiting(component.ref, person)
        words = issue_words(snapshot, context.sanitizer)
        button = Button(action=CALL_START, label="Start", style="primary", ref=call.run)
        await send_privately(
            interaction,
            words,
            files=[(f"issue-{call.number}.txt", snapshot.text.encode())],
            buttons=message(words, buttons=[button], sign=context.signer.button),
        )

    async def start(interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer(interaction)
        call = await calls_of(context).start(component.ref, person)
        await send_privately(interaction, f"Starting a run about issue {call.number}. Its card follows.")

    return Feature(components={CALL_VIEW: show, CALL_START: start}, role=Role.RUNNER)


def calls_of(context: BotContext) -> TeamIssueCalls:
    """What waits. Raises RefusedInWords where nothing is started by a forge."""
    if context.lookups.issue_calls is None:
        raise RefusedInWords("No run is started by a forge here.")
    return context.lookups.issue_calls
