"""A small hikari bot, as its own guide would write it; its counterpart is journey.py."""

import os

import hikari

GUILD = int(os.environ["PLAYGROUND_GUILD"])
REPOSITORIES = ("sample", "shop", "site")

bot = hikari.GatewayBot(
    os.environ["PLAYGROUND_BOT_TOKEN"],
    rest_url=f"{os.environ['PLAYGROUND_API']}/v10",
    intents=hikari.Intents.GUILDS | hikari.Intents.GUILD_MESSAGES,
    banner=None,
)


def tell(word: str) -> None:
    """One line to who watches."""
    print(word, flush=True)  # noqa: T201  # the journey reads it


@bot.listen()
async def on_failure(event: hikari.ExceptionEvent[hikari.Event]) -> None:
    tell(f"E {event.exception!r}")


@bot.listen()
async def on_start(_event: hikari.StartedEvent) -> None:
    application = await bot.rest.fetch_application()
    repo = hikari.CommandOption(
        type=hikari.OptionType.STRING, name="repo", description="Where", is_required=True, autocomplete=True
    )
    what = hikari.CommandOption(type=hikari.OptionType.STRING, name="what", description="Which", is_required=True)
    made = await bot.rest.set_application_commands(
        application.id,
        [
            bot.rest.slash_command_builder("panel", "Show a button and a select"),
            bot.rest.slash_command_builder("task", "Start something").add_option(repo),
            bot.rest.slash_command_builder("later", "Think first"),
            bot.rest.slash_command_builder("do", "Do one thing in the channel").add_option(what),
        ],
        guild=GUILD,
    )
    guild = await bot.rest.fetch_guild(GUILD)
    tell(f"synced {len(made)} commands for {guild.name}")


@bot.listen()
async def on_identified(_event: hikari.ShardReadyEvent) -> None:
    tell("identified")


@bot.listen()
async def on_resumed(_event: hikari.ShardResumedEvent) -> None:
    tell("resumed")


@bot.listen()
async def on_interaction(event: hikari.InteractionCreateEvent) -> None:
    match event.interaction:
        case hikari.AutocompleteInteraction() as asked:
            await complete(asked)
        case hikari.CommandInteraction() as used:
            await COMMANDS[used.command_name](used)
        case hikari.ModalInteraction() as form:
            what = form.components[0].components[0].value
            await form.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, f"On it: {what}")
        case hikari.ComponentInteraction() as click:
            await change(click)
        case other:
            raise NotImplementedError(type(other))


async def complete(asked: hikari.AutocompleteInteraction) -> None:
    typed = str(asked.options[0].value)
    found = [name for name in REPOSITORIES if name.startswith(typed)]
    await asked.create_response([hikari.impl.AutocompleteChoiceBuilder(f"{name} (repository)", name) for name in found])


async def panel(used: hikari.CommandInteraction) -> None:
    press = bot.rest.build_message_action_row().add_interactive_button(
        hikari.ButtonStyle.DANGER, "press", label="Press"
    )
    pick = bot.rest.build_message_action_row()
    menu = pick.add_text_menu("pick", placeholder="Pick")
    for name in REPOSITORIES:
        menu.add_option(name, name)
    await used.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, "Panel", components=[press, pick])


async def change(click: hikari.ComponentInteraction) -> None:
    if click.custom_id == "press":
        await click.create_initial_response(hikari.ResponseType.MESSAGE_UPDATE, "Pressed")
    else:
        picked = f"Picked {click.values[0]}"
        await click.create_initial_response(hikari.ResponseType.MESSAGE_UPDATE, picked, components=[])


async def later(used: hikari.CommandInteraction) -> None:
    await used.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_CREATE)
    await used.edit_initial_response("Thought about it")
    await used.execute("And again")


async def task(used: hikari.CommandInteraction) -> None:
    row = bot.rest.build_modal_action_row().add_text_input(
        "what", "What should be done?", style=hikari.TextInputStyle.PARAGRAPH
    )
    await used.create_modal_response(f"New task for {used.options[0].value}", "task", row)


async def do(used: hikari.CommandInteraction) -> None:
    what, channel = used.options[0].value, used.channel_id
    await used.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_CREATE)
    match what:
        case "file":
            await bot.rest.create_message(channel, "with a file", attachment=hikari.Bytes(b"some notes", "notes.txt"))
        case "edit":
            await (await bot.rest.create_message(channel, "draft")).edit("edited")
        case "delete":
            await (await bot.rest.create_message(channel, "passing")).delete()
        case "thread":
            start = await bot.rest.create_message(channel, "start")
            thread = await bot.rest.create_message_thread(channel, start, "the run")
            await thread.send("card")
        case _:
            await (await bot.rest.create_message(channel, "like this")).add_reaction("🚀")
    await used.edit_initial_response(f"did {what}")


COMMANDS = {"panel": panel, "task": task, "later": later, "do": do}
bot.run(enable_signal_handlers=True, check_for_updates=False)
