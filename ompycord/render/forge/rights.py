"""What a credential of a forge must be allowed, and no more, in that forge's own words."""

from collections.abc import Mapping
from typing import Final

__all__ = ["least_rights", "let_in", "push_rights", "to_give"]

_LEAST: Final[Mapping[str, str]] = {
    "github": "Contents, Pull requests and Commit statuses, each read and write",
    "gitea": "write:repository, write:issue and read:user",
}
_PUSH: Final[Mapping[str, str]] = {"github": "Contents, read and write,", "gitea": "write:repository"}


def let_in(kind: str) -> str:
    """How a repository is made visible to a token."""
    return "select it in the token's settings" if kind == "github" else "let the token's account into it"


def least_rights(kind: str) -> str:
    """What publishing needs, by the kind of forge."""
    return _LEAST[kind]


def to_give(kind: str) -> str:
    """The same as what is to be given where it lacks something: of Gitea a token may do no more than its account."""
    return _LEAST[kind] if kind == "github" else f"{_LEAST[kind]}, and its account write access to the repository"


def push_rights(kind: str) -> str:
    """What a push needs."""
    return _PUSH[kind]
