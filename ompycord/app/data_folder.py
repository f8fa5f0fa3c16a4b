"""The data folder: 0700, one process at a time, secrets as 0600 files
(docs/contracts/files-and-names.md, *Data folder*).
"""

import secrets
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from ompycord.errors import BusyError, ConfigurationError
from ompycord.files import replace_file

__all__ = ["DataFolder"]


_OF_A_DATABASE: Final = (
    "secrets/component_key",
    "secrets/webhook_secret",
    "artifacts",
    "workspaces",
    "ompycord.db-wal",
    "ompycord.db.mark",
)
"""What is made only after the database: where one of these is, there was one."""


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

    @classmethod
    def at(cls, path: Path) -> Self | None:
        """An existing folder, unchanged; None where there is none."""
        if not path.is_dir():
            return None
        found = cls.__new__(cls)
        found.path = path
        return found

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

    def require_database(self, *, may_be_new: bool = False) -> None:
        """Raises ConfigurationError when the database is gone that belonged to what else is kept here.

        `may_be_new`: a person said that there is none any more. A link that leads nowhere is the store's to refuse.
        """
        if may_be_new or self.database.exists() or self.database.is_symlink():
            return
        kept = [name for name in _OF_A_DATABASE if self._has(name)]
        if kept:
            raise ConfigurationError(
                f"{self.database.name} is gone from {self.path}, but {kept[0]} is there, which belonged to it. Put it "
                "back, or mount its volume. To begin with a new one: `ompycord up --new-database`."
            )

    def _has(self, name: str) -> bool:
        path = self.path / name
        return any(path.iterdir()) if path.is_dir() else path.exists()

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
