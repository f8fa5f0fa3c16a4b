"""REST: threads, their members and their lists."""

from typing import Final

from ompycord.playground.rest.call import NO_CONTENT, Call, Reply, Route
from ompycord.playground.rest.messages import channel_of, message_of
from ompycord.playground.rest.posts import open_post
from ompycord.playground.rules import permissions
from ompycord.playground.rules.channels import FORUM, PRIVATE_THREAD, PUBLIC_THREAD
from ompycord.playground.rules.documents import Json, public
from ompycord.playground.rules.errors import refusal
from ompycord.playground.world import thread_members
from ompycord.playground.world.guild import THREAD_TYPES
from ompycord.playground.world.messages import Draft


def open_from_message(call: Call) -> Reply:
    """`POST /channels/{channel_id}/messages/{message_id}/threads`."""
    channel = channel_of(call, permissions.CREATE_PUBLIC_THREADS)
    call.services.threads.check(call.form, is_alone=False)
    made = call.services.threads.open_from(channel, message_of(call), call.form, by=call.services.core.world.bot_id)
    return Reply(body=public(made), status=201)


def open_alone(call: Call) -> Reply:
    """`POST /channels/{channel_id}/threads`."""
    channel = channel_of(call)
    core = call.services.core
    if channel["type"] == FORUM:
        core.world.require(core.world.bot_id, channel, permissions.SEND_MESSAGES)
        return open_post(call, channel)
    is_private = call.services.threads.kind_of(channel, call.form) == PRIVATE_THREAD
    needed = permissions.CREATE_PRIVATE_THREADS if is_private else permissions.CREATE_PUBLIC_THREADS
    core.world.require(core.world.bot_id, channel, needed)
    call.services.threads.check(call.form, is_alone=True)
    made = call.services.threads.open_alone(channel, call.form, by=call.services.core.world.bot_id)
    return Reply(body=public(made), status=201)


def list_members(call: Call) -> Reply:
    """`GET /channels/{channel_id}/thread-members`."""
    thread = _thread(call)
    return Reply(body=[thread_members.member(thread, user) for user in thread["_members"]])


def get_member(call: Call) -> Reply:
    """`GET /channels/{channel_id}/thread-members/@me`, `GET /channels/{channel_id}/thread-members/{user_id}`."""
    return Reply(body=thread_members.member(_thread(call), _user(call)))


def add_member(call: Call) -> Reply:
    """`PUT /channels/{channel_id}/thread-members/@me`, `PUT /channels/{channel_id}/thread-members/{user_id}`."""
    core, user = call.services.core, _user(call)
    thread = _thread(call)
    call.services.threads.require_live(thread)
    core.world.member(user)
    is_new = user not in thread["_members"]
    thread_members.add(core, thread, [user])
    if is_new and user != core.world.bot_id:
        note = Draft(channel=thread, author=core.world.bot_id, body={"content": f"<@{user}>"}, type=1)
        call.services.messages.create(note)
    return NO_CONTENT


def remove_member(call: Call) -> Reply:
    """`DELETE /channels/{channel_id}/thread-members/@me`."""
    core, user = call.services.core, _user(call)
    thread = _thread(call)
    call.services.threads.require_live(thread)
    if user != core.world.bot_id:
        core.world.require(core.world.bot_id, thread, permissions.MANAGE_THREADS)
    thread_members.remove(core, thread, user)
    return NO_CONTENT


def list_active(call: Call) -> Reply:
    """`GET /guilds/{guild_id}/threads/active`."""
    core = call.services.core
    core.world.require_guild(call.params["guild_id"])
    visible = [
        item
        for item in core.world.threads(is_archived=False)
        if core.world.permissions_in(core.world.bot_id, item) & permissions.VIEW_CHANNEL
    ]
    listed = call.services.threads.listed(visible, user=core.world.bot_id)
    return Reply(body={key: listed[key] for key in ("threads", "members", "has_more")})


def list_archived_public(call: Call) -> Reply:
    """`GET /channels/{channel_id}/threads/archived/public`."""
    return _archived(call, kind=PUBLIC_THREAD, is_own=False)


def list_archived_private(call: Call) -> Reply:
    """`GET /channels/{channel_id}/threads/archived/private`."""
    channel_of(call, permissions.MANAGE_THREADS)
    return _archived(call, kind=PRIVATE_THREAD, is_own=False)


def list_archived_own(call: Call) -> Reply:
    """`GET /channels/{channel_id}/users/@me/threads/archived/private`."""
    return _archived(call, kind=PRIVATE_THREAD, is_own=True)


def _archived(call: Call, *, kind: int, is_own: bool) -> Reply:
    core = call.services.core
    channel = channel_of(call, permissions.READ_MESSAGE_HISTORY)
    limit = call.number("limit", 50, 2, 100)
    found = [
        item
        for item in core.world.threads(parent=channel["id"], is_archived=True)
        if (item["type"] == PRIVATE_THREAD) is (kind == PRIVATE_THREAD)
        and (not is_own or core.world.bot_id in item["_members"])
    ]
    found.sort(key=lambda item: item["thread_metadata"]["archive_timestamp"], reverse=True)
    before = call.query.get("before")
    if before is not None and not is_own:
        found = [item for item in found if item["thread_metadata"]["archive_timestamp"] < before]
    listed = call.services.threads.listed(found[:limit], user=core.world.bot_id)
    return Reply(body={**listed, "has_more": len(found) > limit})


def _thread(call: Call) -> Json:
    channel = channel_of(call)
    if channel["type"] not in THREAD_TYPES:
        raise refusal(50024)
    return channel


def _user(call: Call) -> str:
    return call.params.get("user_id", call.services.core.world.bot_id)


_CHANNEL: Final = "/channels/{channel_id}"
ROUTES: Final = [
    Route(method="POST", template=_CHANNEL + "/messages/{message_id}/threads", handler=open_from_message),
    Route(method="POST", template=_CHANNEL + "/threads", handler=open_alone),
    Route(method="GET", template=_CHANNEL + "/thread-members", handler=list_members),
    *(
        Route(method=method, template=f"{_CHANNEL}/thread-members/{target}", handler=handler)
        for target in ("@me", "{user_id}")
        for method, handler in (("GET", get_member), ("PUT", add_member), ("DELETE", remove_member))
    ),
    Route(method="GET", template="/guilds/{guild_id}/threads/active", handler=list_active),
    Route(method="GET", template=_CHANNEL + "/threads/archived/public", handler=list_archived_public),
    Route(method="GET", template=_CHANNEL + "/threads/archived/private", handler=list_archived_private),
    Route(method="GET", template=_CHANNEL + "/users/@me/threads/archived/private", handler=list_archived_own),
]
