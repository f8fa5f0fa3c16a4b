"""Takes out of an agent's HOME what it was granted, before the HOME is kept for a follow-up; for `sessions.py`.

Nothing of the run runs any more, but the HOME is as the agent left it: no link is followed.
"""

import os
import stat
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ompycord.workspaces.guarding.granted import FindGranted, as_text

__all__ = ["cleaned_size"]

_CACHES: Final = frozenset({".cache", ".npm", ".bun"})
"""Folders of the HOME itself that programs fill again."""
_SEARCHED: Final = 128 * 1024 * 1024
"""Bytes that are looked through; a HOME with more is not kept."""
_STEP: Final = 4 * 1024 * 1024
_OVERLAP: Final = 64 * 1024
_ENTRIES: Final = 100_000
_ELF: Final = b"\x7fELF"


def cleaned_size(home: Path, grants: Sequence[Path], granted: FindGranted | None) -> int | None:
    """The bytes of what is left; None where it cannot be cleaned, so that it must not be kept.

    Taken out: granted files and the links to them, links that lead out, pipes and sockets, caches, programs, and every
    file in which a granted secret stands.
    """
    try:
        return _clean(home, _inside(grants), granted)
    except OSError:
        return None


def _inside(grants: Sequence[Path]) -> frozenset[Path]:
    """The places in the HOME at which granted files stand."""
    own = Path.home()
    return frozenset(grant.relative_to(own) for grant in grants if grant.is_relative_to(own) and grant != own)


def _clean(home: Path, grants: frozenset[Path], granted: FindGranted | None) -> int | None:
    room, total = _SEARCHED, 0
    for count, (path, found) in enumerate(_files(home, grants)):
        if count >= _ENTRIES:
            return None
        if not stat.S_ISREG(found.st_mode) or path.relative_to(home) in grants or _is_program(path):
            path.unlink()
            continue
        room -= found.st_size
        if room < 0:
            return None
        if granted is not None and _holds(path, granted):
            path.unlink()
            continue
        total += found.st_size
    return total


def _files(home: Path, grants: frozenset[Path]) -> Iterator[tuple[Path, os.stat_result]]:
    """All that is no folder, without links that lead inside; caches are removed on the way."""
    root = home.resolve()
    ahead = [home]
    while ahead:
        folder = ahead.pop()
        folder.chmod(0o700)
        for path in sorted(folder.iterdir()):
            found = path.lstat()
            inside = path.relative_to(home)
            if stat.S_ISDIR(found.st_mode):
                if folder == home and path.name in _CACHES:
                    _remove_tree(path)
                else:
                    ahead.append(path)
            elif not (stat.S_ISLNK(found.st_mode) and inside not in grants and _leads_inside(path, root)):
                yield path, found


def _leads_inside(link: Path, root: Path) -> bool:
    try:
        return link.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # a loop of links
        return False


def _remove_tree(folder: Path) -> None:
    """Bottom up, without following a link."""
    folders, ahead = list[Path](), [folder]
    while ahead:
        one = ahead.pop()
        one.chmod(0o700)
        folders.append(one)
        for path in one.iterdir():
            if path.is_dir() and not path.is_symlink():
                ahead.append(path)
            else:
                path.unlink()
    for one in reversed(folders):
        one.rmdir()


def _is_program(path: Path) -> bool:
    """Whether it is a program or a library of this system, which its agent unpacks again; nobody could search it."""
    with _opened(path) as file:
        return os.read(file, len(_ELF)) == _ELF


def _holds(path: Path, granted: FindGranted) -> bool:
    """Whether a granted secret stands in a file; one that stands on the border of two steps is found too."""
    before = b""
    with _opened(path) as file:
        while step := os.read(file, _STEP):
            if granted(as_text(before + step)) is not None:
                return True
            before = step[-_OVERLAP:]
    return False


@contextmanager
def _opened(path: Path) -> Generator[int]:
    """A descriptor of a regular file, which becomes readable for us where it was not."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        file = os.open(path, flags)
    except PermissionError:
        path.chmod(0o600)
        file = os.open(path, flags)
    try:
        yield file
    finally:
        os.close(file)
