"""Files that are replaced as a whole: what a reader finds, also after a crash, is the old content or the new one.

The playground has its own (it imports nothing of ours), and so has the spool for lines that are appended.
"""

import contextlib
import os
import tempfile
from pathlib import Path

__all__ = ["replace_file", "sync_folder"]

PRIVATE = 0o600


def replace_file(path: Path, content: bytes | str, *, mode: int = PRIVATE, is_durable: bool = True) -> None:
    """Write beside the file, then rename: 0600 from the first byte, `mode` before it can be found by its name.

    `is_durable`: also after a power cut, which takes two syncs of the disk, so never on the event loop. Any number of
    writers; the last one stays. Raises OSError, and then nothing is left behind.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            if is_durable:
                file.flush()
                os.fsync(file.fileno())
        if mode != PRIVATE:
            fresh.chmod(mode)
        fresh.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise
    if is_durable:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """A new name is on the disk only once its folder is; Windows has no such call. Raises OSError."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
