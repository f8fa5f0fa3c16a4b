"""The versions of known agents with which the dialects were tested; others get a note, and are never refused."""

import re
from collections.abc import Mapping
from typing import Final

from ompycord.domain.events import Note

__all__ = ["TESTED", "version_in", "version_note"]

Version = tuple[int, ...]

TESTED: Final[Mapping[str, tuple[Version, Version]]] = {
    "omp": ((18, 2, 3), (18, 3)),
    "pi": ((0, 73), (0, 74)),
    "claude": ((2, 1), (2, 2)),
    "oh-my-pi": ((18, 2, 3), (18, 3)),
    "OpenCode": ((1, 18), (1, 19)),
    "gemini-cli": ((0, 61), (0, 62)),
    "@agentclientprotocol/claude-agent-acp": ((0, 49), (0, 50)),
    "@agentclientprotocol/codex-acp": ((2, 6), (2, 7)),
}
"""The tested versions by the name that an agent gives itself (the last five over the Agent Client Protocol).

The first version is included, the second is not.
"""
_NUMBER: Final = re.compile(r"(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?")


def version_in(text: str) -> str | None:
    """The first number in `text` that looks like a version."""
    found = _NUMBER.search(text[:200])
    return found[0] if found else None


def version_note(agent: str, version: str | None) -> Note | None:
    """The note about a version; None where it is within the tested range.

    It is also None where the agent is not one of those tested.
    """
    tested = TESTED.get(agent)
    if tested is None:
        return None
    first, beyond = tested
    span = f"{_dotted(first)} up to, not including, {_dotted(beyond)}"
    found = _NUMBER.search(version or "")
    if found is None:
        return Note(text=f"{agent} does not tell its version. Tested are versions from {span}.")
    number = tuple(int(part) for part in found.groups() if part is not None)
    if first <= number < beyond:
        return None
    return Note(text=f"{agent} {found[0]} is outside the tested versions, from {span}. It may behave differently.")


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))
