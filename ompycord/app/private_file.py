"""A file that only this user can read, whole or not at all; how secrets and settings get to the disk."""

import os
from pathlib import Path

__all__ = ["write_private"]


def write_private(path: Path, text: str) -> None:
    """Replace the file: written beside it with 0600 from its first byte, synced, renamed. Raises OSError."""
    fresh = path.with_name(f".{path.name.lstrip('.')}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
