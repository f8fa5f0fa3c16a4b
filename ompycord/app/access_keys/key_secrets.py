"""Secrets of signing keys: one 0600 file each under `secrets/hmac/`, named by key id.

Counterpart of the `api_keys` table. They are never in the database. A bearer key has none: its SHA-256 is enough.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from ompycord.files import replace_file

__all__ = ["KeySecrets"]

_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class KeySecrets:
    """Reads and writes secrets; the folder is made at the first write."""

    def __init__(self, data_folder: Path) -> None:
        self._folder = data_folder / "secrets" / "hmac"

    def get(self, key_id: str) -> str | None:
        """The `whsec_` text, or None: no such file, or a name that is no key id."""
        if _KEY_ID.fullmatch(key_id) is None:
            return None
        try:
            return (self._folder / key_id).read_text(encoding="utf-8-sig").strip()
        except FileNotFoundError:
            return None

    def of(self, key_ids: Iterable[str]) -> dict[str, str]:
        """The secrets of those keys that have one."""
        found = {key_id: self.get(key_id) for key_id in key_ids}
        return {key_id: text for key_id, text in found.items() if text}

    def put(self, key_id: str, text: str) -> None:
        """Store a secret, whole or not at all, before anyone gets the key. Raises OSError."""
        self._folder.parent.mkdir(mode=0o700, exist_ok=True)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        replace_file(self._folder / key_id, text + "\n")

    def drop(self, key_id: str) -> None:
        """Remove a secret; it may be gone already."""
        if _KEY_ID.fullmatch(key_id):
            (self._folder / key_id).unlink(missing_ok=True)
