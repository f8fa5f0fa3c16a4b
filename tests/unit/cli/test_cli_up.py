"""`ompycord up` leaves the command line outside the server, and takes what the command line takes."""

import subprocess
import sys
from pathlib import Path

import pytest

from ompycord.cli.up import UpOptions, plain_options
from tests.support.patience import patient

SERVED = """
import sys
import ompycord.app.run

def up(**told):
    loaded = sorted(name for name in sys.modules if name.split(".")[0] in {"typer", "rich"})
    print(loaded, "ompycord.cli.commands" in sys.modules, told["overrides"], told["has_new_database"])
    told["announce"]("Grüße")
    return 3

ompycord.app.run.up = up
from ompycord.cli import main
main()
"""


def called(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-X", "utf8", "-c", SERVED, *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=patient(120), check=False)


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["up"], UpOptions()),
        (["up", "--port", "0"], UpOptions(port=0)),
        (["up", "--port=8787", "--playground-port", "9"], UpOptions(port=8787, playground_port=9)),
        (["up", "--data-dir", "a b", "--new-database"], UpOptions(data_dir=Path("a b"), new_database=True)),
        (["up", "--data-dir=x=y"], UpOptions(data_dir=Path("x=y"))),
    ],
)
def test_a_plain_up_is_understood(arguments: list[str], options: UpOptions) -> None:
    assert plain_options(arguments) == options


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["doctor"],
        ["--version", "up"],
        ["up", "--help"],
        ["up", "-h"],
        ["up", "--port"],
        ["up", "--port", "x"],
        ["up", "--port", "-1"],
        ["up", "--new-database=yes"],
        ["up", "--new_database"],
        ["up", "--data_dir", "x"],
        ["up", "elsewhere"],
    ],
)
def test_everything_else_is_for_the_command_line(arguments: list[str]) -> None:
    assert plain_options(arguments) is None


def test_a_server_has_no_command_line_in_it() -> None:
    done = called("up", "--port", "0", "--new-database")
    assert done.stdout.splitlines() == ["[] False {'webhook': {'port': 0}} True", "Grüße"], done.stderr
    assert done.returncode == 3


def test_what_is_not_plain_reaches_the_same_server_through_the_command_line() -> None:
    done = called("up", "--new-database", "--no-such-option")
    assert (done.returncode, "No such option" in done.stderr) == (2, True)
    assert "--playground-port" in called("up", "--help").stdout
