"""What interactions carry: the person, the place and the resolved objects; and what their answers return."""

from typing import Any, Final

from ompycord.playground.rules import bodies
from ompycord.playground.rules.documents import Json, as_list, public
from ompycord.playground.rules.errors import DiscordError
from ompycord.playground.world import attachments, views
from ompycord.playground.world.core import Core

PING, COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 1, 2, 3, 4, 5
"""Types of interactions."""
MESSAGE, DEFER = 4, 5
"""Types of answers that make a message."""

LOCALE: Final = "en-US"
RESOLVING_TYPES: Final = (5, 6, 7, 8)


class Resolver:
    """Collects the objects that ids in an interaction's data stand for."""

    def __init__(self, core: Core, channel: Json) -> None:
        self._core = core
        self._channel = channel
        self.resolved: dict[str, Json] = {}

    def user(self, user_id: str) -> None:
        world = self._core.world
        self.resolved.setdefault("users", {})[user_id] = world.user(user_id)
        stored = self._core.storage.get("member", user_id)
        if stored is not None:
            shown = {key: value for key, value in public(stored).items() if key not in ("mute", "deaf")}
            permissions = str(world.permissions_in(user_id, self._channel))
            self.resolved.setdefault("members", {})[user_id] = {**shown, "permissions": permissions}

    def role(self, role_id: str) -> None:
        self.resolved.setdefault("roles", {})[role_id] = public(self._core.world.role(role_id))

    def channel(self, channel_id: str, *, viewer: str) -> None:
        found = self._core.world.channel(channel_id)
        self.resolved.setdefault("channels", {})[channel_id] = partial_channel(self._core, found, viewer)

    def attachment(self, attachment_id: str) -> None:
        found = self._core.storage.get("attachment", attachment_id)
        if found is None:
            raise DiscordError(404, 0, "Unknown attachment")
        self.resolved.setdefault("attachments", {})[attachment_id] = attachments.shown(self._core, found)

    def message(self, stored: Json) -> None:
        shown = views.show(self._core, stored, viewer=self._core.world.bot_id)
        self.resolved.setdefault("messages", {})[stored["id"]] = shown

    def mentionable(self, any_id: str) -> None:
        if self._core.storage.get("role", any_id) is not None:
            self.role(any_id)
        else:
            self.user(any_id)

    def values(self, component_type: int, values: list[str], *, viewer: str) -> None:
        """Resolve what was picked in a select or uploaded in a modal."""
        for value in values:
            match component_type:
                case 5:
                    self.user(value)
                case 6:
                    self.role(value)
                case 7:
                    self.mentionable(value)
                case 8:
                    self.channel(value, viewer=viewer)
                case 19:
                    self.attachment(value)
                case _:
                    pass

    def options(self, options: list[Json], *, viewer: str) -> None:
        """Resolve the options of a command, nested ones too."""
        for option in options:
            self.options(as_list(option.get("options")), viewer=viewer)
            value: Any = option.get("value")
            match option["type"]:
                case 6:
                    self.user(value)
                case 7:
                    self.channel(value, viewer=viewer)
                case 8:
                    self.role(value)
                case 9:
                    self.mentionable(value)
                case 11:
                    self.attachment(value)
                case _:
                    pass


def partial_channel(core: Core, channel: Json, viewer: str) -> Json:
    """A channel as interactions carry it, with what the viewer may do there."""
    shown = {key: value for key, value in public(channel).items() if key != "permission_overwrites"}
    return {**shown, "permissions": str(core.world.permissions_in(viewer, channel))}


def envelope(core: Core, record: Json, data: Json) -> Json:
    """The whole interaction: who, where, with which rights and until when (its token)."""
    world = core.world
    channel = world.channel(record["channel_id"])
    user_id = record["user_id"]
    payload: Json = {
        "id": record["id"],
        "application_id": world.application_id,
        "type": record["type"],
        "token": record["token"],
        "version": 1,
        "data": data,
        "channel_id": channel["id"],
        "channel": partial_channel(core, channel, user_id),
        "app_permissions": str(world.permissions_in(world.bot_id, channel)),
        "locale": LOCALE,
        "entitlements": [],
        "attachment_size_limit": core.limits.attachment_bytes,
    }
    if channel["type"] == 1:
        owners = {"0": "0"}
        return {**payload, "user": world.user(user_id), "context": 1, "authorizing_integration_owners": owners}
    guild = world.guild
    member = world.member_to_api(user_id)
    return {
        **payload,
        "guild_id": guild["id"],
        "guild": {"id": guild["id"], "locale": guild["preferred_locale"], "features": guild["features"]},
        "guild_locale": guild["preferred_locale"],
        "member": {**member, "permissions": str(world.permissions_in(user_id, channel))},
        "context": 0,
        "authorizing_integration_owners": {"0": guild["id"]},
    }


def metadata(core: Core, record: Json) -> Json:
    """What a message says of the interaction that made it (`interaction_metadata`)."""
    world = core.world
    is_direct = world.channel(record["channel_id"])["type"] == 1
    found: Json = {
        "id": record["id"],
        "type": record["type"],
        "user": world.user(record["user_id"]),
        "authorizing_integration_owners": {"0": "0" if is_direct else world.guild_id},
    }
    if record["type"] == COMPONENT:
        found["interacted_message_id"] = record["message_id"]
    if record["type"] == MODAL:
        found["triggering_interaction_metadata"] = record["triggered_by"]
    return found


def callback_response(core: Core, record: Json, kind: int, message: Json | None) -> Json:
    """What the first answer returns: the interaction and the message that the answer made or changed."""
    interaction: Json = {
        "id": record["id"],
        "type": record["type"],
        "channel_id": record["channel_id"],
        "guild_id": core.world.guild_id,
    }
    if message is None:
        return {"interaction": interaction}
    interaction["response_message_id"] = message["id"]
    interaction["response_message_loading"] = bool(message["flags"] & bodies.LOADING)
    interaction["response_message_ephemeral"] = bool(message["flags"] & bodies.EPHEMERAL)
    shown = views.show(core, message, viewer=core.world.bot_id)
    # The description of the API knows 4 (a new message, also a deferred one) and 7 (an updated one) here.
    return {"interaction": interaction, "resource": {"type": MESSAGE if kind == DEFER else kind, "message": shown}}
