"""The data folder: 0700, one process at a time, secrets as 0600 files
(docs/contracts/files-and-names.md, *Data folder*).
"""

import secrets
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from ompycord.errors import BusyError, ConfigurationError
from ompycord.files import replace_file

__all__ = ["DataFolder"]


class DataFolder:
    """Paths of everything that Ompycord keeps; making one creates the folder."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigurationError when the folder cannot be made or written."""
        self.path = path.expanduser().absolute()
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)
        except OSError as error:
            raise ConfigurationError(f"data_dir: the folder cannot be made or owned ({error.strerror})") from None

    @property
    def database(self) -> Path:
        return self.path / "ompycord.db"

    @property
    def playground(self) -> Path:
        return self.path / "playground"

    @contextmanager
    def lock(self) -> Generator[None]:
        """Hold the folder for this process; the system releases it when the process ends, however it ends.

        Raises BusyError (exit 75) when another process holds it.
        """
        with (self.path / "lock").open("a+", encoding="utf-8") as file:
            try:
                _lock(file.fileno())
            except OSError:
                raise BusyError(
                    f"Another Ompycord works with this data folder ({self.path}). Stop it first, or give another "
                    "data_dir."
                ) from None
            yield

    def secret(self, name: str) -> tuple[str, bool]:
        """A secret of 43 url-safe characters, made on first use; and whether it was made just now."""
        folder = self.path / "secrets"
        folder.mkdir(mode=0o700, exist_ok=True)
        file = folder / name
        try:
            return file.read_text(encoding="utf-8-sig").strip(), False
        except FileNotFoundError:
            pass
        value = secrets.token_urlsafe(32)
        replace_file(file, value + "\n")
        return value, True


if sys.platform == "win32":  # pragma: no cover  # exercised on Windows only
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
