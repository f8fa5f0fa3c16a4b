"""Whatever the program has stands in the docs, and whatever the docs tell people to type exists.

Commands, options, settings.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from ompycord import errors
from ompycord.app.report import METRICS
from ompycord.cli.commands import application
from ompycord.http.problems import PROBLEMS
from ompycord.settings import NAMED, NOT_SETTINGS, Settings

ROOT: Any = typer.main.get_command(application)
PAGES = sorted([*Path("docs").rglob("*.md"), Path("README.md"), *Path(".github").glob("*.md")])
BY_HAND = [page for page in PAGES if page.parent.name != "reference"]
ALL = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def commands(command: Any = ROOT, path: str = "ompycord") -> Iterator[tuple[str, Any]]:
    inner: dict[str, Any] = getattr(command, "commands", {})
    if path != "ompycord":
        yield path, command
    for name, one in inner.items():
        yield from commands(one, f"{path} {name}")


COMMANDS = dict(commands())


@pytest.mark.parametrize("path", sorted(COMMANDS))
def test_a_command_has_a_place_and_help_that_says_what_it_does(path: str) -> None:
    assert f"`{path}`" in ALL
    text = COMMANDS[path].help or ""
    assert text.split("\n")[0].rstrip().endswith(".")
    assert len(text.split()) >= 3


def test_every_problem_exit_code_metric_and_variable_has_a_place() -> None:
    slugs = [slug for slug in PROBLEMS if f"`{slug}`" not in ALL]
    codes = {vars(cls).get("exit_code") for cls in vars(errors).values() if isinstance(cls, type)} - {None}
    without_module = [
        code for code in codes if f"| {code} |" not in Path("docs/reference/exit-codes.md").read_text("utf-8")
    ]
    metrics = [spec.name for spec in METRICS if f"`{spec.name}" not in ALL]
    variables = [name for name in NAMED if f"`{name}`" not in ALL]
    assert (slugs, without_module, metrics, variables) == ([], [], [], [])


def test_every_setting_has_a_place() -> None:
    text = Path("docs/reference/settings.md").read_text(encoding="utf-8")
    assert [name for name in Settings.model_fields if f"`{name}" not in text] == []


def typed() -> Iterator[tuple[Path, str]]:
    """Every command line of ours that a page shows, in blocks and in sentences."""
    for page in BY_HAND:
        text = page.read_text(encoding="utf-8")
        blocks = [
            line.strip().removeprefix("$ ")
            for block in re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
            for line in block.splitlines()
        ]
        spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
        for line in [*blocks, *spans]:
            found = re.match(r"(?:\S*/)?(ompycord [a-z].*)", line)
            if found:
                yield page, found[1]


TYPED = sorted(set(typed()))


def test_the_pages_show_command_lines() -> None:
    assert len(TYPED) > 20


@pytest.mark.parametrize(("page", "line"), TYPED, ids=str)
def test_what_a_page_tells_people_to_type_exists(page: Path, line: str) -> None:
    try:
        words = shlex.split(re.split(r"[|;&<>]", line)[0])
    except ValueError:  # a quotation that goes on in the next line
        words = line.split()
    if "--" in words:  # what comes after it is another program's
        words = words[: words.index("--")]
    path = "ompycord"
    while len(words) > 1 and f"{path} {words[1]}" in COMMANDS:
        path = f"{path} {words.pop(1)}"
    assert path in COMMANDS, f"{page}: {line}"
    known = {option for one in COMMANDS[path].params for option in one.opts} | {"--help", "-h"}
    assert [word for word in words if word.startswith("--") and word.partition("=")[0] not in known] == []


def test_the_variables_that_pages_name_are_settings() -> None:
    named = set(re.findall(r"\bOMPYCORD_[A-Z][A-Z_]*[A-Z]\b", ALL))
    unknown = [
        name
        for name in sorted(named - NOT_SETTINGS)
        if name.removesuffix("_FILE").removeprefix("OMPYCORD_").split("__")[0].lower() not in Settings.model_fields
    ]
    assert unknown == []
