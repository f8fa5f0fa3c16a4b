"""What a credential of a forge must be allowed, and no more, in that forge's own words."""

from collections.abc import Mapping
from typing import Final

__all__ = ["least_rights", "push_rights"]

_LEAST: Final[Mapping[str, str]] = {
    "github": "Contents, Pull requests and Commit statuses, each read and write",
    "gitea": "write:repository, write:issue and read:user",
}
_PUSH: Final[Mapping[str, str]] = {"github": "Contents, read and write,", "gitea": "write:repository"}


def least_rights(kind: str) -> str:
    """What publishing needs, by the kind of forge."""
    return _LEAST[kind]


def push_rights(kind: str) -> str:
    """What a push needs."""
    return _PUSH[kind]
