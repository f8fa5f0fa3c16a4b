"""No identifier of Discord stands in the source: what belongs to somebody's server is configuration."""

import re
from pathlib import Path

import pytest

PLACES = ("ompycord", "alembic-free-migrations", "tools", "bench", "deploy", "docs", ".github")
SINGLE = ("README.md", "ompycord.example.yml", ".env.example", "docker-compose.yml", "pyproject.toml", "CHANGELOG.md")
TEXTS = {
    ".py",
    ".md",
    ".sql",
    ".yml",
    ".yaml",
    ".json",
    ".js",
    ".css",
    ".html",
    ".toml",
    ".service",
    ".example",
    ".sh",
    "",
}
FILES = sorted(
    file
    for file in (*(one for place in PLACES for one in Path(place).rglob("*")), *map(Path, SINGLE))
    if file.is_file() and file.suffix in TEXTS and "__pycache__" not in file.parts
)
SNOWFLAKE = re.compile(r"(?<![0-9A-Za-z_.])[1-9][0-9]{16,19}(?![0-9A-Za-z_])")
"""Ids of Discord since 2015 have 17 to 20 digits; a placeholder begins with a zero."""
MADE_UP = re.compile(r"^123456789|0{8}")
TOKEN = re.compile(r"(?<![\w-])[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,45}(?![\w-])")


def test_the_files_are_found() -> None:
    assert len(FILES) > 250
    assert SNOWFLAKE.search("guild = 1098765432109876543")


@pytest.mark.parametrize("pattern", [SNOWFLAKE, TOKEN], ids=["id", "token"])
def test_no_file_holds_one(pattern: re.Pattern[str]) -> None:
    found = [
        f"{file}: {match[0][:6]}..."
        for file in FILES
        for match in pattern.finditer(file.read_text(encoding="utf-8", errors="replace"))
        if not MADE_UP.search(match[0])
    ]
    assert found == []
