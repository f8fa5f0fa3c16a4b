"""Folders and files of a run on the host's side, where an agent may have left traps.

Its users are the modules beside it.
"""

import asyncio
import os
import stat
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from ompycord.errors import WorkspaceError
from ompycord.processes import ProcessSpec, run

__all__ = ["entries", "is_real_folder", "make", "remove", "scratch", "take_file", "write_readable"]

_REMOVE_S: Final = 120.0
_CHUNK: Final = 1_048_576


def make(folder: Path) -> None:
    """A new folder that only the bot's user enters, with those above it."""
    folder.mkdir(mode=0o700, parents=True)


def entries(folder: Path) -> list[Path]:
    """What lies in it."""
    return list(folder.iterdir())


def write_readable(folder: Path, name: str, data: bytes) -> None:
    """Writes a file that can be read only, all or nothing; makes the folder where needed."""
    folder.mkdir(mode=0o700, exist_ok=True)
    new = folder / f".{name}.new"
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as file:
        file.write(data)
    new.replace(folder / name)


async def remove(path: Path) -> None:
    """Deletes a folder with its contents, or nothing where it is gone. Links are deleted, never followed.

    By rm(1): a tree deeper than Python's recursion limit is no trap for it. Raises WorkspaceError.
    """
    if not _is_there(path):
        return
    if not await _ends_well("rm", "-rf", "--", str(path), cwd=path.parent):
        await _ends_well("chmod", "-R", "u+rwX", "--", str(path), cwd=path.parent)
        if not await _ends_well("rm", "-rf", "--", str(path), cwd=path.parent):
            raise WorkspaceError(f"{path} could not be deleted. Delete it by hand, then try again.")


def _is_there(path: Path) -> bool:
    return os.path.lexists(path)


async def _ends_well(*argv: str, cwd: Path) -> bool:
    spec = ProcessSpec(argv=argv, env={"PATH": os.defpath, "LC_ALL": "C"}, cwd=cwd)
    return (await run(spec, timeout_s=_REMOVE_S)).is_success


@asynccontextmanager
async def scratch(parent: Path, prefix: str) -> AsyncGenerator[Path]:
    """A new folder, 0700, deleted with all its contents afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    try:
        yield folder
    finally:
        await remove(folder)


def is_real_folder(path: Path) -> bool:
    """Whether it is a folder and no link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


async def take_file(base: Path, folder: str, name: str, to: Path, *, limit: int) -> None:
    """Copies `base/folder/name`, written by an agent's side, to our `to`.

    Takes a plain file of one name and at most `limit` bytes: no link out of the folder, no pipe that blocks, no second
    name of a foreign file. Raises WorkspaceError.
    """
    try:
        await asyncio.to_thread(_take_file, base, folder, name, to, limit)
    except OSError as error:
        raise WorkspaceError(f"The result could not be taken over: {error.strerror}.") from error


def _take_file(base: Path, folder: str, name: str, to: Path, limit: int) -> None:
    at = os.open(base / folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        source = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
    finally:
        os.close(at)
    with os.fdopen(source, "rb") as theirs:
        found = os.fstat(theirs.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise WorkspaceError("The result is no plain file, so it was not taken over.")
        to.unlink(missing_ok=True)
        with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as ours:
            taken = 0
            while chunk := theirs.read(_CHUNK):
                taken += len(chunk)
                if taken > limit:
                    raise WorkspaceError(f"The result is larger than {limit // 1024**2} MiB, so it was not taken over.")
                ours.write(chunk)
