"""Asks Discord what the bot is and may do, before or beside the gateway; a line for everything that is missing.

Used by `doctor`, `init` and the start. It sends plain requests that only read, through aiohttp, which discord.py has
loaded already. Counterpart of `bot/gateway/permissions.py`, which knows what is needed, and in tests of the playground
(setting `discord.api`).
"""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from ompycord import __version__
from ompycord.app.findings import Finding, fail, ok, warn
from ompycord.bot.gateway.permissions import VIEW_CHANNEL, Overwrite, Permission, in_channel, invite_link, missing
from ompycord.domain.base import Frozen
from ompycord.errors import ConfigurationError, UnavailableError
from ompycord.settings import DiscordSettings

__all__ = ["Account", "Channel", "DiscordProbe", "Server", "findings_of", "open_probe"]

API = "https://discord.com/api"
VERSION = "v10"
ASK_S = 10.0
MESSAGE_CONTENT_FLAGS = (1 << 18) | (1 << 19)
"""Application flags: the message content intent, for verified bots and for those in few servers.

Source: Discord, *Application flags*.
"""
UNAUTHORIZED = 401
MOST_SERVERS = 200
"""One page; a bot for a team is in a few."""

Json = dict[str, Any]


class Server(Frozen):
    """A server that the bot is in."""

    id: str
    name: str
    permissions: int
    """The permissions of its roles together; 2^3 is every permission."""


class Channel(Frozen):
    """A channel of a server."""

    id: str
    name: str
    is_text: bool


class Account(Frozen):
    """Who the bot is."""

    id: str
    name: str
    application: str
    has_message_content: bool
    servers: tuple[Server, ...]


class DiscordProbe:
    """Reads what the bot is and may do.

    Raises ConfigurationError for a token that Discord refuses, UnavailableError when Discord does not answer.
    """

    def __init__(self, session: aiohttp.ClientSession, *, api: str, token: str) -> None:
        self._session = session
        self._api = f"{api}/{VERSION}"
        self._headers = {
            "Authorization": f"Bot {token}",
            "User-Agent": f"DiscordBot (ompycord, {__version__})",
        }

    async def account(self) -> Account:
        """The bot, its application and its servers."""
        me = await self._get("/users/@me")
        application = await self._get("/applications/@me")
        servers = await self._get(f"/users/@me/guilds?limit={MOST_SERVERS}")
        if me is None or application is None or servers is None:
            raise UnavailableError("Discord answered, but not what a bot is told of itself. Try again in a minute.")
        return Account(
            id=me["id"],
            name=me["username"],
            application=application["id"],
            has_message_content=bool(int(application.get("flags") or 0) & MESSAGE_CONTENT_FLAGS),
            servers=tuple(
                Server(id=one["id"], name=one["name"], permissions=int(one["permissions"])) for one in servers
            ),
        )

    async def channels(self, server: str) -> list[Channel]:
        """The server's channels that the bot may know."""
        found: list[Json] = await self._get(f"/guilds/{server}/channels") or []
        return [Channel(id=one["id"], name=one["name"], is_text=one["type"] == 0) for one in found]

    async def lacks_in(self, channel: str, *, account: Account) -> tuple[str, str, tuple[Permission, ...]]:
        """The channel's name, its server's id, and the permissions that the bot lacks there.

        All are empty where the bot knows no such channel.
        """
        found = await self._get(f"/channels/{channel}")
        if found is None:
            return await self._unseen(channel, account)
        server = next((one for one in account.servers if one.id == found.get("guild_id")), None)
        if server is None:
            return "", "", ()
        member: Json = await self._get(f"/guilds/{server.id}/members/{account.id}") or {}
        overwrites = [
            Overwrite(one["id"], int(one["allow"]), int(one["deny"])) for one in found.get("permission_overwrites", ())
        ]
        granted = in_channel(
            server.permissions,
            guild=server.id,
            member=account.id,
            roles=member.get("roles", []),
            overwrites=overwrites,
        )
        lacks = missing(granted)
        return found["name"], server.id, (VIEW_CHANNEL,) if VIEW_CHANNEL in lacks else lacks

    async def _unseen(self, channel: str, account: Account) -> tuple[str, str, tuple[Permission, ...]]:
        """The names and the missing permission of a channel that the bot may not view.

        Such a channel is in its server's list all the same.
        """
        for server in account.servers:
            for one in await self.channels(server.id):
                if one.id == channel:
                    return one.name, server.id, (VIEW_CHANNEL,)
        return "", "", ()

    async def _get(self, path: str) -> Any:
        """The JSON answer; None where the bot may not read or there is nothing."""
        try:
            async with self._session.get(self._api + path, headers=self._headers) as answer:
                if answer.status == UNAUTHORIZED:
                    raise ConfigurationError(
                        "DISCORD_TOKEN: Discord refuses it. Take the present one from the developer portal (Bot > "
                        "Reset Token)."
                    )
                if answer.status in {403, 404}:
                    return None
                answer.raise_for_status()
                return await answer.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            reason = f"HTTP {error.status}" if isinstance(error, aiohttp.ClientResponseError) else "no answer"
            raise UnavailableError(
                f"Discord does not answer as it should ({reason}). Look at discordstatus.com, at your network and "
                "at `discord.proxy`, then try again."
            ) from None


@asynccontextmanager
async def open_probe(*, api: str | None, token: str, proxy: str | None) -> AsyncGenerator[DiscordProbe]:
    """A probe of the configured Discord, by the same way that discord.py takes."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ASK_S), proxy=proxy) as session:
        yield DiscordProbe(session, api=api or API, token=token)


async def findings_of(probe: DiscordProbe, settings: DiscordSettings, *, channels: Iterable[str] = ()) -> list[Finding]:
    """Everything about the token, the intents, the servers and the channels.

    `channels` are those of repositories, checked in addition. Raises as `DiscordProbe` does.
    """
    account = await probe.account()
    found = [ok("Token", f"Discord knows it as {account.name}"), _intent(account, settings)]
    found += [line for server in settings.guilds for line in _server(account, server)]
    known = {server.id: server for server in account.servers}
    places = dict.fromkeys(
        filter(None, (settings.home_channel, *settings.work_channels, settings.ops_channel, *channels))
    )
    for channel in places:
        found += await _channel(probe, account, channel, known=known, allowed=settings.guilds)
    if settings.home_channel is None:
        found.append(
            warn(
                "Home channel",
                "none is named, so runs from elsewhere are listed but not shown.",
                "Set DISCORD_CHANNEL_ID.",
            )
        )
    return found


def _intent(account: Account, settings: DiscordSettings) -> Finding:
    if not settings.message_content:
        return ok("Intents", "none of the privileged ones is needed")
    if account.has_message_content:
        return ok("Intents", "message content is on")
    return fail(
        "Intents",
        "discord.message_content is set, but Discord has that intent switched off for this bot.",
        "Switch it on in the developer portal (Bot > Message Content Intent), or take the setting out.",
    )


def _server(account: Account, server_id: str) -> Sequence[Finding]:
    server = next((one for one in account.servers if one.id == server_id), None)
    if server is None:
        return [
            fail(
                "Server",
                "the bot is not in one of the servers of DISCORD_GUILD_ID.",
                f"Invite it: {invite_link(account.application)}",
            )
        ]
    lacks = missing(server.permissions)
    if not lacks:
        return [ok("Server", f"{server.name}: every permission is there")]
    remedy = f"Give it to the bot's role, or invite it again: {invite_link(account.application)}"
    return _lacking(lacks, f"the server {server.name}", remedy)


def _lacking(lacks: Iterable[Permission], where: str, remedy: str) -> list[Finding]:
    return [fail(one.name, f"the bot lacks it in {where}: {one.without}.", remedy) for one in lacks]


async def _channel(
    probe: DiscordProbe, account: Account, channel: str, *, known: dict[str, Server], allowed: Sequence[str]
) -> list[Finding]:
    name, server_id, lacks = await probe.lacks_in(channel, account=account)
    if not server_id:
        return [
            fail(
                "Channel",
                "one of the configured channels is in no server of the bot.",
                "Look at DISCORD_CHANNEL_ID, OMP_LAUNCH_CHANNEL_IDS, discord.ops_channel and the repositories' "
                "channels.",
            )
        ]
    if server_id not in allowed:
        text = f"#{name} belongs to a server that DISCORD_GUILD_ID does not name."
        return [fail("Channel", text, "Name that server too, or take another channel.")]
    of_server = missing(known[server_id].permissions)
    own = [permission for permission in lacks if permission not in of_server]  # the server's line has the others
    if not own:
        return [ok("Channel", f"#{name}")]
    return _lacking(own, f"#{name}", "Open the channel's settings, Permissions, and allow it to the bot's role.")
