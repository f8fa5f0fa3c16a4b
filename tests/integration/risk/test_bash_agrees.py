"""The tokenizer against bash itself: no program that bash would start is missing from what was found in the text."""

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from ompycord.domain.risk.classes import RiskClass
from ompycord.domain.risk.classify import judge_command
from ompycord.domain.risk.shell import RESERVED, Command, Unreadable, parse
from tests.support.patience import patient

BASH = shutil.which("bash")
pytestmark = [pytest.mark.posix, pytest.mark.skipif(BASH is None, reason="there is no bash here")]

PIECES = (
    *("zap1", "zap2 a b", "zap3 'x y'", 'zap4 "a b"', "zap5", "zap6 -x", "z\\ap7", "'zap8'", '"zap9" x'),
    *("; ", " & ", " && ", " || ", " | ", "\n", " |& ", "\\\n", "( ", " )", "{ ", "; }", "$(", "`", ")", "'", '"', " "),
    *(" > /dev/null ", " 2>&1 ", " < /dev/null ", " <<< word ", "<(", " >>/dev/null "),
    *(" <<E\n", " <<'E'\n", " <<-E\n", "\nE\n", "\n\tE\n", "E\n", "#", " # ", "$X", "${X:-zap1}", "${X:-$(zap2)}"),
    *(
        "if zap1; then ",
        "fi",
        "else ",
        "while zap0; do ",
        "done",
        "! ",
        "time ",
        "for a in b; do ",
        "A=1 ",
        "A=$(zap3) ",
    ),
    *("f() { ", "; }; f", "case x in x) ", ";; esac", "$((", "))", "$'zap1'", '$"zap2"', "\\", "\\'", '\\"', "=", "x"),
)
"""Pieces of a shell's grammar; `zapN` are programs that do not exist, so that bash says their names."""
RUNNER = """
command_not_found_handle() { printf '%s %s\\n' "$N" "$1" >> "$SEEN"; return 1; }
while IFS= read -r -d '' SCRIPT; do N=$((N + 1)); export N; ( eval "$SCRIPT" ) </dev/null >/dev/null 2>&1; done
"""


def texts(chance: random.Random, count: int) -> list[str]:
    made = ("".join(chance.choices(PIECES, k=chance.randint(1, 6))) for _ in range(count))
    return list(made)


def started(scripts: list[str], folder: Path) -> dict[int, set[str]]:
    """The programs that bash tries to start for each text, by their place."""
    assert BASH is not None
    seen = folder / "seen"
    seen.touch()
    data = b"".join(one.encode() + b"\0" for one in scripts)
    environ = {"PATH": str(folder / "nothing"), "SEEN": str(seen), "N": "-1"}
    subprocess.run(
        [BASH, "--norc", "-c", RUNNER], input=data, env=environ, cwd=folder, check=False, timeout=patient(120)
    )
    found: dict[int, set[str]] = {}
    for line in seen.read_text(encoding="utf-8", errors="replace").splitlines():
        number, _, name = line.partition(" ")
        if number.isdecimal() and name.startswith("zap"):
            found.setdefault(int(number), set()).add(name)
    return found


def program_of(command: Command) -> str | None:
    """The word that a shell would look up, behind reserved words and assignments."""
    words = list(command.words)
    while words and ((words[0].is_bare and words[0].text in RESERVED) or words[0].assigns):
        words.pop(0)
    return words[0].text if words else None


@pytest.mark.parametrize("count", [150, pytest.param(4_000, marks=pytest.mark.long)])
def test_every_program_that_bash_starts_is_found(count: int, tmp_path: Path) -> None:
    scripts = texts(random.Random(18), count)
    compared = 0
    for number, names in started(scripts, tmp_path).items():
        try:
            commands = parse(scripts[number]).commands
        except Unreadable:
            continue  # danger, whatever it starts
        known = {name for command in commands if (name := program_of(command)) is not None}
        is_danger = judge_command(scripts[number]).finding.risk is RiskClass.DANGER
        assert names <= known or is_danger, (scripts[number], names, known)
        compared += 1
    assert compared > count // 15
