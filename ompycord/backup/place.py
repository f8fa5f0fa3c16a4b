"""The folder of all backups: its names, its lock, what is unfinished in it, and contents that they share.

`<name>/` is a whole backup, renamed to this at its end; `.partial-*` is what a process made that did not come so far.
`contents/<2>/<sha256>` holds what was attached, once for all; where there is a key, `encrypted/<key>/` does. Whoever
writes holds `.lock`, so that what is unfinished then is nobody's.
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

from ompycord.backup.age.keys import BackupKey, KeyFile
from ompycord.backup.manifest import BackupError, Content, Manifest, StoredFile
from ompycord.backup.reading import key_id_of, manifest_file, read_manifest, stored_file
from ompycord.domain.base import Millis
from ompycord.files import sync_folder

__all__ = ["BackupPlace", "FoundBackup", "PlaceBusy", "ReadBackup", "is_ahead"]

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
    key: BackupKey | None = None
    """That opened it; None where it is not encrypted, too."""
    key_id: str | None = None
    """Of the key that it was encrypted with, also where that is not here."""


class BackupPlace:
    """One folder of backups; with a key file new ones are encrypted."""

    def __init__(self, path: Path, key_file: KeyFile | None = None) -> None:
        self.path = path
        self.key_file = key_file

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

    def new_key(self) -> BackupKey | None:
        """What a new backup is encrypted with; None where it is not. Raises BackupError."""
        keys = self._keys()
        return keys[0] if keys else None

    def require_apart(self) -> None:
        """Raises BackupError where the key lies among the backups."""
        if self.key_file is not None and self.key_file.path.resolve().is_relative_to(self.path.resolve()):
            raise BackupError(
                f"The key of backups, {self.key_file.path}, lies among the backups that it opens: who gets them gets "
                "it, too. Move it out of there, and say where it is: backup.key_file."
            )

    def content(self, sha256: str, key: BackupKey | None = None) -> Path:
        """Where a content is kept."""
        if key is None:
            return self.path / "contents" / sha256[:2] / sha256
        name = key.name_of(sha256)
        return self.path / "encrypted" / key.id / name[:2] / f"{name}.age"

    def contents(self) -> list[Path]:
        """All that are kept."""
        found = (*self.path.glob("contents/??/*"), *self.path.glob("encrypted/*/??/*"))
        return [file for file in found if file.is_file()]

    def keep_content(self, fresh: Path, target: Path) -> None:
        """Move a file to where contents are, for good. Raises OSError."""
        above = [folder for folder in target.parents if folder.is_relative_to(self.path)]
        for folder in reversed(above):
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
        return self.read(name).manifest

    def read(self, name: str) -> "ReadBackup":
        """One that can be read, with what opens it. Raises BackupError; BackupDamaged."""
        folder = self.folder(name)
        key_id = key_id_of(folder)
        key = None if key_id is None else self._key(name, key_id)
        return ReadBackup(self, folder, read_manifest(folder, key), key)

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
        key_id = key_id_of(self.path / name)
        try:
            found = self.read(name)
        except BackupError as error:
            return FoundBackup(name, None, str(error), None, key_id)
        return FoundBackup(name, found.manifest, None, found.key, key_id)

    def _keys(self) -> tuple[BackupKey, ...]:
        if self.key_file is None:
            return ()
        self.require_apart()
        return self.key_file.keys()

    def _key(self, name: str, key_id: str) -> BackupKey:
        keys = self._keys()
        for key in keys:
            if key.id == key_id:
                return key
        if self.key_file is None:
            raise BackupError(
                f"{name} is encrypted with the key {key_id[:8]}: name the file of that key by backup.key_file or "
                "--key-file."
            )
        others = ", ".join(key.id[:8] for key in keys)
        raise BackupError(
            f"{name} is encrypted with the key {key_id[:8]}, and {self.key_file.path} has {others}: add the line of "
            "that key to it, or name another file by --key-file."
        )


class ReadBackup(NamedTuple):
    """One backup that can be read."""

    place: BackupPlace
    folder: Path
    manifest: Manifest
    key: BackupKey | None

    def file(self, stated: StoredFile) -> Path:
        """Where a file of it is stored."""
        return stored_file(self.folder, stated.name, self.key)

    def content(self, content: Content) -> Path:
        """Where a content of it is kept."""
        return self.place.content(content.sha256, self.key)

    def expected(self) -> set[str]:
        """All that its folder holds, by their places in it."""
        files = (manifest_file(self.folder, self.key), *map(self.file, self.manifest.files))
        return {file.relative_to(self.folder).as_posix() for file in files}


def is_ahead(at: Millis, now: Millis | None) -> bool:
    """Whether a backup of this time was made by a clock that ran ahead."""
    return now is not None and at > now + _AHEAD_MS


def _by_time(name: str) -> tuple[str, int]:
    at, _, number = name.partition("-")
    return at, int(number or 1)


if sys.platform == "win32":  # pragma: no cover  # exercised on Windows only
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
