"""`/omp health`: Discord as the bot sees it, then what the composition root knows of the machine; `/omp gateway`: what
models are asked just now; `/omp-admin stop-models`: none of them, at once.
"""

from ompycord.bot.access import Interaction
from ompycord.bot.commands.admin.admins import require_admin
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.bot.lookups import HealthLine, ModelControl
from ompycord.domain.access import Role
from ompycord.errors import RefusedInWords
from ompycord.render.models import ModelsState, models_text
from ompycord.render.phrases import count

__all__ = ["gateway_feature", "health_feature"]


def health_feature(context: BotContext) -> Feature:
    """The command."""

    @slash_command(name="health", description="Discord, agents, confinement, disk, providers.")
    async def health(interaction: Interaction) -> None:
        await defer(interaction)
        waiting = len(await context.store.outbox.outbox(limit=100))
        number = "" if context.is_shared else f"{waiting if waiting < 100 else 'more than 99'} "  # noqa: PLR2004  # the limit above
        pending = f"{number}messages wait for Discord"
        lines = [
            context.connection(),
            HealthLine(name="Message queue", is_ok=waiting == 0, text=pending if waiting else "empty"),
            *await context.lookups.health(str(interaction.guild_id) if context.is_shared else None),
        ]
        text = "\n".join(
            f"{'✅' if line.is_ok else '⚠'} **{context.sanitizer.line(line.name, 60)}** "
            f"{context.sanitizer.line(line.text, 300)}"
            for line in lines
        )
        await send_privately(interaction, text)

    return Feature(commands=(health,))


def gateway_feature(context: BotContext) -> Feature:
    """The commands."""

    @slash_command(name="gateway", description="Models: requests under way, spending, providers, refusals.")
    async def gateway(interaction: Interaction) -> None:
        await defer(interaction)
        state = _models(context).state()
        if context.is_shared:
            await send_privately(interaction, await _models_here(context, interaction, state))
            return
        await send_privately(interaction, models_text(state, sanitizer=context.sanitizer))

    @slash_command(name="stop-models", description="End every model request of every run, and allow none.")
    async def stop_models(interaction: Interaction) -> None:
        await defer(interaction)
        ended = _models(context).stop(require_admin(interaction, context).name)
        what = "and every request has ended" if context.is_shared else f"{count(ended, 'request')} ended"
        words = f"All models are stopped; {what}. `/omp-admin resume-models` allows them again."
        await send_privately(interaction, words)

    @slash_command(name="resume-models", description="Allow models again after stop-models.")
    async def resume_models(interaction: Interaction) -> None:
        await defer(interaction)
        was_stopped = _models(context).resume(require_admin(interaction, context).name)
        await send_privately(interaction, "Models are asked again." if was_stopped else "Models were not stopped.")

    admins = {one.name: Role.ADMIN for one in (stop_models, resume_models)}
    return Feature(commands=(gateway,), admin=(stop_models, resume_models), exceptions=admins)


async def _models_here(context: BotContext, interaction: Interaction, state: ModelsState) -> str:
    """Of all that runs of other servers do nothing is told, not even how much it is."""
    records = [(one, await context.store.records.run(one.run)) for one in state.refused]
    here = [one for one, record in records if record is not None and context.is_visible(interaction, record)]
    return models_text(state.model_copy(update={"refused": tuple(here)}), sanitizer=context.sanitizer, is_shared=True)


def _models(context: BotContext) -> ModelControl:
    """Raises Refused where none is configured."""
    if context.lookups.models is None or not context.lookups.models.state().providers:
        raise RefusedInWords("No providers are configured: agents ask their models themselves.")
    return context.lookups.models
