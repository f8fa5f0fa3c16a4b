"""Changes of the world as an admin of the guild could make them, for `POST /control/world`."""

from collections.abc import Callable
from typing import Any

from ompycord.playground.gateway.server import Gateway
from ompycord.playground.rules.documents import Json, as_list, as_object, public
from ompycord.playground.rules.errors import NotPossibleError
from ompycord.playground.rules.intents import GUILD_MEMBERS, GUILDS
from ompycord.playground.world import channels
from ompycord.playground.world.seed import add_member
from ompycord.playground.world.services import Services


class WorldChanges:
    """Applies changes and sends the events that Discord sends for them."""

    def __init__(self, services: Services, gateway: Gateway) -> None:
        self._services = services
        self._core = services.core
        self._gateway = gateway

    def apply(self, body: Json) -> None:
        """Apply `role_permissions`, `member_roles`, `remove_member`, `add_bot`, `overwrites`, `delete_channel`,
        `threads` (archived and locked as a moderator sets them), `application_flags`.

        Raises NotPossibleError for anything else.
        """
        acts: dict[str, Callable[[Any], None]] = {
            "role_permissions": self._set_role_permissions,
            "member_roles": self._set_member_roles,
            "remove_member": self._remove_member,
            "add_bot": self._add_bot,
            "overwrites": self._set_overwrites,
            "delete_channel": self._delete_channel,
            "threads": self._change_threads,
            "application_flags": self._set_flags,
        }
        known = [key for key in acts if key in body]
        if len(known) != len(body) or not known:
            raise NotPossibleError(f"a change is one of {', '.join(acts)}")
        for key in known:
            acts[key](body[key])

    def _set_role_permissions(self, wanted: Any) -> None:
        world = self._core.world
        for role_id, granted in (as_object(wanted) or {}).items():
            role = world.role(role_id)
            role["permissions"] = str(int(granted))
            self._core.storage.put("role", role_id, role, parent=world.guild_id)
            event: Json = {"guild_id": world.guild_id, "role": public(role)}
            self._core.gateway.dispatch("GUILD_ROLE_UPDATE", event, intents=GUILDS)

    def _set_member_roles(self, wanted: Any) -> None:
        world = self._core.world
        for user, roles in (as_object(wanted) or {}).items():
            member = world.member(user)
            member["roles"] = [world.role(str(role))["id"] for role in as_list(roles)]
            self._core.storage.put("member", user, member)
            event: Json = {**world.member_to_api(user), "guild_id": world.guild_id}
            own = 0 if user == world.bot_id else GUILD_MEMBERS
            self._core.gateway.dispatch("GUILD_MEMBER_UPDATE", event, intents=own)

    def _remove_member(self, user: Any) -> None:
        """A member leaves; for the bot that is being kicked."""
        world = self._core.world
        world.member(str(user))
        self._core.storage.delete("member", str(user))
        if user == world.bot_id:
            self._core.gateway.dispatch("GUILD_DELETE", {"id": world.guild_id}, intents=GUILDS)
        else:
            event: Json = {"guild_id": world.guild_id, "user": world.user(str(user))}
            self._core.gateway.dispatch("GUILD_MEMBER_REMOVE", event, intents=GUILD_MEMBERS)

    def _add_bot(self, _wanted: Any) -> None:
        """The bot is invited again, with the role that its invitation makes."""
        core = self._core
        own = [
            role["id"] for role in core.storage.all("role") if role.get("tags", {}).get("bot_id") == core.world.bot_id
        ]
        add_member(core.world, core.world.bot_id, own)
        self._gateway.dispatch_guild()

    def _change_threads(self, wanted: Any) -> None:
        for thread_id, change in (as_object(wanted) or {}).items():
            self._services.threads.update(self._core.world.channel(thread_id), as_object(change) or {})

    def _set_overwrites(self, wanted: Any) -> None:
        for channel_id, overwrites in (as_object(wanted) or {}).items():
            channel = self._core.world.channel(channel_id)
            channels.change(self._core, channel, {"permission_overwrites": as_list(overwrites)})

    def _delete_channel(self, channel_id: Any) -> None:
        channel = self._core.world.channel(str(channel_id))
        if "thread_metadata" in channel:
            self._services.threads.delete(channel)
        else:
            channels.remove(self._core, self._services.threads, channel)

    def _set_flags(self, flags: Any) -> None:
        application = self._core.world.application
        application["flags"] = int(flags)
        self._core.storage.put("application", application["id"], application)
