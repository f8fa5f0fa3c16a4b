"""`/omp cancel` and the card's *Cancel run*: end a run permanently, after a confirmation."""

from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.commands.choices import Choices
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions import reply_texts
from ompycord.bot.interactions.replies import defer, defer_update, send_privately
from ompycord.domain.access import Person, Role
from ompycord.domain.component_state import CancelConfirmation
from ompycord.domain.ids import short_id
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.run import FINAL, RunRecord
from ompycord.errors import Refused
from ompycord.render.cards.actions import CANCEL
from ompycord.render.cards.cardview import Button
from ompycord.render.message import message

__all__ = ["cancel_feature"]

CONFIRM_MS = 15 * 60 * 1000


def cancel_feature(context: BotContext) -> Feature:
    """The command, the button, and the two buttons of the confirmation."""
    choices = Choices(context)

    @slash_command(name="cancel", description="End a run permanently. Its record stays; unpublished work is lost.")
    @app_commands.describe(run="This thread's run, or your latest, if left out", reason="Why; it stands on the card")
    @app_commands.autocomplete(run=choices.runs)
    async def cancel(
        interaction: Interaction,
        run: app_commands.Range[str, 1, 100] | None = None,
        reason: app_commands.Range[str, 1, 400] | None = None,
    ) -> None:
        await defer(interaction)
        record = await context.run(interaction, run)
        await _ask(context, interaction, context.person(interaction), record, reason=reason)

    async def pressed(interaction: Interaction, person: Person, record: RunRecord) -> None:
        await _ask(context, interaction, person, record, reason=None)

    async def confirmed(interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer_update(interaction)
        meaning = await context.meaning(component)
        if not isinstance(meaning, CancelConfirmation):
            await send_privately(interaction, reply_texts.CONFIRM_EXPIRED)
            return
        record = await context.visible(interaction, meaning.run)
        await context.runs.cancel(record, person, reason=meaning.reason)
        await send_privately(
            interaction, reply_texts.cancelled(record, (await context.snapshots.load(record)).branch, context.sanitizer)
        )

    async def kept(interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer_update(interaction)
        await send_privately(interaction, reply_texts.NOTHING_CHANGED)

    return Feature(
        commands=(cancel,),
        actions={CANCEL: pressed},
        components={"docancel": confirmed, "keep": kept},
        role=Role.RUNNER,
    )


async def _ask(
    context: BotContext, interaction: Interaction, person: Person, record: RunRecord, *, reason: str | None
) -> None:
    """Ask before ending a run permanently. The reason is stored under the id in the button."""
    context.require(person, CANCEL.right, record)
    if record.state in FINAL:
        raise Refused(RefusalCode.HAS_ENDED, run=short_id(record.id))
    meaning = CancelConfirmation(run=record.id, reason=reason)
    state = await context.keep_meaning(meaning, valid_ms=CONFIRM_MS)
    loaded = await context.snapshots.load(record)
    words = reply_texts.confirm_cancel(record, loaded.title, loaded.branch, context.sanitizer)
    buttons = [
        Button(action="docancel", label="Yes, cancel it", style="danger", ref=state),
        Button(action="keep", label="Keep running", ref=state),
    ]
    await send_privately(interaction, words, buttons=message(words, buttons=buttons, sign=context.signer.button))
