"""Keys of providers as files of the data folder: one a provider, a key a line, for the bot's user alone."""

from collections.abc import Iterable
from pathlib import Path

from ompycord.files import replace_file

__all__ = ["keep_keys"]


def keep_keys(data_folder: Path, provider: str, keys: Iterable[str]) -> None:
    """Add keys to those that are there."""
    secrets = data_folder.expanduser() / "secrets"
    secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = secrets / f"provider_{provider}"
    there = file.read_text(encoding="utf-8-sig").split() if file.exists() else []
    replace_file(file, "".join(f"{key}\n" for key in dict.fromkeys((*there, *keys))))
