"""Removes locks that git leaves when it is killed; until then it refuses to change what they protect.

Only for a caller that is alone with the files in question: what an earlier process left running was killed before.
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
    """Remove the lock of one ref in a foreign repository where it is surely ours.

    It is ours where it is empty, or contains our commit.
    """
    lock = repository / f"{ref}.lock"
    with suppress(FileNotFoundError):
        if lock.read_bytes().strip() in {b"", commit.encode()}:
            lock.unlink()
