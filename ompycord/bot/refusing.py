"""Notes for the audit what was refused to somebody in Discord; `interactions/replies.py` tells them.

What is refused is known where the error is put into words; who was refused, where the interaction came in.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, cast

import discord

from ompycord.bot.access import Interaction
from ompycord.domain.access import Person, Role
from ompycord.domain.auditing.refused import WHO_MAY, RefusedAttempt
from ompycord.domain.ports import RefusalNotes
from ompycord.domain.refusals import RefusalCode
from ompycord.errors import Refused

__all__ = ["note_code", "note_refused", "refused", "refused_without_role", "watch_refusals"]

_NOTE: Final = "note of a refusal"


def watch_refusals(
    interaction: Interaction, person: Person, refusals: RefusalNotes, *, what: str | None = None
) -> None:
    """Have what is refused here noted as an attempt of this person. `what`: the button or form that was used."""
    guild = str(interaction.guild_id or "")
    used = what if what is not None else _command(interaction)
    interaction.extras[_NOTE] = partial(note_code, refusals, person, guild=guild, what=used)


def refused(interaction: Interaction, error: BaseException) -> None:
    """Note a refusal of this interaction, where it is about who may."""
    note = cast("Callable[..., None] | None", interaction.extras.get(_NOTE))
    if note is not None and isinstance(error, Refused):
        note(**_facts(error))


def refused_without_role(interaction: Interaction) -> None:
    """Note that somebody without any role here used something."""
    note = cast("Callable[..., None] | None", interaction.extras.get(_NOTE))
    if note is not None:
        note(code=RefusalCode.NOT_PERMITTED, needs=Role.VIEWER.word)


def note_refused(refusals: RefusalNotes, error: BaseException, person: Person, *, guild: str, what: str) -> None:
    """Note an error for the audit, where it is a refusal about who may."""
    if isinstance(error, Refused):
        note_code(refusals, person, guild=guild, what=what, **_facts(error))


def note_code(
    refusals: RefusalNotes, person: Person, *, guild: str, what: str, code: str, needs: str = "", run: str = ""
) -> None:
    """Note an attempt that was refused with this code, where it is about who may."""
    if code in WHO_MAY:
        refusals.note(
            RefusedAttempt(
                surface="discord", actor=person.id, what=what[:128], code=code, guild=guild, by_name=person.name,
                needs=needs[:128], run=run[:128],
            )
        )  # fmt: skip


def _facts(error: Refused) -> dict[str, str]:
    """What is noted of it. One that hides what is there says so in its fact `hides`; nobody is told that."""
    needs, run = (str(error.facts.get(name, "")) for name in ("needs", "run"))
    return {"code": str(error.facts.get("hides", error.code)), "needs": needs, "run": run}


def _command(interaction: Interaction) -> str:
    """The command or the entry of a menu that was used; what was typed into it is nobody's business here."""
    command = interaction.command
    if command is not None:
        return f"/{command.qualified_name}" if isinstance(command, discord.app_commands.Command) else command.name
    data = cast("dict[str, Any]", interaction.data or {})
    return str(data.get("name", "a button or form"))
