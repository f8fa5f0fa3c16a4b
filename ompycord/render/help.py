"""`/omp help` by role: what a person may do here, and who can do the rest; counterpart of the bot's command table."""

from collections.abc import Sequence
from typing import Final, Literal

from ompycord.domain.base import Frozen
from ompycord.text.graphemes import utf16_len
from ompycord.text.limits import MESSAGE_CONTENT

__all__ = ["ROLES", "CommandHelp", "Role", "help_text"]

Role = Literal["viewer", "runner", "approver", "admin"]
ROLES: Final[tuple[Role, ...]] = ("viewer", "runner", "approver", "admin")
"""Each role may do what those before it may."""

_MORE: Final = "… more with `/omp help topic`."


class CommandHelp(Frozen):
    """One command as its table describes it."""

    usage: str
    """`/omp say message run when`."""
    text: str
    role: Role
    """The least role that may use it."""


def help_text(commands: Sequence[CommandHelp], role: Role | None, *, topic: str | None = None) -> str:
    """Content of an ephemeral reply: the commands of this role, whole lines, at most 2,000 units.

    `role` None is a person without any. `topic` keeps the commands that have the word in their usage or text.
    """
    if role is None:
        return "You don't have access yet. Ask an admin to add you under `access` in `ompycord.yml`."
    wanted = (topic or "").strip().lower()
    found = [command for command in commands if wanted in f"{command.usage} {command.text}".lower()]
    mine = [command for command in found if _may(role, command.role)]
    lines = [f"Your role here is *{role}*."]
    lines += [f"`{command.usage}` {command.text}" for command in mine]
    if not mine:
        lines.append("No command of yours matches. `/omp help` lists them all.")
    lines += _beyond(role, [command for command in found if not _may(role, command.role)])
    return _within(lines)


def _may(role: Role, needed: Role) -> bool:
    return ROLES.index(role) >= ROLES.index(needed)


def _beyond(role: Role, others: list[CommandHelp]) -> list[str]:
    """One line for each higher role that has something more here."""
    higher = ROLES[ROLES.index(role) + 1 :]
    return [
        f"*{name}* can also use {', '.join(f'`{_name(command)}`' for command in others if command.role == name)}."
        for name in higher
        if any(command.role == name for command in others)
    ]


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
