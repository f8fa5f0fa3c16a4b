"""Seed data: what a new playground begins with (one application, one guild, three channels, three people)."""

import base64
import secrets

from ompycord.playground.rules import channels, permissions
from ompycord.playground.rules.documents import Json
from ompycord.playground.world.clock import timestamp
from ompycord.playground.world.guild import World

PEOPLE = (("admin", "ada", "Ada"), ("member", "mo", "Mo"), ("outsider", "olu", "Olu"))
"""kind, user name, display name: an administrator, a member who works, and one without any role."""
TOPICS = {
    "general": "Talk about anything",
    "tasks": "Start runs here with /omp new",
    "ops": "What the bot reports about itself",
}
"""The channels by name, in their order, with their topics."""
NAMES_KEY = "first-world"
"""Where the ids of the seed data are stored by name."""
PRIVILEGED_FLAGS = (1 << 13) | (1 << 15) | (1 << 19)
"""The application flags of the presence, member and message-content intents for a bot in few guilds (Discord,
application flags).
"""


def ensure(world: World) -> None:
    """Store the seed data where there is no application yet."""
    if world.storage.all("application"):
        _share_id(world)
        return
    users = {kind: _user(world, name, shown, kind=kind) for kind, name, shown in PEOPLE}
    bot = _user(world, "playground-bot", None, kind="bot", is_bot=True)
    guild = _guild(world, owner=users["admin"])
    roles = {
        "everyone": _role(world, guild, guild, "@everyone", permissions.EVERYONE, position=0),
        "bot": _role(world, guild, world.ids.next(), "Playground Bot", permissions.BOT, position=1, bot=bot),
        "member": _role(world, guild, world.ids.next(), "Member", permissions.EVERYONE, position=2, color=0x3498DB),
        "admin": _role(world, guild, world.ids.next(), "Admin", permissions.ADMINISTRATOR, position=3, color=0xE67E22),
    }
    roles_of = {
        users["admin"]: [roles["admin"]],
        users["member"]: [roles["member"]],
        bot: [roles["bot"]],
        users["outsider"]: [],
    }
    for user, role_ids in roles_of.items():
        add_member(world, user, role_ids)
    named_channels = {name: _channel(world, guild, name, place) for place, name in enumerate(TOPICS)}
    _application(world, bot)
    named: Json = {
        "users": users,
        "channels": named_channels,
        "roles": {"admin": roles["admin"], "member": roles["member"]},
    }
    world.storage.put("names", NAMES_KEY, named)


def names(world: World) -> Json:
    """The ids of the seed data by name: `users` by kind, `channels` and `roles` by name."""
    return world.storage.get("names", NAMES_KEY) or {}


def _user(world: World, name: str, shown: str | None, *, kind: str, is_bot: bool = False) -> str:
    user_id = world.ids.next()
    user: Json = {
        "id": user_id,
        "username": name,
        "discriminator": "0001" if is_bot else "0",
        "global_name": shown,
        "avatar": None,
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
        "banner": None,
        "accent_color": None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "_kind": kind,
    }
    world.storage.put("user", user_id, user | ({"bot": True} if is_bot else {}))
    return user_id


def _guild(world: World, *, owner: str) -> str:
    guild_id = world.ids.next()
    empty = (
        "icon description home_header splash discovery_splash banner application_id afk_channel_id system_channel_id "
        "widget_channel_id max_presences vanity_url_code rules_channel_id safety_alerts_channel_id "
        "public_updates_channel_id incidents_data"
    )
    zero = (
        "system_channel_flags verification_level default_message_notifications mfa_level explicit_content_filter "
        "premium_tier premium_subscription_count nsfw_level"
    )
    guild: Json = {
        "id": guild_id,
        "name": "Playground",
        "owner_id": owner,
        "features": [],
        "region": "deprecated",
        "afk_timeout": 300,
        "widget_enabled": False,
        "max_members": 1000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "preferred_locale": "en-US",
        "premium_progress_bar_enabled": False,
        "nsfw": False,
    }
    world.storage.put("guild", guild_id, guild | dict.fromkeys(empty.split()) | dict.fromkeys(zero.split(), 0))
    return guild_id


def _role(
    world: World,
    guild: str,
    role_id: str,
    name: str,
    granted: int,
    *,
    position: int,
    color: int = 0,
    bot: str | None = None,
) -> str:
    role: Json = {
        "id": role_id,
        "name": name,
        "permissions": str(granted),
        "position": position,
        "color": color,
        "colors": {"primary_color": color, "secondary_color": None, "tertiary_color": None},
        "hoist": bool(color),
        "managed": bot is not None,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }
    world.storage.put("role", role_id, role | ({"tags": {"bot_id": bot}} if bot else {}), parent=guild)
    return role_id


def add_member(world: World, user: str, roles: list[str]) -> None:
    """Make a user a member of the guild, with these roles."""
    member: Json = {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": None,
        "flags": 0,
        "joined_at": timestamp(world.clock.now()),
        "nick": None,
        "pending": False,
        "premium_since": None,
        "roles": roles,
        "mute": False,
        "deaf": False,
        "_user": user,
    }
    world.storage.put("member", user, member)


def _channel(world: World, guild: str, name: str, position: int) -> str:
    channel = channels.fresh(channels.TEXT, world.ids.next(), guild, name, position) | {"topic": TOPICS[name]}
    world.save_channel(channel)
    return channel["id"]


def _share_id(world: World) -> None:
    """Give an application of an earlier playground the id of its bot, as Discord's have; its commands stay."""
    application, bot = world.application, world.bot_id
    if application["id"] == bot:
        return
    world.storage.put("application", bot, {**application, "id": bot})
    world.storage.delete("application", application["id"])
    for command in world.storage.all("command"):
        world.storage.put("command", command["id"], {**command, "application_id": bot})


def _application(world: World, bot: str) -> None:
    """An application and its bot have one id, as on Discord since 2016; py-cord asks for commands under the bot's."""
    parts = (
        base64.urlsafe_b64encode(bot.encode()).decode().rstrip("="),
        secrets.token_urlsafe(4),
        secrets.token_urlsafe(28),
    )
    application: Json = {
        "id": bot,
        "name": "Playground Bot",
        "icon": None,
        "description": "",
        "type": None,
        "bot_public": False,
        "bot_require_code_grant": False,
        "verify_key": secrets.token_hex(32),
        "flags": PRIVILEGED_FLAGS,
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "approximate_guild_count": 1,
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": [],
        "integration_types_config": {"0": {}},
        "_bot": bot,
        "_token": ".".join(parts),
    }
    world.storage.put("application", bot, application)
