"""A folder of backups belongs to one data folder: two that shared one would prune each other's.

Both hold the same random word, the data folder in `backup.id`, the folder of backups in `owner`. A restore on a
new machine hands it on, so that the data folder there goes on where the old one stopped.
"""

import secrets
from pathlib import Path
from typing import Final

from ompycord.backup.manifest import BackupError
from ompycord.backup.place import BackupPlace
from ompycord.files import replace_file

__all__ = ["ID_FILE", "claim", "hand_on"]

ID_FILE: Final = "backup.id"
_OWNER: Final = "owner"


def claim(place: BackupPlace, data: Path) -> None:
    """Make the folder this data folder's, where it is nobody's yet; only while `writing`.

    Raises BackupError where it is another's, OSError.
    """
    own, owner = _word(data / ID_FILE), _word(place.path / _OWNER)
    if owner is None:
        if own is None:
            own = secrets.token_hex(16)
            replace_file(data / ID_FILE, own)
        replace_file(place.path / _OWNER, own)
    elif own != owner:
        raise BackupError(
            f"{place.path} holds the backups of another data folder. Give this one a folder of its own: backup.folder."
        )


def hand_on(place: BackupPlace, data: Path) -> None:
    """A data folder that is nobody's yet goes on with the backups of which it was restored. Raises OSError."""
    owner = _word(place.path / _OWNER)
    if owner is not None and _word(data / ID_FILE) is None:
        replace_file(data / ID_FILE, owner)


def _word(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None
