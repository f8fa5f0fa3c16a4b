"""`/omp help` by role: what a person may do here, and who can do the rest; counterpart of the bot's command table."""

from collections.abc import Callable, Sequence
from typing import Final

from ompycord.domain.access import Role
from ompycord.domain.base import Frozen
from ompycord.text.graphemes import utf16_len
from ompycord.text.limits import EMBED_DESCRIPTION

__all__ = ["CommandHelp", "help_text"]

_MORE: Final = "… more with `/omp help topic`."


class CommandHelp(Frozen):
    """One command as its table describes it."""

    name: str
    """`omp say`, all of it: `omp queue edit`."""
    options: str = ""
    """`message [run] [when]`."""
    text: str
    role: Role
    """The least role that may use it."""

    def short(self, command_id: str) -> str:
        """Its mention alone."""
        return f"</{self.name}:{command_id}>"

    def usage(self, command_id: str | None) -> str:
        """How it is typed. With the id that Discord gave to `/omp` it is a mention: who clicks it begins to type it."""
        if command_id is None:
            return f"`/{self.name} {self.options}".rstrip() + "`"
        return self.short(command_id) + (f" `{self.options}`" if self.options else "")


def help_text(
    commands: Sequence[CommandHelp], role: Role, *, topic: str | None = None, command_id: str | None = None
) -> str:
    """Description of an ephemeral reply's embed: the commands of this role, whole lines, at most 4,096 units.

    `topic` keeps the commands that have the word in their usage or text. `command_id` is Discord's of `/omp`; where it
    is not known, usages are code. Where commands would lose their lines, options go first, then mentions.
    """
    if role is Role.NONE:
        return "You don't have access yet. Ask an admin to add you under `access` in `ompycord.yml`."
    wanted = (topic or "").strip().lower()
    found = [command for command in commands if wanted in f"/{command.name} {command.options} {command.text}".lower()]
    mine = [command for command in found if role >= command.role]
    head = f"Your role here is *{role.word}*."
    rest = [] if mine else ["No command of yours matches. `/omp help` lists them all."]
    rest += _beyond(role, [command for command in found if role < command.role])
    ways: list[Callable[[CommandHelp], str]] = [lambda command: command.usage(None)]
    if command_id is not None:
        ways = [lambda command: command.usage(command_id), lambda command: command.short(command_id), *ways]
    lines: list[str] = []
    for way in ways:
        lines = [head, *(f"{way(command)} {command.text}" for command in mine), *rest]
        if utf16_len("\n".join(lines)) <= EMBED_DESCRIPTION:
            return "\n".join(lines)
    return _within(lines)


def _beyond(role: Role, others: list[CommandHelp]) -> list[str]:
    """One line for each higher role that has something more here."""
    names = {
        higher: ", ".join(f"`/{command.name}`" for command in others if command.role == higher)
        for higher in Role
        if higher > role
    }
    return [f"*{higher.word}* can also use {listed}." for higher, listed in names.items() if listed]


def _within(lines: list[str]) -> str:
    shown: list[str] = []
    room = EMBED_DESCRIPTION - len(_MORE)
    for line in lines:
        room -= utf16_len(line) + 1
        if room < 0:
            return "\n".join([*shown, _MORE])
        shown.append(line)
    return "\n".join(shown)
