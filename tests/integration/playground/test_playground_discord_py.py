"""Real discord.py 2.7.1 against a real playground process."""

import discord
from discord import app_commands

from tests.support.playground import Playground, logged_in


class Bot(discord.Client):
    """A small bot: /task opens a form, the form posts a message with a button, the message gets a thread."""

    def __init__(self, guild_id: int) -> None:
        super().__init__(intents=discord.Intents(guilds=True, guild_messages=True), guild_ready_timeout=0)
        self.tree = app_commands.CommandTree(self)
        self.guild = discord.Object(guild_id)
        self.tree.add_command(task, guild=self.guild)

    async def setup_hook(self) -> None:
        await self.tree.sync(guild=self.guild)


class Form(discord.ui.Modal, title="New task"):
    what: discord.ui.TextInput["Form"] = discord.ui.TextInput(label="What shall be done?", custom_id="what")

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        view = discord.ui.View(timeout=None)
        view.add_item(Stop())
        answer = await interaction.response.send_message(f"On it: {self.what.value}", view=view)
        assert isinstance(interaction.channel, discord.TextChannel)
        message = await interaction.channel.fetch_message(answer.message_id or 0)
        thread = await message.create_thread(name="the run")
        await thread.send("card")


class Stop(discord.ui.Button[discord.ui.View]):
    def __init__(self) -> None:
        super().__init__(label="Stop", custom_id="stop")

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(content="Stopped", view=None)


@app_commands.command(name="task", description="Start something")
async def task(interaction: discord.Interaction, hint: str = "") -> None:
    await interaction.response.send_modal(Form(title=f"New task {hint}".strip()))


async def test_a_bot_logs_in_syncs_and_runs_command_modal_thread_and_button(playground: Playground) -> None:
    ada = playground.ada
    bot = Bot(playground.guild_id)
    async with logged_in(bot, playground.bot_token):
        shown = await ada.command("task", "tasks", hint="now")
        assert shown.modal is not None
        assert shown.modal.title == "New task now"

        await ada.submit_modal(shown, what="mend the cart")
        mirror = await ada.wait_message(lambda message: message.content == "On it: mend the cart")
        card = await ada.wait_message(lambda message: message.content == "card")
        assert card.channel_id == mirror.id

        await ada.click(mirror, "Stop")
        stopped = await ada.wait_message(lambda message: message.content == "Stopped")
        assert stopped.id == mirror.id
        assert stopped.components == []
