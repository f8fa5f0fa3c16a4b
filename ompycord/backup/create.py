"""Makes a backup of a data folder that may be in use; what is there before is never touched.

The order: room, a copy of the database, a look at the copy, compression, what was attached (only what no backup has
yet), secrets where they are wanted, the manifest, and last its name. A crash at any moment leaves `.partial-*`.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from ompycord.backup.age.keys import BackupKey
from ompycord.backup.belonging import claim
from ompycord.backup.copies import Counted, DatabaseCopies, Progress
from ompycord.backup.manifest import (
    DATABASE,
    AttachedContent,
    BackupError,
    Content,
    Manifest,
    StoredFile,
)
from ompycord.backup.place import BackupPlace
from ompycord.backup.reading import stored_file, write_manifest
from ompycord.backup.streams import copied, kept_size, make_private, packed
from ompycord.domain.base import Millis
from ompycord.domain.ids import is_ulid

__all__ = ["make_backup"]

_SPARE: Final = 64 * 1024 * 1024
"""Bytes that stay free beside what the backup needs."""
_SHA256: Final = 64
_GIVEN: Final = "asked"
"""In the folder of secrets: what people gave the agents of runs that are not over (`conductor/secret_requests/`)."""


def make_backup(
    data: Path,
    place: BackupPlace,
    *,
    copies: DatabaseCopies,
    now: Millis,
    version: str,
    with_secrets: bool,
    is_alone: bool = False,
    progress: Progress = lambda what, done, total: None,
) -> str:
    """The name of the new backup. `is_alone`: no process works with `data` meanwhile; `version` is Ompycord's.

    Raises BackupError, or what the database's functions raise; then nothing of it is left.
    """
    with place.writing():
        claim(place, data)
        key = place.new_key()
        _require_room(data / DATABASE, place.path)
        with place.partial("new") as folder:
            database, counted = _database(data, folder, copies, progress, key, is_alone=is_alone)
            contents, damaged = _contents(data / "artifacts", place, folder, progress, key)
            names = sorted(_secrets(data / "secrets", place))
            secrets = tuple(_secret(data, name, folder, key) for name in names) if with_secrets else ()
            known = {one.sha256 for one in contents}
            manifest = Manifest(
                app_version=version,
                created_at=now,
                schema_version=counted.schema_version,
                last_event=counted.last_event,
                unsent=counted.unsent,
                rows=dict(counted.rows),
                database=database,
                secrets=secrets,
                needs=tuple(names),
                contents=tuple(contents),
                attached=tuple(one for one in _attached(data / "artifacts") if one.sha256 in known),
                damaged=tuple(damaged),
            )
            write_manifest(folder, manifest, key)
            return place.finish(folder, now)


def _require_room(database: Path, target: Path) -> None:
    """The copy and what it is compressed to stand beside each other for a while."""
    if not database.is_file():
        raise BackupError(
            f"There is no database in {database.parent}: start Ompycord once, or name its folder by --data-dir."
        )
    log = database.with_name(f"{database.name}-wal")
    needed = 2 * (database.stat().st_size + (log.stat().st_size if log.exists() else 0)) + _SPARE
    free = shutil.disk_usage(target).free
    if free < needed:
        raise BackupError(
            f"{target} has {_mib(free)} free and a backup needs {_mib(needed)}: free space there, or set backup.folder."
        )


def _database(
    data: Path, folder: Path, copies: DatabaseCopies, progress: Progress, key: BackupKey | None, *, is_alone: bool
) -> tuple[StoredFile, Counted]:
    copy = folder / DATABASE
    size = (data / DATABASE).stat().st_size

    def goes_on() -> bool:
        try:
            progress("Copying the database", copy.stat().st_size if copy.exists() else 0, size)
        except BackupError:
            return False
        return True

    copies.copy(data / DATABASE, copy, goes_on=goes_on, is_alone=is_alone)
    progress("Checking the copy", 0, 1)
    counted = copies.examine(copy)
    size = copy.stat().st_size
    target = stored_file(folder, DATABASE, key)
    stored = packed(copy, DATABASE, target, _counting(progress, "Compressing", size), key=key)
    copy.unlink()
    return stored, counted


def _contents(
    artifacts: Path, place: BackupPlace, folder: Path, progress: Progress, key: BackupKey | None
) -> tuple[list[Content], list[str]]:
    """Take what no backup has yet; all that are there, and those that are not what their name says.

    What is kept is read, not believed: a disk that lost it by itself keeps its size, and it is taken again while it is
    still here. What is whole there counts, whatever became of it here: else pruning would remove the last copy.
    """
    kept: list[Content] = []
    damaged: list[str] = []
    files = sorted(_named_by_hash(artifacts))
    step = _counting(progress, "Copying attached files", sum(map(_size, files)))
    for file in files:
        target = place.content(file.name, key)
        size = kept_size(target, file.name, step, key=key)
        if size is not None:
            kept.append(Content(sha256=file.name, size=size))
            continue
        fresh = folder / file.name
        try:
            size = copied(file, fresh, file.name, step, encrypts=key)
        except FileNotFoundError:  # its run was pruned meanwhile
            fresh.unlink(missing_ok=True)
            continue
        if size is None:
            damaged.append(file.name)
            fresh.unlink()
            continue
        place.keep_content(fresh, target)
        kept.append(Content(sha256=file.name, size=size))
    return kept, damaged


def _named_by_hash(artifacts: Path) -> Iterator[Path]:
    for folder in artifacts.glob("[0-9a-f][0-9a-f]"):
        for file in folder.iterdir():
            if len(file.name) == _SHA256 and file.is_file() and not file.is_symlink():
                yield file


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _attached(artifacts: Path) -> Iterator[AttachedContent]:
    """Which run attached what, by the names of empty files."""
    for folder in sorted((artifacts / "of").glob("*")):
        if is_ulid(folder.name):
            for mark in sorted(folder.iterdir()):
                if len(mark.name) == _SHA256:
                    yield AttachedContent(run=folder.name, sha256=mark.name)


def _secrets(folder: Path, place: BackupPlace) -> Iterator[str]:
    """By their names in the data folder; backups that are kept among them are none, nor is the key that opens these.

    Nor is what people gave for one run.
    """
    key_file = None if place.key_file is None else place.key_file.path.resolve()
    for file in folder.rglob("*"):
        is_ours = file.is_relative_to(place.path) or file.resolve() == key_file or file.is_relative_to(folder / _GIVEN)
        if not is_ours and file.is_file() and not file.name.startswith("."):  # a link, too: the process reads it
            yield file.relative_to(folder.parent).as_posix()


def _secret(data: Path, name: str, folder: Path, key: BackupKey | None) -> StoredFile:
    target = stored_file(folder, name, key)
    make_private(target.parent)
    try:
        return packed(data / name, name, target, lambda more: None, key=key)
    except ValidationError:
        raise BackupError(f"{name!r} cannot be in a backup by this name: rename it.") from None


def _counting(progress: Progress, what: str, total: int) -> Callable[[int], None]:
    done = 0

    def step(more: int) -> None:
        nonlocal done
        done += more
        progress(what, done, max(total, 1))

    return step


def _mib(size: int) -> str:
    return f"{max(size // (1024 * 1024), 1):,} MiB"
