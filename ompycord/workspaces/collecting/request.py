"""What the host asks for, and where it finds the answer: all of this package that the host itself loads."""

from typing import TypedDict

__all__ = ["KEPT", "REF", "CollectRequest", "SubmoduleRequest"]

REF = "refs/ompycord/result"
"""The result in the bundle."""
KEPT = "refs/ompycord/kept/"
"""Where the bundle has work that is not in the result."""


class SubmoduleRequest(TypedDict):
    """One of the base's."""

    path: str
    commit: str
    objects: str | None
    """The folder of its objects, where the source has it."""


class CollectRequest(TypedDict):
    """What the host asks for. Paths are absolute."""

    folder: str
    """For our own git folder."""
    bundle: str
    objects: str
    """The base's."""
    format: str
    base: str
    message: str
    trailer: str
    exclude: str
    """What the source's `.git/info/exclude` says."""
    modules: list[SubmoduleRequest]
