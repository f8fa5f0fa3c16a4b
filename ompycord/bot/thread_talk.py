"""Messages in a run's thread reach its agent, where Discord lets us read them (the message content intent).

Counterpart: `commands/say.py`. Talk between people must not halt an agent: one that cannot be told anything while it works
hears of it only through `/omp say`.
"""

import aiohttp
import discord

from ompycord.bot import wording
from ompycord.bot.access import member
from ompycord.bot.desk import Desk
from ompycord.bot.rest import SendFailed
from ompycord.domain.access import Person, may
from ompycord.domain.ids import RunId
from ompycord.domain.run import FINAL, RunKind, RunRecord
from ompycord.errors import OmpycordError
from ompycord.render.message import message as rendered
from ompycord.telemetry import get_logger

__all__ = ["HEARD", "ThreadTalk"]

HEARD = "📨"
"""The reaction on a message that the run was told."""

_REMEMBERED = 200

log = get_logger(__name__)


class ThreadTalk:
    """Hears what people write in threads of runs."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._hinted: dict[str, None] = {}
        """Runs whose thread was told how an agent that does not listen is reached."""

    async def hear(self, message: discord.Message) -> None:
        """Tell the run, mark the message. Silent where it is not for a run, or where its writer may say nothing."""
        if not self._desk.options.message_content or not message.content.strip():
            return
        record = await self._desk.store.run_of_surface(str(message.channel.id))
        person = member(message.author, self._desk.options, is_ours=True)
        if record is None or record.kind is not RunKind.HOSTED or record.state in FINAL or not may(person, "say"):
            return
        try:
            await self._tell(message, record, person)
        except OmpycordError as error:
            await self._reply(message, str(error))

    async def _tell(self, message: discord.Message, record: RunRecord, person: Person) -> None:
        run = RunId(record.id)
        outlook = await self._desk.conductor.outlook(run, "next", person)
        if outlook.fate == "restart":
            if record.id not in self._hinted:
                self._hinted = dict.fromkeys([*list(self._hinted)[-_REMEMBERED:], record.id])
                await self._reply(message, wording.deaf(outlook))
            return
        await self._desk.conductor.say(run, message.content, "next", person, key=str(message.id))
        try:
            await message.add_reaction(HEARD)
        except (discord.HTTPException, OSError, aiohttp.ClientError) as error:
            log.info("say.not_marked", cause=type(error).__name__)

    async def _reply(self, message: discord.Message, words: str) -> None:
        what = rendered(words, sign=self._desk.signer.button)
        try:
            await self._desk.rest.send(str(message.channel.id), what, nonce=str(message.id), silent=True)
        except SendFailed as failed:
            log.info("say.not_answered", cause=str(failed))
