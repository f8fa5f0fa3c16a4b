"""Real discord.py 2.7.1 against a real playground process."""

from tests.support.playground import Playground, logged_in
from tests.support.sample_bot import Bot


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
