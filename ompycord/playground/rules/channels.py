"""Pure: the kinds of a guild's channels, what each can have, and how a new one looks.

Discord, "Channel" and "Guild", *Create Guild Channel*. `world/channels.py` stores them. All kinds can be made, as in a
community server.
"""

from typing import Any, Final

from ompycord.playground.rules.documents import Json, as_list, as_objects
from ompycord.playground.rules.errors import Form, refusal
from ompycord.playground.rules.limits import Limits

TEXT, DIRECT, VOICE, CATEGORY, ANNOUNCEMENT, STAGE, FORUM = 0, 1, 2, 4, 5, 13, 15
KINDS: Final = (TEXT, VOICE, CATEGORY, ANNOUNCEMENT, STAGE, FORUM)
SPOKEN: Final = (VOICE, STAGE)
"""Channels that need CONNECT; they hold messages too."""
CONVERTIBLE: Final = (TEXT, ANNOUNCEMENT)
"""The only kinds that turn into one another."""
PUBLIC_THREAD, PRIVATE_THREAD, ANNOUNCEMENT_THREAD = 11, 12, 10
THREADS_IN: Final = {
    TEXT: (PUBLIC_THREAD, PRIVATE_THREAD),
    ANNOUNCEMENT: (ANNOUNCEMENT_THREAD,),
    FORUM: (PUBLIC_THREAD,),
}
"""Channel type -> the types of its threads."""
ARCHIVE_MINUTES: Final = (60, 1440, 4320, 10080)
REQUIRE_TAG: Final = 1 << 4
"""The flag of a forum whose posts need a tag."""
_ALL: Final = ("name", "position", "flags", "permission_overwrites")
_WRITTEN: Final = ("parent_id", "nsfw", "rate_limit_per_user")
_THREADED: Final = ("topic", "default_auto_archive_duration", "default_thread_rate_limit_per_user")
_SPOKEN: Final = ("bitrate", "user_limit", "rtc_region", "video_quality_mode")
_FORUM: Final = ("available_tags", "default_reaction_emoji", "default_sort_order", "default_forum_layout")
SETTABLE: Final[dict[int, tuple[str, ...]]] = {
    TEXT: (*_ALL, *_WRITTEN, *_THREADED, "type"),
    ANNOUNCEMENT: (*_ALL, *_WRITTEN, *_THREADED, "type"),
    VOICE: (*_ALL, *_WRITTEN, *_SPOKEN),
    STAGE: (*_ALL, *_WRITTEN, *_SPOKEN),
    CATEGORY: _ALL,
    FORUM: (*_ALL, *_WRITTEN, *_THREADED, *_FORUM),
}
"""Channel type -> what can be set on it; Discord ignores the rest."""
_DEFAULTS: Final[dict[int, Json]] = {
    VOICE: {"bitrate": 64000, "user_limit": 0, "rtc_region": None, "last_message_id": None, "rate_limit_per_user": 0},
    STAGE: {"bitrate": 64000, "user_limit": 0, "rtc_region": None, "last_message_id": None, "rate_limit_per_user": 0},
    CATEGORY: {},
    FORUM: {
        "topic": None,
        "last_message_id": None,
        "rate_limit_per_user": 0,
        "default_thread_rate_limit_per_user": 0,
        "available_tags": [],
        "default_reaction_emoji": None,
        "default_sort_order": None,
        "default_forum_layout": 0,
    },
}
_OF_TEXT: Final[Json] = {
    "topic": None,
    "last_message_id": None,
    "rate_limit_per_user": 0,
    "default_thread_rate_limit_per_user": 0,
}


def fresh(kind: int, channel_id: str, guild_id: str, name: str, position: int) -> Json:
    """A channel with Discord's defaults."""
    return {
        "id": channel_id,
        "type": kind,
        "guild_id": guild_id,
        "name": name,
        "position": position,
        "nsfw": False,
        "parent_id": None,
        "flags": 0,
        "permission_overwrites": [],
        **_DEFAULTS.get(kind, _OF_TEXT),
    }


def default_of(channel: Json, key: str) -> Any:
    """What null sets a channel's key to."""
    kind = channel["type"]
    return fresh(kind, channel["id"], channel["guild_id"], channel["name"], channel["position"]).get(key)


def clean_name(kind: int, name: str) -> str:
    """The name as Discord keeps it: in lower case with dashes where the channel is one of text."""
    return name if kind in (*SPOKEN, CATEGORY) else name.lower().replace(" ", "-")


def check(form: Form, body: Json, kind: int, limits: Limits) -> None:
    """Note what is wrong with the settings of a channel of this kind. Refused with 40061 for tags of one name."""
    settable = SETTABLE[kind]
    wanted = kind if body.get("type") is None else body["type"]
    form.choice(("type",), wanted, CONVERTIBLE if kind in CONVERTIBLE else (kind,))
    for key, low, high in (
        ("rate_limit_per_user", 0, limits.slow_mode_s),
        ("default_thread_rate_limit_per_user", 0, limits.slow_mode_s),
        ("bitrate", limits.bitrate_least, limits.bitrate),
        ("user_limit", 0, limits.stage_users if kind == STAGE else limits.voice_users),
    ):
        if key in settable and body.get(key) is not None:
            form.between((key,), body[key], low, high)
    for key, allowed in (
        ("default_auto_archive_duration", ARCHIVE_MINUTES),
        ("video_quality_mode", (1, 2)),
        ("default_sort_order", (0, 1)),
        ("default_forum_layout", (0, 1, 2)),
    ):
        if key in settable and body.get(key) is not None:
            form.choice((key,), body[key], allowed)
    if "topic" in settable and body.get("topic") is not None:
        form.length(("topic",), body["topic"], 0, limits.forum_topic if kind == FORUM else limits.topic)
    for place, overwrite in enumerate(as_objects(body.get("permission_overwrites"))):
        form.choice(("permission_overwrites", place, "type"), overwrite.get("type") or 0, (0, 1))
        if overwrite.get("id") is None:
            form.required(("permission_overwrites", place, "id"))
    if "available_tags" in settable:
        _check_tags(form, body.get("available_tags"), limits)


def _check_tags(form: Form, tags: Any, limits: Limits) -> None:
    wanted = as_list(tags)
    form.length(("available_tags",), wanted, 0, limits.forum_tags)
    for place, tag in enumerate(wanted):
        form.length(("available_tags", place, "name"), tag.get("name"), 1, limits.tag_name)
    names = [tag.get("name") for tag in wanted]
    if len(set(names)) != len(names):
        raise refusal(40061)


def overwrite(wanted: Json) -> Json:
    """An overwrite as Discord gives it back; what it leaves out is nothing."""
    return {
        "id": str(wanted["id"]),
        "type": wanted.get("type") or 0,
        "allow": str(wanted.get("allow") or 0),
        "deny": str(wanted.get("deny") or 0),
    }


def tag(wanted: Json, tag_id: str) -> Json:
    """A forum's tag as Discord gives it back."""
    return {
        "id": str(wanted.get("id") or tag_id),
        "name": wanted["name"],
        "moderated": bool(wanted.get("moderated")),
        "emoji_id": wanted.get("emoji_id"),
        "emoji_name": wanted.get("emoji_name"),
    }
