"""Puts a backup into a data folder: verified, unpacked beside, opened on trial, made fit to go on, then exchanged.

What was there is moved aside as a whole, never deleted. Until the last renames nothing of it has changed; where one of
them fails, those before it are taken back, and after a crash between them the next call goes on with the same folder.
"""

import itertools
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from ompycord.backup.belonging import hand_on
from ompycord.backup.contents import bring_content
from ompycord.backup.copies import DatabaseCopies, Progress, Unsent
from ompycord.backup.manifest import DATABASE, BackupError, Manifest
from ompycord.backup.place import BackupPlace, ReadBackup
from ompycord.backup.streams import make_private, unpacked
from ompycord.backup.verify import LOST, verify
from ompycord.domain.base import Millis
from ompycord.files import sync_folder

__all__ = ["Restored", "kept_aside", "missing_secrets", "restore"]

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
    """Attached files that the backup names, and neither it nor the folder has."""


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
    found = place.read(name)
    manifest = found.manifest
    if manifest.unsent and unsent is None:
        raise BackupError(
            f"{manifest.unsent} messages were waiting to be sent when it was made, and may have been sent since. Say "
            "what becomes of them: --unsent send, or --unsent drop."
        )
    _require_room(data, manifest)
    worse = [fault for fault in verify(place, name, progress=progress) if not fault.endswith(LOST)]
    if worse:
        raise BackupError(f"{name} cannot be restored. {' '.join(worse)}")
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = data / ".restoring"
    was_ended = (beside / DATABASE).exists()
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(mode=0o700)
    try:
        for stated in manifest.files:
            target = beside / stated.name
            make_private(target.parent)
            unpacked(found.file(stated), stated, target, lambda more: None, key=found.key)
        progress("Opening the copy", 0, 1)
        copies.upgrade(beside / DATABASE)
        copies.settle(beside / DATABASE, unsent=unsent or "drop")
        copies.examine(beside / DATABASE)
        lost = _bring_contents(data / "artifacts", found)
        hand_on(place, data)
        aside = _exchange(data, beside, manifest, now, goes_on=was_ended)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Restored(manifest, aside, missing_secrets(data, manifest), tuple(sorted(lost)))


def kept_aside(data: Path) -> str | None:
    """The name of a folder in which a database is that a restore moved aside; None where there is none."""
    return next((one.parent.name for one in sorted(data.glob(f"before-restore-*/{DATABASE}"))), None)


def _require_room(data: Path, manifest: Manifest) -> None:
    needed = sum(one.size for one in (*manifest.files, *manifest.contents)) + _SPARE
    there = next(folder for folder in (data, *data.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if free < needed:
        raise BackupError(
            f"{there} has {free:,} bytes free and this backup needs {needed:,}: free space, then restore again."
        )


def _bring_contents(artifacts: Path, found: ReadBackup) -> set[str]:
    """Attached files that are not here yet; they are known by their content, so they replace nothing. The lost ones."""
    lost: set[str] = set()
    changed: set[Path] = set()
    beside = artifacts / ".restoring"  # not with the database: `artifacts` may be on another disk
    shutil.rmtree(beside, ignore_errors=True)
    for content in found.manifest.contents:
        target = artifacts / content.sha256[:2] / content.sha256
        if target.exists():
            continue
        if bring_content(found, content, target, beside):
            changed.add(target.parent)
        else:
            lost.add(content.sha256)
    shutil.rmtree(beside, ignore_errors=True)
    for one in found.manifest.attached:
        mark = artifacts / "of" / one.run / one.sha256
        make_private(mark.parent)
        mark.touch(mode=0o600)
        changed.add(mark.parent)
    changed |= {above for one in changed for above in one.parents if above.is_relative_to(artifacts)}
    for folder in changed:
        sync_folder(folder)
    return lost


def _exchange(data: Path, beside: Path, manifest: Manifest, now: Millis, *, goes_on: bool) -> Path | None:
    """Move aside what is there, all of it, then put the new in its place. Raises BackupError; all is as before then."""
    old = [data / f"{DATABASE}{end}" for end in _COMPANIONS]
    old += [data / one.name for one in manifest.secrets]
    there = [file for file in old if file.exists() or file.is_symlink()]
    aside = _aside(data, there, now, goes_on=goes_on) if there else None
    moved: list[tuple[Path, Path]] = []
    try:
        if aside is not None:
            make_private(aside)
            for file in _database_first(there, data):
                _move(file, aside / file.relative_to(data), moved)
            sync_folder(aside)
        for stated in manifest.secrets:
            _move(beside / stated.name, data / stated.name, moved)
            sync_folder((data / stated.name).parent)
        _move(beside / DATABASE, data / DATABASE, moved)
        sync_folder(data)
    except OSError as error:
        for former, present in reversed(moved):
            present.rename(former)
        raise BackupError(
            f"{error.filename or data} cannot be exchanged ({error.strerror or error}): nothing was changed. Put it "
            "right, then restore again."
        ) from error
    return aside


def _move(file: Path, target: Path, moved: list[tuple[Path, Path]]) -> None:
    make_private(target.parent)
    file.rename(target)
    moved.append((file, target))


def _aside(data: Path, there: Sequence[Path], now: Millis, *, goes_on: bool) -> Path:
    """A folder of its own; where a restore `goes_on` that ended between its moves, that one's: a log stays with its
    database, and comes to no other.
    """
    found = sorted(data.glob("before-restore-*/"), key=lambda folder: folder.stat().st_mtime_ns)
    is_half = goes_on and data / DATABASE not in there and any(file.name.startswith(DATABASE) for file in there)
    if is_half and found and not any((found[-1] / file.relative_to(data)).exists() for file in there):
        return found[-1]
    names = (f"before-restore-{now}{f'-{number}' if number > 1 else ''}" for number in itertools.count(1))
    return next(data / name for name in names if not (data / name).exists())


def _database_first(files: Sequence[Path], data: Path) -> Sequence[Path]:
    """A start refuses a log without its database; a database without its log it would take for whole."""
    return sorted(files, key=lambda file: file != data / DATABASE)
