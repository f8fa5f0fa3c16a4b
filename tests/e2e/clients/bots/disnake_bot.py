"""A small disnake bot, as its own guide would write it; its counterpart is journey.py."""

import io
import logging
import os
import sys

import disnake
from disnake.ext import commands
from disnake.http import Route

Route.BASE = f"{os.environ['PLAYGROUND_API']}/v10"
GUILD = int(os.environ["PLAYGROUND_GUILD"])
REPOSITORIES = ("sample", "shop", "site")
bot = commands.InteractionBot(
    intents=disnake.Intents(guilds=True, guild_messages=True),
    test_guilds=[GUILD],
    command_sync_flags=commands.CommandSyncFlags.none(),
)


def tell(word: str) -> None:
    """One line to who watches."""
    print(word, flush=True)  # noqa: T201  # the journey reads it


@bot.event
async def on_ready() -> None:
    tell("identified")
    made = await bot.bulk_overwrite_guild_commands(GUILD, [command.body for command in bot.slash_commands])
    guild = await bot.fetch_guild(GUILD)
    tell(f"synced {len(made)} commands for {guild.name}")


@bot.event
async def on_resumed() -> None:
    tell("resumed")


class Panel(disnake.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @disnake.ui.button(label="Press", style=disnake.ButtonStyle.danger)
    async def press(self, _button: disnake.ui.Button, interaction: disnake.MessageInteraction) -> None:
        await interaction.response.edit_message(content="Pressed", view=self)

    @disnake.ui.string_select(placeholder="Pick", options=list(REPOSITORIES))
    async def pick(self, select: disnake.ui.StringSelect, interaction: disnake.MessageInteraction) -> None:
        await interaction.response.edit_message(content=f"Picked {select.values[0]}", view=None)


class Form(disnake.ui.Modal):
    def __init__(self, title: str) -> None:
        what = disnake.ui.TextInput(custom_id="what", style=disnake.TextInputStyle.paragraph)
        super().__init__(title=title, components=[disnake.ui.Label("What should be done?", what)])

    async def callback(self, interaction: disnake.ModalInteraction) -> None:
        await interaction.response.send_message(f"On it: {interaction.text_values['what']}")


@bot.slash_command(description="Show a button and a select")
async def panel(interaction: disnake.ApplicationCommandInteraction) -> None:
    await interaction.response.send_message("Panel", view=Panel())


@bot.slash_command(description="Start something")
async def task(interaction: disnake.ApplicationCommandInteraction, repo: str) -> None:
    await interaction.response.send_modal(Form(f"New task for {repo}"))


@task.autocomplete("repo")
async def complete(_interaction: disnake.ApplicationCommandInteraction, typed: str) -> dict[str, str]:
    return {f"{name} (repository)": name for name in REPOSITORIES if name.startswith(typed)}


@bot.slash_command(description="Think first")
async def later(interaction: disnake.ApplicationCommandInteraction) -> None:
    await interaction.response.defer()
    await interaction.edit_original_response("Thought about it")
    await interaction.followup.send("And again")


@bot.slash_command(description="Do one thing in the channel")
async def do(interaction: disnake.ApplicationCommandInteraction, what: str) -> None:
    await interaction.response.defer()
    channel = interaction.channel
    match what:
        case "file":
            await channel.send("with a file", file=disnake.File(io.BytesIO(b"some notes"), "notes.txt"))
        case "edit":
            await (await channel.send("draft")).edit(content="edited")
        case "delete":
            await (await channel.send("passing")).delete()
        case "thread":
            thread = await (await channel.send("start")).create_thread(name="the run")
            await thread.send("card")
        case _:
            await (await channel.send("like this")).add_reaction("🚀")
    await interaction.edit_original_response(f"did {what}")


logging.basicConfig(level=logging.ERROR, format="E %(message)s", stream=sys.stdout)
bot.run(os.environ["PLAYGROUND_BOT_TOKEN"])
