"""`/omp my-data`: all that is kept of the person who asks, as a file, and the way to have it erased."""

import json
from typing import Any, Final, Literal

from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.bot.lookups import PersonControl
from ompycord.domain.access import Person
from ompycord.errors import RefusedInWords
from ompycord.render.cards.actions import Button
from ompycord.render.message import message as rendered
from ompycord.render.phrases import count

__all__ = ["my_data_feature"]

ERASE: Final = "eraseme"
_LARGEST: Final = 8 * 1024 * 1024
"""Bytes of a file that Discord takes from a bot in any server."""


def my_data_feature(context: BotContext) -> Feature:
    """The command and its button."""

    @slash_command(name="my-data", description="What Ompycord keeps of you, as a file; or have it erased.")
    @app_commands.describe(do="See it, or have it erased; see it if left out")
    async def my_data(interaction: Interaction, do: Literal["show", "erase"] = "show") -> None:
        await defer(interaction)
        if do == "show":
            await _show(context, interaction)
        else:
            await _ask(context, interaction)

    async def erased(interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer(interaction)
        done = await _people(context).erase(person.id, by=person.id)
        if context.lookups.members is not None:
            context.lookups.members.forget(str(interaction.guild_id), person.id)
        await send_privately(interaction, _erased_words(done))

    return Feature(commands=(my_data,), components={ERASE: erased})


async def _show(context: BotContext, interaction: Interaction) -> None:
    kept = await _people(context).export(str(interaction.user.id))
    text = json.dumps(kept, indent=1, ensure_ascii=False)
    if len(text.encode()) > _LARGEST:
        raise RefusedInWords(
            f"It is too much for Discord. An admin writes it out: `ompycord person export {interaction.user.id}`."
        )
    rows = count(len(kept["rows"]), "row")
    words = f"{rows} of the database are yours. `/omp my-data` with *erase* takes you out of all of them."
    await send_privately(interaction, words, files=[("my-data.json", text)])


async def _ask(context: BotContext, interaction: Interaction) -> None:
    words = (
        "This takes you out of all that Ompycord keeps: your name, your messages, the tasks that you wrote, your "
        "settings, and what was remembered of you. Costs and counts stay, and so does the code. It cannot be undone.\n"
        "Discord, git, backups and model providers are not reached: the answer lists them."
    )
    button = Button(action=ERASE, label="Erase my data", ref=context.ids.ulid())
    await send_privately(interaction, words, buttons=rendered(words, buttons=[button], sign=context.signer.button))


def _erased_words(done: dict[str, Any]) -> str:
    changed = done["rows"] + done["events"] + done["audit"]
    what = f"{count(changed, 'row')} of the database, {count(done['memory'], 'memory', 'memories')}"
    lines = [
        f"Done: {what} and {count(done['files'], 'file')} no longer name you.",
        "Not reached:",
        *(f"- {one}" for one in done["elsewhere"][:10]),
    ]
    return "\n".join(lines)


def _people(context: BotContext) -> PersonControl:
    """Raises Refused where there is none."""
    if context.lookups.people is None:
        raise RefusedInWords("Nothing is kept of people here.")
    return context.lookups.people
