"""Looks for what an agent was granted in all that its result would publish; for `collect.py`.

Every object that came with the result is read: files of each of its commits, names, messages. So a value that a later
commit took out is found too: it would stand in the history.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from ompycord.errors import ResultHeldBack
from ompycord.text import clean, cut
from ompycord.workspaces.git import TRANSFER_S, Git

__all__ = ["FindGranted", "require_nothing_granted"]

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

    Raises ResultHeldBack, which names the place and the value's name, never the value; WorkspaceError where git fails.
    """
    ends = (commit, "--not", base)
    names = await git.run("log", "-m", "-z", "--format=", "--name-only", *ends, "--", cwd=folder, marker=marker)
    found = await asyncio.to_thread(granted, names.replace(b"\0", b"\n").decode("utf-8", "surrogateescape"))
    if found is not None:
        raise _held_back("The name of a file", found)
    listed = await git.run("rev-list", "--objects", *ends, cwd=folder, marker=marker, timeout_s=TRANSFER_S)
    paths = dict(_listed(listed))
    for batch in _batches(await _sizes(git, folder, [*paths], marker)):
        for one, name in await _look(git, folder, batch, granted, marker):
            raise _held_back(_place(one, paths[one.id]), name)


def _held_back(place: str, name: str) -> ResultHeldBack:
    return ResultHeldBack(
        f"Held back: {place} holds a secret of {cut(clean(name), _NAME)}. Not published. "
        "Have the agent remove it, also from its commits, then resume."
    )


def _place(one: _Object, path: str) -> str:
    match one.kind:
        case "commit":
            return "the message of a commit"
        case "tree":
            return "the name of a file"
        case _:
            return cut(clean(path), _SHOWN) or "a file"


def _listed(output: bytes) -> Iterator[tuple[str, str]]:
    """Ids and the path of each, which is empty for commits and for the root."""
    for line in output.decode("utf-8", "surrogateescape").splitlines():
        name, _, path = line.partition(" ")
        yield name, path


async def _sizes(git: Git, folder: Path, ids: Sequence[str], marker: str) -> list[_Object]:
    asked = "".join(f"{one}\n" for one in ids).encode()
    known = await git.run("cat-file", "--batch-check", cwd=folder, marker=marker, stdin=asked)
    words = (line.split(" ") for line in known.decode("ascii", "replace").splitlines())
    return [_Object(name, kind, int(size)) for name, kind, size in words]


def _batches(objects: Sequence[_Object]) -> Iterator[list[_Object]]:
    batch: list[_Object] = []
    size = 0
    for one in objects:
        if batch and size + one.size > _BATCH:
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += one.size
    if batch:
        yield batch


async def _look(
    git: Git, folder: Path, batch: Sequence[_Object], granted: FindGranted, marker: str
) -> list[tuple[_Object, str]]:
    """What was found in these objects."""
    first = batch[0]
    if first.size > _BATCH:
        found = await _look_in_file(git, folder, first, granted, marker)
        return [] if found is None else [(first, found)]
    asked = "".join(f"{one.id}\n" for one in batch).encode()
    output = await git.run("cat-file", "--batch", cwd=folder, marker=marker, stdin=asked, timeout_s=TRANSFER_S)

    def look() -> list[tuple[_Object, str]]:
        at = 0
        for one in batch:
            at = output.index(b"\n", at) + 1
            name = granted(_text(output[at : at + one.size]))
            if name is not None:
                return [(one, name)]
            at += one.size + 1
        return []

    return await asyncio.to_thread(look)


async def _look_in_file(git: Git, folder: Path, one: _Object, granted: FindGranted, marker: str) -> str | None:
    written = await git.run("unpack-file", one.id, cwd=folder, marker=marker, timeout_s=TRANSFER_S)
    file = folder / written.decode("ascii", "replace").strip()

    def look() -> str | None:
        before = b""
        with file.open("rb") as opened:
            while step := opened.read(_STEP):
                name = granted(_text(before + step))
                if name is not None:
                    return name
                before = step[-_OVERLAP:]
        return None

    try:
        return await asyncio.to_thread(look)
    finally:
        file.unlink(missing_ok=True)


def _text(data: bytes) -> str:
    """Any content as text: zeros go, as they stand between the letters of UTF-16, and all of ASCII is what it is."""
    if b"\0" in data:
        data = data.translate(_AS_BREAKS, b"\0")
    return data.decode("utf-8", "surrogateescape")
