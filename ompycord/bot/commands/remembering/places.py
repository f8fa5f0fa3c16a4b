"""Where a person asks the memory, and the memory itself; shared by the commands of this folder."""

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.domain.memory.items import MemoryPlace
from ompycord.domain.ports.memory import TeamMemory
from ompycord.errors import RefusedInWords

__all__ = ["memory_of", "place_here"]


def memory_of(context: BotContext) -> TeamMemory:
    """The memory. Raises RefusedInWords where there is none."""
    if context.lookups.memory is None:
        raise RefusedInWords("Nothing is remembered here.")
    return context.lookups.memory


def place_here(context: BotContext, interaction: Interaction, repository: str | None) -> MemoryPlace:
    """This server and channel, with the named repository or the channel's own. Raises Refused for an unknown name."""
    channel, person = context.channel_of(interaction), context.person(interaction)
    spec = context.repository_for(person, repository) if repository else context.catalog.preset(channel)
    if spec is not None and spec not in context.repositories_for(person):
        spec = None
    return MemoryPlace(
        guild=str(interaction.guild_id or ""), repository=spec.name if spec is not None else None, channel=channel
    )
