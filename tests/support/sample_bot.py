"""A small discord.py bot that tries what the playground offers: a form, a thread, buttons, deferred and ephemeral
answers.
"""

import discord
from discord import app_commands


class Bot(discord.Client):
    """A small bot: /task opens a form, the form posts a message with a button, the message gets a thread."""

    def __init__(self, guild_id: int) -> None:
        super().__init__(intents=discord.Intents(guilds=True, guild_messages=True), guild_ready_timeout=0)
        self.tree = app_commands.CommandTree(self)
        self.guild = discord.Object(guild_id)
        self.tree.add_command(task, guild=self.guild)  # pyright: ignore[reportUnknownArgumentType]  # discord.py leaves the group open
        self.tree.add_command(later, guild=self.guild)  # pyright: ignore[reportUnknownArgumentType]  # discord.py leaves the group open
        self.tree.add_command(secret, guild=self.guild)  # pyright: ignore[reportUnknownArgumentType]  # discord.py leaves the group open

    async def setup_hook(self) -> None:
        await self.tree.sync(guild=self.guild)


class Form(discord.ui.Modal, title="New task"):
    what: discord.ui.TextInput["Form"] = discord.ui.TextInput(label="What should be done?", custom_id="what")

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


@app_commands.command(name="later", description="Think first")
async def later(interaction: discord.Interaction) -> None:
    await interaction.response.defer(thinking=True)
    await interaction.followup.send("Thought about it")
    await interaction.followup.send("And again")
    await (await interaction.original_response()).edit(content="Thought twice")


@app_commands.command(name="secret", description="Only you see it")
async def secret(interaction: discord.Interaction, file: discord.Attachment | None = None) -> None:
    await interaction.response.send_message(f"psst {file.filename if file else ''}", ephemeral=True)
    await interaction.edit_original_response(content="psst, edited")
    more = await interaction.followup.send("psst, more", ephemeral=True, wait=True)
    await more.delete()
