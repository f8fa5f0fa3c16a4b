"""Pure: which mentions of a text take effect under `allowed_mentions`; `world/messages.py` records
them.

Without `allowed_mentions` everything is parsed, on creation and on an edit alike (Discord, "Allowed mentions").
"""

import re
from dataclasses import dataclass
from typing import Any

from ompycord.playground.rules.documents import Json, as_list
from ompycord.playground.rules.errors import Form
from ompycord.playground.rules.limits import Limits

_USER = re.compile(r"<@!?([0-9]{1,20})>")
_ROLE = re.compile(r"<@&([0-9]{1,20})>")
_EVERYONE = re.compile(r"@(?:everyone|here)")
_CODE = re.compile(r"\\`|(?P<code>```.+?```|(?<!`)(?P<ticks>`{1,2})(?!`).+?(?<!`)(?P=ticks)(?!`))", re.DOTALL)
"""Code blocks and inline code; a backtick after a backslash opens none."""
_KINDS = ("users", "roles", "everyone")


@dataclass(frozen=True, kw_only=True)
class Mentions:
    """The ids a message mentions with effect."""

    users: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    is_everyone: bool = False


def parse(content: str, allowed: Json | None, *, replied_to: str | None = None) -> Mentions:
    """The mentions of `content` that `allowed` lets through; `replied_to` is the author of the message replied to.

    Code mentions no one.
    """
    content = _CODE.sub(lambda found: " " if found["code"] else found[0], content)
    users = _unique(_USER.findall(content))
    roles = _unique(_ROLE.findall(content))
    is_everyone = bool(_EVERYONE.search(content))
    if allowed is None:
        return Mentions(users=_with(users, replied_to), roles=roles, is_everyone=is_everyone)
    kinds = set(as_list(allowed.get("parse")))
    named_users = set(map(str, as_list(allowed.get("users"))))
    named_roles = set(map(str, as_list(allowed.get("roles"))))
    passed = tuple(user for user in users if "users" in kinds or user in named_users)
    return Mentions(
        users=_with(passed, replied_to if allowed.get("replied_user") else None),
        roles=tuple(role for role in roles if "roles" in kinds or role in named_roles),
        is_everyone=is_everyone and "everyone" in kinds,
    )


def validate(form: Form, allowed: Any, limits: Limits) -> None:
    """Note what is wrong with an `allowed_mentions` object: kinds, sizes, and lists beside the kind that includes
    them.
    """
    if allowed is None:
        return
    if not isinstance(allowed, dict):
        form.wrong(("allowed_mentions",), "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return
    kinds: list[Any] = as_list(allowed.get("parse"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # checked as JSON
    for place, kind in enumerate(kinds):
        form.choice(("allowed_mentions", "parse", place), kind, _KINDS)
    for key in ("users", "roles"):
        named: list[Any] = as_list(allowed.get(key))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # checked as JSON
        form.length(("allowed_mentions", key), named, 0, limits.mention_list)
        if named and key in kinds:
            form.wrong(
                ("allowed_mentions",),
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                f'parse:["{key}"] and {key}: [ids...] are mutually exclusive.',
            )


def _unique(found: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))


def _with(users: tuple[str, ...], extra: str | None) -> tuple[str, ...]:
    return users if extra is None or extra in users else (*users, extra)
