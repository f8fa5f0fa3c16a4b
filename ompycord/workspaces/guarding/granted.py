"""Looks for what an agent was granted in all that its result would publish; for `collect.py`.

Every object that came with the result is read: files of each of its commits, names, messages. So a value that a later
commit took out is found too: it would stand in the history.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from ompycord.errors import ResultWithheld
from ompycord.text import clean, cut
from ompycord.workspaces.git import TRANSFER_S, Git

__all__ = ["FindGranted", "as_text", "require_nothing_granted"]

FindGranted = Callable[[str], str | None]
"""The name of the granted value that stands in a text, None where none does."""

_BATCH: Final = 16 * 1024 * 1024
"""Bytes of objects that are read at a time; a larger one is read from a file."""
_STEP: Final = 4 * 1024 * 1024
_OVERLAP: Final = 64 * 1024
_SHOWN: Final = 60
_NAME: Final = 40
_CONTROLS: Final = bytes(range(32)).translate(None, b"\0\t\n\r") + b"\x7f"
_AS_BREAKS: Final = bytes.maketrans(_CONTROLS, b"\n" * len(_CONTROLS))


class _Object(NamedTuple):
    """An object of git that came with a result."""

    id: str
    kind: str
    size: int


async def require_nothing_granted(
    git: Git, folder: Path, *, base: str, commit: str, granted: FindGranted, marker: str
) -> None:
    """Look through all that `commit` adds to `base`, both refs of the repository `folder`.

    Raises ResultWithheld, which names the place and the value's name, never the value; WorkspaceError where git fails.
    """
    ends = (commit, "--not", base)
    listed = await git.run("rev-list", "--objects", *ends, cwd=folder, marker=marker, timeout_s=TRANSFER_S)
    search = _Search(git, folder, dict(_listed(listed)), granted, marker)
    for batch in await search.batches():
        found = await search.search(batch)
        if found is not None:
            raise _withheld(*found)


def _withheld(place: str, name: str) -> ResultWithheld:
    return ResultWithheld(
        f"Held back: {place} holds a secret of {cut(clean(name), _NAME)}. Not published. "
        "Have the agent remove it, also from its commits, then resume."
    )


def _listed(output: bytes) -> Iterator[tuple[str, str]]:
    """Ids and the path of each, which is empty for commits and for the root."""
    for line in output.decode("utf-8", "surrogateescape").splitlines():
        name, _, path = line.partition(" ")
        yield name, path


class _Search:
    """Looks through objects of a repository; `paths` has them by their ids."""

    def __init__(self, git: Git, folder: Path, paths: Mapping[str, str], granted: FindGranted, marker: str) -> None:
        self._git = git
        self._folder = folder
        self._paths = paths
        self._granted = granted
        self._marker = marker

    async def batches(self) -> list[list[_Object]]:
        """All objects, in parts that can be read in one go; one that is too large for that is alone."""
        output = await self._cat("--batch-check", self._paths)
        batches: list[list[_Object]] = []
        room = 0
        for line in output.decode("ascii", "replace").splitlines():
            name, kind, size = line.split(" ")
            if not batches or int(size) > room:
                batches.append([])
                room = _BATCH
            batches[-1].append(_Object(name, kind, int(size)))
            room -= int(size)
        return batches

    async def search(self, batch: Sequence[_Object]) -> tuple[str, str] | None:
        """The place and the name of the first value that stands in these objects."""
        if batch[0].size > _BATCH:
            found = await self._search_file(batch[0])
            return None if found is None else (self._place(batch[0]), found)
        output = await self._cat("--batch", [one.id for one in batch])

        def search() -> tuple[str, str] | None:
            at = 0
            for one in batch:
                at = output.index(b"\n", at) + 1
                content = output[at : at + one.size]
                found = self._granted(self._names(one, content) if one.kind == "tree" else as_text(content))
                if found is not None:
                    return self._place(one), found
                at += one.size + 1
            return None

        return await asyncio.to_thread(search)

    async def _search_file(self, one: _Object) -> str | None:
        words = ("unpack-file", one.id)
        written = await self._git.run(*words, cwd=self._folder, marker=self._marker, timeout_s=TRANSFER_S)
        file = self._folder / written.decode("ascii", "replace").strip()

        def search() -> str | None:
            before = b""
            with file.open("rb") as opened:
                while step := opened.read(_STEP):
                    found = self._granted(as_text(before + step))
                    if found is not None:
                        return found
                    before = step[-_OVERLAP:]
            return None

        try:
            return await asyncio.to_thread(search)
        finally:
            file.unlink(missing_ok=True)

    async def _cat(self, how: str, ids: Iterable[str]) -> bytes:
        request = "".join(f"{one}\n" for one in ids).encode()
        words = ("cat-file", how)
        return await self._git.run(*words, cwd=self._folder, marker=self._marker, stdin=request, timeout_s=TRANSFER_S)

    def _names(self, tree: _Object, content: bytes) -> str:
        """The paths of a tree's entries; each is `<mode> <name>`, a zero, and the bytes of an id."""
        names: list[str] = []
        at, length = 0, len(tree.id) // 2
        while at < len(content):
            end = content.index(b"\0", at)
            name = content[at:end].partition(b" ")[2].decode("utf-8", "surrogateescape")
            names.append(f"{self._paths[tree.id]}/{name}")
            at = end + 1 + length
        return "\n".join(names)

    def _place(self, one: _Object) -> str:
        match one.kind:
            case "commit":
                return "the message of a commit"
            case "tree":
                return "the name of a file"
            case _:
                return cut(clean(self._paths[one.id]), _SHOWN) or "a file"


def as_text(data: bytes) -> str:
    """Any content as text: zeros go, as they stand between the letters of UTF-16, and all of ASCII is what it is."""
    if b"\0" in data:
        data = data.translate(_AS_BREAKS, b"\0")
    return data.decode("utf-8", "surrogateescape")
