"""Where the files of one backup are, encrypted or not, and its manifest read and written."""

import io
import re
from pathlib import Path
from typing import Final

from ompycord.backup.age.encryption import NotAuthentic, decrypted, encrypted
from ompycord.backup.age.keys import BackupKey
from ompycord.backup.manifest import MANIFEST, MANIFEST_BYTES, BackupDamaged, Manifest
from ompycord.files import replace_file

__all__ = ["key_id_of", "manifest_file", "read_manifest", "stored_file", "write_manifest"]

_ENCRYPTED: Final = re.compile(r"manifest-([0-9a-f]{16})\.json\.age")


def key_id_of(folder: Path) -> str | None:
    """The key that a backup was encrypted with; None where it was not."""
    found = (_ENCRYPTED.fullmatch(file.name) for file in sorted(folder.glob("manifest-*.json.age")))
    return next((name[1] for name in found if name is not None), None)


def manifest_file(folder: Path, key: BackupKey | None) -> Path:
    """Where its manifest is."""
    return folder / (MANIFEST if key is None else f"manifest-{key.id}.json.age")


def stored_file(folder: Path, name: str, key: BackupKey | None) -> Path:
    """Where a file is stored that was `name` in the data folder."""
    return folder / f"{name}.zst{'' if key is None else '.age'}"


def write_manifest(folder: Path, manifest: Manifest, key: BackupKey | None) -> None:
    """Raises OSError."""
    content = manifest.dump()
    replace_file(manifest_file(folder, key), content if key is None else encrypted(key, content))


def read_manifest(folder: Path, key: BackupKey | None) -> Manifest:
    """Raises BackupDamaged; BackupError for one of a newer version."""
    file = manifest_file(folder, key)
    try:
        with file.open("rb") as source:
            raw = source.read(MANIFEST_BYTES + 1)
    except OSError as error:
        raise BackupDamaged(
            f"{file.name} of {folder.name} cannot be read ({error.strerror}): use another backup."
        ) from None
    if key is None:
        return Manifest.load(raw)
    try:
        return Manifest.load(decrypted(io.BytesIO(raw), key).read())
    except NotAuthentic:
        raise BackupDamaged(f"{file.name} is damaged: use another backup.") from None
