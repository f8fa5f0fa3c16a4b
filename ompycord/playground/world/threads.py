"""Threads: opened from a message or without one, joined, renamed, archived; used by REST and by messages in threads."""

from datetime import datetime

from ompycord.playground.rules import bodies, permissions, shapes
from ompycord.playground.rules.channels import (
    ANNOUNCEMENT,
    ANNOUNCEMENT_THREAD,
    ARCHIVE_MINUTES,
    FORUM,
    PRIVATE_THREAD,
    PUBLIC_THREAD,
    THREADS_IN,
)
from ompycord.playground.rules.documents import Json, public
from ompycord.playground.rules.errors import Form, refusal
from ompycord.playground.rules.intents import GUILDS
from ompycord.playground.world import thread_members
from ompycord.playground.world.clock import timestamp
from ompycord.playground.world.core import Core
from ompycord.playground.world.guild import THREAD_TYPES
from ompycord.playground.world.ids import made_at
from ompycord.playground.world.messages import Draft, Messages


class Threads:
    """The threads of all channels, with Discord's rules for archived and locked ones."""

    def __init__(self, core: Core, messages: Messages) -> None:
        self._core = core
        self._messages = messages

    def open_from(self, channel: Json, message: Json, body: Json, *, by: str) -> Json:
        """Open the thread of a message; its id is the message's. Refused with 160004 the second time."""
        if self._core.storage.get("channel", message["id"]) is not None:
            raise refusal(160004)
        kind = ANNOUNCEMENT_THREAD if channel["type"] == ANNOUNCEMENT else PUBLIC_THREAD
        if channel["type"] == FORUM:
            raise refusal(50024)
        thread = self._open(channel, message["id"], body, by=by, kind=kind)
        message["flags"] |= bodies.HAS_THREAD
        self._messages.touch(message)
        reference = {
            "type": 0,
            "channel_id": channel["id"],
            "message_id": message["id"],
            "guild_id": channel["guild_id"],
        }
        starter = Draft(
            channel=thread, author=message["_author"], body={}, type=21, more={"message_reference": reference}
        )
        self._messages.create(starter)
        return self._core.world.channel(thread["id"])

    def open_alone(self, channel: Json, body: Json, *, by: str) -> Json:
        """Open a thread without a message: private by default, as Discord has it; a public one is announced (type
        18).
        """
        kind = self.kind_of(channel, body)
        thread = self._open(channel, self._core.ids.next(), body, by=by, kind=kind)
        if kind != PRIVATE_THREAD:
            reference = {"type": 0, "channel_id": thread["id"], "guild_id": channel["guild_id"]}
            text: Json = {"content": thread["name"], "allowed_mentions": {"parse": []}}
            self._messages.create(
                Draft(channel=channel, author=by, body=text, type=18, more={"message_reference": reference})
            )
        return thread

    @staticmethod
    def kind_of(channel: Json, body: Json) -> int:
        """The type of a thread without a message: as asked for, else private, or an announcement's."""
        return body.get("type") or (ANNOUNCEMENT_THREAD if channel["type"] == ANNOUNCEMENT else PRIVATE_THREAD)

    def open_post(self, forum: Json, body: Json, *, by: str) -> Json:
        """Open a thread of a forum; its first message gets the thread's id."""
        return self._open(forum, self._core.ids.next(), body, by=by, kind=PUBLIC_THREAD)

    def check(self, body: Json, *, is_alone: bool) -> None:
        """Raise 50035 for a bad name or setting."""
        shapes.require(body, shapes.THREAD)
        form = Form()
        form.length(("name",), body.get("name"), 1, self._core.limits.thread_name)
        if body.get("auto_archive_duration") is not None:
            form.choice(("auto_archive_duration",), body["auto_archive_duration"], ARCHIVE_MINUTES)
        self._check_pause(form, body)
        if is_alone and body.get("type") is not None:
            form.choice(("type",), body["type"], (ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD))
        form.check()

    def require_writable(self, channel: Json, user: str) -> None:
        """Before a new message: refuse where the thread is locked, and unarchive it where it is archived."""
        self.require_unlocked(channel, user)
        if channel["type"] in THREAD_TYPES and channel["thread_metadata"]["archived"]:
            self.update(channel, {"archived": False})

    def require_unlocked(self, channel: Json, user: str) -> None:
        """Before a message is made or edited: refused with 160005 in a locked thread for who may not manage threads."""
        if channel["type"] not in THREAD_TYPES or not channel["thread_metadata"]["locked"]:
            return
        if not self._core.world.permissions_in(user, channel) & permissions.MANAGE_THREADS:
            raise refusal(160005)

    @staticmethod
    def require_live(channel: Json) -> None:
        """Before a change to something in the thread: refused with 50083 where it is archived."""
        if channel["type"] in THREAD_TYPES and channel["thread_metadata"]["archived"]:
            raise refusal(50083)

    def update(self, thread: Json, body: Json) -> Json:
        """Change name, archive state, lock and timing; an archived thread only takes its unarchiving (50083)."""
        shapes.require(body, shapes.THREAD)
        meta = thread["thread_metadata"]
        if meta["archived"] and body.get("archived") is not False:
            raise refusal(50083)
        form = Form()
        if body.get("name") is not None:
            form.length(("name",), body["name"], 1, self._core.limits.thread_name)
        if body.get("auto_archive_duration") is not None:
            form.choice(("auto_archive_duration",), body["auto_archive_duration"], ARCHIVE_MINUTES)
        self._check_pause(form, body)
        form.check()
        if body.get("name"):
            thread["name"] = body["name"]
        for key in ("archived", "locked", "auto_archive_duration", "invitable"):
            if body.get(key) is not None:
                meta[key] = body[key]
        if body.get("applied_tags") is not None:
            thread["applied_tags"] = [str(item) for item in body["applied_tags"]]
        if body.get("rate_limit_per_user") is not None:
            thread["rate_limit_per_user"] = body["rate_limit_per_user"]
        if body.get("archived") is not None:
            meta["archive_timestamp"] = timestamp(self._core.clock.now())
        self._core.world.save_channel(thread)
        self._publish("THREAD_UPDATE", thread)
        return thread

    def archive_idle(self) -> None:
        """Archive each thread whose last message, or unarchiving, is older than its time, as Discord does by itself."""
        now = self._core.clock.now()
        for thread in self._core.world.threads(is_archived=False):
            meta = thread["thread_metadata"]
            active_at = datetime.fromisoformat(meta["archive_timestamp"]).timestamp()
            if thread["last_message_id"] is not None:
                active_at = max(active_at, made_at(thread["last_message_id"]))
            if now - active_at >= 60 * meta["auto_archive_duration"]:
                self.update(thread, {"archived": True})

    def _check_pause(self, form: Form, body: Json) -> None:
        if body.get("rate_limit_per_user") is not None:
            form.between(("rate_limit_per_user",), body["rate_limit_per_user"], 0, self._core.limits.slow_mode_s)

    def delete(self, thread: Json) -> None:
        """Remove a thread with its messages; its first message stays in the channel."""
        core = self._core
        audience = core.world.viewers(thread)
        core.storage.delete_children("message", thread["id"])
        core.storage.delete("channel", thread["id"])
        deleted = {key: thread[key] for key in ("id", "guild_id", "parent_id", "type")}
        core.gateway.dispatch("THREAD_DELETE", deleted, intents=GUILDS)
        core.feed.publish("THREAD_DELETE", deleted, audience=audience)

    def listed(self, threads: list[Json], *, user: str) -> Json:
        """Threads with the user's memberships in them, as the listing endpoints give them."""
        own = [thread_members.member(item, user) for item in threads if user in item["_members"]]
        return {"threads": [public(item) for item in threads], "members": own, "has_more": False}

    def _open(self, channel: Json, thread_id: str, body: Json, *, by: str, kind: int) -> Json:
        if kind not in THREADS_IN.get(channel["type"], ()):
            raise refusal(50024)
        core = self._core
        if len(core.world.threads(is_archived=False)) >= core.limits.active_threads:
            raise refusal(160006)
        now = timestamp(core.clock.now())
        thread: Json = {
            "id": thread_id,
            "type": kind,
            "guild_id": channel["guild_id"],
            "parent_id": channel["id"],
            "owner_id": by,
            "name": body["name"],
            "last_message_id": None,
            "rate_limit_per_user": body.get("rate_limit_per_user")
            or channel.get("default_thread_rate_limit_per_user")
            or 0,
            "flags": 0,
            "message_count": 0,
            "member_count": 1,
            "total_message_sent": 0,
            "thread_metadata": {
                "archived": False,
                "archive_timestamp": now,
                "auto_archive_duration": body.get("auto_archive_duration") or 4320,
                "locked": False,
                "create_timestamp": now,
                **({"invitable": body.get("invitable", True)} if kind == PRIVATE_THREAD else {}),
            },
            **({"applied_tags": body["applied_tags"]} if "applied_tags" in body else {}),
            "_members": {by: now},
        }
        core.world.save_channel(thread)
        own = {"member": thread_members.member(thread, core.world.bot_id)} if by == core.world.bot_id else {}
        created = {**public(thread), "newly_created": True, **own}
        core.gateway.dispatch("THREAD_CREATE", created, intents=GUILDS)
        core.feed.publish("THREAD_CREATE", thread_members.for_page(thread), audience=core.world.viewers(thread))
        return thread

    def _publish(self, name: str, thread: Json) -> None:
        self._core.gateway.dispatch(name, public(thread), intents=GUILDS)
        audience = self._core.world.viewers(thread)
        self._core.feed.publish(name, thread_members.for_page(thread), audience=audience)
