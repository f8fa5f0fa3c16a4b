"""What would go to a forge with a push, looked through before anything is sent: all of its commits, not their sum.

What one commit adds and a later one removes is sent all the same, and refused by forges for its size.
"""

from typing import Final, Protocol

from ompycord.domain.ports import PushRequest
from ompycord.errors import ForgeFailed
from ompycord.workspaces.git import TRANSFER_S

__all__ = ["LARGEST", "Outgoing", "require_takable"]

LARGEST: Final = 100 * 1024 * 1024
"""Bytes of a file that GitHub takes (GitHub's documentation, *About large files on GitHub*)."""
_MIB: Final = 1024 * 1024


class Outgoing(Protocol):
    """A repository here whose commits go to a forge; `ForgeGit`."""

    async def output(self, *words: str, stdin: bytes | None = None, timeout_s: float) -> bytes:
        """What the host's git says there. Raises WorkspaceError."""
        ...

    @property
    def name(self) -> str:
        """The repository on its forge."""
        ...


async def require_takable(place: Outgoing, request: PushRequest, *, largest: int = LARGEST) -> None:
    """Raises ForgeFailed, which names the file, for what the forge will not take."""
    span = f"{request.base_commit}..{request.commit}"
    for path in request.refused_paths:
        listed = await place.output("log", "--format=", "--name-only", "-z", span, "--", path, timeout_s=TRANSFER_S)
        changed = next((one for one in listed.split(b"\0") if one.strip()), None)
        if changed is not None:
            name = changed.strip().decode("utf-8", "replace")
            words = f"the app may not change {name}, so nothing was sent. Give it Workflows, read and write."
            raise ForgeFailed("workflow", f"{place.name}: {words}")
    await _require_small(place, span, largest)


async def _require_small(place: Outgoing, span: str, largest: int) -> None:
    objects = await place.output("rev-list", "--objects", "--no-object-names", span, timeout_s=TRANSFER_S)
    check = ("cat-file", "--batch-check=%(objecttype) %(objectsize) %(objectname)")
    sizes = await place.output(*check, stdin=objects, timeout_s=TRANSFER_S)
    for line in sizes.decode("ascii", "replace").splitlines():
        kind, size, name = (*line.split(" "), "", "")[:3]
        if kind == "blob" and size.isdigit() and int(size) > largest:
            commit, path = await _where(place, span, name)
            has, most = -(-int(size) // _MIB), largest // _MIB
            words = (
                f"{path} in commit {commit} has {has} MiB, and {most} is the most that it takes, also where a later "
                "commit removed it. Nothing was sent. Follow up, and have it taken out of the history."
            )
            raise ForgeFailed("size", f"{place.name}: {words}")


async def _where(place: Outgoing, span: str, blob: str) -> tuple[str, str]:
    """A commit that brings the object, and where it lies in it."""
    words = ("log", "-1", "--format=%h", "--name-only", "-z", "--diff-filter=AM", f"--find-object={blob}", span)
    found = [one.strip() for one in (await place.output(*words, timeout_s=TRANSFER_S)).split(b"\0") if one.strip()]
    parts = [one.decode("utf-8", "replace") for one in found[:2]]
    commit, path = (*parts, "", "")[:2]
    return commit, path or "a file"
