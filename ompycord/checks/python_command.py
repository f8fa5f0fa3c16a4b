"""Pure: what a command line runs, where it is Python that runs it."""

import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

__all__ = ["is_python", "python_module"]

_PYTHON: Final = re.compile(r"(?:python|pypy)[0-9.]*(?:\.exe)?")


def is_python(program: str) -> bool:
    """Whether a program's name, with or without its folder, is an interpreter's."""
    return _PYTHON.fullmatch(PurePath(program).name) is not None


def python_module(command: Sequence[str]) -> str | None:
    """`M` of `python -m M`."""
    if not is_python(command[0]) or "-m" not in command[:-1]:
        return None
    return command[command.index("-m") + 1]
