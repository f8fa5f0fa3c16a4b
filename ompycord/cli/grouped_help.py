"""The list of commands in `--help`, under their headings and in whole sentences; counterpart of `commands.py`."""

from typing import TYPE_CHECKING, Any

from typer.core import TyperGroup

if TYPE_CHECKING:
    from typer._click import Context, HelpFormatter

__all__ = ["GroupedCommands"]

_ENOUGH = 200
"""Characters: more than any first sentence has, so that none is cut."""


class GroupedCommands(TyperGroup):
    """Prints each command once, under its `rich_help_panel`, in the order in which they were added."""

    def format_commands(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Write one section for each heading."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command: Any = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                heading = command.rich_help_panel or "Commands"
                sections.setdefault(heading, []).append((name, command.get_short_help_str(_ENOUGH)))
        for heading, rows in sections.items():
            with formatter.section(heading):
                formatter.write_dl(rows)
