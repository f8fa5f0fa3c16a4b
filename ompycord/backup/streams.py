"""Files into a backup and out of it: compressed with Zstandard, hashed on the way, bounded, flushed to the disk.

What comes out of a backup may be made by somebody else: a file that grows beyond what the manifest states ends there,
and a frame that wants more than `_WINDOW` of memory is refused.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

import zstandard

from ompycord.backup.manifest import BackupDamaged, Content, StoredFile

__all__ = ["copied", "make_private", "packed", "same_content", "unpacked"]

_CHUNK: Final = 1024 * 1024
_LEVEL: Final = 3
_WINDOW: Final = 128 * 1024 * 1024
_NEW: Final = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)

Step = Callable[[int], None]
"""Told how many bytes were taken more."""


def packed(source: Path, name: str, target: Path, step: Step) -> StoredFile:
    """Compress a file into a new one. `name` is its place in the data folder. Raises OSError."""
    plain, stored = hashlib.sha256(), hashlib.sha256()
    size = stored_size = 0
    compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compressobj()
    with source.open("rb") as file, _new(target) as out:
        for part in _parts(file):
            plain.update(part)
            size += len(part)
            step(len(part))
            stored_size += _put(out, compressor.compress(part), stored.update)
        stored_size += _put(out, compressor.flush(), stored.update)
        _sync(out)
    return StoredFile(
        name=name, size=size, sha256=plain.hexdigest(), stored_size=stored_size, stored_sha256=stored.hexdigest()
    )


def unpacked(source: Path, stated: StoredFile, target: Path | None, step: Step) -> None:
    """Take a file out into a new one, or only look at it. Raises BackupDamaged, OSError."""
    fault = BackupDamaged(f"{source.name} is damaged: use another backup.")
    _require_stored(source, stated, fault)
    plain = hashlib.sha256()
    size = 0
    try:
        with source.open("rb") as file, _nowhere() if target is None else _new(target) as out:
            reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(file)
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
    except zstandard.ZstdError:
        raise fault from None


def copied(source: Path, target: Path, sha256: str, step: Step) -> int | None:
    """Copy a content into a new file; its size, or None where it is not what its hash says. Raises OSError."""
    found = hashlib.sha256()
    size = 0
    with source.open("rb") as file, _new(target) as out:
        for part in _parts(file):
            found.update(part)
            size += len(part)
            out.write(part)
            step(len(part))
        _sync(out)
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


def same_content(file: Path, stated: Content, step: Step) -> bool:
    """Whether a content is there and is what its hash says."""
    found = hashlib.sha256()
    try:
        if file.is_symlink() or file.stat().st_size != stated.size:
            return False
        with file.open("rb") as opened:
            for part in _parts(opened):
                found.update(part)
                step(len(part))
    except OSError:
        return False
    return found.hexdigest() == stated.sha256
