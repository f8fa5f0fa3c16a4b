"""The files of a run's base and of its result as git's trees hold them: by path, with mode and blob.

Counterpart of the working copies, which nothing here looks at. `WorkResults.trees` makes them, `Checks.compare` reads
them.
"""

import hashlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

__all__ = ["GITLINK", "LINK", "ReadBlobs", "ResultTrees", "TreeEntry", "tree_name"]

LINK: Final = "120000"
"""The mode of a symbolic link; its blob holds where it leads."""
GITLINK: Final = "160000"
"""The mode of a submodule; its name is a commit and no blob."""


class TreeEntry(NamedTuple):
    """What a tree has at a path."""

    mode: str
    """As git writes it: `100644`, `100755`, `120000` or `160000`."""
    blob: str
    """The name of the object."""


ReadBlobs = Callable[[Collection[str]], Awaitable[Mapping[str, bytes | None]]]
"""`await read(names)`: the content of blobs; None for one that is too large to be read. Raises WorkspaceError."""


def tree_name(tree: Mapping[str, TreeEntry]) -> str:
    """A name for all files of a tree, 32 hexadecimal digits; equal for the same files with the same content."""
    digest = hashlib.blake2b(digest_size=16)
    for path, entry in sorted(tree.items()):
        digest.update(f"{entry.mode} {entry.blob} {path}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultTrees:
    """The trees of the run's base commit and of what was collected; equal where nothing was.

    Paths are relative with `/`; bytes in them that are no UTF-8 stand as lone surrogates (`surrogateescape`).
    """

    base: Mapping[str, TreeEntry]
    result: Mapping[str, TreeEntry]
    read: ReadBlobs

    @property
    def name(self) -> str:
        """`tree_name` of the result."""
        return tree_name(self.result)

    def changed_paths(self) -> list[str]:
        """The paths at which the trees differ, sorted."""
        both = self.base.keys() | self.result.keys()
        return sorted(path for path in both if self.base.get(path) != self.result.get(path))
