"""`/omp decide` and *Save as decision*: what the team has decided is remembered, and given to agents from then on."""

from typing import Final, Literal

import discord
from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.commands.choices import Choices
from ompycord.bot.commands.remembering.places import memory_of, place_here
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.domain.access import Role
from ompycord.domain.memory.items import BODY_LENGTH, TITLE_LENGTH, MemoryKind, MemoryPlace, NewMemory
from ompycord.domain.policy import Denied, authorize
from ompycord.domain.refusals import RefusalCode
from ompycord.errors import Refused, RefusedInWords
from ompycord.render.memory.items import kept_words
from ompycord.text import cut
from ompycord.text.titles import title_of

__all__ = ["decide_feature", "new_decision"]

Scope = Literal["repository", "channel", "server"]
MENU: Final = "Save as decision"


def decide_feature(context: BotContext) -> Feature:
    """The command and the entry in the menu of every message."""
    choices = Choices(context)

    @slash_command(name="decide", description="Save a decision of the team; agents are told of it from now on.")
    @app_commands.describe(
        text="What was decided",
        scope="Where it counts: this channel's repository if left out, else the whole server",
        repository="Another repository than this channel's",
    )
    @app_commands.autocomplete(repository=choices.repositories)
    async def decide(
        interaction: Interaction,
        text: app_commands.Range[str, 1, BODY_LENGTH],
        scope: Scope = "repository",
        repository: app_commands.Range[str, 1, 100] | None = None,
    ) -> None:
        await defer(interaction)
        place = _scoped(place_here(context, interaction, repository), scope)
        await _save(context, interaction, text, place)

    @app_commands.context_menu(name=MENU)
    async def save(interaction: Interaction, message: discord.Message) -> None:
        await defer(interaction)
        if not message.content.strip():
            raise RefusedInWords("That message has no text that I can read, so nothing was saved. Use `/omp decide`.")
        place = _scoped(place_here(context, interaction, None), "repository")
        await _save(context, interaction, message.content, place, message=message.jump_url)

    return Feature(commands=(decide,), menus=(save,), role=Role.RUNNER)


async def _save(
    context: BotContext, interaction: Interaction, text: str, place: MemoryPlace, *, message: str | None = None
) -> None:
    person = context.person(interaction)
    if isinstance(authorize(person, "remember"), Denied):
        raise Refused(RefusalCode.NEEDS_ROLE, needs=Role.RUNNER.word, who="An admin")
    kept = await memory_of(context).keep(place, new_decision(text), person, message=message)
    await send_privately(interaction, kept_words(kept, context.sanitizer))


def new_decision(text: str) -> NewMemory:
    """A text as a decision: its first sentence is the title, and the whole stands in the body where it says more."""
    title = cut(title_of(text) or text.strip(), TITLE_LENGTH)
    body = text.strip()
    is_longer = body.rstrip(".") != title.rstrip(".")
    return NewMemory(kind=MemoryKind.DECISION, title=title, body=cut(body, BODY_LENGTH) if is_longer else "")


def _scoped(place: MemoryPlace, scope: Scope) -> MemoryPlace:
    """Where it counts. A channel without a repository has the whole server."""
    match scope:
        case "repository":
            return place.model_copy(update={"channel": None})
        case "channel":
            return place.model_copy(update={"repository": None})
        case "server":
            return MemoryPlace(guild=place.guild)
