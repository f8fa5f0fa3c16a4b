"""What Discord does not allow the bot is said in one line each, against the playground's REST API."""

from collections.abc import AsyncGenerator
from pathlib import Path

import discord
import httpx
import pytest

from ompycord.app.connection.discord_probe import findings_of, open_probe
from ompycord.app.findings import Finding
from ompycord.bot.gateway.permissions import PERMISSION_INTEGER, PERMISSIONS, invite_link
from ompycord.errors import ConfigurationError, UnavailableError
from ompycord.settings import DiscordSettings
from tests.support.playground import Playground, hosted_playground

ALL = (1 << 53) - 1 & ~(1 << 3)
NOWHERE = "100000000000000009"


@pytest.fixture
async def playground(tmp_path: Path) -> AsyncGenerator[Playground]:
    async with hosted_playground(tmp_path) as running:
        yield running


async def permit(playground: Playground, held: int) -> None:
    roles = {playground.info.guild_id: 0, await bot_role(playground): held}
    await playground.change_world(role_permissions={role: str(value) for role, value in roles.items()})


async def bot_role(playground: Playground) -> str:
    answer = await playground.rest("GET", f"/guilds/{playground.guild_id}/roles")
    return next(role["id"] for role in answer.body if role["name"] == "Playground Bot")


async def look(playground: Playground, *, token: str | None = None, **settings: object) -> list[Finding]:
    of_discord = DiscordSettings.model_validate(
        {
            "api": playground.api,
            "guilds": (str(playground.guild_id),),
            "home_channel": str(playground.channel("tasks")),
            **settings,
        }
    )
    async with open_probe(api=of_discord.api, token=token or playground.bot_token, proxy=None) as asked:
        return await findings_of(asked, of_discord)


def wrong(found: list[Finding]) -> list[Finding]:
    return [finding for finding in found if finding.status != "ok"]


async def test_where_everything_is_there_nothing_is_said(playground: Playground) -> None:
    await permit(playground, PERMISSION_INTEGER)
    found = await look(playground)
    assert wrong(found) == []
    assert "Playground: every permission is there" in [finding.text for finding in found]


async def test_each_permission_that_the_server_does_not_give_is_one_line(playground: Playground) -> None:
    for permission in PERMISSIONS:
        await playground.advance(5)  # so many looks in a row would be too many for Discord
        await permit(playground, ALL & ~permission.bit)
        [finding] = wrong(await look(playground))
        assert finding.line.startswith(f"{permission.name}: the bot lacks it in the server Playground: ")
        assert finding.line.count("\n") == 0
        assert f"permissions={PERMISSION_INTEGER}" in finding.remedy


async def test_each_permission_that_the_channel_takes_away_is_one_line(playground: Playground) -> None:
    await permit(playground, ALL)
    for permission in PERMISSIONS:
        await playground.advance(5)
        deny = {"id": str(playground.guild_id), "type": 0, "allow": "0", "deny": str(permission.bit)}
        await playground.change_world(overwrites={str(playground.channel("tasks")): [deny]})
        [finding] = wrong(await look(playground))
        assert finding.line.startswith(f"{permission.name}: the bot lacks it in #tasks: ")


async def test_all_that_is_missing_is_named_at_once(playground: Playground) -> None:
    await permit(playground, 0)
    assert [finding.name for finding in wrong(await look(playground))] == [one.name for one in PERMISSIONS]


async def test_a_role_that_the_channel_allows_makes_up_for_everyone(playground: Playground) -> None:
    bit = str(PERMISSIONS[1].bit)
    deny = {"id": str(playground.guild_id), "type": 0, "allow": "0", "deny": bit}
    allow = {"id": await bot_role(playground), "type": 0, "allow": bit, "deny": "0"}
    await permit(playground, ALL)
    await playground.change_world(overwrites={str(playground.channel("tasks")): [deny, allow]})
    assert wrong(await look(playground)) == []


async def test_an_administrator_lacks_nothing(playground: Playground) -> None:
    await permit(playground, 1 << 3)
    assert wrong(await look(playground)) == []


async def test_a_server_without_the_bot_and_a_channel_of_nowhere_are_named_by_their_settings(
    playground: Playground,
) -> None:
    found = wrong(await look(playground, guilds=(NOWHERE,), home_channel=NOWHERE))
    assert ["DISCORD_GUILD_ID" in found[0].text, "DISCORD_CHANNEL_ID" in found[1].remedy] == [True, True]
    assert "client_id=" in found[0].remedy
    assert not [finding for finding in found if NOWHERE in finding.line]


async def test_the_intent_is_looked_at_only_where_it_is_wanted(playground: Playground) -> None:
    await playground.change_world(application_flags=0)
    assert wrong(await look(playground)) == []
    [finding] = wrong(await look(playground, message_content=True))
    assert "Message Content Intent" in finding.remedy


async def test_a_refused_token_is_a_mistake_of_the_configuration_and_is_not_repeated(playground: Playground) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await look(playground, token="hunter2hunter2")  # a made-up one
    assert "DISCORD_TOKEN" in str(caught.value)
    assert "hunter2" not in str(caught.value)


async def test_a_discord_that_does_not_answer_is_unavailable(playground: Playground) -> None:
    with pytest.raises(UnavailableError):
        await look(playground, api="http://127.0.0.1:1/api")
    await playground.fault("GET", "/users/@me", "status", status=503)
    with pytest.raises(UnavailableError, match="503"):
        await look(playground)


def test_our_bits_and_names_are_those_of_discord() -> None:
    named = {
        "View Channels": "view_channel",
        "Add Reactions": "add_reactions",
        "Send Messages": "send_messages",
        "Embed Links": "embed_links",
        "Attach Files": "attach_files",
        "Read Message History": "read_message_history",
        "Create Public Threads": "create_public_threads",
        "Send Messages in Threads": "send_messages_in_threads",
        "Pin Messages": "pin_messages",
    }
    wanted = discord.Permissions(**dict.fromkeys(named.values(), True))
    assert {permission.name for permission in PERMISSIONS} == set(named)
    assert wanted.value == PERMISSION_INTEGER
    link = discord.utils.oauth_url("7", permissions=wanted, scopes=("bot", "applications.commands"))
    assert httpx.URL(link).params == httpx.URL(invite_link("7")).params
