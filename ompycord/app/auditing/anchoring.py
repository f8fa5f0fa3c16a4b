"""Writes the audit's anchors to the file of the settings, each hour and on request, and reads them for a check.

Counterpart: `domain/auditing/anchors.py`.
"""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ompycord.domain.auditing.anchors import Anchor, BadAnchor, read_anchors, sign_anchor
from ompycord.domain.ports import Clock
from ompycord.errors import StorageError, UnavailableError
from ompycord.files import replace_file
from ompycord.store import SqliteStore
from ompycord.telemetry import get_logger

__all__ = ["EVERY_S", "Anchoring", "TamperedAnchors"]

EVERY_S: Final = 3600.0
"""Seconds between two anchors; at most so much of the record can be cut unnoticed."""
_KEY: Final = "audit_key"
_KEY_BYTES: Final = 32

log = get_logger(__name__)


class TamperedAnchors(Exception):
    """The file of anchors holds something that this Ompycord did not write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchoring:
    """The anchors of one data folder. Without a file there are none."""

    store: SqliteStore
    clock: Clock
    secrets: Path
    file: Path | None

    async def run(self) -> None:
        """Add an anchor each hour until cancelled, where there is something new."""
        while True:
            try:
                await self.add()
            except (StorageError, UnavailableError, TamperedAnchors) as error:
                log.warning("audit.not_anchored", cause=str(error))
            await self.clock.sleep(EVERY_S)

    async def add(self) -> Anchor | None:
        """Add an anchor of the last row; None without a file, without a row, or where the row has one.

        Raises UnavailableError where the file cannot be written.
        """
        if self.file is None:
            return None
        tail = await self.store.audit_tail()
        known = await self.read()
        if tail is None or any(one.n == tail[0] and one.hash == tail[1] for one in known):
            return None
        anchor = sign_anchor(await asyncio.to_thread(self.key), n=tail[0], digest=tail[1], at=self.clock.now_ms())
        await asyncio.to_thread(self._append, anchor)
        return anchor

    async def read(self) -> list[Anchor]:
        """Every anchor. Raises TamperedAnchors, and UnavailableError where the file cannot be read."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> list[Anchor]:
        if self.file is None or not self.file.exists():
            return []
        try:
            return read_anchors(self.key(), self.file.read_text(encoding="utf-8"))
        except (BadAnchor, UnicodeDecodeError) as error:
            raise TamperedAnchors(f"{self.file.name}: {error}") from None
        except OSError as error:
            raise UnavailableError(f"{self.file} cannot be read: {error.strerror}.") from None

    def _append(self, anchor: Anchor) -> None:
        assert self.file is not None
        line = f"{anchor.model_dump_json()}\n".encode()
        try:
            with self.file.open("ab+") as out:
                if out.tell():
                    out.seek(-1, os.SEEK_END)
                    line = line if out.read(1) == b"\n" else b"\n" + line  # the last one was torn
                out.write(line)
                out.flush()
                os.fsync(out.fileno())
        except OSError as error:
            raise UnavailableError(f"{self.file} cannot be written: {error.strerror}.") from None

    def key(self) -> bytes:
        """The key that signs, made at its first use. Blocks; raises UnavailableError."""
        path = self.secrets / _KEY
        try:
            return bytes.fromhex(path.read_text(encoding="ascii").strip())
        except FileNotFoundError:
            self.secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
            key = os.urandom(_KEY_BYTES)
            replace_file(path, f"{key.hex()}\n".encode())
            return key
        except (OSError, ValueError) as error:
            raise UnavailableError(f"secrets/{_KEY} cannot be read: {error}.") from None
