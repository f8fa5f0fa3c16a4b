"""Offers to save what somebody said as a decision, below their message; it saves nothing by itself.

Where the settings want it, in channels and threads of a repository, at most once in ten minutes a channel. Counterpart:
`decide.py`, whose button it is.
"""

from typing import Final

import discord

from ompycord.bot.access import member
from ompycord.bot.context import BotContext
from ompycord.domain.component_state import SpokenDecision
from ompycord.domain.memory.items import MemoryPlace
from ompycord.domain.memory.spoken import spoken_decision
from ompycord.domain.policy import Resource, is_allowed
from ompycord.errors import OmpycordError
from ompycord.render.cards.cardview import Button
from ompycord.render.message import message as rendered
from ompycord.telemetry import get_logger

__all__ = ["SAVE", "DecisionOffers"]

SAVE: Final = "memsave"
_PAUSE_S: Final = 600.0
_CHANNELS: Final = 500
_VALID_MS: Final = 24 * 3600 * 1000

log = get_logger(__name__)


class DecisionOffers:
    """Reads what people write, where Discord lets us."""

    def __init__(self, context: BotContext) -> None:
        self._context = context
        self._offered: dict[str, float] = {}

    async def on_message(self, message: discord.Message) -> None:
        """Offer it, or do nothing; nothing is said where that fails."""
        lookups, options = self._context.lookups, self._context.options
        if not lookups.offers_decisions or lookups.memory is None or not options.message_content:
            return
        if message.guild is None or message.author.bot or message.webhook_id is not None:
            return
        if str(message.guild.id) not in options.guilds or spoken_decision(message.content) is None:
            return
        try:
            await self._offer(message)
        except OmpycordError as error:
            log.info("decision.not_offered", cause=str(error))

    async def _offer(self, message: discord.Message) -> None:
        channel = str(message.channel.id)
        repository = await self._repository(channel)
        person = member(message.author, self._context.options, self._context.lookups, is_ours=True)
        if repository is None or not is_allowed(person, "remember", Resource(repository=repository, channel=channel)):
            return
        now = self._context.clock.monotonic_s()
        if now - self._offered.get(channel, -_PAUSE_S) < _PAUSE_S:
            return
        self._offered = dict([*list(self._offered.items())[-_CHANNELS:], (channel, now)])
        place = MemoryPlace(guild=str(message.guild.id) if message.guild else "", repository=repository)
        meaning = SpokenDecision(place=place, channel=channel, message=str(message.id))
        ref = await self._context.keep_meaning(meaning, valid_ms=_VALID_MS)
        button = Button(action=SAVE, label="Save as decision", ref=ref)
        shown = rendered(
            "That sounds like a decision. Save it, and agents are told of it from now on.",
            buttons=[button],
            sign=self._context.signer.button,
        )
        await self._context.rest.send(channel, shown, nonce=f"d{message.id}", silent=True, reply_to=str(message.id))

    async def _repository(self, channel: str) -> str | None:
        record = await self._context.store.surfaces.run_of_surface(channel)
        if record is not None:
            return record.repository
        preset = self._context.catalog.preset(channel)
        return preset.name if preset is not None else None
