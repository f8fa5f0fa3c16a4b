"""*Draft a task from this*: a voice message or a file of sound becomes the draft of a task, which its person starts,
edits or drops. It starts no run by itself.

Discord sends a message's files with the click, with or without the message content intent. Counterpart:
`voice/dictation.py`, which makes the text.
"""

from typing import Final

import discord
from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.commands.new import NewRun
from ompycord.bot.commands.speech.recordings import read_recording
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature
from ompycord.bot.interactions import reply_texts
from ompycord.bot.interactions.drafts import DraftBody
from ompycord.bot.interactions.replies import defer, defer_update, send_privately
from ompycord.bot.interactions.task_form import TYPED_PROMPT
from ompycord.domain.access import Person, Role
from ompycord.domain.records import Draft
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.voice.recordings import StatedAudio
from ompycord.errors import Refused, RefusedInWords
from ompycord.render.cards.cardview import Button
from ompycord.render.message import RenderedMessage, message

__all__ = ["dictated_feature"]

MENU: Final = "Draft a task from this"
_RUN, _EDIT, _DROP = "vrun", "vedit", "vdrop"


def dictated_feature(context: BotContext) -> Feature:
    """The entry in the menu of every message, and the three buttons below a draft."""
    dictated = _Dictated(context)

    async def chosen(interaction: Interaction, target: discord.Message) -> None:
        await dictated.draft(interaction, target)

    return Feature(
        menus=(app_commands.ContextMenu(name=MENU, callback=chosen),),
        components={_RUN: dictated.run, _EDIT: dictated.edit, _DROP: dictated.drop},
        role=Role.RUNNER,
        needs_voice=True,
    )


class _Dictated:
    def __init__(self, context: BotContext) -> None:
        self._context = context
        self._new = NewRun(context)

    async def draft(self, interaction: Interaction, target: discord.Message) -> None:
        """Make a draft of what is said in a message's recording, and show it to who asked for it."""
        context, voice = self._context, self._context.lookups.voice
        if voice is None:
            raise Refused(RefusalCode.VOICE_NOT_OFFERED)
        person = self._new.permitted(interaction)
        file = _recording_in(target)
        stated = StatedAudio(size=file.size, duration_s=file.duration, waveform=file.waveform or b"")
        voice.require_allowed(stated)
        await defer(interaction)
        empty = DraftBody(typed={}, shown_in=context.shown_in(interaction))
        body = self._new.placed(interaction, empty, await context.favourite(person))
        data = await read_recording(file.url, most_bytes=voice.most_bytes, proxy=context.options.proxy)
        text = await voice.text_of(data, stated, guild=str(interaction.guild_id), person=person.id)
        kept = self._new.draft_of(interaction, person, body.completed(prompt=text))
        await context.store.drafts.save_draft(kept)
        words, whole = reply_texts.dictated(text, target.author.display_name, context.sanitizer)
        files = [] if whole else [(reply_texts.DICTATED_FILE, text)]
        await send_privately(interaction, words, files=files, buttons=self._buttons(words, kept))

    async def run(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        """Start it as it is; where no repository is meant here, the form asks for one."""
        draft = await self._own(person, component)
        if DraftBody.of(draft).text("repository"):
            await self._new.start_draft(interaction, person, component)
        else:
            await self._open(interaction, person, draft)

    async def edit(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        """Open the form with it."""
        await self._open(interaction, person, await self._unstarted(person, component))

    async def drop(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        """Forget it."""
        await defer_update(interaction)
        draft = await self._unstarted(person, component)
        await self._context.store.drafts.save_draft(draft.model_copy(update={"body": {}}))
        await send_privately(interaction, reply_texts.DICTATION_DROPPED)

    async def _own(self, person: Person, component: ComponentId) -> Draft:
        """The draft of a button, for the person whose it is. Raises Refused."""
        draft = await self._context.store.drafts.draft(component.ref)
        if draft is None or "prompt" not in draft.body:
            raise RefusedInWords(f"That draft has expired. *{MENU}* makes another one.")
        if draft.person != person.id:
            raise RefusedInWords("Only who asked for that draft can use it.")
        return draft

    async def _unstarted(self, person: Person, component: ComponentId) -> Draft:
        draft = await self._own(person, component)
        if draft.run is not None:
            raise RefusedInWords("That text runs already. `/omp status` shows its card.")
        return draft

    async def _open(self, interaction: Interaction, person: Person, draft: Draft) -> None:
        body = DraftBody.of(draft)
        if len(body.text("prompt")) > TYPED_PROMPT:
            raise RefusedInWords(reply_texts.dictated_too_long(len(body.text("prompt"))))
        favourite = await self._context.favourite(person)
        await self._new.open_form(interaction, person, body, favourite, draft_id=draft.id)

    def _buttons(self, words: str, draft: Draft) -> RenderedMessage:
        buttons = [
            Button(action=_RUN, label="Run", style="primary", ref=draft.id),
            Button(action=_EDIT, label="Edit", ref=draft.id),
            Button(action=_DROP, label="Cancel", ref=draft.id),
        ]
        return message(words, buttons=buttons, sign=self._context.signer.button)


def _recording_in(target: discord.Message) -> discord.Attachment:
    """The voice message, else the first file that Discord takes for sound, else the only file. Raises Refused."""
    files = target.attachments
    sound = [one for one in files if one.is_voice_message() or (one.content_type or "").startswith("audio/")]
    if not sound and len(files) != 1:
        raise Refused(RefusalCode.NO_RECORDING)
    return (sound or files)[0]
