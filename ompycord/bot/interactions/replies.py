"""Replies that only the asking person sees, and every error as text, in one place for all.

Counterpart: `commands/` and `components.py`, which raise instead of wording their refusals.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import cast

import aiohttp
import discord
from discord import app_commands
from pydantic import ValidationError

from ompycord.bot.access import Interaction
from ompycord.bot.chart_images import ChartImage
from ompycord.bot.embed_builder import QUIET, buttons_view, sendable, text_file
from ompycord.bot.interactions import reply_texts
from ompycord.bot.refusing import refused
from ompycord.bot.rest import SendFailed
from ompycord.errors import ArchiveUnreadable, Backlogged, BadEvent, Draining, Refused, StorageError, VersionConflict
from ompycord.render.message import RenderedMessage
from ompycord.render.refusals import Audience, refusal_words
from ompycord.telemetry import get_logger
from ompycord.text import cut, utf16_len
from ompycord.text.limits import MESSAGE_CONTENT

__all__ = [
    "NOT_TAKEN",
    "defer",
    "defer_update",
    "explain",
    "first_answer",
    "give_back",
    "send_privately",
    "show",
    "show_form",
    "words_for",
    "words_to",
]

NOT_TAKEN = (discord.HTTPException, discord.InteractionResponded, discord.RateLimited, OSError, aiohttp.ClientError)
"""Errors of a refused acknowledgement: 10062, 50027, or no connection."""

_ALREADY_ANSWERED = 40060

_WORDS = {
    StorageError: "I could not save that, so nothing was changed. Try again in a minute; `/omp health` says why.",
    Draining: "I'm restarting; try again in a minute. Nothing was changed.",
    Backlogged: "I'm overloaded; try again in a minute. Nothing was changed.",
    VersionConflict: "The run moved on at the same moment. Look at its card and try again.",
    app_commands.CommandNotFound: "Discord shows a command that no longer exists. Reload Discord and try again.",
    app_commands.CommandSignatureMismatch: "Discord shows an older form of this command. Reload Discord and try again.",
}

log = get_logger(__name__)


async def defer(interaction: Interaction) -> None:
    """Acknowledge in time that an answer follows. Commands that read do this first."""
    await first_answer(interaction, lambda: interaction.response.defer(ephemeral=True, thinking=True))


async def defer_update(interaction: Interaction) -> None:
    """Acknowledge a pressed button in time; what follows changes the message on which it stands."""
    await first_answer(interaction, interaction.response.defer)


async def show_form(interaction: Interaction, form: discord.ui.Modal) -> None:
    """Open a form, which must be the first answer."""
    await first_answer(interaction, lambda: interaction.response.send_modal(form))


async def first_answer(
    interaction: Interaction, answer: Callable[[], Awaitable[object]], *, is_repeatable: bool = True
) -> None:
    """Give the first answer to an interaction, once more where the connection broke.

    Raises what discord.py raises, but for 40060: then Discord has our answer already. A request whose own answer was
    lost is repeated, by discord.py or here, and no other process answers for us.
    """
    try:
        try:
            await answer()
        except (OSError, aiohttp.ClientError):
            if not is_repeatable:
                raise
            await answer()
    except discord.HTTPException as error:
        if error.code != _ALREADY_ANSWERED:
            raise
        log.info("interaction.was_taken", reference=str(interaction.id)[-8:])
        interaction.extras[_ALREADY_ANSWERED] = True


def _is_answered(interaction: Interaction) -> bool:
    return interaction.response.is_done() or _ALREADY_ANSWERED in interaction.extras


async def send_privately(
    interaction: Interaction,
    text: str,
    *,
    files: Sequence[tuple[str, str | bytes]] = (),
    buttons: RenderedMessage | None = None,
    image: ChartImage | None = None,
) -> None:
    """Send a text to the person alone. One that is too long for a message becomes a file."""
    made = [text_file(content, name) for name, content in files]
    if image is not None:
        made.insert(0, text_file(image.content, image.name, description=image.description))
    if utf16_len(text) > MESSAGE_CONTENT:
        made.append(text_file(text, "answer.txt"))
        text = cut(text, MESSAGE_CONTENT)
    view = buttons_view(buttons.components) if buttons else None
    await _put(interaction, content=text, embeds=[], view=view, files=made)


async def give_back(interaction: Interaction, error: Exception, text: str | None) -> None:
    """Send the reason and the typed text back. Discord forgets what was typed into a command or a form."""
    words = words_to(interaction, error)
    if text:
        await send_privately(interaction, reply_texts.given_back(words), files=[("your-text.txt", text)])
    else:
        await send_privately(interaction, words)


async def show(interaction: Interaction, message: RenderedMessage) -> None:
    """Show a rendered message to the person alone."""
    body = sendable(message, pings=False)
    files = [body["file"]] if "file" in body else []
    await _put(interaction, content=body["content"], embeds=body["embeds"], view=body["view"], files=files)


async def _put(
    interaction: Interaction,
    *,
    content: str,
    embeds: list[discord.Embed],
    view: discord.ui.View | None,
    files: list[discord.File],
) -> None:
    if _is_answered(interaction):
        await interaction.edit_original_response(
            content=content, embeds=embeds, view=view, attachments=files, allowed_mentions=QUIET
        )
        return
    send = partial(
        interaction.response.send_message,
        content,
        embeds=embeds,
        view=view if view is not None else discord.utils.MISSING,
        files=files,
        ephemeral=True,
        allowed_mentions=QUIET,
    )
    await first_answer(interaction, send, is_repeatable=not files)  # a file is read once


# -- errors ------------------------------------------------------------------------------------------------------------


def words_for(error: BaseException, reference: str) -> str:
    """The text of an error for the person: what happened, to what, what now."""
    error = _cause(error)
    if isinstance(error, Refused):
        return refusal_words(error, Audience.DISCORD)
    if isinstance(error, BadEvent | ArchiveUnreadable):
        return str(error)
    if isinstance(error, ValidationError):
        return _invalid(error)
    if isinstance(error, app_commands.TransformerError):
        return f"{str(error.value)[:100]!r} is not valid here. Nothing happened."
    if isinstance(error, SendFailed):
        return f"Discord did not take it: {error}. Nothing was lost; try again in a minute."
    known = next((words for kind, words in _WORDS.items() if isinstance(error, kind)), None)
    return known or reply_texts.internal_error(error, reference)


def words_to(interaction: Interaction, error: BaseException) -> str:
    """The text of an error for who acts; a refusal of them is noted for the audit."""
    cause = _cause(error)
    refused(interaction, cause)
    return words_for(cause, str(interaction.id)[-8:])


def _cause(error: BaseException) -> BaseException:
    """The actual error, without the wrappings of discord.py and of a task group with one failure."""
    while True:
        if isinstance(error, app_commands.CommandInvokeError):
            error = error.original
        elif isinstance(error, BaseExceptionGroup):
            group = cast("BaseExceptionGroup[BaseException]", error)
            error, *others = group.exceptions
            if others:
                return group
        else:
            return error


def _invalid(error: ValidationError) -> str:
    """Names of fields and what is wrong, never the values."""
    wrong = "; ".join(f"*{'.'.join(map(str, item['loc']))}*: {item['msg']}" for item in error.errors()[:3])
    return f"Invalid ({wrong}). Nothing ran."


async def explain(interaction: Interaction, error: BaseException) -> None:
    """Send the error to the person, and log it where it is a defect of ours."""
    reference = str(interaction.id)[-8:]
    words = words_to(interaction, error)
    if words == reply_texts.internal_error(_cause(error), reference):
        log.error("interaction.failed", reference=reference, exc_info=error)
    try:
        is_pressed = interaction.response.type is discord.InteractionResponseType.deferred_message_update
        if is_pressed and not isinstance(_cause(error), Refused):  # what was pressed stays, to be pressed again
            await interaction.followup.send(words, ephemeral=True, silent=True, allowed_mentions=QUIET)
        else:
            await send_privately(interaction, words)
    except NOT_TAKEN as refused:
        log.warning("interaction.unanswered", reference=reference, cause=type(refused).__name__)
