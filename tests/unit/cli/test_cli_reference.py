"""The reference of the commands is what the program says, and the help names every command under a heading."""

import runpy
from pathlib import Path

from typer.testing import CliRunner

from ompycord.cli.commands import application

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
