"""One whole app for the matrix of who may do what: its Discord, its routes, its tools, its command line, its schedules.

No driver works in it, and nothing is posted by itself: what a cell changes stays where the cell put it, and Discord's
limits are left to the cells.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from ompycord.app.system import SystemClock, SystemIds
from ompycord.app.wiring.memory import memory_book_of
from ompycord.bot import DISCORD, DiscordTarget, point_at
from ompycord.bot.custom_ids import Signer
from ompycord.conductor.runs import Submission
from ompycord.domain.access import Person, Role
from ompycord.domain.auditing.chain import AuditRow
from ompycord.domain.catalog import Limits
from ompycord.domain.ids import DraftId, RunId
from ompycord.domain.ports import RunFilter
from ompycord.domain.records import Commit, Scope
from ompycord.domain.roles.grants import RoleGrant, RoleWord, Where
from ompycord.domain.run import RunRecord
from ompycord.domain.schedules.schedule import Schedule
from ompycord.domain.schedules.timetable import next_after
from ompycord.domain.task import TaskRequest
from ompycord.http import mint_bearer
from ompycord.memory.book import MemoryBook
from ompycord.playground.client import Message
from ompycord.schedules.when import read_when
from ompycord.store import SqliteStore
from tests.integration.bot.conftest import MAC_KEY, AppHarness, is_answer
from tests.support.new_store import new_store
from tests.support.patience import until, within
from tests.support.playground import Playground, hosted_playground

MANY = Limits(open_per_person=500, open_per_channel=500, open_per_guild=500)


class Answer(NamedTuple):
    """What the sidecar said."""

    status: int
    body: Any


class World(AppHarness):
    """The app, with what a cell of the matrix needs."""

    SERVICES = ("bot", "mcp", "control")

    def __init__(
        self, playground: Playground, store: SqliteStore, folder: Path, other_guilds: tuple[str, ...] = ()
    ) -> None:
        alerts = {"fingerprint": ["alert"], "prompt": "Look at {alert}", "repository": "shop"}
        super().__init__(playground, store, folder, limits=MANY, triggers={"alerts": alerts}, other_guilds=other_guilds)
        self.tasks = str(playground.channel("tasks"))
        self.guild = str(playground.guild_id)
        self.signer = Signer(MAC_KEY)
        self._given: RoleGrant | None = None

    # -- people and roles ------------------------------------------------------------------------------------------

    @property
    def admin(self) -> Person:
        return Person(id=self.playground.ada.id, name="Ada", role=Role.ADMIN)

    def mo(self) -> Person:
        """Who acts in the cells, with the role of this moment."""
        member = self.playground.info.roles["member"]
        return self.infrastructure.roles.access(self.guild).person(
            self.playground.mo.id, "Mo", (member,), guild=self.guild
        )

    async def give(self, role: Role, place: Where) -> None:
        """Give Mo a role in the server, in the repository `shop` or in #tasks; what was given before is taken back."""
        book = self.infrastructure.roles
        if self._given is not None:
            await book.take_back(self._given, self.admin, own_roles=())
        name = {"server": "", "repository": "shop", "channel": self.tasks}[place]
        self._given = RoleGrant(
            guild=self.guild, place=place, name=name, kind="user", subject=self.playground.mo.id,
            role=cast("RoleWord", role.word),
            by=self.admin.id, by_name="Ada", at=self.clock.now_ms(),
        )  # fmt: skip
        await book.give(self._given, self.admin, own_roles=())

    @property
    def memory_book(self) -> MemoryBook:
        """What the bot keeps decisions with."""
        return memory_book_of(self.infrastructure)

    # -- runs --------------------------------------------------------------------------------------------------------

    async def submitted(
        self, requester: str, *, guild: str | None = None, channel: str | None = None, prompt: str = "Fix the total."
    ) -> RunRecord:
        """A run of `shop`, in #tasks if nothing else is said, that waits for ever."""
        wanted = Submission(
            request=TaskRequest(prompt=prompt, repositories=("shop",), agent="scripted"),
            guild=guild or self.guild, channel=channel or self.tasks, requester=(requester, "Someone"),
        )  # fmt: skip
        return await self.areas.runs.submit(DraftId(self.ids.ulid()), wanted, self.admin)

    async def fold(self) -> None:
        """Fold what was stored, and post nothing of it."""
        while await self.projector.project_some():
            pass
        for row in await self.store.outbox(limit=1000):
            await self.store.delivered(row, None, at=self.clock.now_ms())

    async def newest_run(self) -> str:
        return next((record.id for record in await self.store.runs(RunFilter(limit=1))), "")

    async def record_of(self, run: str) -> RunRecord:
        found = await self.store.run(RunId(run))
        assert found is not None
        return found

    def schedule(self, name: str, *, guild: str | None = None, prompt: str = "Look after it.") -> Schedule:
        """A schedule of Mo's that is due, each quarter of an hour."""
        now, when = self.clock.now_ms(), "*/15 * * * *"
        last = next_after(read_when(when, "UTC", now=now), ZoneInfo("UTC"), now - 900_000)
        assert last is not None
        return Schedule(
            id=self.ids.ulid(), name=name, guild=guild or self.guild, channel=self.tasks, when=when, zone="UTC",
            request=TaskRequest(prompt=prompt, repositories=("shop",), agent="scripted"),
            owner=self.playground.mo.id, owner_name="Mo", next_at=last.at, next_key=last.key, created_at=now,
        )  # fmt: skip

    # -- the audit -----------------------------------------------------------------------------------------------------

    async def rows_since(self, last: int) -> list[AuditRow]:
        """What was added to the audit, refusals too."""
        await self.infrastructure.refusals.write()
        return await self.store.audit_rows(after=last, limit=1000)

    async def last_row(self) -> int:
        """The number of the last row; the hour of refusals ends, so that the next one of any kind is a row."""
        await self.infrastructure.refusals.finish()
        await self.fold()
        self.playground.mo.events.clear()  # each wait looks through all of them
        tail = await self.store.audit_tail()
        return 0 if tail is None else tail[0]

    # -- Discord -------------------------------------------------------------------------------------------------------

    async def panel(self, buttons: list[tuple[str, str]], channel: str) -> Message:
        """A message of the bot in a channel with buttons, each a label and a signed id."""
        rows = [
            {
                "type": 1,
                "components": [
                    {"type": 2, "style": 2, "label": label, "custom_id": custom_id}
                    for label, custom_id in buttons[first : first + 5]
                ],
            }
            for first in range(0, len(buttons), 5)
        ]
        address = f"/channels/{self.playground.info.channels.get(channel, channel)}/messages"
        answer = await self.playground.rest("POST", address, {"content": "Buttons", "components": rows})
        assert answer.status == 200, answer.body
        return await self.playground.mo.wait_message(lambda m: m.id == answer.body["id"])

    async def thread(self, name: str) -> str:
        """A thread of the bot, in which five more messages may be posted in 5 s; its id."""
        body = {"name": name, "type": 11, "auto_archive_duration": 60}
        answer = await self.playground.rest("POST", f"/channels/{self.playground.channel('general')}/threads", body)
        assert answer.status == 201, answer.body
        return answer.body["id"]

    async def said(self, name: str, **options: Any) -> tuple[str, Message]:
        """What Mo is answered to a command."""
        mo = self.playground.mo
        ran = await mo.command(name, "tasks", **options)
        message = await mo.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)
        return message.text, message

    async def pressed(self, panel: Message, label: str) -> str:
        """What Mo is answered to a button; `form` where one was opened."""
        mo = self.playground.mo
        ran = await mo.click(panel, label)
        if ran.modal is not None:
            return "form"
        return (await mo.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)).text

    # -- HTTP ----------------------------------------------------------------------------------------------------------

    async def key(self, *scopes: Scope, run: str | None = None) -> tuple[str, str]:
        """A new key: its id and its secret."""
        record, token = mint_bearer(
            ids=self.ids, now_ms=self.clock.now_ms(), name="a key", scopes=frozenset(scopes),
            run=None if run is None else RunId(run),
        )  # fmt: skip
        await self.store.commit(Commit(writes=(record,)))
        await self.parts.key_manager.refresh()
        return record.id, token

    async def ask(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> Answer:
        """One request to the sidecar's application; of a stream its beginning."""
        sent, gone = list[Mapping[str, Any]](), asyncio.Event()
        raw = b"" if body is None else json.dumps(body).encode()
        messages = [{"type": "http.request", "body": raw, "more_body": False}]

        async def receive() -> Mapping[str, Any]:
            if messages:
                return messages.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Mapping[str, Any]) -> None:
            sent.append(message)
            headers = dict(sent[0]["headers"])
            if headers.get(b"content-type", b"").startswith(b"text/event-stream") and path.endswith("/events"):
                gone.set()

        headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")]
        headers += [(b"content-length", str(len(raw)).encode())] if raw else []
        headers += [(b"accept", b"application/json, text/event-stream")]
        headers += [] if token is None else [(b"authorization", f"Bearer {token}".encode())]
        scope = {
            "type": "http", "http_version": "1.1", "method": method, "path": path, "raw_path": path.encode(),
            "query_string": b"", "headers": headers, "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 80),
            "scheme": "http", "root_path": "", "asgi": {"version": "3.0"},
        }  # fmt: skip
        async with within(20.0):
            await self.parts.sidecar(scope, cast("Any", receive), cast("Any", send))
        gone.set()
        text = b"".join(message.get("body", b"") for message in sent).decode()
        return Answer(sent[0]["status"], json.loads(text) if text.startswith("{") else text)

    async def call_mcp(self, method: str, parameters: dict[str, Any], token: str) -> dict[str, Any]:
        """A call of the tools' protocol: its answer, or the problem."""
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        body = (await self.ask("POST", "/mcp/", call, token=token)).body
        if isinstance(body, dict):
            return cast("dict[str, Any]", body)
        lines = [line.removeprefix("data: ") for line in str(body).splitlines() if line.startswith("data: {")]
        return json.loads(lines[-1])

    # -- the command line ----------------------------------------------------------------------------------------------

    async def operate(self, name: str, arguments: dict[str, Any], *, token: str | None = None) -> dict[str, Any]:
        """What the control socket answers."""
        folder = self.infrastructure.data.path
        contact = json.loads((folder / "control.json").read_text())
        async with within(20.0):
            reader, writer = await asyncio.open_unix_connection(folder / "control.sock")
            question = {"token": token or contact["token"], "operation": name, "arguments": arguments}
            writer.write(json.dumps(question).encode() + b"\n")
            await writer.drain()
            answer = await reader.readline()
            writer.close()
        return json.loads(answer)


def is_idle() -> bool:
    """Whether the bot is at no event of the gateway."""
    return not any(task.get_name().startswith("discord.py: ") for task in asyncio.all_tasks())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[World]:
    folder = tmp_path_factory.mktemp("matrix")
    async with hosted_playground(folder / "playground") as playground:
        point_at(DiscordTarget(api=f"{playground.api}/v10", gateway=playground.info.gateway, cdn=playground.api))
        try:
            async with new_store(folder / "ompycord.db", clock=SystemClock(), ids=SystemIds()) as store:
                world = World(playground, store, folder)
                async with world.running():
                    yield world
                    await until(is_idle)  # what still answers somebody would fail, once the bot is closed
        finally:
            point_at(DISCORD)
