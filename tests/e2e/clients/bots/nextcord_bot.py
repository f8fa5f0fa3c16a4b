"""A small nextcord bot, as its own guide would write it; its counterpart is journey.py."""

import io
import logging
import os
import sys

import nextcord
from nextcord.ext import commands
from nextcord.http import Route

Route.BASE = f"{os.environ['PLAYGROUND_API']}/v10"
GUILD = int(os.environ["PLAYGROUND_GUILD"])
REPOSITORIES = ("sample", "shop", "site")
intents = nextcord.Intents.none()
intents.guilds = intents.guild_messages = True
bot = commands.Bot(intents=intents, default_guild_ids=[GUILD])


def tell(word: str) -> None:
    """One line to who watches."""
    print(word, flush=True)  # noqa: T201  # the journey reads it


@bot.event
async def on_ready() -> None:
    tell("identified")
    await bot.sync_all_application_commands()
    guild = await bot.fetch_guild(GUILD)
    tell(f"synced {len(bot.get_all_application_commands())} commands for {guild.name}")


@bot.event
async def on_resumed() -> None:
    tell("resumed")


class Panel(nextcord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @nextcord.ui.button(label="Press", style=nextcord.ButtonStyle.danger)
    async def press(self, _button: nextcord.ui.Button, interaction: nextcord.Interaction) -> None:
        await interaction.response.edit_message(content="Pressed", view=self)

    @nextcord.ui.select(placeholder="Pick", options=[nextcord.SelectOption(label=name) for name in REPOSITORIES])
    async def pick(self, select: nextcord.ui.Select, interaction: nextcord.Interaction) -> None:
        await interaction.response.edit_message(content=f"Picked {select.values[0]}", view=None)


class Form(nextcord.ui.Modal):
    def __init__(self, title: str) -> None:
        super().__init__(title)
        self.what = nextcord.ui.TextInput("What should be done?", style=nextcord.TextInputStyle.paragraph)
        self.add_item(self.what)

    async def callback(self, interaction: nextcord.Interaction) -> None:
        await interaction.send(f"On it: {self.what.value}")


@bot.slash_command(description="Show a button and a select")
async def panel(interaction: nextcord.Interaction) -> None:
    await interaction.send("Panel", view=Panel())


@bot.slash_command(description="Start something")
async def task(interaction: nextcord.Interaction, repo: str) -> None:
    await interaction.response.send_modal(Form(f"New task for {repo}"))


@task.on_autocomplete("repo")
async def complete(interaction: nextcord.Interaction, typed: str) -> None:
    found = [name for name in REPOSITORIES if name.startswith(typed)]
    await interaction.response.send_autocomplete({f"{name} (repository)": name for name in found})


@bot.slash_command(description="Think first")
async def later(interaction: nextcord.Interaction) -> None:
    await interaction.response.defer()
    await interaction.edit_original_message(content="Thought about it")
    await interaction.followup.send("And again")


@bot.slash_command(description="Do one thing in the channel")
async def do(interaction: nextcord.Interaction, what: str) -> None:
    await interaction.response.defer()
    channel = interaction.channel
    match what:
        case "file":
            await channel.send("with a file", file=nextcord.File(io.BytesIO(b"some notes"), "notes.txt"))
        case "edit":
            await (await channel.send("draft")).edit(content="edited")
        case "delete":
            await (await channel.send("passing")).delete()
        case "thread":
            thread = await (await channel.send("start")).create_thread(name="the run")
            await thread.send("card")
        case _:
            await (await channel.send("like this")).add_reaction("🚀")
    await interaction.edit_original_message(content=f"did {what}")


logging.basicConfig(level=logging.ERROR, format="E %(message)s", stream=sys.stdout)
bot.run(os.environ["PLAYGROUND_BOT_TOKEN"])
