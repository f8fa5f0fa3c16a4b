"""`/omp decide` and *Save as decision*: what the team has decided is remembered, and given to agents from then on."""

from typing import Final, Literal

import discord
from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.commands.choices import Choices
from ompycord.bot.commands.remembering.decision_offers import SAVE
from ompycord.bot.commands.remembering.places import memory_of, place_here
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions.decisions import new_decision
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.domain.access import Person, Role
from ompycord.domain.component_state import Replacement, SpokenDecision
from ompycord.domain.ids import short_id
from ompycord.domain.memory.items import BODY_LENGTH, MemoryPlace
from ompycord.domain.memory.spoken import spoken_decision
from ompycord.domain.policy import Denied, Resource, authorize
from ompycord.domain.refusals import RefusalCode
from ompycord.errors import Refused, RefusedInWords
from ompycord.render.cards.cardview import Button
from ompycord.render.memory.items import kept_words, similar_words
from ompycord.render.message import message as rendered

__all__ = ["decide_feature"]

Scope = Literal["repository", "channel", "server"]
MENU: Final = "Save as decision"
REPLACE: Final = "memrepl"
_VALID_MS: Final = 24 * 3600 * 1000


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

    async def replaced(interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer(interaction)
        meaning = await context.meaning(component)
        if not isinstance(meaning, Replacement) or meaning.place.guild != str(interaction.guild_id):
            raise RefusedInWords("That question has expired. `/omp memory drop` removes the older one.")
        _require(person, meaning.place)
        await memory_of(context).supersede(meaning.place, meaning.older, meaning.newer, person)
        older, newer = short_id(meaning.older), short_id(meaning.newer)
        await send_privately(interaction, f"`{newer}` replaces `{older}`: no agent is given the older one any more.")

    async def spoken(interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer(interaction)
        meaning = await context.meaning(component)
        if not isinstance(meaning, SpokenDecision) or meaning.place.guild != str(interaction.guild_id):
            raise RefusedInWords("That offer has expired. `/omp decide` saves a decision.")
        _require(person, meaning.place)
        message = await context.rest.message(meaning.channel, meaning.message)
        text = spoken_decision(message.content)
        if text is None:
            raise RefusedInWords("That message says no decision any more, so nothing was saved. Use `/omp decide`.")
        await _save(context, interaction, text, meaning.place, message=message.jump_url)

    return Feature(commands=(decide,), menus=(save,), components={REPLACE: replaced, SAVE: spoken}, role=Role.RUNNER)


def _require(person: Person, place: MemoryPlace) -> None:
    where = Resource(repository=place.repository, channel=place.channel)
    if isinstance(authorize(person, "remember", where), Denied):
        raise Refused(RefusalCode.NEEDS_ROLE, needs=Role.RUNNER.word, who="an admin")


async def _save(
    context: BotContext, interaction: Interaction, text: str, place: MemoryPlace, *, message: str | None = None
) -> None:
    person = context.person(interaction)
    _require(person, place)
    kept = await memory_of(context).keep(place, new_decision(text), person, message=message)
    words, asks = kept_words(kept, context.sanitizer), kept.similar if kept.fresh else ()
    buttons: list[Button] = []
    for one in asks:
        meaning = Replacement(older=one.id, newer=kept.item.id, place=place)
        ref = await context.keep_meaning(meaning, valid_ms=_VALID_MS)
        buttons.append(Button(action=REPLACE, label=f"Replace {short_id(one.id)}", ref=ref))
    if asks:
        words = "\n".join((words, similar_words(asks, context.sanitizer)))
    shown = rendered(words, buttons=buttons, sign=context.signer.button) if buttons else None
    await send_privately(interaction, words, buttons=shown)


def _scoped(place: MemoryPlace, scope: Scope) -> MemoryPlace:
    """Where it counts. A channel without a repository has the whole server."""
    match scope:
        case "repository":
            return place.model_copy(update={"channel": None})
        case "channel":
            return place.model_copy(update={"repository": None})
        case "server":
            return MemoryPlace(guild=place.guild)
