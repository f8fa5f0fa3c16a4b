"""Pure: the types of what the bot sends, checked before the limits of `bodies.py`, `components.py` and `modals.py`.

A shape is a Python type, a list with the shape of its items, or a dict with the shapes of its known keys. Null is
allowed everywhere and unknown keys are ignored, as Discord does.
"""

from typing import Any, Final

from ompycord.playground.rules.documents import Json, as_list, as_object
from ompycord.playground.rules.errors import Form

Path = tuple[str | int, ...]


class Snowflake:
    """An id: a text of digits, or a whole number."""


class Anything:
    """Checked elsewhere, value by value."""


EMOJI: Final = {"id": Snowflake, "name": str, "animated": bool}
CHOSEN: Final = {"label": str, "value": str, "description": str, "default": bool, "emoji": EMOJI}
COMPONENT: Final[dict[str, Any]] = {
    "type": int,
    "id": int,
    "custom_id": str,
    "label": str,
    "description": str,
    "style": int,
    "disabled": bool,
    "url": str,
    "emoji": EMOJI,
    "placeholder": str,
    "value": str,
    "content": str,
    "required": bool,
    "min_values": int,
    "max_values": int,
    "min_length": int,
    "max_length": int,
    "options": [CHOSEN],
    "sku_id": Snowflake,
    "spoiler": bool,
    "default": bool,
    "divider": bool,
    "spacing": int,
    "accent_color": int,
    "channel_types": [int],
    "default_values": [{"id": Snowflake, "type": str}],
    "media": {"url": str},
    "file": {"url": str},
    "items": [{"media": {"url": str}, "description": str, "spoiler": bool}],
}
COMPONENT["components"] = [COMPONENT]
COMPONENT["component"] = COMPONENT
COMPONENT["accessory"] = COMPONENT
EMBED: Final = {
    "title": str,
    "description": str,
    "url": str,
    "timestamp": str,
    "color": int,
    "author": {"name": str, "url": str, "icon_url": str},
    "footer": {"text": str, "icon_url": str},
    "image": {"url": str},
    "thumbnail": {"url": str},
    "fields": [{"name": str, "value": str, "inline": bool}],
}
POLL_MEDIA: Final = {"text": str, "emoji": EMOJI}
MESSAGE: Final = {
    "content": str,
    "embeds": [EMBED],
    "components": [COMPONENT],
    "attachments": [{"id": Snowflake, "filename": str, "description": str, "title": str}],
    "allowed_mentions": {"parse": [str], "users": [Snowflake], "roles": [Snowflake], "replied_user": bool},
    "message_reference": {
        "type": int,
        "message_id": Snowflake,
        "channel_id": Snowflake,
        "guild_id": Snowflake,
        "fail_if_not_exists": bool,
    },
    "poll": {
        "question": POLL_MEDIA,
        "answers": [{"poll_media": POLL_MEDIA}],
        "duration": int,
        "allow_multiselect": bool,
        "layout_type": int,
    },
    "sticker_ids": [Snowflake],
    "nonce": Anything,
    "enforce_nonce": bool,
    "flags": int,
    "tts": bool,
}
MODAL: Final = {"custom_id": str, "title": str, "components": [COMPONENT]}
ANY_OBJECT: Final[dict[str, Any]] = {}
OPTION: Final[dict[str, Any]] = {
    "type": int,
    "name": str,
    "description": str,
    "required": bool,
    "autocomplete": bool,
    "min_length": int,
    "max_length": int,
    "min_value": float,
    "max_value": float,
    "channel_types": [int],
    "name_localizations": ANY_OBJECT,
    "description_localizations": ANY_OBJECT,
    "choices": [{"name": str, "value": Anything}],
}
OPTION["options"] = [OPTION]
COMMAND: Final = {
    "type": int,
    "name": str,
    "description": str,
    "options": [OPTION],
    "name_localizations": ANY_OBJECT,
    "description_localizations": ANY_OBJECT,
    "default_member_permissions": Snowflake,
    "contexts": [int],
    "integration_types": [int],
    "nsfw": bool,
}
THREAD: Final = {
    "name": str,
    "type": int,
    "auto_archive_duration": int,
    "rate_limit_per_user": int,
    "archived": bool,
    "locked": bool,
    "invitable": bool,
    "applied_tags": [Snowflake],
}
OVERWRITE: Final = {"id": Snowflake, "type": int, "allow": Snowflake, "deny": Snowflake}
CHANNEL: Final = {
    "name": str,
    "type": int,
    "topic": str,
    "position": int,
    "nsfw": bool,
    "rate_limit_per_user": int,
    "parent_id": Snowflake,
    "flags": int,
    "permission_overwrites": [OVERWRITE],
    "bitrate": int,
    "user_limit": int,
    "rtc_region": str,
    "video_quality_mode": int,
    "default_auto_archive_duration": int,
    "default_thread_rate_limit_per_user": int,
    "default_sort_order": int,
    "default_forum_layout": int,
    "default_reaction_emoji": {"emoji_id": Snowflake, "emoji_name": str},
    "available_tags": [{"id": Snowflake, "name": str, "moderated": bool, "emoji_id": Snowflake, "emoji_name": str}],
}
_WORDS: Final[dict[Any, tuple[str, str]]] = {
    str: ("STRING_TYPE_CONVERT", "Could not interpret the value as string."),
    int: ("NUMBER_TYPE_COERCE", "Value is not an int."),
    float: ("NUMBER_TYPE_COERCE", "Value is not a number."),
    bool: ("BOOLEAN_TYPE_CONVERT", "Must be either true or false."),
    Snowflake: ("NUMBER_TYPE_COERCE", "Value is not snowflake."),
}


_FORM_KINDS: Final = {
    key: kind for shape in (MESSAGE, THREAD, CHANNEL) for key, kind in shape.items() if kind in (int, bool)
}


def from_form(fields: Json) -> Json:
    """The fields of a form, which are texts, as JSON would have them; what is no number or boolean stays a text."""
    return {key: _from_text(value, _FORM_KINDS.get(key)) for key, value in fields.items()}


def _from_text(value: str, kind: Any) -> str | int | bool:
    if kind is int and value.isascii() and value.isdigit():
        return int(value)
    if kind is bool and value.lower() in ("true", "false", "1", "0"):
        return value.lower() in ("true", "1")
    return value


def require(value: object, shape: Any, path: Path = ()) -> None:
    """Raise 50035 where the value is not of the shape."""
    form = Form()
    check(form, path, value, shape)
    form.check()


def check(form: Form, path: Path, value: object, shape: Any) -> None:
    """Note every place where the value is not of the shape."""
    if isinstance(shape, dict):
        _check_object(form, path, value, shape)  # pyright: ignore[reportUnknownArgumentType]  # a shape, see above
    elif isinstance(shape, list):
        _check_list(form, path, value, shape)  # pyright: ignore[reportUnknownArgumentType]  # a shape, see above
    elif value is not None and not _is(value, shape):
        form.wrong(path, *_WORDS[shape])


def _check_object(form: Form, path: Path, value: object, shape: dict[str, Any]) -> None:
    found = as_object(value)
    if found is None:
        form.wrong(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return
    for key, inner in shape.items():
        if found.get(key) is not None:
            check(form, (*path, key), found[key], inner)


def _check_list(form: Form, path: Path, value: object, shape: list[Any]) -> None:
    if not isinstance(value, list):
        form.wrong(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        return
    for place, item in enumerate(as_list(value)):  # pyright: ignore[reportUnknownArgumentType]  # JSON
        if item is None:
            form.required((*path, place))
        else:
            check(form, (*path, place), item, shape[0])


def _is(value: object, shape: Any) -> bool:
    if shape is Anything:
        return True
    if shape is Snowflake:
        is_number = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        return is_number or (isinstance(value, str) and value.isascii() and value.isdigit())
    if shape is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, shape) and (shape is bool or not isinstance(value, bool))
