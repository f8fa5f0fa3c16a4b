"""A small hikari bot, as its own guide would write it; its counterpart is journey.py.

It runs in an environment of its own, so that hikari is no dependency of ours.
"""
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportUnknownArgumentType=false, reportUntypedFunctionDecorator=false
# (hikari is not installed where pyright runs)

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
    made = await bot.rest.set_application_commands(
        application.id,
        [
            bot.rest.slash_command_builder("task", "Start something").add_option(repo),
            bot.rest.slash_command_builder("later", "Think first"),
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
            await (think(used) if used.command_name == "later" else ask(used))
        case hikari.ModalInteraction() as form:
            await begin(form)
        case hikari.ComponentInteraction() as click:
            await click.create_initial_response(hikari.ResponseType.MESSAGE_UPDATE, content="Stopped", components=[])
        case other:
            raise NotImplementedError(type(other))


async def complete(asked: hikari.AutocompleteInteraction) -> None:
    typed = str(asked.options[0].value)
    found = [name for name in REPOSITORIES if name.startswith(typed)]
    await asked.create_response([hikari.impl.AutocompleteChoiceBuilder(f"{name} (repository)", name) for name in found])


async def think(used: hikari.CommandInteraction) -> None:
    await used.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_CREATE)
    await used.edit_initial_response("Thought about it")
    await used.execute("And again")


async def ask(used: hikari.CommandInteraction) -> None:
    row = bot.rest.build_modal_action_row().add_text_input(
        "what", "What should be done?", style=hikari.TextInputStyle.PARAGRAPH
    )
    await used.create_modal_response(f"New task for {used.options[0].value}", "task", row)


async def begin(form: hikari.ModalInteraction) -> None:
    row = bot.rest.build_message_action_row().add_interactive_button(hikari.ButtonStyle.DANGER, "stop", label="Stop")
    what = form.components[0].components[0].value
    await form.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, f"On it: {what}", component=row)
    mirror = await form.fetch_initial_response()
    thread = await bot.rest.create_message_thread(form.channel_id, mirror, "the run")
    card = await thread.send("card")
    await card.edit("card, edited")


bot.run(enable_signal_handlers=True, check_for_updates=False)
