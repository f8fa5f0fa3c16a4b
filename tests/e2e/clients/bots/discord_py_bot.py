"""A small discord.py bot, as its own guide would write it; its counterpart is journey.py."""

import io
import logging
import os
import sys

import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

Route.BASE = f"{os.environ['PLAYGROUND_API']}/v10"
DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["PLAYGROUND_GATEWAY"])
GUILD = discord.Object(int(os.environ["PLAYGROUND_GUILD"]))
REPOSITORIES = ("sample", "shop", "site")


def tell(word: str) -> None:
    """One line to who watches."""
    print(word, flush=True)  # noqa: T201  # the journey reads it


class Bot(discord.Client):
    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True, guild_messages=True))
        self.tree = app_commands.CommandTree(self)

    async def setup_hook(self) -> None:
        made = await self.tree.sync(guild=GUILD)
        guild = await self.fetch_guild(GUILD.id)
        tell(f"synced {len(made)} commands for {guild.name}")

    async def on_ready(self) -> None:
        tell("identified")

    async def on_resumed(self) -> None:
        tell("resumed")


bot = Bot()


class Panel(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Press", style=discord.ButtonStyle.danger)
    async def press(self, interaction: discord.Interaction, _button: discord.ui.Button["Panel"]) -> None:
        await interaction.response.edit_message(content="Pressed", view=self)

    @discord.ui.select(placeholder="Pick", options=[discord.SelectOption(label=name) for name in REPOSITORIES])
    async def pick(self, interaction: discord.Interaction, select: discord.ui.Select["Panel"]) -> None:
        await interaction.response.edit_message(content=f"Picked {select.values[0]}", view=None)


class Form(discord.ui.Modal):
    what = discord.ui.Label(
        text="What should be done?", component=discord.ui.TextInput(style=discord.TextStyle.paragraph)
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"On it: {self.what.component.value}")


@bot.tree.command(guild=GUILD)
async def panel(interaction: discord.Interaction) -> None:
    """Show a button and a select"""
    await interaction.response.send_message("Panel", view=Panel())


@bot.tree.command(guild=GUILD)
async def task(interaction: discord.Interaction, repo: str) -> None:
    """Start something"""
    await interaction.response.send_modal(Form(title=f"New task for {repo}"))


@task.autocomplete("repo")
async def complete(_interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    found = [name for name in REPOSITORIES if name.startswith(typed)]
    return [app_commands.Choice(name=f"{name} (repository)", value=name) for name in found]


@bot.tree.command(guild=GUILD)
async def later(interaction: discord.Interaction) -> None:
    """Think first"""
    await interaction.response.defer(thinking=True)
    await interaction.edit_original_response(content="Thought about it")
    await interaction.followup.send("And again")


@bot.tree.command(guild=GUILD)
async def do(interaction: discord.Interaction, what: str) -> None:
    """Do one thing in the channel"""
    await interaction.response.defer()
    channel = interaction.channel
    assert isinstance(channel, discord.TextChannel)
    match what:
        case "file":
            await channel.send("with a file", file=discord.File(io.BytesIO(b"some notes"), "notes.txt"))
        case "edit":
            await (await channel.send("draft")).edit(content="edited")
        case "delete":
            await (await channel.send("passing")).delete()
        case "thread":
            thread = await (await channel.send("start")).create_thread(name="the run")
            await thread.send("card")
        case _:
            await (await channel.send("like this")).add_reaction("🚀")
    await interaction.edit_original_response(content=f"did {what}")


logging.basicConfig(level=logging.ERROR, format="E %(message)s", stream=sys.stdout)
bot.run(os.environ["PLAYGROUND_BOT_TOKEN"], log_handler=None)
