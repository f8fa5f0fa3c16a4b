"""The Discord permissions that the bot uses, what fails without each, and the invite link that asks for exactly these.

Pure. Counterpart: `app/connection/discord_probe.py`, which asks Discord what the bot has. Bits: Discord, *Permissions*,
bitwise flags.
"""

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["PERMISSIONS", "PERMISSION_INTEGER", "Overwrite", "Permission", "in_channel", "invite_link", "missing"]

ADMINISTRATOR = 1 << 3


class Permission(NamedTuple):
    """One permission: Discord's own name for it, its bit, and what people miss without it."""

    name: str
    bit: int
    without: str


ADD_REACTIONS = Permission(
    "Add Reactions", 1 << 6, "what it heard in a thread is not marked, and no message gets its 🚀"
)
VIEW_CHANNEL = Permission("View Channels", 1 << 10, "it sees no command's channel and shows no run")
PERMISSIONS = (
    VIEW_CHANNEL,
    ADD_REACTIONS,
    Permission("Send Messages", 1 << 11, "no run is shown and no result is told"),
    Permission("Embed Links", 1 << 14, "cards stay empty"),
    Permission("Attach Files", 1 << 15, "long diffs and logs cannot be shown"),
    Permission("Read Message History", 1 << 16, "after a crash it cannot see what was posted already"),
    Permission("Create Public Threads", 1 << 35, "a run gets no thread"),
    Permission("Send Messages in Threads", 1 << 38, "a run's card and questions come to its channel"),
    Permission("Pin Messages", 1 << 51, "open questions are not pinned"),
)
"""README, *A real server*. Pinning has a permission of its own since February 2026
(docs/platform/discord.md, *Pins*)."""

PERMISSION_INTEGER = sum(permission.bit for permission in PERMISSIONS)


class Overwrite(NamedTuple):
    """What a channel changes for a role or a member."""

    target: str
    allow: int
    deny: int


def missing(granted: int) -> tuple[Permission, ...]:
    """Those of our permissions that are not among the held bits."""
    if granted & ADMINISTRATOR:
        return ()
    return tuple(permission for permission in PERMISSIONS if not granted & permission.bit)


def in_channel(base: int, *, guild: str, member: str, roles: Sequence[str], overwrites: Sequence[Overwrite]) -> int:
    """What a member may do in a channel: everyone's overwrite, then the roles' together, then its own.

    Source: Discord, *Permissions*. Where a channel cannot be viewed, View Channels is missing and the rest is not
    computed: Discord takes all of it away.
    """
    if base & ADMINISTRATOR:
        return base
    for targets in ((guild,), tuple(roles), (member,)):
        concerned = [one for one in overwrites if one.target in targets]
        for one in concerned:
            base &= ~one.deny
        for one in concerned:
            base |= one.allow
    return base


def invite_link(application: str) -> str:
    """The address at which a person who manages a server adds the bot, with these permissions and no other."""
    return (
        f"https://discord.com/oauth2/authorize?client_id={application}"
        f"&scope=bot+applications.commands&permissions={PERMISSION_INTEGER}"
    )
