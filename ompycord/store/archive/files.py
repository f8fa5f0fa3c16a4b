"""The files: lines of JSON, an event a line, a Zstandard frame a run, so that one run is read without the others.

`artifacts/<2>/<sha256>`, where everything is known by its content, so backups hold each once. `zstd -d` reads one.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

import zstandard

from ompycord.errors import ArchiveUnreadable
from ompycord.files import replace_file, sync_folder

__all__ = ["ArchiveFiles", "FileState", "FileStates", "RunFrame", "StoredEvent", "made"]

_LEVEL: Final = 12
_MOST_BYTES: Final = 2**31
"""Of one run, uncompressed."""

StoredEvent = dict[str, Any]
"""The columns of an event as the log has them: type, body and hash are bytes."""


class FileState(StrEnum):
    """What is where a file belongs."""

    PRESENT = "present"
    MISSING = "missing"
    DAMAGED = "damaged"
    """It has another content than its name says, or cannot be read."""


class RunFrame(NamedTuple):
    """Where a run's events are in a file."""

    start: int
    length: int


def made(runs: Iterable[Sequence[StoredEvent]]) -> tuple[bytes, list[RunFrame]]:
    """A file's content and the place of each run in it."""
    content = bytearray()
    parts: list[RunFrame] = []
    for events in runs:
        lines = "".join(f"{_line(event)}\n" for event in events).encode("utf-8", "surrogatepass")
        frame = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress(lines)
        parts.append(RunFrame(len(content), len(frame)))
        content += frame
    return bytes(content), parts


class ArchiveFiles:
    """In one folder of contents. Every call blocks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, content: bytes) -> None:
        """On the disk after it. Raises OSError."""
        target = self._path(hashlib.sha256(content).hexdigest())
        if not target.parent.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            sync_folder(self._folder)
        replace_file(target, content)

    def remove(self, sha256: str) -> None:
        """Raises OSError."""
        self._path(sha256).unlink(missing_ok=True)

    def content(self, sha256: str) -> bytes:
        """All of a file. Raises OSError."""
        return self._path(sha256).read_bytes()

    def path(self, sha256: str) -> Path:
        """Where it belongs."""
        return self._path(sha256)

    def state(self, sha256: str) -> FileState:
        """Reads all of it."""
        try:
            with self._path(sha256).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except (FileNotFoundError, NotADirectoryError):
            return FileState.MISSING
        except OSError:
            return FileState.DAMAGED
        return FileState.PRESENT if found == sha256 else FileState.DAMAGED

    def signature(self, sha256: str) -> tuple[int, ...] | None:
        """Another one once the file was changed; None where it is not there."""
        try:
            found = self._path(sha256).stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

    def read(self, sha256: str, part: RunFrame, *, month: str) -> list[StoredEvent]:
        """A run's events. Raises ArchiveUnreadable where the file is gone or damaged."""
        try:
            with self._path(sha256).open("rb") as file:
                file.seek(part.start)
                frame = file.read(part.length)
            lines = zstandard.ZstdDecompressor().decompress(frame, max_output_size=_MOST_BYTES)
            return [_event(line) for line in lines.splitlines()]
        except FileNotFoundError as error:
            raise ArchiveUnreadable(month, "is missing") from error
        except OSError as error:
            raise ArchiveUnreadable(month, f"cannot be read ({error.strerror})") from error
        except (zstandard.ZstdError, ValueError, KeyError) as error:
            raise ArchiveUnreadable(month, "is damaged") from error

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256


class FileStates:
    """What is where files belong, looked at again and again. Every call blocks."""

    def __init__(self, files: ArchiveFiles) -> None:
        self._files = files
        self._known: dict[str, tuple[tuple[int, ...] | None, FileState]] = {}

    def seen(self, names: Sequence[str], *, is_thorough: bool) -> list[FileState]:
        """In the same order. Unless it is thorough, a file that is as it was at the last look is not read again."""
        self._known = {one: self._seen(one, is_thorough=is_thorough) for one in names}
        return [self._known[one][1] for one in names]

    def _seen(self, sha256: str, *, is_thorough: bool) -> tuple[tuple[int, ...] | None, FileState]:
        signature, known = self._files.signature(sha256), self._known.get(sha256)
        if not is_thorough and known is not None and known[0] == signature:
            return known
        return signature, self._files.state(sha256)


def _line(event: StoredEvent) -> str:
    shown = {**event, "type": event["type"].decode(), "body": event["body"].decode("utf-8", "surrogatepass")}
    return json.dumps({**shown, "hash": event["hash"].hex()}, ensure_ascii=True, separators=(",", ":"))


def _event(line: bytes) -> StoredEvent:
    event: StoredEvent = json.loads(line)
    body = event["body"].encode("utf-8", "surrogatepass")
    return {**event, "type": event["type"].encode(), "body": body, "hash": bytes.fromhex(event["hash"])}
