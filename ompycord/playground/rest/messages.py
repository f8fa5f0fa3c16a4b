"""REST: messages and pins of a channel, and typing in it."""

from typing import Final

from ompycord.playground.rest.call import NO_CONTENT, Call, Reply, Route, limited
from ompycord.playground.rules import bodies, permissions, shapes
from ompycord.playground.rules.documents import Json, as_list
from ompycord.playground.rules.errors import refusal
from ompycord.playground.rules.intents import GUILD_MESSAGE_TYPING
from ompycord.playground.world import pins, views
from ompycord.playground.world.clock import timestamp
from ompycord.playground.world.guild import THREAD_TYPES
from ompycord.playground.world.ids import made_at
from ompycord.playground.world.messages import Draft, require_text
from ompycord.playground.world.references import PLAIN_TYPES


def create_message(call: Call) -> Reply:
    """`POST /channels/{channel_id}/messages`."""
    core, services = call.services.core, call.services
    channel = channel_of(call)
    require_text(channel)
    is_thread = channel["type"] in THREAD_TYPES
    core.world.require(
        core.world.bot_id, channel, permissions.SEND_MESSAGES_IN_THREADS if is_thread else permissions.SEND_MESSAGES
    )
    core.world.require(core.world.bot_id, channel, _needed(call))
    bodies.check_message(call.form, core.limits, uploads=len(call.uploads))
    services.threads.require_writable(channel, core.world.bot_id)
    channel = core.world.channel(channel["id"])
    made = services.messages.create(
        Draft(channel=channel, author=core.world.bot_id, body=call.form, uploads=call.uploads)
    )
    return Reply(body=_shown(call, made))


def _needed(call: Call) -> int:
    """The permissions that the parts of a new message need."""
    parts = (
        (bool(call.uploads), permissions.ATTACH_FILES),
        (bool(call.form.get("embeds")), permissions.EMBED_LINKS),
        (call.form.get("tts") is True, permissions.SEND_TTS_MESSAGES),
        (call.form.get("poll") is not None, permissions.SEND_POLLS),
    )
    return sum(needed for is_there, needed in parts if is_there)


def list_messages(call: Call) -> Reply:
    """`GET /channels/{channel_id}/messages`: none without the permission to read the history."""
    channel = channel_of(call)
    if not _may_read_history(call, channel):
        return Reply(body=[])
    limit = call.number("limit", 50, 1, 100)
    messages = call.services.messages
    if "around" in call.query:
        middle = call.number("around", 0, 0, 2**63 - 1)
        newer = messages.after(channel["id"], after=middle, limit=limit // 2)
        found = [*reversed(newer), *messages.newest(channel["id"], before=middle + 1, limit=limit - limit // 2)]
    elif "after" in call.query:
        after = call.number("after", 0, 0, 2**63 - 1)
        found = list(reversed(messages.after(channel["id"], after=after, limit=limit)))
    else:
        before = call.number("before", 0, 0, 2**63 - 1) if "before" in call.query else None
        found = messages.newest(channel["id"], before=before, limit=limit)
    return Reply(body=[_shown(call, item) for item in found])


def get_message(call: Call) -> Reply:
    """`GET /channels/{channel_id}/messages/{message_id}`."""
    channel_of(call, permissions.READ_MESSAGE_HISTORY)
    return Reply(body=_shown(call, message_of(call)))


def edit_message(call: Call) -> Reply:
    """`PATCH /channels/{channel_id}/messages/{message_id}`."""
    core, services = call.services.core, call.services
    channel = channel_of(call)
    message = message_of(call)
    if message["_author"] != core.world.bot_id:
        return _edit_flags(call, channel, message)
    if message["type"] not in PLAIN_TYPES:
        raise refusal(50021)
    if "poll" in message:
        raise refusal(520003)
    services.threads.require_live(channel)
    services.threads.require_unlocked(channel, core.world.bot_id)
    now = core.clock.now()
    if now - made_at(message["id"]) > core.limits.old_message_s:
        verdict = call.backend.limiter.take_sub_limit(core.limits.rates.old_edit, channel["id"], now, code=30046)
        if verdict is not None:
            raise limited(verdict)
    bodies.check_message(call.form, core.limits, uploads=len(call.uploads), previous=message)
    return Reply(body=_shown(call, services.messages.edit(message, call.form, call.uploads)))


def _edit_flags(call: Call, channel: Json, message: Json) -> Reply:
    """Of another's message only the flags can be edited, by who manages messages (50005 for all else)."""
    world = call.services.core.world
    if set(call.form) != {"flags"} or not world.permissions_in(world.bot_id, channel) & permissions.MANAGE_MESSAGES:
        raise refusal(50005)
    bodies.check_message(call.form, call.services.core.limits, uploads=0, previous=message)
    call.services.messages.suppress_embeds(message, is_on=bool((call.form["flags"] or 0) & bodies.SUPPRESS_EMBEDS))
    return Reply(body=_shown(call, message))


def delete_message(call: Call) -> Reply:
    """`DELETE /channels/{channel_id}/messages/{message_id}`."""
    core = call.services.core
    channel = channel_of(call)
    message = message_of(call)
    if message["_author"] != core.world.bot_id:
        core.world.require(core.world.bot_id, channel, permissions.MANAGE_MESSAGES)
    if message["type"] in (1, 2, 3, 4, 5, 21):
        raise refusal(50021)
    call.services.threads.require_live(channel)
    call.services.messages.delete(message)
    return NO_CONTENT


def bulk_delete(call: Call) -> Reply:
    """`POST /channels/{channel_id}/messages/bulk-delete`."""
    core = call.services.core
    channel = channel_of(call, permissions.MANAGE_MESSAGES)
    shapes.require(call.form, {"messages": [shapes.Snowflake]})
    ids = [str(item) for item in as_list(call.form.get("messages"))]
    if not 2 <= len(ids) <= core.limits.bulk_delete:
        raise refusal(50016)
    if any(core.clock.now() - made_at(item) > core.limits.bulk_delete_s for item in ids):
        raise refusal(50034)
    found = [core.storage.get("message", item) for item in ids]
    for message in found:
        if message is not None and message["channel_id"] == channel["id"]:
            call.services.messages.delete(message)
    return NO_CONTENT


# -- pins -----------------------------------------------------------------------------------------------------------


def pin(call: Call) -> Reply:
    """`PUT /channels/{channel_id}/messages/pins/{message_id}`, `PUT /channels/{channel_id}/pins/{message_id}`."""
    channel = channel_of(call, permissions.PIN_MESSAGES)
    call.services.threads.require_live(channel)
    core, messages = call.services.core, call.services.messages
    pins.add(core, messages, message_of(call), by=core.world.bot_id)
    return NO_CONTENT


def unpin(call: Call) -> Reply:
    """`DELETE /channels/{channel_id}/messages/pins/{message_id}`."""
    channel = channel_of(call, permissions.PIN_MESSAGES)
    call.services.threads.require_live(channel)
    pins.remove(call.services.core, call.services.messages, message_of(call))
    return NO_CONTENT


def list_pins(call: Call) -> Reply:
    """`GET /channels/{channel_id}/messages/pins`: none without the permission to read the history."""
    channel = channel_of(call)
    if not _may_read_history(call, channel):
        return Reply(body={"items": [], "has_more": False})
    limit = call.number("limit", 50, 1, 50)
    found = pins.listed(call.services.core, channel["id"])
    before = call.query.get("before")
    if before is not None:
        found = [item for item in found if item["_pinned_at"] < before]
    items = [{"pinned_at": item["_pinned_at"], "message": _shown(call, item)} for item in found[:limit]]
    return Reply(body={"items": items, "has_more": len(found) > limit})


def list_pins_the_old_way(call: Call) -> Reply:
    """`GET /channels/{channel_id}/pins`."""
    channel = channel_of(call)
    if not _may_read_history(call, channel):
        return Reply(body=[])
    return Reply(body=[_shown(call, item) for item in pins.listed(call.services.core, channel["id"])[:50]])


def type_(call: Call) -> Reply:
    """`POST /channels/{channel_id}/typing`."""
    core = call.services.core
    channel = channel_of(call)
    now = core.clock.now()
    data: Json = {"channel_id": channel["id"], "user_id": core.world.bot_id, "timestamp": int(now)}
    core.gateway.dispatch("TYPING_START", {**data, "guild_id": core.world.guild_id}, intents=GUILD_MESSAGE_TYPING)
    shown: Json = {**data, "at": timestamp(now)}
    core.feed.publish("TYPING_START", shown, audience=core.world.viewers(channel))
    return NO_CONTENT


# -- what the other routes use too --------------------------------------------------------------------------------


def channel_of(call: Call, needed: int = 0) -> Json:
    """The channel of the path, if the bot sees it and may do what is needed."""
    world = call.services.core.world
    channel = world.channel(call.params["channel_id"])
    world.require(world.bot_id, channel, needed)
    return channel


def _may_read_history(call: Call, channel: Json) -> bool:
    world = call.services.core.world
    return bool(world.permissions_in(world.bot_id, channel) & permissions.READ_MESSAGE_HISTORY)


def message_of(call: Call) -> Json:
    """The message of the path; refused with 10008."""
    return call.services.messages.get(call.params["channel_id"], call.params["message_id"])


def _shown(call: Call, message: Json) -> Json:
    return views.show(call.services.core, message, viewer=call.services.core.world.bot_id)


_CHANNEL: Final = "/channels/{channel_id}"
_MESSAGE: Final = _CHANNEL + "/messages/{message_id}"
ROUTES: Final = [
    Route(method="POST", template=_CHANNEL + "/messages", handler=create_message, rate="create_message"),
    Route(method="GET", template=_CHANNEL + "/messages", handler=list_messages),
    Route(method="POST", template=_CHANNEL + "/messages/bulk-delete", handler=bulk_delete),
    Route(method="GET", template=_CHANNEL + "/messages/pins", handler=list_pins),
    Route(method="PUT", template=_CHANNEL + "/messages/pins/{message_id}", handler=pin),
    Route(method="DELETE", template=_CHANNEL + "/messages/pins/{message_id}", handler=unpin),
    Route(method="GET", template=_CHANNEL + "/pins", handler=list_pins_the_old_way),
    Route(method="PUT", template=_CHANNEL + "/pins/{message_id}", handler=pin),
    Route(method="DELETE", template=_CHANNEL + "/pins/{message_id}", handler=unpin),
    Route(method="GET", template=_MESSAGE, handler=get_message),
    Route(method="PATCH", template=_MESSAGE, handler=edit_message, rate="edit_message"),
    Route(method="DELETE", template=_MESSAGE, handler=delete_message, rate="delete_message"),
    Route(method="POST", template=_CHANNEL + "/typing", handler=type_),
]
