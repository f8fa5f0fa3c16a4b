"""The whole bot against a real playground, a real store and a conductor whose agent the tests write."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest

from ompycord.app.pausing.control import Pausing
from ompycord.app.secret_requests.wiring import secret_pages_of, secret_requests_of
from ompycord.app.system import SystemClock, SystemIds
from ompycord.app.wiring.memory import lessons_of, memory_book_of, opinions_of
from ompycord.app.wiring.schedules import forecasts_of, schedule_book_of
from ompycord.app.wiring.upkeep import person_data_of, record_view_of
from ompycord.bot import DISCORD, DiscordTarget, HealthLine, Lookups, point_at
from ompycord.bot.delivery.pending_deliveries import CLOSED_S
from ompycord.bot.gateway.session import Session
from ompycord.bot.lookups import Forecasting
from ompycord.conductor import Transitions
from ompycord.conductor.remembering import Lessons
from ompycord.conductor.run_access import RunAccess
from ompycord.conductor.secret_requests import SecretPages
from ompycord.domain import events as ev
from ompycord.domain.access import Access, RoleNames
from ompycord.domain.catalog import Catalog, Limits
from ompycord.domain.forecasting.forecast import Forecast
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunFilter
from ompycord.domain.records import OutboxKind
from ompycord.domain.repository import AgentSpec, CheckSpec, RepositorySpec, Sandbox
from ompycord.domain.run import RunRecord
from ompycord.domain.task import Mode
from ompycord.playground.client import Message
from ompycord.store import SqliteStore
from ompycord.testing import FakeWorkspaces, ScriptedAgent
from tests.support.app_harness import ComposedApp, settings_of
from tests.support.new_store import new_store
from tests.support.patience import within
from tests.support.ping_judge import judge_messages
from tests.support.playground import Playground, hosted_playground
from tests.support.playground_person import Person

MAC_KEY = b"a key of tests, 32 bytes long ..."
PATIENCE_S = 20.0


LIMITS = Limits()
SCRIPTED = AgentSpec(name="scripted", kind="command", command=("x",), sandbox=Sandbox(minimum="none"))


def catalog(tasks: str, agents: tuple[AgentSpec, ...], limits: Limits) -> Catalog:
    """`shop` is bound to #tasks; `bare` has no checks."""
    return Catalog(
        repositories=(
            RepositorySpec(
                name="shop", path=Path("shop"), channel=tasks, checks=(CheckSpec(name="unit", command=("true",)),)
            ),
            RepositorySpec(name="bare", path=Path("bare")),
            RepositorySpec(name="vault", path=Path("vault"), two_person=True),
        ),
        agents=agents,
        limits=limits,
    )


class SkewClock(SystemClock):
    """The real clock, which a test may set forward."""

    def __init__(self) -> None:
        self.ahead_s = 0.0
        self._leapt = asyncio.Event()

    def now_ms(self) -> int:
        return super().now_ms() + round(self.ahead_s * 1000)

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self.ahead_s

    async def sleep(self, seconds: float) -> None:
        until = self.monotonic_s() + seconds
        while (left := until - self.monotonic_s()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._leapt.wait()

    def advance(self, seconds: float) -> None:
        """So much later it is at once; sleepers that are due wake."""
        self.ahead_s += seconds
        self._leapt.set()
        self._leapt = asyncio.Event()


class AppHarness(ComposedApp):
    """All of one process but its sidecar; the bot is on the gateway when the block of `running` begins."""

    SERVICES = ("projector", "driver", "budget", "answers", "bot")

    def __init__(
        self,
        playground: Playground,
        store: SqliteStore,
        folder: Path,
        *,
        mac_key: bytes = MAC_KEY,
        token: str = "",
        reads_threads: bool = False,
        has_board: bool = False,
        ops: bool = False,
        agents: tuple[AgentSpec, ...] = (SCRIPTED,),
        agent: ScriptedAgent | None = None,
        limits: Limits = LIMITS,
        repositories: tuple[RepositorySpec, ...] | None = None,
        workspaces: FakeWorkspaces | None = None,
        other_guilds: tuple[str, ...] = (),
        **sections: object,
    ) -> None:
        """`workspaces`: the clones of an earlier process. `other_guilds`: servers before this one.

        `sections`: more of the settings.
        """
        self.playground = playground
        self._has_board, self._ops, self._reads_threads = has_board, ops, reads_threads
        self.files: dict[str, bytes] = {}
        """What runs attached, by content."""
        self.show_diff = b"+password = hunter2-hunter2\n"
        self.clock = SkewClock()
        self.forecast: Forecasting | None = None
        """In the place of what is known of earlier runs."""
        tasks = str(playground.channel("tasks"))
        discord = {
            "guilds": (*other_guilds, str(playground.guild_id)),
            "home_channel": tasks,
            "work_channels": (tasks,),
            "message_content": reads_threads,
            "board_channel": str(playground.channel("general")) if has_board else None,
            "ops_channel": str(playground.channel("ops")) if ops else None,
            "guild_ready_timeout_s": 0,
        }
        known = catalog(tasks, agents, limits)
        if repositories is not None:
            known = known.model_copy(update={"repositories": repositories})
        access = Access(
            users=RoleNames(admin=(playground.ada.id,), runner=(playground.mo.id,)),
            roles=RoleNames(viewer=(playground.info.roles["member"],)),
        )
        super().__init__(
            store,
            folder,
            settings=settings_of(known, discord=discord, access=access, **sections),
            workspaces=workspaces,
            clock=self.clock,
            ids=SystemIds(),
            agent=agent,
            bot_token=token or playground.bot_token,
            component_key=mac_key.decode(),
            lookups=self._lookups,
        )

    def _lookups(self, app: ComposedApp) -> Lookups:
        return Lookups(
            pausing=Pausing(mode=self.mode, store=self.store, clock=self.infrastructure.clock),
            paused_by=lambda: self.mode.paused_by,
            health=self._health,
            diff=self._diff,
            artifact=self._artifact,
            keep_file=app.artifacts.keep,
            confinement="files",
            memory=memory_book_of(app.infrastructure),
            offers_decisions=app.infrastructure.settings.memory.offer_decisions,
            lessons=self._lessons(app),
            opinions=opinions_of(app.infrastructure),
            schedules=schedule_book_of(app.infrastructure),
            roles=app.infrastructure.roles,
            members=app.infrastructure.members,
            people=person_data_of(app.infrastructure),
            record=record_view_of(app.infrastructure),
            forecast=self._forecast,
            secret_pages=self._secret_pages(app),
        )

    async def _forecast(self, guild: str, repository: str, agent: str, mode: Mode) -> Forecast | None:
        known = self.forecast or forecasts_of(self.infrastructure).forecast
        return await known(guild, repository, agent, mode)

    @staticmethod
    def _lessons(app: ComposedApp) -> Lessons:
        infrastructure = app.infrastructure
        access = RunAccess(store=app.store, clock=infrastructure.clock, ids=app.ids)
        return lessons_of(infrastructure, access)

    @staticmethod
    def _secret_pages(app: ComposedApp) -> SecretPages:
        infrastructure = app.infrastructure
        access = RunAccess(store=app.store, clock=infrastructure.clock, ids=app.ids)
        transitions = Transitions(store=app.store, clock=infrastructure.clock, ids=app.ids)
        return secret_pages_of(infrastructure, secret_requests_of(infrastructure, access, transitions))

    async def ready(self) -> None:
        await self.online()

    async def end(self) -> None:
        await self.bot.close()

    async def online(self) -> None:
        """The bot is on the gateway; bounded."""
        async with within(PATIENCE_S):
            with self.bus.subscribe() as changes:
                while not self.bot.is_ready:
                    await changes.take(0.05)

    async def at_work(self) -> RunId:
        """A run at work whose messages are all true; its agent goes on when it is released."""
        mo = self.playground.mo
        self.agent.hold()
        run = RunId((await self.start(mo)).id)
        await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Stop" in m.labels)
        await self.agent.began.wait()
        await self.until_surface(run, OutboxKind.CARD)
        await self.true_everywhere(run)
        return run

    @asynccontextmanager
    async def half_minutes_pass(self) -> AsyncGenerator[None]:
        """While the block runs, a channel that refuses us is asked again soon."""
        async with asyncio.TaskGroup() as group:
            passing = group.create_task(self._pass_half_minutes())
            yield
            passing.cancel()

    async def _pass_half_minutes(self) -> None:
        with self.bus.subscribe() as changes:
            while True:
                await changes.take(0.5)
                self.clock.advance(CLOSED_S + 1)

    def restart(self, *, mac_key: bytes = MAC_KEY) -> "AppHarness":
        """The next process over the same database, the same clones and the same Discord."""
        return AppHarness(
            self.playground,
            self.store,
            self.folder,
            mac_key=mac_key,
            reads_threads=self._reads_threads,
            has_board=self._has_board,
            ops=self._ops,
            workspaces=self.workspaces,
        )

    async def refused_edit(self) -> None:
        """Discord has refused an edit and the bot knows; bounded."""
        async with within(PATIENCE_S):
            with self.bus.subscribe() as changes:
                while not [entry for entry in await self.playground.wire(method="PATCH") if entry["status"] == 429]:
                    await changes.take(0.1)

    async def refused(self, times: int) -> None:
        """Discord has refused so many edits for want of a permission; bounded."""
        async with within(PATIENCE_S):
            with self.bus.subscribe() as changes:
                while len([e for e in await self.playground.wire(method="PATCH") if e["status"] == 403]) < times:
                    await changes.take(0.1)

    async def advance(self, seconds: float) -> None:
        """So much later it is at once, while nothing is asked of Discord.

        No client lives through a request that long.
        """
        session = self.bot._session  # pyright: ignore[reportPrivateUsage]  # what is in flight is the watchdog's business
        assert session is not None
        async with within(PATIENCE_S):
            with self.bus.subscribe() as changes:
                while session.live.longest_flight_s:
                    await changes.take(0.02)
        self.clock.advance(seconds)

    async def struck(self) -> None:
        """The planned fault has met its request; bounded."""
        async with within(PATIENCE_S):
            with self.bus.subscribe() as changes:
                while not all(fault["hits"] for fault in await self.playground.faults()):
                    await changes.take(0.1)

    async def delete(self, message: Message) -> None:
        """Somebody deletes a message of ours; the page has no button for it, so with the bot's own right."""
        address = f"{self.playground.api}/v10/channels/{message.channel_id}/messages/{message.id}"
        rights = {"Authorization": f"Bot {self.playground.bot_token}"}
        async with aiohttp.ClientSession(headers=rights) as session, session.delete(address) as answer:
            assert answer.status == 204

    async def nothing_owed(self) -> None:
        """Every delivery has ended; bounded."""
        async with within(PATIENCE_S):
            with self.bus.subscribe() as changes:
                while await self.store.outbox():
                    await changes.take(0.1)

    @property
    def bot_parts(self) -> Session:
        """The bot's session, as it is now."""
        bot: Any = self.bot  # what no part of the product hands out
        return bot._session

    @property
    def client(self) -> discord.Client:
        """discord.py's, as the bot has it now."""
        return self.bot_parts.client

    async def all_runs(self) -> list[RunRecord]:
        """Newest first."""
        return await self.store.runs(RunFilter(limit=500))

    async def next_run(self, known: set[str]) -> RunRecord:
        """The run that is not among these; waits for it, bounded by the caller."""
        with self.bus.subscribe() as changes:
            while True:
                found = [record for record in await self.all_runs() if record.id not in known]
                if found:
                    return found[0]
                await changes.take(0.05)

    async def until_surface(self, run: str, kind: OutboxKind) -> None:
        """This message of the run is recorded as posted; bounded by the caller."""
        with self.bus.subscribe() as changes:
            while not [s for s in await self.store.surfaces(RunId(run)) if s.kind is kind]:
                await changes.take(0.05)

    async def until_card(self, run: str, number: int) -> None:
        """This card of the run was posted; bounded."""
        async with within(PATIENCE_S):
            with self.bus.subscribe() as changes:
                while await self.store.surface(RunId(run), OutboxKind.CARD, str(number)) is None:
                    await changes.take(0.05)

    async def moved_to(self, run: str, number: int) -> None:
        """This card is posted and the one before it forgotten; bounded."""
        await self.until_card(run, number)
        async with within(PATIENCE_S):
            with self.bus.subscribe() as changes:
                while not await self._is_removed(RunId(run), str(number - 1)):
                    await changes.take(0.05)

    async def _is_removed(self, run: RunId, card: str) -> bool:
        surface = await self.store.surface(run, OutboxKind.CARD, card)
        return surface is not None and surface.message is None

    async def looked_at_again(self, run: str) -> None:
        """Something happened, the editor made the run's messages true again.

        And what it then found due has gone out.
        """
        await self.areas.recorder.observe(
            RunId(run), ev.ToolFinished(tool="edit", title=f"look-{self.clock.now_ms()}.py")
        )
        await self.projector.settled()
        await self.true_everywhere(run)
        await self.nothing_owed()

    async def true_everywhere(self, run: str) -> None:
        """Each message of the run shows what is true, as far as the bot knows; bounded by the caller."""
        with self.bus.subscribe() as changes:
            while not await self._is_true(RunId(run)):
                await changes.take(0.05)

    async def _is_true(self, run: RunId) -> bool:
        folded = (await self.store.folds([run]))[run]
        shown = [s for s in await self.store.surfaces(run) if s.message is not None]
        return all(s.shown_position >= folded.position for s in shown if s.kind is OutboxKind.CARD)

    async def shown_up_to(self, run: RunId, position: int) -> None:
        """The run's card shows what the log says up to there, as far as the bot knows; bounded."""
        async with within(PATIENCE_S):
            with self.bus.subscribe() as changes:
                while not any(s.shown_position >= position for s in await self.store.surfaces(run)):
                    await changes.take(0.05)

    async def only_run(self) -> RunRecord:
        """The one run there is."""
        (record,) = await self.store.runs(RunFilter())
        return record

    # -- what tests look at --------------------------------------------------------------------------------------------

    async def thread_of(self, run: str) -> str:
        surface = await self.store.surface(RunId(run), OutboxKind.THREAD)
        assert surface is not None
        return surface.channel

    async def kinds_in(self, channel: str | int) -> list[str]:
        """What our messages in a channel are, by their footers, oldest first."""
        shown = await self.playground.ada.history(channel, limit=100)
        return [kind_of(message) for message in shown if kind_of(message)]

    async def pinged(self) -> list[list[str]]:
        """Whom each message that rang, rang."""
        return [ping["users"] for ping in await self.playground.pings() if ping["users"]]

    async def start(self, who: Person, channel: str = "tasks", **options: str | float) -> RunRecord:
        """A run from a prompt; returns when its reply names it."""
        prompt = options.pop("prompt", "Fix the total. It ignores coupons.")
        ran = await who.command("omp new", channel, target=None, prompt=prompt, **options)
        await who.wait_message(lambda message: is_answer(message, ran.id) and "Queued" in message.text)
        return max(await self.store.runs(RunFilter()), key=lambda record: record.created_at)

    async def _health(self, guild: str | None) -> Sequence[HealthLine]:
        return (HealthLine(name="Disk", is_ok=True, text="12 GiB free"),)

    async def _artifact(self, run: RunId, sha256: str) -> bytes | None:
        return self.files.get(sha256)

    async def _diff(self, run: RunId) -> bytes | None:
        return self.show_diff


def footer(message: Message) -> str:
    """The footer of a message of ours."""
    return next((embed["footer"]["text"] for embed in message.raw["embeds"] if "footer" in embed), "")


def kind_of(message: Message) -> str:
    """`mirror`, `card 1`, `question`, `result`, `notice`, `board`; empty for a message that is none of ours."""
    parts = footer(message).split(" · ")
    if len(parts) == 1:
        return "board" if parts[0] == "board" else ""
    kind = parts[1].partition(" ")[0]
    return kind if kind in {"question", "notice"} else parts[1]


def is_answer(message: Message, interaction: str) -> bool:
    """Whether this message answers that interaction."""
    asked: dict[str, str] = message.raw.get("interaction_metadata") or {}
    return asked.get("id") == interaction


@pytest.fixture
async def playground(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncGenerator[Playground]:
    """A playground of this test's own; discord.py is pointed at it and back.

    Every message request is judged at the end.
    """
    async with hosted_playground(tmp_path / "playground") as running:
        point_at(DiscordTarget(api=f"{running.api}/v10", gateway=running.info.gateway, cdn=f"{running.api}/cdn"))
        try:
            yield running
            judged = await judge_messages(running)
            if judged:
                request.node.user_properties.append(("messages_judged", judged))
        finally:
            point_at(DISCORD)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[SqliteStore]:
    async with new_store(tmp_path / "ompycord.db", clock=SystemClock(), ids=SystemIds()) as opened:
        yield opened


@pytest.fixture
def harness(playground: Playground, store: SqliteStore, tmp_path: Path) -> AppHarness:
    return AppHarness(playground, store, tmp_path)
