"""What a new message refers to: the one it replies to, or the one it forwards with a copy of it.

Discord, "Message", *Message Reference*. `messages.py` stores what comes of it.
"""

from dataclasses import dataclass, field
from typing import Final

from ompycord.playground.rules import permissions
from ompycord.playground.rules.bodies import FORWARD
from ompycord.playground.rules.documents import Json
from ompycord.playground.rules.errors import DiscordError, Form, refusal
from ompycord.playground.rules.intents import MESSAGE_CONTENT_FLAGS
from ompycord.playground.world.core import Core

PLAIN_TYPES: Final = (0, 19, 20, 23)
"""Texts, replies and answers to commands: what can be replied to, edited and forwarded. The others are notices."""
COPIED: Final = (
    "type",
    "content",
    "timestamp",
    "edited_timestamp",
    "flags",
    "mention_roles",
    "embeds",
    "components",
    "attachments",
)
"""The keys of a snapshot that are copied as they are."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A reference that holds: as Discord gives it back, with the message replied to or the copies forwarded."""

    document: Json
    replied_to: Json | None = None
    snapshots: list[Json] = field(default_factory=list[Json])

    @property
    def is_forward(self) -> bool:
        return bool(self.snapshots)


def resolve(core: Core, given: Json, *, channel: Json, author: str) -> Reference | None:
    """What `message_reference` stands for; None where the message is missing and that is no failure.

    Refused with 50035, a reply without the history with 160002, a forward of what cannot be read with 160014.
    """
    if given.get("message_id") is None:
        raise _wrong("BASE_TYPE_REQUIRED", "This field is required", "message_id")
    if given.get("type") == FORWARD:
        return _forward(core, given, author=author)
    return _reply(core, given, channel=channel, author=author)


def _reply(core: Core, given: Json, *, channel: Json, author: str) -> Reference | None:
    if not core.world.permissions_in(author, channel) & permissions.READ_MESSAGE_HISTORY:
        raise refusal(160002)
    if given.get("channel_id") not in (None, channel["id"]) and str(given["channel_id"]) != channel["id"]:
        words = "Cannot reply to a message in a different channel"
        raise _wrong("REPLIES_CANNOT_REFERENCE_OTHER_CHANNEL", words)
    target = _found(core, str(given["message_id"]), channel["id"])
    if target is None:
        if given.get("fail_if_not_exists") is False:
            return None
        raise _wrong("REPLIES_UNKNOWN_MESSAGE", "Unknown message")
    if target["type"] not in PLAIN_TYPES:
        raise _wrong("REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE", "Cannot reply to a system message")
    return Reference(document=_document(core, target, kind=0), replied_to=target)


def _forward(core: Core, given: Json, *, author: str) -> Reference:
    if given.get("channel_id") is None:
        raise _wrong("BASE_TYPE_REQUIRED", "This field is required", "channel_id")
    source = core.world.channel(str(given["channel_id"]))
    core.world.require(author, source, permissions.VIEW_CHANNEL)
    target = _found(core, str(given["message_id"]), source["id"])
    if target is None:
        raise refusal(10008)
    if target["type"] not in PLAIN_TYPES or target.get("poll"):
        raise refusal(50068)
    if not _may_read(core, target, source, author):
        raise refusal(160014)
    copies = target.get("_snapshots") or [
        {**{key: target[key] for key in COPIED}, "_mentions": target["_mentions"]},
    ]
    return Reference(document=_document(core, target, kind=FORWARD), snapshots=copies)


def _may_read(core: Core, target: Json, source: Json, author: str) -> bool:
    """Without the intent a bot reads its own messages, direct ones, and those that mention it."""
    if author != core.world.bot_id or source["type"] == 1 or core.world.application["flags"] & MESSAGE_CONTENT_FLAGS:
        return True
    return target["_author"] == author or author in target["_mentions"]


def _found(core: Core, message_id: str, channel_id: str) -> Json | None:
    found = core.storage.get("message", message_id)
    is_there = found is not None and found["channel_id"] == channel_id and not found["_ephemeral_for"]
    return found if is_there else None


def _document(core: Core, target: Json, *, kind: int) -> Json:
    channel = core.world.channel(target["channel_id"])
    guild = {} if channel["type"] == 1 else {"guild_id": core.world.guild_id}
    return {"type": kind, "channel_id": target["channel_id"], "message_id": target["id"], **guild}


def _wrong(code: str, words: str, *field_path: str) -> DiscordError:
    form = Form()
    form.wrong(("message_reference", *field_path), code, words)
    return form.refusal()
