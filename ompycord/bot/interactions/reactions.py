"""Reactions that say something: 👍 ✏️ 👎 on a run's result, 📌 on a message that is a decision.

Counterpart of `reaction_launch.py`, whose reaction starts a run. Rights are those of the member who reacts.
"""

from typing import Final

import discord

from ompycord.bot.access import member
from ompycord.bot.context import BotContext
from ompycord.bot.interactions.decisions import new_decision
from ompycord.bot.rest import SendFailed
from ompycord.domain.access import Person
from ompycord.domain.ids import RunId
from ompycord.domain.memory.feedback import FeedbackVerdict
from ompycord.domain.memory.items import MemoryPlace
from ompycord.domain.policy import Circumstances, Resource, is_allowed, resource_of
from ompycord.domain.records import OutboxKind
from ompycord.errors import OmpycordError
from ompycord.render.memory.items import kept_words
from ompycord.render.message import message as rendered
from ompycord.telemetry import get_logger

__all__ = ["PIN", "Reactions"]

PIN: Final = "📌"
_VARIANT: Final = "\ufe0f"
_VERDICTS: Final = {verdict.emoji.removesuffix(_VARIANT): verdict for verdict in FeedbackVerdict}

log = get_logger(__name__)


class Reactions:
    """Takes what people add to messages of this server."""

    def __init__(self, context: BotContext, client: discord.Client) -> None:
        self._context = context
        self._client = client

    async def added(self, clicked: discord.RawReactionActionEvent) -> None:
        """Act on one reaction; most mean nothing to us. Nothing is said where nothing was done."""
        me = self._client.user
        options = self._context.options
        is_ours = clicked.guild_id is not None and str(clicked.guild_id) in options.guilds
        if not is_ours or me is None or clicked.member is None or clicked.user_id == me.id or clicked.member.bot:
            return
        emoji = str(clicked.emoji).removesuffix(_VARIANT)
        person = member(clicked.member, options, self._context.lookups, is_ours=True)
        try:
            if emoji in _VERDICTS:
                await self._judge(clicked, person, _VERDICTS[emoji])
            elif emoji == PIN:
                await self._pin(clicked, person)
        except (OmpycordError, SendFailed) as error:
            log.info("reaction.not_taken", emoji=emoji, cause=str(error))

    async def _judge(self, clicked: discord.RawReactionActionEvent, person: Person, verdict: FeedbackVerdict) -> None:
        """A verdict on a result; on any other message it is a reaction like every one."""
        opinions = self._context.lookups.opinions
        record = await self._context.store.surfaces.run_of_surface(str(clicked.message_id))
        if opinions is None or record is None:
            return
        if not is_allowed(person, "details", resource_of(record)):
            return
        result = await self._context.store.surfaces.surface(RunId(record.id), OutboxKind.RESULT)
        if result is None or result.message != str(clicked.message_id):
            return
        await opinions.give(RunId(record.id), person, verdict)
        log.info("feedback.given", run=record.id, verdict=verdict)

    async def _pin(self, clicked: discord.RawReactionActionEvent, person: Person) -> None:
        """Save a message as a decision, and say so below it. A message that cannot be read is left alone."""
        memory = self._context.lookups.memory
        channel = str(clicked.channel_id)
        anywhere = Circumstances(anywhere=True)
        if memory is None or not is_allowed(person, "remember", Resource(channel=channel), anywhere):
            return
        message = await self._context.rest.message(channel, str(clicked.message_id))
        if not message.content.strip() or message.author.bot:
            return
        record = await self._context.store.surfaces.run_of_surface(channel)
        repository = record.repository if record is not None else None
        if repository is None:
            preset = self._context.catalog.preset(channel)
            repository = preset.name if preset is not None else None
        if not is_allowed(person, "remember", Resource(repository=repository, channel=channel)):
            return
        place = MemoryPlace(guild=str(clicked.guild_id), repository=repository)
        kept = await memory.keep(place, new_decision(message.content), person, message=message.jump_url)
        if kept.fresh:
            what = rendered(kept_words(kept, self._context.sanitizer), sign=self._context.signer.button)
            await self._context.rest.send(channel, what, nonce=f"p{message.id}", silent=True)
