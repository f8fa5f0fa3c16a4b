"""Messages in a run's thread answer its question or reach its agent, where Discord lets us read them.

That needs the message content intent. Counterpart: `commands/say.py`. People who write to each other must not stop an
agent: one that takes no messages while it works gets them only by `/omp say`.
"""

import asyncio
from weakref import WeakValueDictionary

import aiohttp
import discord

from ompycord.bot.access import access_of, member
from ompycord.bot.context import BotContext
from ompycord.bot.interactions import reply_texts
from ompycord.bot.interactions.follow_ups import FollowUpOffers
from ompycord.bot.interactions.typed_answers import MessageAnswers
from ompycord.bot.rest import SendFailed
from ompycord.conductor import LoadedRun
from ompycord.conductor.typed_answers import WrittenMessage
from ompycord.domain.access import Person
from ompycord.domain.ids import RunId
from ompycord.domain.policy import is_allowed, resource_of
from ompycord.domain.records import OutboxKind, Surface
from ompycord.domain.refs import Ref, RefKind
from ompycord.domain.run import FINAL, RunKind, RunRecord
from ompycord.errors import OmpycordError, Refused
from ompycord.render.marker import parse_marker, question_tag
from ompycord.render.message import RenderedMessage
from ompycord.render.message import message as rendered
from ompycord.render.refusals import Audience, refusal_words
from ompycord.telemetry import get_logger

__all__ = ["RECEIVED", "ThreadMessages"]

RECEIVED = "📨"
"""The reaction on a message that was sent to the run."""

_REMEMBERED = 200
_WRITTEN = frozenset({discord.MessageType.default, discord.MessageType.reply})

log = get_logger(__name__)


class ThreadMessages:
    """Takes people's messages in the threads of runs."""

    def __init__(self, context: BotContext) -> None:
        self._context = context
        self._answers = MessageAnswers(context)
        self._offers = FollowUpOffers(context)
        self._explained: dict[tuple[str, ...], None] = {}
        """What was explained once: to whom, or in which run's thread."""
        self._orders = WeakValueDictionary[int, asyncio.Lock]()
        """By thread: what is written, changed and deleted there is taken in its order, whoever wrote it."""

    async def on_message(self, message: discord.Message) -> bool:
        """Take it as an answer, or send it to the run and mark it; False where it stands in no run's thread.

        Ignored where it is not for a run, or where its author may not send one.
        """
        async with self._order(message.channel.id):
            record = await self._context.store.surfaces.run_of_surface(str(message.channel.id))
            if record is None:
                return False
            try:
                await self._take(message, record, await self._person(message))
            except OmpycordError as error:
                await self._reply(message, self._words(_words_of(error)))
            return True

    async def _person(self, message: discord.Message) -> Person:
        """Its author with the role of now; a message that was read later comes without it, so that Discord is asked.

        Raises UnavailableError where it does not answer.
        """
        options, lookups, author = self._context.options, self._context.lookups, message.author
        if isinstance(author, discord.Member) or lookups.members is None or message.guild is None:
            return member(author, options, lookups, is_ours=True)
        guild = str(message.guild.id)
        found = await lookups.members.member(guild, str(author.id))
        if found is None:
            return member(author, options, lookups, is_ours=True)
        return access_of(guild, options, lookups).person(str(author.id), found.name, found.roles, guild=guild)

    async def on_edit(self, message: discord.Message) -> None:
        """Change the answer that it is, while that can be undone."""
        async with self._order(message.channel.id):
            record = await self._context.store.surfaces.run_of_surface(str(message.channel.id))
            if record is None or message.author.bot:
                return
            loaded = await self._context.snapshots.load(record)
            written = await self._written(message, loaded.run)
            try:
                await self._offers.change(str(message.id), written)
                reply = await self._answers.change(loaded, written, typed=str(message.id))
            except OmpycordError as error:
                reply = self._words(_words_of(error))
            if reply is not None and self._is_first("edit", str(message.id)):
                await self._reply(message, reply, nonce=f"{message.id}e")

    async def on_delete(self, channel: str, message: str) -> None:
        """Withdraw the answer that it was, while that can be undone."""
        async with self._order(int(channel)):
            record = await self._context.store.surfaces.run_of_surface(channel)
            if record is not None:
                await self._offers.delete(message)
                await self._answers.delete(RunId(record.id), typed=message)

    def _order(self, channel: int) -> asyncio.Lock:
        """discord.py starts a task for each event; those that wait here go on first come, first served."""
        return self._orders.setdefault(channel, asyncio.Lock())

    async def _take(self, message: discord.Message, record: RunRecord, person: Person) -> None:
        if not self._context.options.message_content and not message.content:
            await self._unread(record, person)
            return
        loaded = await self._context.snapshots.load(record)
        written = await self._written(message, loaded.run)
        if record.state in FINAL:
            await self._offers.take(message, loaded, written, person)
            return
        taken = await self._answers.take(loaded, written, person, typed=str(message.id), is_message=True)
        if taken.reply is not None and (
            not taken.is_repeated or self._is_first(taken.reply.content, person.id, record.id)
        ):
            await self._reply(message, taken.reply)
        if taken.is_message:
            await self._send(message, loaded, written, person)

    async def _send(self, message: discord.Message, loaded: LoadedRun, written: WrittenMessage, person: Person) -> None:
        record = loaded.record
        is_taken = record.kind is RunKind.HOSTED and record.state not in FINAL
        is_taken = is_taken and is_allowed(person, "say", resource_of(record))
        if not is_taken or not written.text.strip():
            return
        preview_message = await self._context.messages.preview_message(record, "next", person)
        if preview_message.outcome == "restart":
            if self._is_first("deaf", record.id):
                await self._reply(message, self._words(reply_texts.deaf(preview_message)))
            return
        await self._context.messages.send_message(record, message.content, "next", person, key=str(message.id))
        try:
            await message.add_reaction(RECEIVED)
        except (discord.HTTPException, OSError, aiohttp.ClientError) as error:
            log.info("say.not_marked", cause=type(error).__name__)

    async def _unread(self, record: RunRecord, person: Person) -> None:
        """Say once in a thread that its messages cannot be read."""
        if is_allowed(person, "use"):
            await self._context.messages.cannot_read(record)
            self._context.live.wake()

    # -- what counts of a message --------------------------------------------------------------------------------------

    async def _written(self, message: discord.Message, run: RunId) -> WrittenMessage:
        me = self._context.rest.me
        own = {me, str(message.author.id)}
        text = message.content
        for mention in (f"<@{me}>", f"<@!{me}>"):
            text = text.replace(mention, "")
        is_to_others = (
            message.mention_everyone
            or bool(message.role_mentions)
            or any(str(one.id) not in own for one in message.mentions)
        )
        about, is_reply_to_others = await self._replied(message, run, own)
        return WrittenMessage(
            text=text,
            author=str(message.author.id),
            is_person=not message.author.bot and message.webhook_id is None and message.type in _WRITTEN,
            is_to_others=is_to_others or is_reply_to_others,
            about=about,
            has_files=bool(message.attachments),
        )

    async def _replied(self, message: discord.Message, run: RunId, own: set[str | None]) -> tuple[str | None, bool]:
        """The question on which it is a reply, and whether it is a reply to somebody else."""
        reference = message.reference
        if message.type is not discord.MessageType.reply or reference is None or reference.message_id is None:
            return None, False
        surfaces = await self._context.store.surfaces.surfaces(run)
        request = _request_at(surfaces, str(reference.message_id))
        if request is not None:
            return (request.name, False) if request.kind is RefKind.QUESTION else (None, True)
        replied = reference.resolved
        if not isinstance(replied, discord.Message) or str(replied.author.id) not in own:
            return None, True
        # People may answer what we have just posted before it is noted where that stands.
        return await self._marked_question(run, replied), False

    async def _marked_question(self, run: RunId, posted: discord.Message) -> str | None:
        """The question that a message of ours asks, by its footer."""
        markers = [parse_marker(embed.footer.text or "") for embed in posted.embeds]
        tags = {one.number for one in markers if one is not None and one.is_of(run) and one.kind is OutboxKind.QUESTION}
        snapshot = await self._context.snapshots.of(run) if tags else None
        questions = snapshot.open_questions if snapshot is not None else ()
        return next((one.ref for one in questions if question_tag(one.ref) in tags), None)

    # -- replies -------------------------------------------------------------------------------------------------------

    def _is_first(self, *what: str) -> bool:
        if what in self._explained:
            return False
        self._explained = dict.fromkeys([*list(self._explained)[-_REMEMBERED:], what])
        return True

    def _words(self, words: str) -> RenderedMessage:
        return rendered(words, sign=self._context.signer.button)

    async def _reply(self, message: discord.Message, what: RenderedMessage, *, nonce: str | None = None) -> None:
        channel, answered = str(message.channel.id), str(message.id)
        try:
            await self._context.rest.send(channel, what, nonce=nonce or answered, silent=True, reply_to=answered)
        except SendFailed as failed:
            log.info("say.not_answered", cause=str(failed))


def _request_at(surfaces: list[Surface], message: str) -> Ref | None:
    """The question or approval that a message of ours asks, repeats or reminds of."""
    found = next((Ref.parse(one.ref).subject for one in surfaces if one.message == message), None)
    return found if found is not None and found.kind in {RefKind.QUESTION, RefKind.APPROVAL} else None


def _words_of(error: OmpycordError) -> str:
    return refusal_words(error, Audience.DISCORD) if isinstance(error, Refused) else str(error)
