"""Opens files in a folder of an untrusted program: every step of a path without following a link.

So nothing that the program plants in between leads outside. What is no regular file is refused, and so is `.git`, which
the host would obey. Used where agents' files are read or written for them: `agents/file_requests.py`,
`workspaces/artifacts.py`.
"""

import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

__all__ = ["LARGEST", "NotGranted", "reason", "safe_path", "safe_read", "safe_write"]

LARGEST: Final = 10_485_760
"""The largest file that is read or written for an agent: 10 MiB."""
_LINKS: Final = frozenset({errno.ELOOP, errno.ENOTDIR})


class NotGranted(Exception):
    """Raised with the reason, for the agent."""


def reason(path: str, error: OSError) -> str:
    """The reason for which the system did not open it, for the agent."""
    why = "a link or no folder is on its way" if error.errno in _LINKS else error.strerror or "no reason given"
    return f"{path[:200]}: {why}."


def safe_path(root: Path, path: str) -> tuple[str, ...]:
    """The steps from `root` to `path`, which may be absolute. Raises NotGranted for what lies outside."""
    pure = PurePosixPath(path)
    if pure.is_absolute():
        bases = [base for base in (root, root.resolve()) if pure.is_relative_to(base)]
        if not bases:
            raise NotGranted(f"{path[:200]} lies outside the clone.")
        pure = pure.relative_to(bases[0])
    parts = pure.parts
    if not parts or ".." in parts or "\0" in path:
        raise NotGranted(f"{path[:200]!r} names no file of the clone.")
    if any(part.casefold() == ".git" for part in parts):
        raise NotGranted("Git's own files are not served.")
    return parts


def safe_read(root: Path, parts: tuple[str, ...]) -> bytes:
    """A whole file. Raises NotGranted for one that is too large or no file, OSError. Blocks."""
    with _folder(root, parts, make=False) as at, _opened(parts[-1], os.O_RDONLY, at) as fd:
        raw = b""
        while chunk := os.read(fd, LARGEST + 1 - len(raw)):
            raw += chunk
    if len(raw) > LARGEST:
        raise NotGranted(f"{'/'.join(parts)[:200]} is larger than {LARGEST // 1_048_576} MiB.")
    return raw


def safe_write(root: Path, parts: tuple[str, ...], data: bytes) -> None:
    """Write a whole file, and the folders on its way. Raises NotGranted, OSError. Blocks."""
    if len(data) > LARGEST:
        raise NotGranted(f"The text is larger than {LARGEST // 1_048_576} MiB.")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with _folder(root, parts, make=True) as at, _opened(parts[-1], flags, at) as fd:
        while data:
            data = data[os.write(fd, data) :]


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


@contextmanager
def _opened(name: str, flags: int, at: int) -> Generator[int]:
    """The file, if it is a regular one. Without O_NONBLOCK a pipe with that name would block us forever."""
    fd = os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o644, dir_fd=at)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise NotGranted(f"{name} is no regular file.")
        yield fd
    finally:
        os.close(fd)
