"""Files into a backup and out of it: compressed with Zstandard, hashed on the way, bounded, flushed to the disk; and
encrypted where there is a key.

What comes out of a backup may be made by somebody else: a file that grows beyond what the manifest states ends there,
and a frame that wants more than `_WINDOW` of memory is refused.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

import zstandard

from ompycord.backup.age.encryption import Encrypting, NotAuthentic, decrypted
from ompycord.backup.age.keys import BackupKey
from ompycord.backup.manifest import BackupDamaged, StoredFile

__all__ = ["copied", "kept_size", "make_private", "packed", "unpacked"]

_CHUNK: Final = 1024 * 1024
_LEVEL: Final = 3
_WINDOW: Final = 128 * 1024 * 1024
_NEW: Final = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)

Step = Callable[[int], None]
"""Told how many bytes were taken more."""


def packed(source: Path, name: str, target: Path, step: Step, *, key: BackupKey | None = None) -> StoredFile:
    """Compress a file into a new one. `name` is its place in the data folder. Raises OSError."""
    plain, stored = hashlib.sha256(), hashlib.sha256()
    size = stored_size = 0
    compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compressobj()
    encrypting = _Plain() if key is None else Encrypting(key)
    with source.open("rb") as file, _new(target) as out:
        for part in _parts(file):
            plain.update(part)
            size += len(part)
            step(len(part))
            stored_size += _put(out, encrypting.compress(compressor.compress(part)), stored.update)
        stored_size += _put(out, encrypting.compress(compressor.flush()) + encrypting.flush(), stored.update)
        _sync(out)
    return StoredFile(
        name=name, size=size, sha256=plain.hexdigest(), stored_size=stored_size, stored_sha256=stored.hexdigest()
    )


def unpacked(
    source: Path, stated: StoredFile, target: Path | None, step: Step, *, key: BackupKey | None = None
) -> None:
    """Take a file out into a new one, or only look at it. Raises BackupDamaged, OSError."""
    fault = BackupDamaged(f"{source.name} is damaged: use another backup.")
    _require_stored(source, stated, fault)
    plain = hashlib.sha256()
    size = 0
    try:
        with source.open("rb") as file, _nowhere() if target is None else _new(target) as out:
            reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(_readable(file, key))
            for part in _parts(reader):
                size += len(part)
                if size > stated.size:
                    raise fault
                plain.update(part)
                out.write(part)
                step(len(part))
            if (size, plain.hexdigest()) != (stated.size, stated.sha256):
                raise fault
            if target is not None:
                _sync(out)
    except (zstandard.ZstdError, NotAuthentic):
        raise fault from None


def copied(
    source: Path,
    target: Path,
    sha256: str,
    step: Step,
    *,
    decrypts: BackupKey | None = None,
    encrypts: BackupKey | None = None,
) -> int | None:
    """Copy a content into a new file; its size, or None where it is not what its hash says. Raises OSError.

    `decrypts` what was encrypted with this key, `encrypts` what is written.
    """
    found = hashlib.sha256()
    size = 0
    encrypting = _Plain() if encrypts is None else Encrypting(encrypts)
    with source.open("rb") as file, _new(target) as out:
        try:
            for part in _parts(_readable(file, decrypts)):
                found.update(part)
                size += len(part)
                out.write(encrypting.compress(part))
                step(len(part))
        except NotAuthentic:
            return None
        out.write(encrypting.flush())
        _sync(out)
    return size if found.hexdigest() == sha256 else None


def kept_size(file: Path, sha256: str, step: Step, *, key: BackupKey | None = None) -> int | None:
    """The size of a content that is there and is what its hash says; else None."""
    found = hashlib.sha256()
    size = 0
    try:
        if file.is_symlink():
            return None
        with file.open("rb") as source:
            for part in _parts(_readable(source, key)):
                found.update(part)
                size += len(part)
                step(len(part))
    except (OSError, NotAuthentic):
        return None
    return size if found.hexdigest() == sha256 else None


def make_private(folder: Path) -> None:
    """A folder of mode 0700, with those above it; one that is there stays as it is. Raises OSError."""
    if not folder.is_dir():
        make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _require_stored(source: Path, stated: StoredFile, fault: BackupDamaged) -> None:
    """The bytes as they are stored, first: what is not ours is not decompressed."""
    try:
        if source.is_symlink() or source.stat().st_size != stated.stored_size:
            raise fault
        found = hashlib.sha256()
        with source.open("rb") as file:
            for part in _parts(file):
                found.update(part)
    except FileNotFoundError:
        raise BackupDamaged(f"{source.name} is missing: use another backup.") from None
    if found.hexdigest() != stated.stored_sha256:
        raise fault


def _new(target: Path) -> BinaryIO:
    return os.fdopen(os.open(target, _NEW, 0o600), "wb")


def _nowhere() -> BinaryIO:
    return open(os.devnull, "wb")  # noqa: PTH123  # the device has no path of ours


class _Plain:
    """What `Encrypting` does where there is no key."""

    def compress(self, part: bytes) -> bytes:
        return part

    def flush(self) -> bytes:
        return b""


def _readable(file: BinaryIO, key: BackupKey | None) -> BinaryIO:
    return file if key is None else decrypted(file, key)


def _parts(file: "BinaryIO | zstandard.ZstdDecompressionReader") -> Iterator[bytes]:
    while part := file.read(_CHUNK):
        yield part


def _put(out: BinaryIO, part: bytes, count: Callable[[bytes], None]) -> int:
    count(part)
    out.write(part)
    return len(part)


def _sync(out: BinaryIO) -> None:
    out.flush()
    os.fsync(out.fileno())
