"""A small py-cord bot, as its own guide would write it; its counterpart is journey.py."""

import io
import logging
import os
import sys

import discord
from discord.http import Route

Route.API_BASE_URL = f"{os.environ['PLAYGROUND_API']}/v10"
GUILD = int(os.environ["PLAYGROUND_GUILD"])
REPOSITORIES = ("sample", "shop", "site")
bot = discord.Bot(intents=discord.Intents(guilds=True, guild_messages=True), debug_guilds=[GUILD])


def tell(word: str) -> None:
    """One line to who watches."""
    print(word, flush=True)  # noqa: T201  # the journey reads it


@bot.event
async def on_ready() -> None:
    """By then `on_connect` has synced the commands."""
    tell("identified")
    made = await bot.http.get_guild_commands(bot.application_id, GUILD)
    guild = await bot.fetch_guild(GUILD)
    tell(f"synced {len(made)} commands for {guild.name}")


@bot.event
async def on_resumed() -> None:
    tell("resumed")


class Panel(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Press", style=discord.ButtonStyle.danger)
    async def press(self, _button: discord.ui.Button, interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(content="Pressed", view=self)

    @discord.ui.select(placeholder="Pick", options=[discord.SelectOption(label=name) for name in REPOSITORIES])
    async def pick(self, select: discord.ui.Select, interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(content=f"Picked {select.values[0]}", view=None)


class Form(discord.ui.Modal):
    def __init__(self, title: str) -> None:
        super().__init__(
            discord.ui.InputText(label="What should be done?", style=discord.InputTextStyle.long), title=title
        )

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"On it: {self.children[0].value}")


async def complete(context: discord.AutocompleteContext) -> list[discord.OptionChoice]:
    found = [name for name in REPOSITORIES if name.startswith(context.value)]
    return [discord.OptionChoice(f"{name} (repository)", name) for name in found]


@bot.slash_command(description="Show a button and a select")
async def panel(context: discord.ApplicationContext) -> None:
    await context.respond("Panel", view=Panel())


@bot.slash_command(description="Start something")
@discord.option("repo", str, autocomplete=complete)
async def task(context: discord.ApplicationContext, repo: str) -> None:
    await context.send_modal(Form(f"New task for {repo}"))


@bot.slash_command(description="Think first")
async def later(context: discord.ApplicationContext) -> None:
    await context.defer()
    await context.edit(content="Thought about it")
    await context.followup.send("And again")


@bot.slash_command(description="Do one thing in the channel")
@discord.option("what", str)
async def do(context: discord.ApplicationContext, what: str) -> None:
    await context.defer()
    channel = context.channel
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
    await context.edit(content=f"did {what}")


logging.basicConfig(level=logging.ERROR, format="E %(message)s", stream=sys.stdout)
bot.run(os.environ["PLAYGROUND_BOT_TOKEN"])
