"""The key of backups and its file: an identity of age a line, the first for new backups, all of them to open old ones.

It is read when it is needed and never kept, so that a trial of a backup finds that a key is gone.
"""

import hashlib
import os
import stat
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ompycord.backup.age.bech32 import decoded, encoded
from ompycord.backup.manifest import BackupError
from ompycord.files import replace_file

__all__ = ["BackupKey", "KeyFile"]

_IDENTITY: Final = "age-secret-key-"
_KEY_BYTES: Final = 32
_MOST_BYTES: Final = 64 * 1024
_OPEN_TO_OTHERS: Final = 0o077


class BackupKey:
    """One identity. Its `id` names it and tells nothing of it."""

    def __init__(self, secret: bytes) -> None:
        self.private = X25519PrivateKey.from_private_bytes(secret)
        self.public = self.private.public_key().public_bytes_raw()
        self.id = hashlib.sha256(b"ompycord backup key\0" + self.public).hexdigest()[:16]
        self._names = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"ompycord backup names").derive(secret)

    def __repr__(self) -> str:
        return f"BackupKey({self.id})"

    def name_of(self, sha256: str) -> str:
        """Under which a content is kept: who has a file cannot find out whether it is there."""
        keyed = HMAC(self._names, SHA256())
        keyed.update(sha256.encode())
        return keyed.finalize().hex()

    @classmethod
    def parse(cls, line: str) -> "BackupKey":
        """Raises ValueError, which repeats nothing of the line."""
        secret = decoded(_IDENTITY, line)
        if len(secret) != _KEY_BYTES:
            raise ValueError("another length")
        return cls(secret)

    @property
    def text(self) -> str:
        """The line of its file."""
        return encoded(_IDENTITY, self.private.private_bytes_raw()).upper()


class KeyFile:
    """Where the keys of a folder of backups are."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def keys(self) -> tuple[BackupKey, ...]:
        """The first is for what is made now. Raises BackupError."""
        try:
            with self.path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                raw = file.read(_MOST_BYTES + 1)
        except OSError as error:
            raise BackupError(
                f"The key of backups, {self.path}, cannot be read ({error.strerror or error}): put its copy there, or "
                "name it: backup.key_file, --key-file. If there is no copy, `ompycord backup new-key` makes a new "
                "key; what was encrypted with the old one stays closed."
            ) from None
        if len(raw) > _MOST_BYTES:
            raise BackupError(f"{self.path} is no file of keys: it is larger than 64 KiB.")
        if os.name == "posix" and stat.S_IMODE(mode) & _OPEN_TO_OTHERS:
            raise BackupError(f"Others can read the key of backups: `chmod 600 {self.path}`, then try again.")
        keys = tuple(self._parsed(raw))
        if not keys:
            raise BackupError(f"{self.path} holds no key: put a copy of the key of backups there.")
        return keys

    def add(self) -> tuple[BackupKey, tuple[BackupKey, ...]]:
        """A new key before those that are there; it, and those. The file is on the disk then. Raises BackupError."""
        earlier = self.keys() if self.path.exists() else ()
        key = BackupKey(os.urandom(_KEY_BYTES))
        lines = (
            "# Keys of Ompycord's backups, the newest first; `age -d -i` takes this file, too.",
            *(line for one in (key, *earlier) for line in (f"# {one.id}", one.text)),
        )
        try:
            replace_file(self.path, "".join(f"{line}\n" for line in lines))
        except OSError as error:
            raise BackupError(
                f"{self.path} cannot be written ({error.strerror or error}): make its folder, or name another file."
            ) from None
        return key, earlier

    def __str__(self) -> str:
        return str(self.path)

    def _parsed(self, raw: bytes) -> list[BackupKey]:
        found: list[BackupKey] = []
        for number, line in enumerate(raw.decode("utf-8", "replace").splitlines(), start=1):
            words = line.strip()
            if not words or words.startswith("#"):
                continue
            try:
                found.append(BackupKey.parse(words))
            except ValueError:
                raise BackupError(
                    f"Line {number} of {self.path} is no key: one is a line AGE-SECRET-KEY-1..., as "
                    "`ompycord backup new-key` and age-keygen write it."
                ) from None
        return found
