"""Reads a whole backup and compares each byte with its manifest; and the drill, which puts it back on trial."""

from collections.abc import Iterator
from typing import Final

from ompycord.backup.copies import DatabaseCopies, Progress
from ompycord.backup.manifest import DATABASE, BackupDamaged, BackupStopped
from ompycord.backup.place import BackupPlace, ReadBackup
from ompycord.backup.streams import kept_size, unpacked
from ompycord.errors import OmpycordError

__all__ = ["LOST", "drill", "verify"]

LOST: Final = "is missing or damaged: that attached file is lost."
"""How the fault of a content ends, which costs only itself."""


def verify(place: BackupPlace, name: str, *, progress: Progress = lambda what, done, total: None) -> list[str]:
    """What is wrong with a backup, a sentence for each file; empty where all is as it was made. Raises BackupError."""
    try:
        found = place.read(name)
    except BackupDamaged as error:
        return [str(error)]
    return list(_faults(found, progress))


def _faults(found: ReadBackup, progress: Progress) -> Iterator[str]:
    manifest = found.manifest
    total = max(sum(one.size for one in (*manifest.files, *manifest.contents)), 1)
    done = 0

    def step(more: int) -> None:
        nonlocal done
        done += more
        progress("Reading", done, total)

    for stated in manifest.files:
        try:
            unpacked(found.file(stated), stated, None, step, key=found.key)
        except BackupDamaged as error:
            yield str(error)
        except OSError as error:
            yield f"{found.file(stated).name} cannot be read ({error.strerror or error}): use another backup."
    for content in manifest.contents:
        file = found.content(content)
        if kept_size(file, content.sha256, step, key=found.key) != content.size:
            yield f"{file.relative_to(found.place.path).as_posix()} {LOST}"
    expected = found.expected()
    for file in sorted(found.folder.rglob("*")):
        if not file.is_dir() and file.relative_to(found.folder).as_posix() not in expected:
            yield f"{file.relative_to(found.folder).as_posix()} does not belong to it."


def drill(
    place: BackupPlace,
    name: str,
    *,
    copies: DatabaseCopies,
    progress: Progress = lambda what, done, total: None,
) -> list[str]:
    """Put the database of a backup into an empty folder, open it as a start does, count; what went wrong, if anything.

    Raises BackupError where there is no such backup or no room.
    """
    faults = verify(place, name, progress=progress)
    if faults:
        return faults
    found = place.read(name)
    manifest = found.manifest
    with place.writing(), place.partial("drill") as folder:
        copy = folder / DATABASE
        try:
            unpacked(found.file(manifest.database), manifest.database, copy, lambda more: None, key=found.key)
            progress("Opening the copy", 0, 1)
            copies.upgrade(copy)
            counted = copies.examine(copy)
        except BackupStopped:
            raise
        except (OmpycordError, OSError) as error:
            return [str(error)]
        lost = [table for table, rows in manifest.rows.items() if counted.rows.get(table, 0) != rows]
        if lost or counted.last_event != manifest.last_event:
            return [f"The copy has other rows than were counted ({', '.join(lost) or 'events'}): use another backup."]
    return []
