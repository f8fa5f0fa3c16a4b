"""Creates, edits and deletes messages, and publishes each change to bot and page."""

from dataclasses import dataclass, field

from ompycord.playground.rules import bodies, component_trees, mentions, permissions, polls
from ompycord.playground.rules.channels import FORUM
from ompycord.playground.rules.documents import Json, as_object, as_objects
from ompycord.playground.rules.errors import refusal
from ompycord.playground.rules.intents import DIRECT_MESSAGES, GUILD_MESSAGES
from ompycord.playground.rules.mentions import Mentions
from ompycord.playground.world import attachments, pings, references, thread_members, views
from ompycord.playground.world.clock import timestamp
from ompycord.playground.world.core import Core
from ompycord.playground.world.guild import TEXT_TYPES, THREAD_TYPES
from ompycord.playground.world.ids import made_at

COUNTED = (0, 19, 20, 23)
"""Message types that count as messages of their thread."""


@dataclass(kw_only=True)
class Draft:
    """A message about to be made. `files` are stored already; `more` is what an interaction adds, such as metadata."""

    channel: Json
    author: str
    body: Json
    uploads: dict[str, attachments.Upload] = field(default_factory=dict[str, attachments.Upload])
    files: tuple[Json, ...] = ()
    type: int = 0
    flags: int = 0
    ephemeral_for: str | None = None
    more: Json = field(default_factory=Json)
    id: str | None = None
    """The message's id where it is given: that of the post which it begins."""


def require_text(channel: Json) -> None:
    """Before a new message: refused with 50008 where the channel holds none, 40058 in a forum, which has posts."""
    if channel["type"] not in TEXT_TYPES:
        raise refusal(40058 if channel["type"] == FORUM else 50008)


class Messages:
    """The messages of all channels. Bodies must have passed `bodies.check_message`."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def get(self, channel_id: str, message_id: str) -> Json:
        """A message that is not ephemeral; refused with 10008."""
        found = self._core.storage.get("message", message_id)
        if found is None or found["channel_id"] != channel_id or found["_ephemeral_for"]:
            raise refusal(10008)
        return found

    def create(self, draft: Draft) -> Json:
        """Store and publish a message; with an enforced nonce of the last minutes, return the earlier one."""
        earlier = self._with_nonce(draft)
        if earlier is not None:
            return earlier
        core, body, channel = self._core, draft.body, draft.channel
        given = as_object(body.get("message_reference"))
        reference = references.resolve(core, given, channel=channel, author=draft.author) if given else None
        replied = reference.replied_to if reference else None
        document = reference.document if reference else draft.more.get("message_reference")
        is_forward = reference is not None and reference.is_forward
        found = self._mentions(
            body, body.get("content") or "", draft.author, replied_to=replied["_author"] if replied else None
        )
        message: Json = {
            "id": draft.id or core.ids.next(),
            "channel_id": channel["id"],
            "type": 19 if replied and draft.type == 0 else draft.type,
            "content": (body.get("content") or "").strip(),
            "timestamp": timestamp(core.clock.now()),
            "edited_timestamp": None,
            "tts": bool(body.get("tts")),
            "mention_everyone": found.is_everyone,
            "mention_roles": list(found.roles),
            "attachments": [
                *draft.files,
                *self._files(draft.uploads, as_objects(body.get("attachments")), channel["id"], []),
            ],
            "embeds": [bodies.normalized_embed(item) for item in as_objects(body.get("embeds"))],
            "components": component_trees.normalized(as_objects(body.get("components"))),
            "flags": draft.flags
            | ((body.get("flags") or 0) & bodies.SETTABLE_FLAGS)
            | (bodies.HAS_SNAPSHOT if is_forward else 0),
            "pinned": False,
            **({"message_reference": document} if document else {}),
            **self._poll(body),
            **({"nonce": body["nonce"]} if body.get("nonce") is not None else {}),
            **{key: value for key, value in draft.more.items() if key != "message_reference"},
            "_author": draft.author,
            "_mentions": list(found.users),
            "_reactions": [],
            "_ephemeral_for": draft.ephemeral_for,
            **({"_snapshots": reference.snapshots} if reference and is_forward else {}),
        }
        self._store_new(message, channel)
        self._join(message, channel, found)
        self._publish("MESSAGE_CREATE", message)
        pings.notify(core, message, channel, found)
        return message

    def edit(
        self, message: Json, body: Json, uploads: dict[str, attachments.Upload], *, is_first_fill: bool = False
    ) -> Json:
        """Change a message. Mentions are parsed again, without `allowed_mentions` all of them; an edit pings no one."""
        core = self._core
        if "content" in body:
            message["content"] = (body["content"] or "").strip()
        if "embeds" in body:
            message["embeds"] = [bodies.normalized_embed(item) for item in as_objects(body["embeds"])]
        if "components" in body:
            message["components"] = component_trees.normalized(as_objects(body["components"]))
        if "attachments" in body or uploads:
            listed = as_objects(body.get("attachments")) if "attachments" in body else message["attachments"]
            message["attachments"] = self._files(uploads, listed, message["channel_id"], message["attachments"])
        if isinstance(body.get("flags"), int):
            settable = bodies.SUPPRESS_EMBEDS | bodies.COMPONENTS_V2
            kept_v2 = message["flags"] & bodies.COMPONENTS_V2
            message["flags"] = (message["flags"] & ~settable) | (body["flags"] & settable) | kept_v2
        found = self._mentions(body, message["content"], message["_author"], replied_to=None)
        message["_mentions"], message["mention_roles"] = list(found.users), list(found.roles)
        message["mention_everyone"] = found.is_everyone
        if not is_first_fill:
            message["edited_timestamp"] = timestamp(core.clock.now())
        self.save(message)
        pings.record(core, message, "edit", [], found)
        self._publish("MESSAGE_UPDATE", message)
        return message

    def save(self, message: Json) -> None:
        self._core.storage.put("message", message["id"], message, parent=message["channel_id"])

    def suppress_embeds(self, message: Json, *, is_on: bool) -> None:
        """Show or hide the embeds of a message, as whoever manages messages may."""
        kept = message["flags"] & ~bodies.SUPPRESS_EMBEDS
        message["flags"] = kept | (bodies.SUPPRESS_EMBEDS if is_on else 0)
        self.touch(message)

    def touch(self, message: Json) -> None:
        """Store and publish a change that is no edit: a pin, a thread."""
        self.save(message)
        self._publish("MESSAGE_UPDATE", message)

    def delete(self, message: Json) -> None:
        core = self._core
        core.storage.delete("message", message["id"])
        channel = core.storage.get("channel", message["channel_id"])
        deleted: Json = {"id": message["id"], "channel_id": message["channel_id"]}
        if channel is not None and channel["type"] != 1:
            deleted["guild_id"] = core.world.guild_id
        is_counted = message["type"] in COUNTED and not message["_ephemeral_for"]
        if channel is not None and channel["type"] in THREAD_TYPES and is_counted:
            channel["message_count"] = max(0, channel["message_count"] - 1)
            core.world.save_channel(channel)
        if not message["_ephemeral_for"]:
            core.gateway.dispatch("MESSAGE_DELETE", deleted, intents=_intent(channel))
        core.feed.publish("MESSAGE_DELETE", deleted, audience=views.audience(core, message, channel))

    def newest(self, channel_id: str, *, before: int | None, limit: int, viewer: str | None = None) -> list[Json]:
        """The newest messages below `before`, newest first; ephemeral ones only for their `viewer`."""
        found: list[Json] = []
        while len(found) < limit:
            page = self._core.storage.newest("message", channel_id, before=before, limit=limit)
            found += [item for item in page if item["_ephemeral_for"] in (None, viewer)]
            if len(page) < limit:
                break
            before = int(page[-1]["id"])
        return found[:limit]

    def after(self, channel_id: str, *, after: int, limit: int) -> list[Json]:
        """The oldest messages above `after`, oldest first."""
        found: list[Json] = []
        while len(found) < limit:
            page = self._core.storage.oldest("message", channel_id, after=after, limit=limit)
            found += [item for item in page if not item["_ephemeral_for"]]
            if len(page) < limit:
                break
            after = int(page[-1]["id"])
        return found[:limit]

    # -- steps of a creation ---------------------------------------------------------------------------------------

    def _with_nonce(self, draft: Draft) -> Json | None:
        nonce = draft.body.get("nonce")
        if nonce is None or not draft.body.get("enforce_nonce"):
            return None
        oldest = self._core.clock.now() - self._core.limits.nonce_window_s
        for message in self._core.storage.newest("message", draft.channel["id"], limit=100):
            if made_at(message["id"]) < oldest:
                return None
            if message["_author"] == draft.author and str(message.get("nonce")) == str(nonce):
                return message
        return None

    def _poll(self, body: Json) -> Json:
        wanted = as_object(body.get("poll"))
        if wanted is None:
            return {}
        expiry = timestamp(self._core.clock.now() + polls.hours(wanted) * 3600)
        return {"poll": polls.made(wanted, expiry=expiry)}

    def _mentions(self, body: Json, content: str, author: str, *, replied_to: str | None) -> Mentions:
        """What is mentioned with effect: people and roles that exist, roles and everyone only where the author may."""
        world = self._core.world
        found = mentions.parse(content, as_object(body.get("allowed_mentions")), replied_to=replied_to)
        member = self._core.storage.get("member", author)
        granted = permissions.guild_permissions(member, self._core.storage.all("role"), world.guild) if member else 0
        may_all = bool(granted & (permissions.MENTION_EVERYONE | permissions.ADMINISTRATOR))
        roles = [
            role
            for role in found.roles
            if (stored := self._core.storage.get("role", role)) and (may_all or stored["mentionable"])
        ]
        return Mentions(
            users=tuple(user for user in found.users if world.knows_user(user)),
            roles=tuple(roles),
            is_everyone=found.is_everyone and may_all,
        )

    def _files(
        self, uploads: dict[str, attachments.Upload], listed: list[Json], channel: str, existing: list[Json]
    ) -> list[Json]:
        """The attachments of the message: existing ones that are listed, and new ones with their descriptions."""
        about = {str(item.get("id")): item for item in listed}
        kept = [item for item in existing if item["id"] in about]
        return kept + [
            attachments.keep(self._core, file, channel=channel, about=about.get(key)) for key, file in uploads.items()
        ]

    def _store_new(self, message: Json, channel: Json) -> None:
        self.save(message)
        if message["_ephemeral_for"]:
            return
        channel["last_message_id"] = message["id"]
        if channel["type"] in THREAD_TYPES and message["type"] in COUNTED:
            channel["message_count"] += 1
            channel["total_message_sent"] += 1
        self._core.world.save_channel(channel)

    def _join(self, message: Json, channel: Json, found: Mentions) -> None:
        """The author joins the thread, and so does everyone mentioned in it who may view its channel."""
        if channel["type"] not in THREAD_TYPES or message["_ephemeral_for"]:
            return
        world = self._core.world
        parent = world.channel(channel["parent_id"])
        invited = [user for user in found.users if world.permissions_in(user, parent) & permissions.VIEW_CHANNEL]
        thread_members.add(self._core, channel, [message["_author"], *invited])

    def _publish(self, name: str, message: Json) -> None:
        core = self._core
        viewer = message["_ephemeral_for"] or core.world.bot_id
        channel = core.storage.get("channel", message["channel_id"])
        if not message["_ephemeral_for"]:
            core.gateway.dispatch_message(name, views.for_gateway(core, message), intents=_intent(channel))
        shown = views.for_page(core, message, viewer=viewer)
        core.feed.publish(name, shown, audience=views.audience(core, message, channel))


def _intent(channel: Json | None) -> int:
    return DIRECT_MESSAGES if channel is not None and channel["type"] == 1 else GUILD_MESSAGES
