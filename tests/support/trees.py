"""Trees of a base and a result as plain tables, and what a result changed of its evidence by them."""

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha1
from typing import NamedTuple

from ompycord.checks.evidence.compare import compare
from ompycord.domain.events import ChangedEvidence
from ompycord.domain.ports.trees import LINK, ResultTrees, TreeEntry
from ompycord.domain.repository import CheckSpec

__all__ = ["Change", "Content", "Executable", "Files", "Link", "changed_evidence", "found", "trees"]


class Link(NamedTuple):
    """A symbolic link."""

    to: str


class Executable(NamedTuple):
    """A file that may be started."""

    text: str


Content = str | bytes | Link | Executable
Files = Mapping[str, Content]
Change = Mapping[str, Content | None]
"""What a result has in place of the base's files; None where it has none."""


def _entry(content: Content, blobs: dict[str, bytes]) -> TreeEntry:
    match content:
        case Link(to):
            mode, data = LINK, to.encode()
        case Executable(text):
            mode, data = "100755", text.encode()
        case str():
            mode, data = "100644", content.encode()
        case bytes():
            mode, data = "100644", content
    name = sha1(data, usedforsecurity=False).hexdigest()
    blobs[name] = data
    return TreeEntry(mode, name)


def trees(base: Files, change: Change) -> ResultTrees:
    """Both trees, without git."""
    blobs: dict[str, bytes] = {}
    after = {path: content for path, content in {**base, **change}.items() if content is not None}

    async def read(names: Collection[str]) -> Mapping[str, bytes | None]:
        return {name: blobs[name] for name in names}

    return ResultTrees(
        base={path: _entry(content, blobs) for path, content in base.items()},
        result={path: _entry(content, blobs) for path, content in after.items()},
        read=read,
    )


async def changed_evidence(base: Files, change: Change, *commands: Sequence[str]) -> tuple[ChangedEvidence, ...]:
    """What the change does to the evidence of checks with these commands."""
    checks = [CheckSpec(name=f"c{number}", command=tuple(command)) for number, command in enumerate(commands)]
    return (await compare(checks, trees(base, change))).changes


async def found(base: Files, change: Change, *commands: Sequence[str]) -> list[tuple[str, str]]:
    """The same as (path, what)."""
    return [(one.path, one.what) for one in await changed_evidence(base, change, *commands)]
