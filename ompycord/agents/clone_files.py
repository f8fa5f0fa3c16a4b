"""Reads and writes files of a clone for its agent, and nothing beside it; serves `dialects/conversation.FileWish`.

The agent is not trusted and owns the folder: every step of a path is opened without following links, so that nothing it
plants meanwhile leads outside. What is no regular file is refused, and so is `.git`, which the host would obey.
"""

import errno
import os
import stat
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from ompycord.dialects.conversation import FileWish
from ompycord.dialects.frames import Frame

__all__ = ["grant"]

_BYTES: Final = 10_485_760
"""The largest file that is read or written for an agent: 10 MiB."""
_LINKS: Final = frozenset({errno.ELOOP, errno.ENOTDIR})


class _NotGranted(Exception):
    """Says why, for the agent."""


def grant(root: Path, wish: FileWish) -> Frame:
    """Does what the agent wishes and gives the frame that answers it. Blocks: call it in a thread."""
    if sys.platform == "win32":
        return wish.refused("Files are not served on Windows.")
    try:
        parts = _parts(root, wish.path)
        if wish.content is None:
            return wish.granted(_read(root, parts, wish))
        _write(root, parts, wish.content)
        return wish.granted("")
    except _NotGranted as error:
        return wish.refused(str(error))
    except OSError as error:
        why = "a link or no folder is on its way" if error.errno in _LINKS else error.strerror or "no reason given"
        return wish.refused(f"{wish.path[:200]}: {why}.")


def _parts(root: Path, path: str) -> tuple[str, ...]:
    pure = PurePosixPath(path)
    if pure.is_absolute():
        bases = [base for base in (root, root.resolve()) if pure.is_relative_to(base)]
        if not bases:
            raise _NotGranted(f"{path[:200]} lies outside the clone.")
        pure = pure.relative_to(bases[0])
    parts = pure.parts
    if not parts or ".." in parts or "\0" in path:
        raise _NotGranted(f"{path[:200]!r} names no file of the clone.")
    if any(part.casefold() == ".git" for part in parts):
        raise _NotGranted("Git's own files are not served.")
    return parts


@contextmanager
def _folder(root: Path, parts: tuple[str, ...], *, make: bool) -> Generator[int]:
    """A descriptor of the file's folder, reached step by step without following a link."""
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts[:-1]:
            if make:
                _make(at, part)
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = inner
        yield at
    finally:
        os.close(at)


def _make(at: int, name: str) -> None:
    try:
        os.mkdir(name, dir_fd=at)
    except FileExistsError:
        return


def _read(root: Path, parts: tuple[str, ...], wish: FileWish) -> str:
    with _folder(root, parts, make=False) as at, _opened(parts[-1], os.O_RDONLY, at) as fd:
        raw = b""
        while chunk := os.read(fd, _BYTES + 1 - len(raw)):
            raw += chunk
    if len(raw) > _BYTES:
        raise _NotGranted(f"{wish.path[:200]} is larger than {_BYTES // 1_048_576} MiB.")
    lines = raw.decode("utf-8", "replace").splitlines(keepends=True)[wish.line - 1 :]
    return "".join(lines[: wish.limit] if wish.limit else lines)


def _write(root: Path, parts: tuple[str, ...], content: str) -> None:
    data = content.encode("utf-8", "replace")
    if len(data) > _BYTES:
        raise _NotGranted(f"The text is larger than {_BYTES // 1_048_576} MiB.")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with _folder(root, parts, make=True) as at, _opened(parts[-1], flags, at) as fd:
        while data:
            data = data[os.write(fd, data) :]


@contextmanager
def _opened(name: str, flags: int, at: int) -> Generator[int]:
    """The file, if it is a regular one. Without O_NONBLOCK a pipe with that name would hang us for ever."""
    fd = os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o644, dir_fd=at)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise _NotGranted(f"{name} is no regular file.")
        yield fd
    finally:
        os.close(fd)
