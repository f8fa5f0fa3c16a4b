"""Which backups go, and what was attached that no backup has any more."""

import shutil
from pathlib import Path
from typing import NamedTuple

from ompycord.backup.belonging import claim
from ompycord.backup.drills import read_drill
from ompycord.backup.place import BackupPlace, FoundBackup, is_ahead
from ompycord.domain.base import Millis

__all__ = ["Pruned", "prune", "to_prune"]


class Pruned(NamedTuple):
    """What was removed, or would be."""

    backups: tuple[str, ...]
    contents: int
    """How many attached files."""
    bytes: int


def to_prune(found: list[FoundBackup], *, keep: int, now: Millis, whole: str | None) -> list[str]:
    """The names that go: all but the `keep` latest that can be read, oldest first. `found` is in order of time.

    `whole`, the newest that was found whole, stays whatever the number. One that cannot be read counts for nothing and
    goes only once `keep` later ones can be read. Raises ValueError for a `keep` under 1.
    """
    if keep < 1:
        raise ValueError("at least one backup is kept")
    readable = [one for one in found if one.manifest is not None and not is_ahead(one.manifest.created_at, now)]
    if len(readable) <= keep:
        return []
    first_kept = readable[-keep].name
    position = next(index for index, one in enumerate(found) if one.name == first_kept)
    ahead = {one.name for one in found if one.manifest is not None and one not in readable}
    return [one.name for one in found[:position] if one.name not in ahead and one.name != whole]


def prune(place: BackupPlace, data: Path, *, keep: int, now: Millis, dry_run: bool = False) -> Pruned:
    """Remove what `to_prune` names of the backups of `data`, then contents that no backup names.

    The one that was last put back on trial without a fault stays. No content goes while one that stays cannot be read.
    Raises BackupError, ValueError.
    """
    with place.writing():
        claim(place, data)
        found = place.found()
        going = to_prune(found, keep=keep, now=now, whole=read_drill(place).whole)
        staying = [one for one in found if one.name not in going]
        contents = _unused(place, staying)
        size = sum(_size(place.path / name) for name in going) + sum(one.stat().st_size for one in contents)
        if not dry_run:
            for name in going:
                _remove(place, name)
            for one in contents:
                one.unlink(missing_ok=True)
    return Pruned(tuple(going), len(contents), size)


def _unused(place: BackupPlace, staying: list[FoundBackup]) -> list[Path]:
    if any(one.manifest is None for one in staying):
        return []
    read = ((one.manifest, one.key) for one in staying if one.manifest is not None)
    used = {place.content(content.sha256, key) for manifest, key in read for content in manifest.contents}
    return [file for file in place.contents() if file not in used]


def _remove(place: BackupPlace, name: str) -> None:
    """First its name, so that a crash leaves no half of it that looks whole."""
    removed = place.path / f".partial-pruned-{name}"
    (place.path / name).rename(removed)
    shutil.rmtree(removed)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
