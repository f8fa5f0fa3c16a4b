"""Reaction launch: the bot adds 🚀 to a message, and a click on it by the message's author starts it as a task.

The text counts as it reads at that moment. Needs the message content intent, like all that reads what people write.
Counterpart: `commands/new.py`. A message is a draft of its own: its id makes the run's, so it starts once, however
often its author clicks.
"""

import hashlib

import aiohttp
import discord

from ompycord.bot.access import member
from ompycord.bot.context import BotContext
from ompycord.bot.interactions import reply_texts
from ompycord.bot.interactions.drafts import DraftBody, attached_files, submission_of
from ompycord.bot.interactions.replies import words_for
from ompycord.bot.refusing import note_refused
from ompycord.bot.rest import SendFailed
from ompycord.domain.access import Person, Role
from ompycord.domain.ids import DraftId, new_ulid
from ompycord.domain.records import Draft
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import OmpycordError, Refused, RefusedInWords
from ompycord.render.message import message as rendered
from ompycord.telemetry import get_logger

__all__ = ["ReactionLaunch", "draft_id_of"]

_NOT_DONE = (discord.HTTPException, discord.RateLimited, OSError, aiohttp.ClientError)
_ENTROPY = 10

log = get_logger(__name__)


def draft_id_of(message_id: int) -> DraftId:
    """The draft that a message is: always the same, at the time at which Discord made the message."""
    made_at = round(discord.utils.snowflake_time(message_id).timestamp() * 1000)
    return DraftId(
        new_ulid(now_ms=made_at, entropy=hashlib.sha256(f"rocket:{message_id}".encode()).digest()[:_ENTROPY])
    )


class ReactionLaunch:
    """Takes people's messages in work channels, and their clicks on the reaction."""

    def __init__(self, context: BotContext, client: discord.Client) -> None:
        self._context = context
        self._client = client
        self._explained: set[int] = set()
        """Channels in which the bot named the repository that it takes where several could be meant."""

    async def arm(self, message: discord.Message) -> None:
        """Add the reaction to a message that can start as it is.

        All other messages are ignored: people also write to each other.
        """
        if not self._context.options.message_content:
            return
        has_text = bool(message.content.strip() or message.attachments)
        place = None if isinstance(message.channel, discord.Thread) else self._place(message.channel.id)
        if not has_text or place is None:
            return
        person = member(message.author, self._context.options, self._context.lookups, is_ours=True)
        if not self._context.may_start_in(person, place.name, str(message.channel.id)):
            return
        try:
            await message.add_reaction(self._context.options.launch_emoji)
        except _NOT_DONE as error:
            log.info("rocket.not_armed", cause=type(error).__name__)
            return
        if self._is_usual(message.channel.id) and message.channel.id not in self._explained:
            self._explained.add(message.channel.id)
            emoji = self._context.options.launch_emoji
            words = reply_texts.usual_repository(emoji, place.name, self._context.sanitizer)
            await self._send(message, words, nonce=f"u{message.id}")

    async def launch(self, clicked: discord.RawReactionActionEvent) -> None:
        """Start an armed message for its author. A click of another person, or on another message, is ignored."""
        me = self._client.user
        options = self._context.options
        is_ours = clicked.guild_id is not None and str(clicked.guild_id) in options.guilds
        if not is_ours or me is None or clicked.user_id == me.id or str(clicked.emoji) != options.launch_emoji:
            return
        place = self._place(clicked.channel_id)
        if place is None or clicked.member is None or not options.message_content:
            return
        try:
            message = await self._context.rest.message(str(clicked.channel_id), str(clicked.message_id))
        except SendFailed as failed:
            log.info("rocket.not_read", cause=str(failed))
            return
        if message.author.id != clicked.user_id or not _is_armed(message, options.launch_emoji):
            return
        person = member(clicked.member, options, self._context.lookups, is_ours=True)
        await self._start(message, person, place)

    def _place(self, channel: int) -> RepositorySpec | None:
        """The repository of a work channel, where a text alone is enough."""
        catalog = self._context.catalog
        work = {*self._context.options.work_channels, *(spec.channel for spec in catalog.repositories)}
        return (catalog.preset(str(channel)) or catalog.usual) if str(channel) in work else None

    def _is_usual(self, channel: int) -> bool:
        """Whether several repositories could be meant there, of which the usual one is taken."""
        return self._context.catalog.preset(str(channel)) is None

    async def _start(self, message: discord.Message, person: Person, repository: RepositorySpec) -> None:
        draft_id = draft_id_of(message.id)
        try:
            if not self._context.may_start_in(person, repository.name, str(message.channel.id)):
                raise Refused(RefusalCode.WATCH_ONLY, who="an admin", needs=Role.RUNNER.word)
            agent = self._context.usual_agent(repository, await self._context.favourite(person))
            draft = self._draft(message, person, repository.name, agent.name, draft_id)
            await self._context.store.drafts.save_draft(draft)
            submission, notes = await submission_of(
                draft, rest=self._context.rest, keep=self._context.lookups.keep_file, sanitizer=self._context.sanitizer
            )
            record = await self._context.runs.submit(draft_id, submission, person)
        except (OmpycordError, ValueError) as error:  # ValueError: pydantic's
            guild = "" if message.guild is None else str(message.guild.id)
            note_refused(self._context.refusals, error, person, guild=guild, what="reaction on a message")
            await self._answer(message, words_for(error, str(message.id)[-8:]))
            return
        log.info("rocket.started", run=record.id)
        self._context.live.wake()
        if notes:
            await self._answer(message, "\n".join(notes))
        await self._disarm(message)

    def _draft(self, message: discord.Message, person: Person, repository: str, agent: str, draft_id: DraftId) -> Draft:
        files = attached_files(message.attachments)
        if not message.content.strip() and not files:
            raise RefusedInWords("The message is empty now, so nothing ran.")
        channel = str(message.channel.id)
        typed = {"prompt": message.content, "repository": repository, "agent": agent}
        return Draft(
            id=draft_id,
            person=person.id,
            guild=str(message.guild.id if message.guild else self._context.options.guilds[0]),
            channel=channel,
            body=DraftBody(typed=typed, files=files, shown_in=channel).stored(),
            created_at=self._context.clock.now_ms(),
        )

    async def _disarm(self, message: discord.Message) -> None:
        if self._client.user is None:
            return
        try:
            await message.remove_reaction(self._context.options.launch_emoji, self._client.user)
        except _NOT_DONE as error:
            log.info("rocket.stays", cause=type(error).__name__)

    async def _answer(self, message: discord.Message, words: str) -> None:
        words = reply_texts.to_author(words, message.author.display_name, self._context.sanitizer)
        await self._send(message, words, nonce=str(message.id))

    async def _send(self, message: discord.Message, words: str, *, nonce: str) -> None:
        what = rendered(words, sign=self._context.signer.button)
        try:
            await self._context.rest.send(str(message.channel.id), what, nonce=nonce, silent=True)
        except SendFailed as failed:
            log.info("rocket.not_answered", cause=str(failed))


def _is_armed(message: discord.Message, emoji: str) -> bool:
    """Whether the reaction is ours: one that people added launches nothing."""
    return any(reaction.me and str(reaction.emoji) == emoji for reaction in message.reactions)
