"""A throw-away copy, and what was changed in it: implements `ReadingCopy`.

An agent may have left traps where its confinement let it write: links are not followed, pipes and devices not opened,
and no program is started there.
"""

import asyncio
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ompycord.errors import WorkspaceError

__all__ = ["FileCopy"]

_GIT: Final = ".git"
_OF_GIT: Final = frozenset({"HEAD", "packed-refs", "refs"})
"""What a commit changes; looking at a repository writes into others, such as its index."""
_CHUNK: Final = 1_048_576

State = dict[str, bytes]
"""A digest for each path that is no folder."""


class FileCopy:
    """One copy, as it was when this was made."""

    def __init__(self, path: Path, commit: str, before: State) -> None:
        self.path = path
        self.commit = commit
        self._before = before

    @classmethod
    async def of(cls, path: Path, commit: str) -> "FileCopy":
        """The copy in this folder, which nobody has touched. Raises WorkspaceError."""
        return cls(path, commit, await asyncio.to_thread(_state, path))

    async def changes(self) -> tuple[str, ...]:
        """See the port."""
        now = await asyncio.to_thread(_state, self.path)
        both = self._before.keys() | now.keys()
        changed = {path for path in both if self._before.get(path) != now.get(path)}
        return tuple(sorted({_GIT if path.split("/")[0] == _GIT else path for path in changed}))


def _state(root: Path) -> State:
    try:
        return dict(_walk(root))
    except OSError as error:
        raise WorkspaceError(f"The copy that the agent read cannot be read again: {error.strerror}.") from error


def _walk(root: Path) -> Iterator[tuple[str, bytes]]:
    folders = [""]
    while folders:
        folder = folders.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                path = f"{folder}{entry.name}"
                if folder == f"{_GIT}/" and entry.name not in _OF_GIT:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(f"{path}/")
                else:
                    yield _shown(path), _digest(entry)


def _digest(entry: "os.DirEntry[str]") -> bytes:
    """Of kind, right to execute and content."""
    found = entry.stat(follow_symlinks=False)
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{stat.S_IFMT(found.st_mode)} {bool(found.st_mode & stat.S_IXUSR)}\0".encode())
    if stat.S_ISLNK(found.st_mode):
        digest.update(os.fsencode(Path(entry.path).readlink()))
    elif stat.S_ISREG(found.st_mode):
        file = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            while chunk := os.read(file, _CHUNK):
                digest.update(chunk)
        finally:
            os.close(file)
    return digest.digest()


def _shown(path: str) -> str:
    """The path as text that can be stored; bytes that are no text stand as U+FFFD."""
    return os.fsencode(path).decode("utf-8", "replace")
