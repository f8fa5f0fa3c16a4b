"""The data folder: 0700, one process at a time, secrets as 0600 files
(docs/contracts/files-and-names.md, *Data folder*).
"""

import contextlib
import os
import secrets
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Final, Self, TextIO

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

    @contextlib.contextmanager
    def lock(self) -> Generator[None]:
        """Hold the folder for this process; the system releases it when the process ends, however it ends.

        Raises BusyError (exit 75), which names the other process, when another one holds it.
        """
        with (self.path / "lock").open("a+", encoding="utf-8") as file:
            try:
                _lock(file.fileno())
            except OSError:
                raise BusyError(
                    f"Another Ompycord{_numbered(file)} works with this data folder. End it: `ompycord down --data-dir "
                    f"{self.path}`, or give another data_dir."
                ) from None
            _name_holder(file)
            yield

    @property
    def is_locked(self) -> bool:
        """Whether a process holds the folder at this moment."""
        try:
            with (self.path / "lock").open("r+", encoding="utf-8") as file:
                _lock(file.fileno())
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return False

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


def _name_holder(file: TextIO) -> None:
    """Write who holds the lock, for whoever finds it held; a full disk keeps nothing from starting."""
    with contextlib.suppress(OSError):
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()


def _numbered(file: TextIO) -> str:
    """The process that the holder of a lock wrote into it, in words; nothing where it has written none yet."""
    file.seek(0)
    number = file.read(20).strip()
    return f" (process {number})" if number.isdecimal() else ""


if sys.platform == "win32":  # pragma: no cover  # exercised on Windows only
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # where nothing is written: what is locked cannot be read there
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
