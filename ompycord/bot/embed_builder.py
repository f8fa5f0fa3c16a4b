"""Rendered messages to discord.py's objects.

Counterpart of `render.message`, whose dictionaries are Discord's own shape. `allowed_mentions` goes with every create
and edit: an edit that omits it parses everything (docs/platform/discord.md, *Mentions*).
"""

from collections.abc import Iterable
from io import BytesIO
from typing import Any, NotRequired, TypedDict

import discord

from ompycord.render.message import Json, RenderedMessage

__all__ = ["QUIET", "Sendable", "allowed_mentions", "buttons_view", "sendable", "text_file"]

_BUTTON = 2
_SHOWN_FILE = "full-text.txt"


class Sendable(TypedDict):
    """Keyword arguments of a create; an edit takes them without `file` and `reference`."""

    content: str
    embeds: list[discord.Embed]
    view: discord.ui.View
    allowed_mentions: discord.AllowedMentions
    file: NotRequired[discord.File]
    reference: NotRequired[discord.MessageReference]


def allowed_mentions(users: Iterable[str] = (), roles: Iterable[str] = ()) -> discord.AllowedMentions:
    """Mention only these ids. All parts are given, since an omitted one means *parse all*."""
    who = [discord.Object(int(user)) for user in users]
    which = [discord.Object(int(role)) for role in roles]
    return discord.AllowedMentions(everyone=False, roles=which or False, users=who or False, replied_user=False)


QUIET = discord.AllowedMentions(everyone=False, roles=False, users=False, replied_user=False)
"""Mentions no one: `{"parse": []}`."""


def buttons_view(rows: Iterable[Json]) -> discord.ui.View:
    """Action rows of buttons.

    It is stopped at once: clicks are handled from their signed id, so nothing is remembered.
    """
    view = discord.ui.View(timeout=None)
    for number, row in enumerate(rows):
        for item in row["components"]:
            view.add_item(_button(item, number))
    view.stop()
    return view


def _button(item: dict[str, Any], row: int) -> discord.ui.Button[discord.ui.View]:
    if item["type"] != _BUTTON:
        raise ValueError(f"component type {item['type']} is no button")
    return discord.ui.Button(
        style=discord.ButtonStyle(item["style"]),
        label=item["label"],
        emoji=item["emoji"]["name"] if "emoji" in item else None,
        url=item.get("url"),
        custom_id=item.get("custom_id"),
        row=row,
    )


def sendable(message: RenderedMessage, *, pings: bool) -> Sendable:
    """What discord.py is given. Without `pings` the ids stay text: an edit or a repost notifies no one."""
    users, roles = (message.mentions, message.role_mentions) if pings else ((), ())
    made = Sendable(
        content=message.content,
        embeds=[discord.Embed.from_dict(embed) for embed in message.embeds],
        view=buttons_view(message.components),
        allowed_mentions=allowed_mentions(users, roles),
    )
    if message.attachment is not None:
        made["file"] = text_file(message.attachment, _SHOWN_FILE)
    return made


def text_file(text: str | bytes, name: str, *, description: str | None = None) -> discord.File:
    """Text or bytes as an attachment. The description is for who does not see what is shown."""
    raw = text.encode("utf-8", "replace") if isinstance(text, str) else text
    return discord.File(BytesIO(raw), filename=name, description=description)
