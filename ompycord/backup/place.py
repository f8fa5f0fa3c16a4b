"""The folder of all backups: its names, its lock, what is unfinished in it, and contents that they share.

`<name>/` is a whole backup, renamed to this at its end; `.partial-*` is what a process made that did not come so far.
`contents/<2>/<sha256>` holds what was attached, once for all. Whoever writes holds `.lock`, so that what is unfinished
then is nobody's.
"""

import contextlib
import errno
import os
import re
import shutil
import sys
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from ompycord.backup.manifest import MANIFEST, MANIFEST_BYTES, BackupDamaged, BackupError, Manifest
from ompycord.domain.base import Millis
from ompycord.files import sync_folder

__all__ = ["BackupPlace", "FoundBackup", "PlaceBusy", "is_ahead"]

_NAME: Final = re.compile(r"\d{8}T\d{6}Z(?:-\d{1,4})?")
_PARTIAL: Final = ".partial-"
_MOST: Final = 1000
_TAKEN: Final = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLK})
"""What a lock says that another process has; any other error is the disk's."""
_AHEAD_MS: Final = 24 * 3_600_000
"""A backup that is later than this from now was made by a clock that ran ahead: it is no newest one."""


class PlaceBusy(BackupError):
    """Another process writes in the folder."""


class FoundBackup(NamedTuple):
    """A backup by its name. `manifest` is None where it cannot be read; `fault` says why."""

    name: str
    manifest: Manifest | None
    fault: str | None = None


class BackupPlace:
    """One folder of backups."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextlib.contextmanager
    def writing(self) -> Generator[None]:
        """Hold the folder for this process, made 0700 and rid of what others left unfinished.

        Raises PlaceBusy where another process writes in it, BackupError where it or what is read cannot be used.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
                try:
                    _lock(file.fileno())
                except OSError as error:
                    if error.errno not in _TAKEN:
                        raise
                    raise PlaceBusy(f"Another process works in {self.path}. Try again when it is done.") from None
                for left in self.path.glob(f"{_PARTIAL}*"):
                    shutil.rmtree(left, ignore_errors=True)
                yield
        except OSError as error:
            raise self._unusable(error) from error

    @contextlib.contextmanager
    def partial(self, word: str) -> Generator[Path]:
        """A folder that nothing stays of unless it was renamed; only while `writing`."""
        folder = self.path / f"{_PARTIAL}{word}-{os.getpid()}"
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def finish(self, folder: Path, now: Millis) -> str:
        """Give a partial folder its name, by the time; the name. It is on disk then. Raises OSError."""
        at = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
        for number in range(1, _MOST):
            name = at if number == 1 else f"{at}-{number}"
            if not (self.path / name).exists():
                for inside, _, _ in os.walk(folder):
                    sync_folder(Path(inside))
                folder.rename(self.path / name)
                sync_folder(self.path)
                return name
        raise FileExistsError(f"{at} has a thousand backups")

    def content(self, sha256: str) -> Path:
        """Where a content is kept."""
        return self.path / "contents" / sha256[:2] / sha256

    def keep_content(self, fresh: Path, sha256: str) -> None:
        """Move a file to where contents are, for good. Raises OSError."""
        target = self.content(sha256)
        for folder in (target.parent.parent, target.parent):
            if not folder.is_dir():
                folder.mkdir(mode=0o700)
                sync_folder(folder.parent)
        fresh.replace(target)
        sync_folder(target.parent)

    def folder(self, name: str) -> Path:
        """The folder of a backup. Raises BackupError for one that is not there."""
        folder = self.path / name
        if _NAME.fullmatch(name) is None or not folder.is_dir():
            raise BackupError(f"There is no backup {name!r} in {self.path}: `ompycord backup list` shows all.")
        return folder

    def manifest(self, name: str) -> Manifest:
        """Raises BackupError; BackupDamaged."""
        return _read(self.folder(name))

    def names(self) -> list[str]:
        """All that were finished, the oldest first. Raises BackupError."""
        try:
            found = [one.name for one in self.path.iterdir() if _NAME.fullmatch(one.name) and one.is_dir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise self._unusable(error) from error
        return sorted(found, key=_by_time)

    def found(self) -> list[FoundBackup]:
        """All of them with what they say of themselves, the oldest first. Raises BackupError."""
        return [self._found(name) for name in self.names()]

    def newest(self, *, now: Millis | None = None) -> FoundBackup | None:
        """The newest that can be read; with `now` without those of a clock that ran ahead. Raises BackupError."""
        found = (self._found(name) for name in reversed(self.names()))
        return next(
            (one for one in found if one.manifest is not None and not is_ahead(one.manifest.created_at, now)), None
        )

    def _unusable(self, error: OSError) -> BackupError:
        what = f"The folder of backups, {self.path}, cannot be used"
        which = f"{error.filename}: " if error.filename and Path(error.filename) != self.path else ""
        return BackupError(f"{what} ({which}{error.strerror or error}): check the disk and who owns it.")

    def _found(self, name: str) -> FoundBackup:
        try:
            return FoundBackup(name, _read(self.path / name))
        except BackupError as error:
            return FoundBackup(name, None, str(error))


def is_ahead(at: Millis, now: Millis | None) -> bool:
    """Whether a backup of this time was made by a clock that ran ahead."""
    return now is not None and at > now + _AHEAD_MS


def _by_time(name: str) -> tuple[str, int]:
    at, _, number = name.partition("-")
    return at, int(number or 1)


def _read(folder: Path) -> Manifest:
    try:
        with (folder / MANIFEST).open("rb") as file:
            raw = file.read(MANIFEST_BYTES + 1)
    except OSError as error:
        raise BackupDamaged(
            f"{MANIFEST} of {folder.name} cannot be read ({error.strerror}): use another backup."
        ) from None
    return Manifest.load(raw)


if sys.platform == "win32":  # pragma: no cover  # exercised on Windows only
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
