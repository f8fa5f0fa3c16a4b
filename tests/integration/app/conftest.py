"""An older data folder, opened by today's program over its own Discord.

Its counterpart is `tests/support/older_data_folder.py`.
"""

import hashlib
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ompycord.app.system import SystemClock, SystemIds
from ompycord.bot import DISCORD, DiscordTarget, point_at
from ompycord.domain import events as ev
from ompycord.domain.authority import SourceKind
from ompycord.domain.catalog import Limits
from ompycord.domain.ids import external_source, short_id
from ompycord.domain.ports import AgentInput, AgentJob, AgentOutcome, Emit, Inbox
from ompycord.domain.records import Post, Receipt
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.run import SuspendReason
from ompycord.playground.client import Message
from ompycord.store import open_store
from ompycord.testing import FakeWorkspaces, ScriptedAgent
from tests.integration.bot.conftest import AppHarness, footer, kind_of
from tests.support.older_data_folder import MAC_KEY, be_then, restore, rows, runs_by_title
from tests.support.ping_judge import judge_messages
from tests.support.playground import hosted_playground
from tests.support.playground_person import Interaction, Person

INTERRUPTED = {
    "Before prepare": ["prepare:1 2 ok", "build:1 1 ok"],
    "The agent works": ["build:1 1 interrupted", "prepare:2 1 ok", "build:2 1 ok"],
    "A question is open": ["build:1 1 interrupted", "prepare:2 1 ok", "build:2 1 ok"],
    "An approval is open": ["build:1 1 interrupted", "prepare:2 1 ok", "build:2 1 ok"],
    "A question is answered": ["build:1 1 interrupted", "prepare:2 1 ok", "build:2 1 ok"],
    "A message waits": ["build:1 1 interrupted", "prepare:2 1 ok", "build:2 1 ok"],
    "Its messages are refused": ["build:1 1 interrupted", "prepare:2 1 ok", "build:2 1 ok"],
    "Before harvest": ["collect:1 2 ok", "checks:1 1 ok"],
    "After harvest": ["collect:1 2 ok", "checks:1 1 ok"],
    "Before checks": ["checks:1 1 interrupted", "checks:2 1 ok"],
    "Before publish": ["publish:1 2 ok"],
    "After publish": ["publish:1 2 ok"],
    "Before cleanup": ["cleanup:1 2 ok"],
    "It waits for its turn": ["prepare:1 1 ok", "build:1 1 ok"],
    "It waits to go on": ["build:1 1 stopped", "build:2 1 ok"],
}
"""Of runs that the kill held, lines that their journal has at the end: key, starts, outcome."""
STOPPED = {
    "It is stopped": SuspendReason.HUMAN,
    "A halt begins": SuspendReason.HUMAN,
    "The limit is used up": SuspendReason.BUDGET,
    "The agent crashes": SuspendReason.INTERRUPTED,
    "The result is stuck": SuspendReason.INTERRUPTED,
}
COLLECTED = {"After harvest", "Before checks", "Before publish", "After publish", "Before cleanup"}
SHOP = RepositorySpec(name="shop", path=Path("shop"))
DOWN_S = 20 * 60
"""How long nothing ran: longer than Discord knows a nonce, so that only footers tell what has been posted."""
LATER_S = 30 * 60
"""What waited for its time at the kill waits so much longer here, so that this is seen on any machine."""


class FormerAgent(ScriptedAgent):
    """The agent of the earlier version, started again: it asks what it asked before, in the same words."""

    def __init__(self) -> None:
        super().__init__(writes={"total.py": "x = 1\n"})
        self.decided: dict[str, AgentInput] = {}
        self.prompts: dict[str, list[str]] = {}

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        title = job.task.title
        self.prompts.setdefault(title, []).append(job.prompt)
        if title in {"A question is open", "A question is answered"}:
            options = ("with coupons", "without coupons")
            await emit(ev.QuestionAsked(question="q1", text="Which total?", options=options))
            self.decided[title] = await inbox.next()
        if title == "An approval is open":
            command = "npm publish --dry-run"
            await emit(ev.ApprovalRequested(approval="a1", title="Run a command", command=command, risk="network"))
            self.decided[title] = await inbox.next()
        return await super().run(job, emit, inbox)


class OlderFolder:
    """The folder, opened by today's program, with its runs by title."""

    def __init__(self, harness: AppHarness, agent: FormerAgent, database: Path) -> None:
        self.harness = harness
        self.agent = agent
        self.database = database
        self.runs = runs_by_title(database)
        self.messages: list[Message] = []
        self.pressed: set[str] = set()
        """The labels of buttons that people pressed."""

    async def lay_clones(self) -> None:
        """The clones and results that the runs had."""
        workspaces: FakeWorkspaces = self.harness.workspaces
        for title in {*INTERRUPTED, *STOPPED} - {"Before prepare", "It waits for its turn"}:
            run = self.runs[title]
            prepared = await workspaces.prepare(run, SHOP, base=None)
            (prepared.path / "total.py").write_text("x = 1\n", encoding="utf-8")
            if title in COLLECTED:
                await workspaces.collect(run, SHOP, message="")
            if title in {"After publish", "Before cleanup"}:
                await workspaces.publish(run, SHOP, branch=f"ompycord/{short_id(run)}")

    async def read_messages(self) -> None:
        """What stood in Discord before anything of today ran."""
        mo = self.harness.playground.mo
        self.messages = [
            message for one in (await mo.state())["channels"] for message in await mo.history(one["id"], limit=100)
        ]

    async def press(self, who: Person, title: str, button: str, *, kind: str = "card 1") -> Interaction:
        """Press a button of a run's message as it was posted before, and wait for the bot's first answer."""
        self.pressed.add(button)
        (message,) = [
            one
            for one in self.messages
            if kind_of(one) == kind and footer(one).startswith(f"{short_id(self.runs[title])} ")
        ]
        return await who.click(message, button)

    async def ended(self, *titles: str) -> None:
        for title in titles:
            await self.harness.until(self.runs[title], lambda snapshot: snapshot.is_final)

    def journal(self, title: str) -> list[str]:
        """What became of its effects: key, starts, outcome."""
        return [f"{row.name} {row.attempts} {row.end}" for row in rows(self.database, "effects", self.runs[title])]

    async def elsewhere(self, title: str, *bodies: ev.EventBody, first: int) -> None:
        """What an agent elsewhere sends, with numbers of its own that begin here."""
        ids = SystemIds()
        for seq, body in enumerate(bodies, first):
            sent = Post(
                key_id="ci000001",
                kind=SourceKind.EXTERNAL,
                name=title,
                may_create=True,
                source=external_source("ci000001", None),
                at=self.harness.clock.now_ms(),
                body=body,
                event_id=ids.ulid(),
                new_run=ids.ulid(),
                body_hash=hashlib.sha256(f"{title}{seq}".encode()).digest(),
                seq=seq,
            )
            (receipt,) = await self.harness.store.append([sent])
            assert isinstance(receipt, Receipt)
            assert receipt.run == self.runs[title]
        self.harness.projector.wake()


@pytest.fixture
async def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[OlderFolder]:
    """It is started again a while after the kill.

    At the end no error has been logged and every message request was as it may be.
    """
    be_then(monkeypatch, after_s=DOWN_S)
    database = restore(tmp_path, later_ms=LATER_S * 1000)
    with capture_logs() as lines:
        async with (
            hosted_playground(tmp_path / "playground") as playground,
            open_store(database, clock=SystemClock(), ids=SystemIds()) as store,
        ):
            point_at(
                DiscordTarget(api=f"{playground.api}/v10", gateway=playground.info.gateway, cdn=f"{playground.api}/cdn")
            )
            agent = FormerAgent()
            harness = AppHarness(
                playground,
                store,
                tmp_path,
                mac_key=MAC_KEY,
                reads_threads=True,
                has_board=True,
                ops=True,
                agent=agent,
                limits=Limits(open_per_person=100, open_per_channel=100, open_per_guild=100, parallel_runs=10),
            )
            older = OlderFolder(harness, agent, database)
            await older.lay_clones()
            await older.read_messages()
            try:
                yield older
                await judge_messages(playground)
            finally:
                point_at(DISCORD)
    assert [line for line in lines if line["log_level"] in {"error", "critical"} or line.get("exc_info")] == []
