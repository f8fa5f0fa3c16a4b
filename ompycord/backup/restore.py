"""Puts a backup into a data folder: verified, unpacked beside, opened on trial, made fit to go on, then exchanged.

What was there is moved aside as a whole, never deleted. Until the last renames nothing of it has changed; they are
repeated by the next call if a crash comes between them, since the folder that was moved aside is found then.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from ompycord.backup.copies import DatabaseCopies, Progress, Unsent
from ompycord.backup.create import DATABASE
from ompycord.backup.manifest import BackupError, Manifest
from ompycord.backup.place import BackupPlace
from ompycord.backup.streams import copied, unpacked
from ompycord.backup.verify import verify
from ompycord.domain.base import Millis
from ompycord.files import sync_folder

__all__ = ["Restored", "missing_secrets", "restore"]

_COMPANIONS: Final = ("", "-wal", "-shm", "-journal", ".mark")
"""What belongs to a database, by the end of its name; all of it goes together."""
_SPARE: Final = 64 * 1024 * 1024


class Restored(NamedTuple):
    """What was put back."""

    manifest: Manifest
    aside: Path | None
    """Where what was there before is; None where there was nothing."""
    missing: tuple[str, ...]
    """Secrets that were there when the backup was made and are not here now."""
    lost: tuple[str, ...]
    """AttachedContent files that the backup names and does not have."""


def missing_secrets(data: Path, manifest: Manifest) -> tuple[str, ...]:
    """The secrets that a restore needs and neither the backup nor the folder has."""
    given = {one.name for one in manifest.secrets}
    return tuple(name for name in manifest.needs if name not in given and not (data / name).is_file())


def restore(
    data: Path,
    place: BackupPlace,
    name: str,
    *,
    copies: DatabaseCopies,
    unsent: Unsent | None,
    now: Millis,
    progress: Progress = lambda what, done, total: None,
) -> Restored:
    """Bring back database, attached files and, where the backup has them, secrets. Nobody else may work with `data`.

    `unsent`: what becomes of messages that waited; None where none did. Raises BackupError with what to do, and then
    nothing in `data` has changed.
    """
    manifest = place.manifest(name)
    if manifest.unsent and unsent is None:
        raise BackupError(
            f"{manifest.unsent} messages were waiting to be sent when it was made, and may have been sent since. Say "
            "what becomes of them: --unsent send, or --unsent drop."
        )
    _require_room(data, manifest)
    faults = verify(place, name, progress=progress)
    vanished = {content.sha256 for content in manifest.contents if not place.content(content.sha256).is_file()}
    worse = [fault for fault in faults if not fault.startswith("contents/")]
    if worse:
        raise BackupError(f"{name} cannot be restored. {' '.join(worse)}")
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = data / ".restoring"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(mode=0o700)
    try:
        for stated in manifest.files:
            target = beside / stated.name
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            unpacked(place.folder(name) / f"{stated.name}.zst", stated, target, lambda more: None)
        progress("Opening the copy", 0, 1)
        copies.upgrade(beside / DATABASE)
        copies.settle(beside / DATABASE, unsent=unsent or "drop")
        copies.examine(beside / DATABASE)
        lost = _bring_contents(data, place, manifest, beside)
        aside = _exchange(data, beside, manifest, now)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Restored(manifest, aside, missing_secrets(data, manifest), tuple(sorted({*lost, *vanished})))


def _require_room(data: Path, manifest: Manifest) -> None:
    needed = sum(one.size for one in (*manifest.files, *manifest.contents)) + _SPARE
    there = next(folder for folder in (data, *data.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if free < needed:
        raise BackupError(
            f"{there} has {free:,} bytes free and this backup needs {needed:,}: free space, then restore again."
        )


def _bring_contents(data: Path, place: BackupPlace, manifest: Manifest, beside: Path) -> list[str]:
    """AttachedContent files that are not here yet; they are known by their content, so they replace nothing."""
    lost: list[str] = []
    for content in manifest.contents:
        target = data / "artifacts" / content.sha256[:2] / content.sha256
        source = place.content(content.sha256)
        if target.exists() or not source.is_file():
            continue
        fresh = beside / content.sha256
        if copied(source, fresh, content.sha256, lambda more: None) is None:
            lost.append(content.sha256)
            continue
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.replace(target)
    for one in manifest.attached:
        mark = data / "artifacts" / "of" / one.run / one.sha256
        mark.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        mark.touch(mode=0o600)
    return lost


def _exchange(data: Path, beside: Path, manifest: Manifest, now: Millis) -> Path | None:
    """Move aside what is there, all of it, then put the new in its place."""
    old = [data / f"{DATABASE}{end}" for end in _COMPANIONS]
    old += [data / one.name for one in manifest.secrets]
    there = [file for file in old if file.exists() or file.is_symlink()]
    aside = data / f"before-restore-{now}" if there else None
    if aside is not None:
        aside.mkdir(mode=0o700)
        for file in _database_first(there, data):
            target = aside / file.relative_to(data)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.rename(target)
        sync_folder(aside)
    for stated in manifest.secrets:
        target = data / stated.name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        (beside / stated.name).rename(target)
        sync_folder(target.parent)
    (beside / DATABASE).rename(data / DATABASE)
    sync_folder(data)
    return aside


def _database_first(files: Sequence[Path], data: Path) -> Sequence[Path]:
    """A start refuses a log without its database; a database without its log it would take for whole."""
    return sorted(files, key=lambda file: file != data / DATABASE)
