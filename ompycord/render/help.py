"""`/omp help` by role: what a person may do here, and who can do the rest; counterpart of the bot's command table."""

from collections.abc import Sequence
from typing import Final

from ompycord.domain.access import Role
from ompycord.domain.base import Frozen
from ompycord.text.graphemes import utf16_len
from ompycord.text.limits import MESSAGE_CONTENT

__all__ = ["CommandHelp", "help_text"]

_MORE: Final = "… more with `/omp help topic`."


class CommandHelp(Frozen):
    """One command as its table describes it."""

    usage: str
    """`/omp say message run when`."""
    text: str
    role: Role
    """The least role that may use it."""


def help_text(commands: Sequence[CommandHelp], role: Role, *, topic: str | None = None) -> str:
    """Content of an ephemeral reply: the commands of this role, whole lines, at most 2,000 units.

    `topic` keeps the commands that have the word in their usage or text.
    """
    if role is Role.NONE:
        return "You don't have access yet. Ask an admin to add you under `access` in `ompycord.yml`."
    wanted = (topic or "").strip().lower()
    found = [command for command in commands if wanted in f"{command.usage} {command.text}".lower()]
    mine = [command for command in found if role >= command.role]
    lines = [f"Your role here is *{role.word}*."]
    lines += [f"`{command.usage}` {command.text}" for command in mine]
    if not mine:
        lines.append("No command of yours matches. `/omp help` lists them all.")
    lines += _beyond(role, [command for command in found if role < command.role])
    return _within(lines)


def _beyond(role: Role, others: list[CommandHelp]) -> list[str]:
    """One line for each higher role that has something more here."""
    names = {
        higher: ", ".join(f"`{_name(command)}`" for command in others if command.role == higher)
        for higher in Role
        if higher > role
    }
    return [f"*{higher.word}* can also use {listed}." for higher, listed in names.items() if listed]


def _name(command: CommandHelp) -> str:
    """`/omp say` of `/omp say message run when`."""
    return " ".join(command.usage.split()[:2])


def _within(lines: list[str]) -> str:
    shown: list[str] = []
    room = MESSAGE_CONTENT - len(_MORE)
    for line in lines:
        room -= utf16_len(line) + 1
        if room < 0:
            return "\n".join([*shown, _MORE])
        shown.append(line)
    return "\n".join(shown)
