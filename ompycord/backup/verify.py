"""Reads a whole backup and compares each byte with its manifest; and the drill, which puts it back on trial."""

from collections.abc import Iterator
from pathlib import Path

from ompycord.backup.copies import DatabaseCopies, Progress
from ompycord.backup.manifest import DATABASE, BackupDamaged, BackupStopped, Manifest
from ompycord.backup.place import BackupPlace
from ompycord.backup.streams import same_content, unpacked
from ompycord.errors import OmpycordError

__all__ = ["drill", "verify"]


def verify(place: BackupPlace, name: str, *, progress: Progress = lambda what, done, total: None) -> list[str]:
    """What is wrong with a backup, a sentence for each file; empty where all is as it was made. Raises BackupError."""
    try:
        manifest = place.manifest(name)
    except BackupDamaged as error:
        return [str(error)]
    return list(_faults(place, place.folder(name), manifest, progress))


def _faults(place: BackupPlace, folder: Path, manifest: Manifest, progress: Progress) -> Iterator[str]:
    total = max(sum(one.size for one in (*manifest.files, *manifest.contents)), 1)
    done = 0

    def step(more: int) -> None:
        nonlocal done
        done += more
        progress("Reading", done, total)

    for stated in manifest.files:
        try:
            unpacked(folder / f"{stated.name}.zst", stated, None, step)
        except BackupDamaged as error:
            yield str(error)
        except OSError as error:
            yield f"{stated.name}.zst cannot be read ({error.strerror or error}): use another backup."
    for content in manifest.contents:
        file = place.content(content.sha256)
        if not same_content(file, content, step):
            yield f"contents/{file.parent.name}/{file.name} is missing or damaged: that attached file is lost."
    expected = {"manifest.json", *(f"{one.name}.zst" for one in manifest.files)}
    for file in sorted(folder.rglob("*")):
        if not file.is_dir() and file.relative_to(folder).as_posix() not in expected:
            yield f"{file.relative_to(folder).as_posix()} does not belong to it."


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
    manifest = place.manifest(name)
    with place.writing(), place.partial("drill") as folder:
        copy = folder / DATABASE
        try:
            unpacked(place.folder(name) / f"{DATABASE}.zst", manifest.database, copy, lambda more: None)
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
