"""Mentions: the only place that writes one (docs/contracts/cards.md, *Who is pinged*)."""

from collections.abc import Sequence
from typing import Final

import regex

__all__ = ["mention", "user_ids"]

_ID: Final = regex.compile(r"[0-9]{1,20}")
_MOST: Final = 20


def user_ids(ids: Sequence[str]) -> tuple[str, ...]:
    """The Discord ids among them, each once; a message that may notify no one is still sent."""
    return tuple(dict.fromkeys(number for number in ids if _ID.fullmatch(number)))[:_MOST]


def mention(users: Sequence[str], roles: Sequence[str] = ()) -> str:
    """`<@1> <@&2>` for ids that `user_ids` passed."""
    return " ".join([*(f"<@{user}>" for user in users), *(f"<@&{role}>" for role in roles)])
