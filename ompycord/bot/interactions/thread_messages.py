"""Messages in a run's thread reach its agent, where Discord lets us read them (the message content intent).

Counterpart: `commands/say.py`. People who write to each other must not stop an agent: one that takes no messages while
it works gets them only by `/omp say`.
"""

import aiohttp
import discord

from ompycord.bot.access import member
from ompycord.bot.context import BotContext
from ompycord.bot.interactions import reply_texts
from ompycord.bot.rest import SendFailed
from ompycord.domain.access import Person
from ompycord.domain.policy import is_allowed
from ompycord.domain.run import FINAL, RunKind, RunRecord
from ompycord.errors import OmpycordError, Refused
from ompycord.render.message import message as rendered
from ompycord.render.refusals import Audience, refusal_words
from ompycord.telemetry import get_logger

__all__ = ["RECEIVED", "ThreadMessages"]

RECEIVED = "📨"
"""The reaction on a message that was sent to the run."""

_REMEMBERED = 200

log = get_logger(__name__)


class ThreadMessages:
    """Takes people's messages in the threads of runs."""

    def __init__(self, context: BotContext) -> None:
        self._context = context
        self._hinted: dict[str, None] = {}
        """Runs in whose thread it was explained how to reach an agent that takes no messages."""

    async def on_message(self, message: discord.Message) -> None:
        """Send the message to the run and mark it.

        Ignored where it is not for a run, or where its author may not send one.
        """
        if not self._context.options.message_content or not message.content.strip():
            return
        record = await self._context.store.surfaces.run_of_surface(str(message.channel.id))
        person = member(message.author, self._context.options, is_ours=True)
        if (
            record is None
            or record.kind is not RunKind.HOSTED
            or record.state in FINAL
            or not is_allowed(person, "say")
        ):
            return
        try:
            await self._notify(message, record, person)
        except OmpycordError as error:
            words = refusal_words(error, Audience.DISCORD) if isinstance(error, Refused) else str(error)
            await self._reply(message, words)

    async def _notify(self, message: discord.Message, record: RunRecord, person: Person) -> None:
        preview_message = await self._context.messages.preview_message(record, "next", person)
        if preview_message.outcome == "restart":
            if record.id not in self._hinted:
                self._hinted = dict.fromkeys([*list(self._hinted)[-_REMEMBERED:], record.id])
                await self._reply(message, reply_texts.deaf(preview_message))
            return
        await self._context.messages.send_message(record, message.content, "next", person, key=str(message.id))
        try:
            await message.add_reaction(RECEIVED)
        except (discord.HTTPException, OSError, aiohttp.ClientError) as error:
            log.info("say.not_marked", cause=type(error).__name__)

    async def _reply(self, message: discord.Message, words: str) -> None:
        what = rendered(words, sign=self._context.signer.button)
        try:
            await self._context.rest.send(str(message.channel.id), what, nonce=str(message.id), silent=True)
        except SendFailed as failed:
            log.info("say.not_answered", cause=str(failed))
