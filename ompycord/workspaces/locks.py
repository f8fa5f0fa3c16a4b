"""Locks that git leaves behind where it is killed, as it is with us.

Until they are gone it refuses whatever they guard.

Only for whoever is alone with the files in question: what an earlier process left running was swept before.
"""

from contextlib import suppress
from pathlib import Path

__all__ = ["unlock", "unlock_ref"]


def unlock(repository: Path, *patterns: str) -> None:
    """Remove the locks that match, in a repository of ours. Raises OSError."""
    for pattern in patterns:
        for lock in repository.glob(pattern):
            lock.unlink(missing_ok=True)


def unlock_ref(repository: Path, ref: str, commit: str) -> None:
    """Remove the lock of one ref in somebody's repository where it is surely ours.

    Empty, or about to become our commit.
    """
    lock = repository / f"{ref}.lock"
    with suppress(FileNotFoundError):
        if lock.read_bytes().strip() in {b"", commit.encode()}:
            lock.unlink()
