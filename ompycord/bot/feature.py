"""One thing that people can do, as a record.

Counterpart of `features.py`, which lists and assembles them.
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.custom_ids import ComponentId
from ompycord.domain.access import Person, Role
from ompycord.domain.run import RunRecord
from ompycord.render.cards.actions import CardAction
from ompycord.render.help import CommandHelp

__all__ = ["Command", "Feature", "Handler", "Press", "slash_command"]

Handler = Callable[[Interaction, Person, ComponentId], Awaitable[None]]
"""Handles one button or form. Raises Refused and the like; the dispatcher puts them into words."""

Press = Callable[[Interaction, Person, RunRecord], Awaitable[None]]
"""Handles one button of a card, for a run that can be seen from here.

The interaction is deferred already, unless the action opens a form.
"""

Command = app_commands.Command[Any, ..., Any]


def slash_command(*, name: str, description: str) -> Callable[[Callable[..., Coroutine[Any, Any, None]]], Command]:
    """Makes a command of a function, as discord.py's own decorator does, with a type that is known in full."""

    def made(callback: Callable[..., Coroutine[Any, Any, None]]) -> Command:
        return app_commands.Command(name=name, description=description, callback=callback)

    return made


def _option(option: app_commands.Parameter) -> str:
    """An option by the name that Discord shows; what can be left out in brackets."""
    return option.display_name if option.required else f"[{option.display_name}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One thing that people can do: its commands, buttons and forms. Most files of `commands/` make one each."""

    commands: tuple[Command | app_commands.Group, ...] = ()
    """Its commands below `/omp`."""
    admin: tuple[Command, ...] = ()
    """Its commands below `/omp-admin`."""
    menus: tuple[app_commands.ContextMenu, ...] = ()
    """Entries in the menu of every message."""
    actions: Mapping[CardAction, Press] = field(default_factory=dict[CardAction, Press])
    """Buttons of the card."""
    components: Mapping[str, Handler] = field(default_factory=dict[str, Handler])
    """Other buttons, by the action in their id."""
    forms: Mapping[str, Handler] = field(default_factory=dict[str, Handler])
    """Forms that come back, by the action in their id."""
    role: Role = Role.VIEWER
    """The least role that its commands need, for help and the reference.

    Whether a person has it is checked when they act.
    """
    exceptions: Mapping[str, Role] = field(default_factory=dict[str, Role])
    """Commands that need another role, by their own names."""
    needs_voice: bool = False
    """Whether its entries in menus are offered only where recordings are taken."""

    def slash_commands(self) -> Iterator[tuple[Command, Role]]:
        """Every command that can be run, with the least role that it needs."""
        for top in (*self.commands, *self.admin):
            inner = top.walk_commands() if isinstance(top, app_commands.Group) else (top,)
            for command in inner:
                if isinstance(command, app_commands.Command):
                    yield command, self.exceptions.get(command.name, self.role)

    @property
    def help(self) -> tuple[CommandHelp, ...]:
        """Its lines of `/omp help`, once its commands are part of the tree."""
        return tuple(
            CommandHelp(
                name=command.qualified_name,
                options=" ".join(map(_option, command.parameters)),
                text=command.description,
                role=role,
            )
            for command, role in self.slash_commands()
        )
