"""Puts granted files of the user's home at the same place in a run's own HOME, as links; for `launcher.py`.

The agent owns that HOME and may have planted links in it: every step is opened without following one.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath

from ompycord.errors import ProcessFailed
from ompycord.processes.launcher_port import Layout

__all__ = ["link_grants"]


def link_grants(layout: Layout) -> None:
    """Links the granted files.

    Raises ProcessFailed where one is missing, or where the place of a folder is taken by something else.
    """
    for grant in layout.grants:
        if not grant.is_absolute() or not grant.exists():
            raise ProcessFailed(
                f"The granted file {grant} is not there. Fix the agent's grants.files: give a full path."
            )
        if not grant.is_relative_to(Path.home()) or grant == Path.home():
            continue
        inside = grant.relative_to(Path.home())
        try:
            with _folder(layout.home, inside.parent) as at, suppress(FileExistsError):
                os.symlink(grant.resolve(), inside.name, dir_fd=at)
        except OSError as error:
            raise ProcessFailed(f"{inside} could not be put into the agent's HOME ({error.strerror}).") from error


@contextmanager
def _folder(root: Path, inside: PurePath) -> Generator[int]:
    """A descriptor of `root/inside`, made step by step without following a link."""
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        for part in inside.parts:
            with suppress(FileExistsError):
                os.mkdir(part, 0o700, dir_fd=at)
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = inner
        yield at
    finally:
        os.close(at)
