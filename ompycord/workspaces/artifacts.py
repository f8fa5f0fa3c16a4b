"""Files that runs keep, by their content.

Counterpart of `artifact.added`, which names one, and of the bot, which shows it. `artifacts/<2>/<sha256>` holds a
content once. `artifacts/of/<run>/<sha256>` records that this run attached it, so that an event alone gives no access to
the file of another run.
"""

import asyncio
import hashlib
import os
import sys
import threading
from pathlib import Path
from typing import Final

from ompycord.domain.events import ArtifactAdded
from ompycord.domain.ids import RunId, is_ulid
from ompycord.domain.ports import Workspaces
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.task import TaskFile
from ompycord.errors import Refused
from ompycord.files import replace_file
from ompycord.processes.safe_open import NotGranted, reason, safe_path, safe_read
from ompycord.workspaces.retention.attached_contents import AttachedContents

__all__ = ["Artifacts"]

_NAME: Final = 100
_SHA256: Final = 64


class Artifacts:
    """One for all runs."""

    def __init__(self, *, folder: Path, workspaces: Workspaces) -> None:
        self._folder = folder
        self._workspaces = workspaces
        self._lock = threading.Lock()
        self.contents = AttachedContents(folder, self._lock)
        """All of them, for what counts and removes."""

    async def attach(self, run: RunId, path: str) -> ArtifactAdded:
        """Keep a file of the run's clone, at most 10 MiB. Raises Refused with what the agent can do."""
        prepared = await self._workspaces.workspace(run)
        if prepared is None:
            raise Refused(RefusalCode.NO_CLONE)
        return await asyncio.to_thread(self._attach, run, prepared.path, path)

    async def keep(self, data: bytes) -> str:
        """Keep a file that came with a task; its SHA-256. It belongs to no run until a task names it."""
        return await asyncio.to_thread(self._kept, data)

    async def of_task(self, file: TaskFile) -> bytes | None:
        """A file that came with the task; None where it has expired."""
        return await asyncio.to_thread(self._bytes, file.sha256)

    async def read(self, run: RunId, sha256: str) -> bytes | None:
        """A file that this run attached; None for anything else."""
        return await asyncio.to_thread(self._read, run, sha256)

    def _attach(self, run: RunId, root: Path, path: str) -> ArtifactAdded:
        if sys.platform == "win32":
            raise Refused(RefusalCode.FILES_NOT_SERVED)
        try:
            parts = safe_path(root, path)
            data = safe_read(root, parts)
        except NotGranted as error:
            raise Refused(RefusalCode.FILE_NOT_GRANTED, why=str(error)) from None
        except OSError as error:
            raise Refused(RefusalCode.FILE_NOT_GRANTED, why=reason(path, error)) from None
        if not data:
            raise Refused(RefusalCode.FILE_EMPTY, path=path[:200])
        digest = self._kept(data)
        mark = self._mark(run, digest)
        mark.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        mark.touch(mode=0o600)
        return ArtifactAdded(name=_shown(parts[-1]), size=len(data), sha256=digest)

    def _read(self, run: RunId, sha256: str) -> bytes | None:
        if not is_ulid(run) or len(sha256) != _SHA256 or not sha256.isalnum() or not self._mark(run, sha256).exists():
            return None
        return self._bytes(sha256)

    def _kept(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        content = self._content(digest)
        with self._lock:
            if content.exists():
                os.utime(content)  # it is young again: nothing names it yet
            else:
                content.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                replace_file(content, data)
        return digest

    def _bytes(self, digest: str) -> bytes | None:
        try:
            return self._content(digest).read_bytes()
        except OSError:
            return None

    def _content(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest

    def _mark(self, run: RunId, digest: str) -> Path:
        return self._folder / "of" / run / digest


def _shown(name: str) -> str:
    """A name that Discord accepts unchanged."""
    plain = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in name)
    return plain[-_NAME:].lstrip(".") or "file"
