"""`/omp trigger`: what starts runs because another system said so; and the question about a storm.

Counterpart: `schedules/triggers/triggers.py`.
"""

from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature, Handler
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.domain.access import Person, Role
from ompycord.domain.ports.triggers import TeamTriggers
from ompycord.domain.triggers.options import TriggerSpec
from ompycord.domain.triggers.records import STORM_IGNORE, STORM_START, TriggerState
from ompycord.errors import RefusedInWords
from ompycord.render.phrases import count
from ompycord.render.schedules.triggers import triggers_text
from ompycord.text.limits import AUTOCOMPLETE_CHOICES

__all__ = ["trigger_feature"]

TriggerChoice = app_commands.Range[str, 1, 32]


def trigger_feature(context: BotContext) -> Feature:
    """The commands, and the buttons of the question."""
    group = app_commands.Group(name="trigger", description="Runs that start because another system says so.")

    async def seen(interaction: Interaction) -> list[tuple[TriggerSpec, TriggerState]]:
        person = context.person(interaction)
        return [one for one in await triggers_of(context).listed() if context.sees(person, one[0].repository)]

    async def completed(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        if not context.may_use(interaction) or context.lookups.triggers is None:
            return []
        names = [spec.name for spec, _ in await seen(interaction) if typed.lower() in spec.name]
        return [app_commands.Choice(name=name, value=name) for name in names[:AUTOCOMPLETE_CHOICES]]

    @group.command(name="list", description="What starts runs here, and how it stands.")
    async def listed(interaction: Interaction) -> None:
        await defer(interaction)
        await send_privately(interaction, triggers_text(await seen(interaction), context.sanitizer))

    @group.command(name="pause", description="Let a trigger start nothing until someone resumes it.")
    @app_commands.describe(trigger="Which one")
    @app_commands.autocomplete(trigger=completed)
    async def pause(interaction: Interaction, trigger: TriggerChoice) -> None:
        await defer(interaction)
        await triggers_of(context).pause(trigger, context.person(interaction))
        await send_privately(interaction, f"`{trigger}` is paused. `/omp trigger resume` lets it go on.")

    @group.command(name="resume", description="Let a paused trigger go on; its failures and costs count from now.")
    @app_commands.describe(trigger="Which one")
    @app_commands.autocomplete(trigger=completed)
    async def resume(interaction: Interaction, trigger: TriggerChoice) -> None:
        await defer(interaction)
        await triggers_of(context).resume(trigger, context.person(interaction))
        await send_privately(interaction, f"`{trigger}` goes on.")

    return Feature(
        commands=(group,),
        components={STORM_START: _answering(context, starts=True), STORM_IGNORE: _answering(context, starts=False)},
        role=Role.RUNNER,
        exceptions={"list": Role.VIEWER},
    )


def triggers_of(context: BotContext) -> TeamTriggers:
    """The triggers. Raises RefusedInWords where there are none."""
    if context.lookups.triggers is None:
        raise RefusedInWords("No run is started by other systems here.")
    return context.lookups.triggers


def _answering(context: BotContext, *, starts: bool) -> Handler:
    async def handle(interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer(interaction)
        messages = await triggers_of(context).answer(component.ref, person, starts=starts)
        about = count(messages, "message")
        words = f"Starting one run about {about}." if starts else f"Ignored {about}."
        await send_privately(interaction, words)

    return handle
