"""What three people and a playground do with any bot that offers /task and /later; its counterparts are the bots in
`discordjs/` and `hikari_client/`, which know nothing of us.
"""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.discord_schema import DiscordSchema
from tests.support.patience import within
from tests.support.playground import Playground

WAIT_S = 20.0
STOP_S = 5.0


class ClientProcess:
    """The bot's process, which tells line by line what happened to it."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.lines: list[str] = []
        self._process = process
        self._log = log

    async def told(self, word: str) -> str:
        """The next line that begins with `word`. Raises AssertionError with the bot's own errors."""
        try:
            async with within(WAIT_S):
                while True:
                    line = await self._next()
                    if line.startswith(word):
                        return line
        except (TimeoutError, EOFError):
            errors = self._log.read_text(encoding="utf-8", errors="replace")[-3000:]
            raise AssertionError(
                f"the bot never said {word!r}, but {self.lines[-20:]}; its errors:\n{errors}"
            ) from None

    async def _next(self) -> str:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise EOFError
        self.lines.append(line.decode().strip())
        return self.lines[-1]

    @property
    def complaints(self) -> list[str]:
        """What the bot or its library logged as an error."""
        return [line for line in self.lines if line.startswith("E ")]


@asynccontextmanager
async def running_client(playground: Playground, arguments: list[str], folder: Path) -> AsyncGenerator[ClientProcess]:
    """The bot at this playground, ended on leaving."""
    environment = {
        **os.environ,
        "PLAYGROUND_API": playground.api,
        "PLAYGROUND_BOT_TOKEN": playground.bot_token,
        "PLAYGROUND_GUILD": str(playground.guild_id),
    }
    log = folder / "client.log"
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *arguments, cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE, stderr=errors
        )
    try:
        yield ClientProcess(process, log)
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            async with within(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def whole_journey(playground: Playground, client: ClientProcess) -> None:
    """Login, sync, completion, slash command, modal, thread, edit, button, and every kind of reconnect."""
    ada = playground.ada
    await client.told("identified")
    guild = (await ada.state())["guild"]["name"]
    assert await client.told("synced") == f"synced 2 commands for {guild}"

    choices = await ada.complete("task", "repo", "s", "tasks")
    assert [item["value"] for item in choices] == ["sample", "shop", "site"]
    assert await ada.complete("task", "repo", "sh", "tasks") == [{"name": "shop (repository)", "value": "shop"}]

    asked = await ada.command("task", "tasks", repo="sample")
    assert asked.modal is not None
    assert asked.modal.title == "New task for sample"
    assert list(asked.modal.labels) == ["What should be done?"]
    await ada.submit_labels(asked, {"What should be done?": "mend the cart"})
    mirror = await ada.wait_message(lambda message: message.content == "On it: mend the cart")

    card = await ada.wait_message(lambda message: message.content == "card, edited")
    assert card.channel_id == mirror.id
    assert card.raw["edited_timestamp"]
    assert [item["name"] for item in (await ada.state())["channels"] if item["id"] == mirror.id] == ["the run"]

    await ada.click(mirror, "Stop")
    stopped = await ada.wait_message(lambda message: message.content == "Stopped")
    assert (stopped.id, stopped.components) == (mirror.id, [])
    await _thinks(playground)
    await _reconnects(playground, client)


async def _thinks(playground: Playground) -> None:
    """A deferred answer, filled, with another one after it; seen by the one who asked and by others."""
    asked = await playground.mo.command("later", "tasks")
    assert asked.reply is not None
    asked_for = asked.reply.id
    filled = await playground.mo.wait_message(lambda message: message.content == "Thought about it")
    assert filled.id == asked_for
    await playground.olu.wait_message(lambda message: message.content == "And again")


async def _reconnects(playground: Playground, client: ClientProcess) -> None:
    """What Discord does to connections; commands are answered after each."""
    for action, outcome in (("reconnect", "resumed"), ("drop", "resumed"), ("invalid_session", "identified")):
        await playground.disturb_gateway(action)
        await client.told(outcome)
        ran = await playground.ada.command("task", "tasks", repo="shop")
        assert ran.modal is not None


async def judge(playground: Playground, schema: DiscordSchema) -> int:
    """Hold every answer that the client got against Discord's description; returns how many there were."""
    entries = await playground.wire()
    for entry in entries:
        schema.check_response(entry)
    return len(entries)
