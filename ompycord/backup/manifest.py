"""What a backup holds, in its `manifest.json`: each file with its size and hash, and what was counted in the copy.

The manifest carries its own hash, so that a changed byte of it is found too.
"""

import hashlib
import json
from pathlib import PurePosixPath
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator

from ompycord.domain.base import Frozen, Millis
from ompycord.errors import OmpycordError

__all__ = [
    "DATABASE",
    "MANIFEST",
    "MANIFEST_BYTES",
    "AttachedContent",
    "BackupDamaged",
    "BackupError",
    "BackupStopped",
    "Content",
    "Manifest",
    "StoredFile",
]

DATABASE: Final = "ompycord.db"
MANIFEST: Final = "manifest.json"
MANIFEST_BYTES: Final = 256 * 1024 * 1024
"""What is read of a manifest at most."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Size = Annotated[int, Field(ge=0, le=2**53, strict=True)]


class BackupError(OmpycordError):
    """What could not be done with a backup, and what to do now, in a sentence."""


class BackupDamaged(BackupError):
    """A backup that is not as it was made; the sentence names the file."""


class BackupStopped(BackupError):
    """It was ended before it was done; nothing of it is left."""


class StoredFile(Frozen):
    """A file of a backup, compressed with Zstandard as `<name>.zst`."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    """Its place below the data folder."""
    size: Size
    sha256: Sha256
    stored_size: Size
    stored_sha256: Sha256

    @field_validator("name")
    @classmethod
    def _stays_inside(cls, value: str) -> str:
        parts = PurePosixPath(value).parts
        if PurePosixPath(value).is_absolute() or not parts or ".." in parts or "\0" in value:
            raise ValueError("leads out of the data folder")
        if "\\" in value or ":" in value or value != PurePosixPath(value).as_posix():
            raise ValueError("leads out of the data folder")
        return value


class Content(Frozen):
    """What an agent or a person attached, kept once for all backups by its hash."""

    sha256: Sha256
    size: Size


class AttachedContent(Frozen):
    """Which run attached a content."""

    run: Annotated[str, StringConstraints(pattern=r"^[0-9A-HJKMNP-TV-Z]{26}$")]
    sha256: Sha256


class Manifest(Frozen):
    """The whole of one backup."""

    format: Literal["ompycord/backup@1"] = "ompycord/backup@1"
    app_version: Annotated[str, StringConstraints(max_length=100)]
    created_at: Millis
    schema_version: Annotated[int, Field(ge=0, le=1_000_000, strict=True)]
    last_event: Size
    """The position of the last event in the copy."""
    unsent: Size = 0
    """Messages and deliveries that waited to be sent."""
    rows: dict[str, Size]
    """By table, counted in the copy."""
    database: StoredFile
    secrets: tuple[StoredFile, ...] = ()
    """Empty where secrets are kept elsewhere."""
    needs: tuple[str, ...] = ()
    """The files of `secrets` that were there, by name: what a new machine must have."""
    contents: tuple[Content, ...] = ()
    attached: tuple[AttachedContent, ...] = ()
    damaged: tuple[str, ...] = ()
    """Contents that were not as their name says when the backup was made, and so are not in it."""

    @model_validator(mode="after")
    def _is_of_a_data_folder(self) -> Self:
        """A restore replaces the database and files of `secrets`, and nothing else."""
        names = [one.name for one in self.secrets]
        if self.database.name != DATABASE or not all(name.startswith("secrets/") for name in names):
            raise ValueError("names what no backup has")
        folders = {folder.as_posix() for name in names for folder in PurePosixPath(name).parents}
        if len({*names}) != len(names) or folders & {*names}:
            raise ValueError("names a file twice")
        return self

    @property
    def files(self) -> tuple[StoredFile, ...]:
        """All that stand in the backup's own folder."""
        return (self.database, *self.secrets)

    def dump(self) -> bytes:
        """The file, with its own hash."""
        body = self.model_dump(mode="json")
        return json.dumps({**body, "sha256": _digest(body)}, indent=1).encode() + b"\n"

    @classmethod
    def load(cls, raw: bytes) -> "Manifest":
        """Raises BackupDamaged; BackupError for one of a newer version."""
        try:
            body: dict[str, Any] = json.loads(raw)
            stated = body.pop("sha256")
            if body.get("format") != cls.model_fields["format"].default and stated == _digest(body):
                raise BackupError(f"It was made by a newer Ompycord ({body.get('format')}): update, then try again.")
            manifest = cls.model_validate(body)
        except (ValueError, ValidationError, KeyError, AttributeError, TypeError, RecursionError):
            raise BackupDamaged(f"{MANIFEST} is damaged: use another backup.") from None
        if stated != _digest(body) or body != manifest.model_dump(mode="json"):
            raise BackupDamaged(f"{MANIFEST} is damaged: use another backup.")
        return manifest


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
