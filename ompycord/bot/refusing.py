"""Notes for the audit what was refused to somebody in Discord; `interactions/replies.py` tells them.

What is refused is known where the error is put into words; who was refused, where the interaction came in.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, cast

import discord

from ompycord.bot.access import Interaction
from ompycord.domain.access import Person
from ompycord.domain.auditing.refused import WHO_MAY, RefusedAttempt
from ompycord.domain.ports import RefusalNotes
from ompycord.errors import Refused

__all__ = ["note_refused", "refused", "watch_refusals"]

_NOTE: Final = "note of a refusal"


def watch_refusals(
    interaction: Interaction, person: Person, refusals: RefusalNotes, *, what: str | None = None
) -> None:
    """Have what is refused here noted as an attempt of this person. `what`: the button or form that was used."""
    guild = str(interaction.guild_id or "")
    used = what if what is not None else _command(interaction)

    interaction.extras[_NOTE] = partial(note_refused, refusals, person=person, guild=guild, what=used)


def refused(interaction: Interaction, error: BaseException) -> None:
    """Note a refusal of this interaction, where it is about who may."""
    note = cast("Callable[[BaseException], None] | None", interaction.extras.get(_NOTE))
    if note is not None:
        note(error)


def note_refused(refusals: RefusalNotes, error: BaseException, person: Person, *, guild: str, what: str) -> None:
    """Note an error for the audit, where it is a refusal about who may.

    One that hides what is there from who may not see it says so in its fact `hides`; nobody is told that.
    """
    if not isinstance(error, Refused):
        return
    code = str(error.facts.get("hides", error.code))
    if code in WHO_MAY:
        needs, run = (str(error.facts.get(name, ""))[:128] for name in ("needs", "run"))
        refusals.note(
            RefusedAttempt(
                surface="discord", actor=person.id, what=what[:128], code=code, guild=guild, by_name=person.name,
                needs=needs, run=run,
            )
        )  # fmt: skip


def _command(interaction: Interaction) -> str:
    """The command or the entry of a menu that was used; what was typed into it is nobody's business here."""
    command = interaction.command
    if command is not None:
        return f"/{command.qualified_name}" if isinstance(command, discord.app_commands.Command) else command.name
    data = cast("dict[str, Any]", interaction.data or {})
    return str(data.get("name", "a button or form"))
