"""Every answer of the playground, and every request of discord.py, against Discord's own OpenAPI description."""

import io
from typing import Any

import discord
import pytest

from ompycord.playground.client import File
from tests.support.discord_schema import DiscordSchema, OffSchemaError
from tests.support.playground import Playground, logged_in
from tests.support.sample_bot import Bot

pytestmark = pytest.mark.shared


async def test_a_whole_journey_is_within_discords_description(
    playground: Playground, discord_schema: DiscordSchema
) -> None:
    bot = Bot(playground.guild_id)
    async with logged_in(bot, playground.bot_token):
        await _journey(playground, bot)
        entries = await playground.wire()
    assert len(entries) > 40
    routes = {(item["method"], item["route"]) for item in entries}
    assert ("POST", "/channels/{channel_id}/messages/{message_id}/threads") in routes
    problems: list[str] = []
    for entry in entries:
        try:
            discord_schema.check(entry)
        except OffSchemaError as error:
            problems.append(str(error))
    assert not problems, "\n\n".join(dict.fromkeys(problems))


async def test_an_unknown_property_in_a_request_is_found(discord_schema: DiscordSchema) -> None:
    entry: dict[str, Any] = {
        "method": "POST",
        "route": "/channels/{channel_id}/messages",
        "multipart": False,
        "status": 200,
        "request": {"content": "x", "contents": "y"},
    }
    with pytest.raises(OffSchemaError, match="contents"):
        discord_schema.check_request(entry)
    discord_schema.check_request({**entry, "request": {"content": "x"}})


async def _journey(playground: Playground, bot: Bot) -> None:
    ada = playground.ada
    form = await ada.command("task", "tasks")
    await ada.submit_modal(form, what="mend the cart")
    mirror = await ada.wait_message(lambda message: message.content.startswith("On it"))
    await ada.click(mirror, "Stop")
    await ada.command("later", "tasks")
    await ada.command("secret", "tasks", file=_file())
    await bot.application_info()
    await bot.fetch_user(int(ada.id))
    guild = await bot.fetch_guild(playground.guild_id)
    await guild.fetch_channels()
    await guild.fetch_member(int(ada.id))
    await guild.fetch_roles()
    await guild.active_threads()
    await bot.tree.fetch_commands(guild=bot.guild)
    channel = await bot.fetch_channel(playground.channel("general"))
    assert isinstance(channel, discord.TextChannel)
    await _messages(channel)
    await _threads(channel)
    await channel.edit(topic="what we do")
    person = await bot.fetch_user(int(ada.id))
    await person.send("direct")
    for missing in (channel.fetch_message(1), bot.fetch_channel(1), guild.fetch_member(1)):
        with pytest.raises(discord.NotFound):
            await missing
    with pytest.raises(discord.HTTPException):
        await channel.send("x" * 2001)


async def _messages(channel: discord.TextChannel) -> None:
    embed = discord.Embed(title="t", description="d", color=0x00FF00, url="https://example.org")
    embed.set_author(name="a").set_footer(text="f").add_field(name="n", value="v").set_image(url="attachment://a.png")
    file = discord.File(io.BytesIO(b"\x89PNG\r\n"), "a.png", description="a picture")
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Select(custom_id="s", options=[discord.SelectOption(label="one", emoji="🚀")]))
    view.add_item(discord.ui.UserSelect(custom_id="u")).add_item(discord.ui.RoleSelect(custom_id="r"))
    view.add_item(discord.ui.Button(label="site", url="https://example.org"))
    first = await channel.send("hello", embed=embed, file=file, view=view, nonce=7, silent=True)
    answer = await first.reply("<@1> and", mention_author=False, allowed_mentions=discord.AllowedMentions.none())
    await first.edit(content="changed", attachments=[], allowed_mentions=discord.AllowedMentions.none())
    await answer.add_reaction("🚀")
    await channel.fetch_message(answer.id)
    assert [user async for user in (await channel.fetch_message(answer.id)).reactions[0].users()]
    await answer.pin()
    assert [message async for message in channel.pins()]
    await answer.unpin()
    assert len([message async for message in channel.history(limit=10, oldest_first=True)]) >= 3
    assert [message async for message in channel.history(limit=3, around=first)]
    await channel.typing()
    await answer.remove_reaction("🚀", discord.Object(answer.author.id))
    await answer.delete()
    await channel.delete_messages([await channel.send("a"), await channel.send("b")])


async def _threads(channel: discord.TextChannel) -> None:
    thread = await channel.create_thread(name="private")
    public = await channel.create_thread(name="public", type=discord.ChannelType.public_thread)
    await public.send("x")
    await public.fetch_members()
    await thread.edit(name="renamed", archived=True)
    assert [item async for item in channel.archived_threads(private=True)]
    await public.delete()


def _file() -> Any:
    return File("notes.txt", b"some notes")
