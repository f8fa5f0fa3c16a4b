"""Write `docs/reference/commands.md` from the command line itself; a test compares the two.

Run: python tools/docs.py.
"""

import sys
from pathlib import Path
from typing import Any

import typer.main

from ompycord.cli.commands import application
from ompycord.cli.grouped_help import HEADING

TARGET = Path(__file__).parents[1] / "docs" / "reference" / "commands.md"

HEAD = """# Commands

Made from the program by `python tools/docs.py`: the same words as `ompycord COMMAND --help`.

| Exit code | Meaning |
|---|---|
| 0 | done |
| 1 | failed |
| 2 | the command line is wrong |
| 69 | something that is needed is not there |
| 70 | a defect of Ompycord |
| 75 | busy: another Ompycord, or a port that is taken |
| 76 | Discord closed the connection for good |
| 77 | refused; nothing happened |
| 78 | the configuration is wrong |
| 130 | ended by a second signal |
"""


def main() -> int:
    """Write the file."""
    TARGET.write_text(commands(), encoding="utf-8")
    return 0


def commands() -> str:
    """The whole page."""
    root: Any = typer.main.get_command(application)
    return HEAD + "".join(_sections(root, "ompycord"))


def _sections(command: Any, path: str) -> list[str]:
    """A command and all below it, in the order of the help."""
    inner: dict[str, Any] = getattr(command, "commands", {})
    own = [] if path == "ompycord" else [_section(command, path)]
    return own + [text for name, one in inner.items() for text in _sections(one, f"{path} {name}")]


def _section(command: Any, path: str) -> str:
    text = f"\n## `{path}`\n\n{_prose(command.help or '')}\n"
    rows = [_row(one) for one in command.params if not getattr(one, "hidden", False)]
    if rows:
        text += "\n| Argument or option | What it is |\n|---|---|\n" + "".join(rows)
    return text + _examples(command)


def _examples(command: Any) -> str:
    lines = examples_of(command)
    return "\n".join(["", "```", *lines, "```", ""]) if lines else ""


def examples_of(command: Any) -> list[str]:
    """The command lines at the end of a command's help."""
    _, _, lines = (command.epilog or "").partition(HEADING)
    return [line.strip() for line in lines.splitlines() if line.strip()]


def _row(parameter: Any) -> str:
    help_text: str = getattr(parameter, "help", None) or ""
    names = [_argument(parameter)] if _is_argument(parameter) else _names(parameter)
    default: Any = parameter.default
    if default not in (None, False) and not callable(default):
        help_text += f" Default: `{getattr(default, 'value', default)}`."
    return f"| {', '.join(f'`{name}`' for name in names)} | {help_text.replace('|', '&#124;')} |\n"


def _is_argument(parameter: Any) -> bool:
    return parameter.param_type_name == "argument"


def _argument(parameter: Any) -> str:
    name = parameter.metavar or parameter.name.upper()
    return str(name if parameter.required else f"[{name}]")


def _names(parameter: Any) -> list[str]:
    value = "" if parameter.is_flag else f" {parameter.metavar or 'VALUE'}"
    return [f"{name}{value}" for name in parameter.opts]


def _prose(text: str) -> str:
    """Paragraphs as they are, each on one line."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


if __name__ == "__main__":
    sys.exit(main())
