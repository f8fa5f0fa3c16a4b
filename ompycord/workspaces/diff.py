"""Pure: git's report of changed files, as `ChangedFile`s; its counterpart is the diff that `collect.py` asks for."""

from typing import Final, Literal

from ompycord.domain.events import ChangedFile

__all__ = ["DIFF", "FILES_LISTED", "changed_files"]

DIFF: Final = ("diff", "--no-ext-diff", "--no-textconv", "--no-color", "--find-renames", "-l2000")
"""How git is asked; nothing that a repository configures runs."""

FILES_LISTED: Final = 500
"""The most that `events.FilesChanged` takes; the total is given beside it."""
_PATH: Final = 1024

Status = Literal["added", "modified", "deleted", "renamed"]
_STATUS: Final[dict[str, Status]] = {"A": "added", "C": "added", "D": "deleted", "R": "renamed"}


def changed_files(name_status: bytes, numstat: bytes) -> tuple[tuple[ChangedFile, ...], int]:
    """The first `FILES_LISTED` files by path and how many there are.

    From `git diff -z --name-status` and `git diff -z --numstat`, both with the same renames. A renamed file has its new
    path. Raises ValueError when the two do not belong together.
    """
    counts = _counts(numstat)
    statuses = _statuses(name_status)
    if counts.keys() != statuses.keys():
        raise ValueError("name-status and numstat list different files")
    files = [
        ChangedFile(path=_shown(path), status=_STATUS.get(statuses[path], "modified"), added=added, removed=removed)
        for path, (added, removed) in sorted(counts.items())[:FILES_LISTED]
    ]
    return tuple(files), len(counts)


def _statuses(raw: bytes) -> dict[bytes, str]:
    """Path to letter. Renames and copies take two paths, the second is the new one (git-diff(1), raw output)."""
    words = iter(raw.split(b"\0")[:-1])
    found: dict[bytes, str] = {}
    for word in words:
        letter = word[:1].decode("ascii", "replace")
        path = next(words)
        found[next(words) if letter in "RC" else path] = letter
    return found


def _counts(raw: bytes) -> dict[bytes, tuple[int | None, int | None]]:
    """Path to lines added and removed, None for binary files. With -z a rename's two paths are words of their own."""
    words = iter(raw.split(b"\0")[:-1])
    found: dict[bytes, tuple[int | None, int | None]] = {}
    for word in words:
        added, removed, path = word.split(b"\t", 2)
        if not path:
            next(words)
            path = next(words)
        found[path] = (_number(added), _number(removed))
    return found


def _number(word: bytes) -> int | None:
    return None if word == b"-" else int(word)


def _shown(path: bytes) -> str:
    """File names are bytes; those that are no UTF-8 are shown with replacement."""
    return path.decode("utf-8", "replace")[:_PATH]
