"""Where our client differs from discord.py's: intents, fatal closes, and the loop that was written anew."""

import hashlib
import inspect
from unittest.mock import Mock

import discord
import discord.http
import pytest
from structlog.testing import capture_logs

from ompycord.bot.gateway.client import FATAL_CLOSES, OmpycordClient, intents_of
from ompycord.bot.gateway.command_tree import definition
from ompycord.bot.gateway.discord_target import DISCORD, DiscordTarget, point_at
from ompycord.bot.options import BotOptions

CONNECT_SHA256 = "300daeed48a83570eb1e6ae3b5a3da38b13eb12b2055f0efe4f2f20348e412f6"
OPTIONS = BotOptions(guilds=("100000000000000001",))


def test_only_unprivileged_intents_are_asked_for_unless_configured() -> None:
    asked = intents_of(OPTIONS)
    assert {name for name, is_on in asked if is_on} == {"guilds", "guild_messages", "guild_reactions"}
    assert intents_of(OPTIONS.model_copy(update={"message_content": True})).message_content


def test_every_close_that_forbids_another_try_has_its_cause() -> None:
    assert sorted(FATAL_CLOSES) == [4004, 4010, 4011, 4012, 4013, 4014]


def test_the_loop_that_ours_was_written_from_has_not_changed() -> None:
    source = inspect.getsource(discord.Client.connect)
    assert hashlib.sha256(source.encode()).hexdigest() == CONNECT_SHA256


def test_discord_py_points_where_it_is_told_and_back() -> None:
    point_at(
        DiscordTarget(
            api="http://127.0.0.1:1/api/v10", gateway="ws://127.0.0.1:1/gateway", cdn="http://127.0.0.1:1/cdn"
        )
    )
    try:
        assert discord.http.Route("GET", "/users/@me").url == "http://127.0.0.1:1/api/v10/users/@me"
    finally:
        point_at(DISCORD)
    assert discord.http.Route("GET", "/users/@me").url.startswith("https://discord.com/api/")


@pytest.mark.parametrize(
    ("theirs", "is_same"),
    [
        ({"name": "omp", "description": "x", "type": 1, "id": "1", "version": "2", "options": []}, True),
        ({"name": "omp", "description": "y", "type": 1}, False),
        (
            {"name": "omp", "description": "x", "type": 1, "options": [{"name": "a", "description": "b", "type": 3}]},
            False,
        ),
    ],
)
def test_a_definition_is_compared_without_what_discord_adds(theirs: dict[str, object], is_same: bool) -> None:
    ours: dict[str, object] = {"name": "omp", "description": "x", "options": [], "nsfw": False}
    assert (definition(theirs) == definition(ours)) is is_same


async def test_a_handler_that_fails_is_logged_by_name_with_its_error() -> None:
    with capture_logs() as lines:
        try:
            {}["thread"]
        except KeyError:
            await OmpycordClient.on_error(Mock(), "on_raw_reaction_add")
    [line] = lines
    assert (line["event"], line["handler"]) == ("gateway.handler_failed", "on_raw_reaction_add")
    assert isinstance(line["exc_info"][1], KeyError)
