"""The table that every library goes through: what three people and a playground do with a bot that offers /panel,
/task, /later and /do. Its counterparts are the bots in `bots/`, which know nothing of us.
"""

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ompycord.playground.client import JsonObject, Message
from tests.e2e.clients.table import Outcome
from tests.support.discord_schema import DiscordSchema
from tests.support.patience import within
from tests.support.playground import Playground

WAIT_S = 20.0
STOP_S = 5.0


class ClientProcess:
    """The bot's process, which tells line by line what happened to it."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.lines: list[str] = []
        self._unread: deque[str] = deque()
        self._process = process
        self._log = log

    async def told(self, word: str) -> str:
        """The first line not returned yet that begins with `word`. Raises AssertionError with the bot's own errors."""
        try:
            async with within(WAIT_S):
                while True:
                    for line in self._unread:
                        if line.startswith(word):
                            self._unread.remove(line)
                            return line
                    self._unread.append(await self._next())
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
        self.lines.append(line.decode(errors="replace").strip())
        return self.lines[-1]

    @property
    def complaints(self) -> list[str]:
        """What the bot or its library logged as an error."""
        return [line for line in self.lines if line.startswith("E ")]


def environment_of(playground: Playground, folder: Path) -> dict[str, str]:
    """What a bot is told, and where it may keep its own settings."""
    return {
        **os.environ,
        "PLAYGROUND_API": playground.api,
        "PLAYGROUND_GATEWAY": playground.info.gateway,
        "PLAYGROUND_BOT_TOKEN": playground.bot_token,
        "PLAYGROUND_GUILD": str(playground.guild_id),
        "XDG_CONFIG_HOME": str(folder / "config"),
    }


@asynccontextmanager
async def running_client(playground: Playground, arguments: list[str], folder: Path) -> AsyncGenerator[ClientProcess]:
    """The bot at this playground, ended on leaving."""
    log = folder / "client.log"
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *arguments,
            cwd=folder,
            env=environment_of(playground, folder),
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
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


@dataclass(frozen=True)
class Journey:
    """One bot at one playground, and what people do with it."""

    playground: Playground
    client: ClientProcess

    async def log_in(self) -> None:
        await self.client.told("identified")
        assert (await self.playground.state())["bot"]["online"]

    async def sync(self) -> None:
        guild = (await self.playground.ada.state())["guild"]["name"]
        assert await self.client.told("synced") == f"synced 4 commands for {guild}"

    async def use_command(self) -> None:
        asked = await self.playground.ada.command("panel", "tasks")
        assert asked.reply is not None
        assert asked.reply.content == "Panel"

    async def complete(self) -> None:
        ada = self.playground.ada
        choices = await ada.complete("task", "repo", "s", "tasks")
        assert [item["value"] for item in choices] == ["sample", "shop", "site"]
        assert await ada.complete("task", "repo", "sh", "tasks") == [{"name": "shop (repository)", "value": "shop"}]

    async def press(self) -> None:
        panel = await self._seen("Panel")
        await self.playground.ada.click(panel, "Press")
        assert (await self._seen("Pressed")).id == panel.id

    async def select(self) -> None:
        panel = await self._seen("Pressed")
        await self.playground.ada.choose(panel, "Pick", "shop")
        picked = await self._seen("Picked shop")
        assert (picked.id, picked.components) == (panel.id, [])

    async def fill_in(self) -> None:
        ada = self.playground.ada
        asked = await ada.command("task", "tasks", repo="sample")
        assert asked.modal is not None
        assert (asked.modal.title, list(asked.modal.labels)) == ("New task for sample", ["What should be done?"])
        await ada.submit_labels(asked, {"What should be done?": "mend the cart"})
        await self._seen("On it: mend the cart")

    async def defer(self) -> None:
        """An answer that is filled later, with another one after it; seen by the one who asked and by others."""
        mo, olu = self.playground.mo, self.playground.olu
        asked = await mo.command("later", "tasks")
        assert asked.reply is not None
        asked_for = asked.reply.id
        filled = await mo.wait_message(lambda message: message.content == "Thought about it")
        assert filled.id == asked_for
        await olu.wait_message(lambda message: message.content == "And again")

    async def send_file(self) -> None:
        await self._do("file")
        (file,) = (await self._seen("with a file")).raw["attachments"]
        assert (file["filename"], file["size"]) == ("notes.txt", 10)
        async with self.playground.session.get(
            file["url"].removeprefix(self.playground.api.removesuffix("/api"))
        ) as got:
            assert await got.read() == b"some notes"

    async def edit(self) -> None:
        await self._do("edit")
        assert (await self._seen("edited")).raw["edited_timestamp"]

    async def delete(self) -> None:
        ada = self.playground.ada
        made = len(ada.events)
        await self._do("delete")
        passing = next(
            event["data"]["id"]
            for event in ada.events[made:]
            if event["type"] == "MESSAGE_CREATE" and event["data"]["content"] == "passing"
        )
        await ada.wait_event("MESSAGE_DELETE", lambda data: data["id"] == passing)

    async def open_thread(self) -> None:
        await self._do("thread")
        start, card = await self._seen("start"), await self._seen("card")
        assert card.channel_id == start.id
        names = {item["id"]: item["name"] for item in (await self.playground.ada.state())["channels"]}
        assert names[start.id] == "the run"

    async def react(self) -> None:
        await self._do("reaction")
        shown = [message for message in await self.playground.ada.history("tasks") if message.content == "like this"]
        assert [item["emoji"]["name"] for item in shown[0].raw["reactions"]] == ["🚀"]

    async def resume(self) -> None:
        """What Discord does to connections; commands are answered after each."""
        for action, outcome in (("reconnect", "resumed"), ("drop", "resumed"), ("invalid_session", "identified")):
            await self.playground.disturb_gateway(action)
            await self.client.told(outcome)
            ran = await self.playground.ada.command("task", "tasks", repo="shop")
            assert ran.modal is not None

    async def _do(self, what: str) -> None:
        """Ask for one thing, and wait until the bot says that it is done."""
        await self.playground.ada.command("do", "tasks", what=what)
        await self._seen(f"did {what}")

    async def _seen(self, content: str) -> Message:
        return await self.playground.ada.wait_message(lambda message: message.content == content)


STEPS: Final[dict[str, Callable[[Journey], Awaitable[None]]]] = {
    "log in": Journey.log_in,
    "sync": Journey.sync,
    "slash": Journey.use_command,
    "complete": Journey.complete,
    "button": Journey.press,
    "select": Journey.select,
    "modal": Journey.fill_in,
    "defer": Journey.defer,
    "file": Journey.send_file,
    "edit": Journey.edit,
    "delete": Journey.delete,
    "thread": Journey.open_thread,
    "reaction": Journey.react,
    "resume": Journey.resume,
}
"""The columns of the table, in the order in which they are gone through."""


async def go_through(playground: Playground, client: ClientProcess) -> list[Outcome]:
    """Every step, also after one that failed; without a log-in there is nothing to try."""
    journey = Journey(playground, client)
    outcomes: list[Outcome] = []
    known = 0
    for name, step in STEPS.items():
        problem = ""
        try:
            assert not outcomes or not outcomes[0].problem, "not reached"
            await step(journey)
        except Exception as failure:  # noqa: BLE001  # the table says of each step what came of it
            problem = f"{type(failure).__name__}: {failure}"
        entries = await playground.wire(after=known)
        known = entries[-1]["n"] if entries else known
        refused = sum(400 <= item["status"] < 500 for item in entries)  # 4xx
        outcomes.append(Outcome(name, problem, len(entries), refused))
    return outcomes


def off_schema(entries: list[JsonObject], schema: DiscordSchema) -> list[str]:
    """The answers that Discord's own description does not allow."""
    problems: list[str] = []
    for entry in entries:
        try:
            schema.check_response(entry)
        except AssertionError as problem:
            problems.append(str(problem))
    return problems
