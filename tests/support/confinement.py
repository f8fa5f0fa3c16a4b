"""Launchers of every level for tests, and which levels this machine gives."""

import asyncio
import os
import shutil
import sys
from functools import cache
from pathlib import Path

import pytest

from ompycord.domain.repository import ConfinementLevel
from ompycord.processes.launcher_port import Launcher
from ompycord.workspaces.confinement.launcher import ConfinedLauncher, UnconfinedLauncher
from ompycord.workspaces.confinement.probe import gives

__all__ = ["CONFINED", "best_level", "launcher_of", "require"]

CONFINED: tuple[ConfinementLevel, ...] = ("full", "files+net", "files")


def launcher_of(level: ConfinementLevel, *hidden: Path) -> Launcher:
    """A launcher with this test process's PATH and environment, whether or not the machine gives its level."""
    if level == "none":
        return UnconfinedLauncher(path=os.environ["PATH"], environ=os.environ)
    return ConfinedLauncher(level=level, path=os.environ["PATH"], hidden=hidden, environ=os.environ)


def require(level: ConfinementLevel) -> None:
    """Skips the test where this machine does not give `level`."""
    if level != "none" and not _gives(level):
        if level == "full" and shutil.which("bwrap") is None:
            pytest.skip("what bubblewrap does: it is not installed")
        pytest.skip(f"confinement of level {level}: this machine does not give it")


def best_level() -> ConfinementLevel:
    """The best one here; skips the test where there is none."""
    for level in CONFINED:
        if _gives(level):
            return level
    pytest.skip("confinement of any level: this machine gives none")


@cache
def _gives(level: ConfinementLevel) -> bool:
    # In a thread of its own the child would die with that thread: a loop in this one, before the test's own.
    return sys.platform == "linux" and asyncio.run(gives(launcher_of(level)))
