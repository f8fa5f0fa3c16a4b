"""The files that an agent reports as changed, kept as one list.

The true list comes from collecting the result (`workspaces/collect.py`).
"""

from pathlib import PurePosixPath
from typing import Final

from ompycord.dialects.frames import prose
from ompycord.domain.events import ChangedFile, FilesChanged

__all__ = ["FileChanges"]

_LISTED: Final = 500
_PATH: Final = 1024
_KEPT: Final = 5000


class FileChanges:
    """Sums what every edit added and removed, by path below `root`."""

    def __init__(self, *, root: str) -> None:
        self._root = PurePosixPath(root)
        self._files: dict[str, ChangedFile] = {}

    def edited(self, path: str, *, added: int = 0, removed: int = 0, is_new: bool = False) -> FilesChanged | None:
        """The whole list after one more edit; None for what lies outside the clone or is no path."""
        name = self._inside(path)
        if name is None or (name not in self._files and len(self._files) >= _KEPT):
            return None
        known = self._files.get(name)
        status = known.status if known else "added" if is_new else "modified"
        added, removed = added + ((known and known.added) or 0), removed + ((known and known.removed) or 0)
        self._files[name] = ChangedFile(path=name, status=status, added=added, removed=removed)
        files = tuple(self._files.values())
        return FilesChanged(files=files[:_LISTED], total=len(files))

    def _inside(self, path: str) -> str | None:
        if not path or "\0" in path:
            return None
        pure = PurePosixPath(path)
        if pure.is_absolute():
            if not pure.is_relative_to(self._root):
                return None
            pure = pure.relative_to(self._root)
        name = prose(str(pure))
        return None if ".." in pure.parts or not pure.parts or not name or len(name) > _PATH else name
