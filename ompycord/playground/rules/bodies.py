"""Pure: Discord's rules for the body of a message, noted field by field (50035) or as a whole (50006)."""

from typing import Any, Final

from ompycord.playground.rules import components, mentions, polls, shapes
from ompycord.playground.rules.documents import Json, as_list, as_object, as_objects
from ompycord.playground.rules.errors import Form, refusal
from ompycord.playground.rules.limits import Limits

EPHEMERAL: Final = 1 << 6
SUPPRESS_EMBEDS: Final = 1 << 2
LOADING: Final = 1 << 7
SUPPRESS_NOTIFICATIONS: Final = 1 << 12
COMPONENTS_V2: Final = 1 << 15
IS_VOICE_MESSAGE: Final = 1 << 13
HAS_SNAPSHOT: Final = 1 << 14
HAS_THREAD: Final = 1 << 5
FORWARD: Final = 1
"""The type of a reference that forwards."""
LEGACY: Final = ("content", "embeds", "sticker_ids", "poll")
"""What a message of components alone cannot have."""
SETTABLE_FLAGS: Final = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | IS_VOICE_MESSAGE | COMPONENTS_V2


def check_message(body: Json, limits: Limits, *, uploads: int, previous: Json | None = None) -> None:
    """Raise what Discord would answer to this message. On an edit, `previous` has what the body leaves as it is."""
    shapes.require(body, shapes.MESSAGE)
    form = Form()
    is_v2 = bool(_flags(body, previous) & COMPONENTS_V2)
    polls.check(form, body.get("poll"), limits)
    form.length(("sticker_ids",), as_list(body.get("sticker_ids")), 0, limits.stickers)
    reference = as_object(body.get("message_reference"))
    if reference is not None and reference.get("type") is not None:
        form.choice(("message_reference", "type"), reference["type"], (0, FORWARD))
    _check_content(form, body, limits)
    _check_embeds(form, as_list(body.get("embeds")), limits)
    components.validate(form, body.get("components"), limits, is_v2=is_v2)
    mentions.validate(form, body.get("allowed_mentions"), limits)
    _check_nonce(form, body, limits)
    count = max(len(as_list(body.get("attachments"))), uploads)
    if count > limits.attachments:
        form.wrong(("attachments",), "BASE_TYPE_MAX_LENGTH", f"Must be {limits.attachments} or fewer in length.")
    if is_v2 and any({**(previous or {}), **body}.get(key) for key in LEGACY):
        form.wrong(
            (), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "The components v2 flag excludes this field"
        )
    form.check()
    _check_voice(body, uploads=uploads)
    if body.get("sticker_ids"):
        raise refusal(50081)  # the guild has no stickers
    if is_empty({**(previous or {}), **body}, uploads=uploads):
        raise refusal(50006)


def _check_voice(body: Json, *, uploads: int) -> None:
    """A voice message is one recording and nothing else (Discord, "Message", *Voice Messages*)."""
    if not (body.get("flags") or 0) & IS_VOICE_MESSAGE:
        return
    if any(body.get(key) for key in ("content", "embeds", "components", "poll")):
        raise refusal(50159)
    files = as_objects(body.get("attachments"))
    if uploads != 1:
        raise refusal(50160)
    if len(files) != 1 or not all(files[0].get(key) is not None for key in ("duration_secs", "waveform")):
        raise refusal(50161)


def is_empty(message: Json, *, uploads: int) -> bool:
    """Whether nothing would be shown: a text of blanks, no embed, no file, no component, no sticker."""
    kept = ("embeds", "attachments", "components", "sticker_ids", "poll")
    if (as_object(message.get("message_reference")) or {}).get("type") == FORWARD:
        return False
    return not (str(message.get("content") or "").strip() or uploads or any(message.get(key) for key in kept))


def _flags(body: Json, previous: Json | None) -> int:
    earlier = (previous or {}).get("flags", 0)
    given = body.get("flags")
    return (given if isinstance(given, int) else 0) | (earlier & COMPONENTS_V2)


def _check_content(form: Form, body: Json, limits: Limits) -> None:
    if isinstance(body.get("content"), str):
        form.length(("content",), body["content"].strip(), 0, limits.content)


def _check_nonce(form: Form, body: Json, limits: Limits) -> None:
    nonce = body.get("nonce")
    if isinstance(nonce, str):
        form.length(("nonce",), nonce, 0, limits.nonce)
    elif nonce is not None and (not isinstance(nonce, int) or isinstance(nonce, bool)):
        form.wrong(("nonce",), "NONCE_TYPE_INVALID", "Could not interpret the value as a nonce.")


def _check_embeds(form: Form, embeds: list[Any], limits: Limits) -> None:
    form.length(("embeds",), embeds, 0, limits.embeds)
    total = 0
    for place, embed in enumerate(embeds):
        _check_embed(form, ("embeds", place), embed, limits)
        total += embed_size(embed)
    if total > limits.embed_total:
        form.wrong(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {limits.embed_total}")


def _check_embed(form: Form, path: tuple[str | int, ...], embed: Json, limits: Limits) -> None:
    for key, highest in (("title", limits.embed_title), ("description", limits.embed_description)):
        _check_text(form, (*path, key), embed.get(key), highest)
    for key, part, highest in (("footer", "text", limits.embed_footer), ("author", "name", limits.embed_author)):
        _check_text(form, (*path, key, part), (as_object(embed.get(key)) or {}).get(part), highest)
    fields: list[Any] = as_list(embed.get("fields"))
    form.length((*path, "fields"), fields, 0, limits.embed_fields)
    for place, item in enumerate(fields):
        entry = as_object(item) or {}
        for key, highest in (("name", limits.embed_field_name), ("value", limits.embed_field_value)):
            spot = (*path, "fields", place, key)
            if not str(entry.get(key) or "").strip():
                form.required(spot)
            else:
                _check_text(form, spot, entry[key], highest)
    color = embed.get("color")
    if color is not None and not (isinstance(color, int) and 0 <= color <= 0xFFFFFF):
        form.wrong((*path, "color"), "NUMBER_TYPE_MAX", "int value should be less than or equal to 16777215.")
    for spot, url in _urls(embed):
        if not str(url).startswith(("http://", "https://", "attachment://")):
            form.wrong((*path, *spot), "URL_TYPE_INVALID_URL", "Not a well formed URL.")


def _check_text(form: Form, path: tuple[str | int, ...], value: object, highest: int) -> None:
    if value is not None:
        form.length(path, value.strip() if isinstance(value, str) else value, 0, highest)


def _urls(embed: Json) -> list[tuple[tuple[str, ...], object]]:
    spots = [
        ("url",),
        ("image", "url"),
        ("thumbnail", "url"),
        ("author", "url"),
        ("author", "icon_url"),
        ("footer", "icon_url"),
    ]
    found: list[tuple[tuple[str, ...], object]] = []
    for spot in spots:
        value: Any = embed
        for key in spot:
            value = (as_object(value) or {}).get(key)
        if value:
            found.append((spot, value))
    return found


def embed_size(embed: Json) -> int:
    """The characters of an embed that count: title, description, field names and values, footer, author; trimmed."""
    texts: list[object] = [embed.get("title"), embed.get("description")]
    texts.append((as_object(embed.get("footer")) or {}).get("text"))
    texts.append((as_object(embed.get("author")) or {}).get("name"))
    for item in as_list(embed.get("fields")):
        entry = as_object(item) or {}
        texts += [entry.get("name"), entry.get("value")]
    return sum(len(text.strip()) for text in texts if isinstance(text, str))


def normalized_embed(embed: Json) -> Json:
    """An embed as Discord gives it back: trimmed, of type rich, without nulls, each field with its `inline`."""
    result: Json = {key: value for key, value in embed.items() if value is not None and value != ""}
    result["type"] = "rich"
    for key in ("title", "description"):
        if isinstance(result.get(key), str):
            result[key] = result[key].strip()
    if "fields" in result:
        result["fields"] = [
            {"name": item["name"].strip(), "value": item["value"].strip(), "inline": bool(item.get("inline"))}
            for item in result["fields"]
        ]
    for key in ("author", "footer", "image", "thumbnail"):
        if key in result:
            result[key] = {name: value for name, value in result[key].items() if value is not None}
    return result
