"""The reference of the commands is what the program says, and the help names every command under a heading."""

import runpy
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ompycord.cli.commands import application
from tests.e2e.reach.shell import commands

ROOT = Path(__file__).parents[3]


def test_the_reference_of_the_commands_is_up_to_date() -> None:
    made = runpy.run_path(str(ROOT / "tools" / "docs.py"))["commands"]()
    written = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    assert written == made, "run: python tools/docs.py"


def test_the_help_shows_every_command_under_its_heading() -> None:
    shown = CliRunner().invoke(application, ["--help"]).output
    headings = ["Run it", "Send events", "Maintenance"]
    assert [heading for heading in headings if heading in shown] == headings
    assert all(
        command in shown
        for command in (
            "up",
            "init",
            "doctor",
            "selftest",
            "emit",
            "sign",
            "keys",
            "config",
            "healthcheck",
            "migrate",
            "version",
        )
    )


def test_every_option_of_every_command_is_explained() -> None:
    made: str = runpy.run_path(str(ROOT / "tools" / "docs.py"))["commands"]()
    rows = [line for line in made.splitlines() if line.startswith("| `")]
    assert rows
    assert [row for row in rows if row.rstrip(" |").endswith("`")] == []


@pytest.mark.parametrize(("path", "command"), [pytest.param(*one, id=one[0]) for one in commands()])
def test_every_command_ends_its_help_with_examples_that_it_understands(path: str, command: Any) -> None:
    """Each is read as it is when it is typed, options, numbers and durations too, and not performed."""
    tools = runpy.run_path(str(ROOT / "tools" / "docs.py"))
    lines: list[str] = tools["examples_of"](command)
    assert lines
    shown = CliRunner().invoke(application, [*path.split()[1:], "--help"], env={"COLUMNS": "200"}).output
    for line in lines:
        assert f"  {line}\n" in shown, "it is not torn"
        typed, _, _ = line.partition(" > ")
        words = shlex.split(typed)
        assert words[: len(path.split())] == path.split()
        command.make_context(path, words[len(path.split()) :]).close()
