"""What open runs cost of which nothing happens: one look at all of them every half minute, and no more."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import pytest

from bench.cards import CardStore, LimitedDiscord, card_channel, card_run
from bench.freshness import make_editor
from bench.scheduling import Latency
from bench.virtual import VirtualClock, run_virtually
from ompycord.bot.message_renderer import MessageRenderer
from ompycord.bot.rest import Rest, SendFailed
from ompycord.conductor import Bus
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunFilter
from ompycord.domain.records import OutboxKind, OutboxRow, Surface
from ompycord.domain.run import RunRecord
from ompycord.errors import StorageError
from ompycord.render.message import RenderedMessage
from ompycord.store import SqliteStore

RUNS = 100


class CountedStore(CardStore):
    """Counts what is read of runs."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self.reads: Counter[str] = Counter()
        self.refusals = 0
        """How often the outbox cannot be read."""
        self.lookups: list[float] = []
        """When a deleted message was looked up: three times in vain."""

    def misname_thread(self, number: int) -> None:
        thread = self._surfaces[card_run(number)][OutboxKind.THREAD, ""]
        self._surfaces[thread.run][OutboxKind.THREAD, ""] = thread.model_copy(update={"shown_hash": "another"})

    async def run_of_surface(self, channel_or_message: str) -> RunRecord | None:
        self.lookups.append(asyncio.get_running_loop().time())
        if len(self.lookups) <= 3:
            raise StorageError("The database is busy.")
        return None

    async def is_thread_named(self, shown_hash: str, *, besides: str) -> bool:
        return False

    async def thread_namer(self, channel: str) -> RunId | None:
        return card_run(0)

    async def thread_named(self, channel: str, shown_hash: str) -> None:
        thread = self._surfaces[card_run(0)][OutboxKind.THREAD, ""]
        self._surfaces[thread.run][OutboxKind.THREAD, ""] = thread.model_copy(update={"shown_hash": shown_hash})

    async def runs(self, which: RunFilter) -> list[RunRecord]:
        self.reads["queue" if which.states else "open"] += 1
        return await super().runs(which)

    async def runs_by_id(self, runs: Sequence[RunId]) -> dict[RunId, RunRecord]:
        self.reads["rows"] += 1
        return await super().runs_by_id(runs)

    async def outbox(self, *, limit: int = 500) -> list[OutboxRow]:
        self.reads["outbox"] += 1
        if self.refusals:
            self.refusals -= 1
            raise StorageError("The database is busy.")
        return await super().outbox(limit=limit)

    async def surfaces_of(self, runs: Sequence[RunId]) -> dict[RunId, list[Surface]]:
        self.reads["surfaces"] += 1
        return await super().surfaces_of(runs)


class RefusingDiscord(LimitedDiscord):
    """Refuses once, with a time after which it takes messages again."""

    retry_after_s: float | None = None

    def __init__(self, latency: Latency) -> None:
        super().__init__(latency)
        self.named: list[float] = []
        """When a thread was to be named: once in vain."""

    async def name_thread(self, thread: str, name: str, *, hides_after_min: int) -> None:
        self.named.append(asyncio.get_running_loop().time())
        if len(self.named) == 1:
            raise SendFailed("Discord limits this thread", retry_after_s=4.5)

    def refuse_for(self, seconds: float) -> None:
        self.retry_after_s = seconds

    async def send(self, channel: str, message: RenderedMessage, **more: Any) -> str:
        if self.retry_after_s is not None:
            seconds, self.retry_after_s = self.retry_after_s, None
            raise SendFailed("Discord limits this channel", retry_after_s=seconds)
        return await super().send(channel, message, **more)


class Stage:
    """Open runs, each with a card in a thread of its own, or with one that waits in the queue."""

    def __init__(self, *, queued: int = 0, runs: int = RUNS) -> None:
        self.clock = VirtualClock()
        self.store = CountedStore(self.clock)
        self.discord = RefusingDiscord(Latency(0.1, 1))
        self.bus = Bus()
        for number in range(runs):
            self.store.add_card(number, card_channel(number, threads=True), queued=number < queued)
        self.editor = make_editor(
            store=cast("SqliteStore", self.store), rest=cast("Rest", self.discord), bus=self.bus, clock=self.clock
        )
        self.discord.on_answer = self.editor.on_answer


async def counted(stage: Stage, *, seconds: float) -> Counter[str]:
    """What was read in so many seconds, after all cards are true."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(stage.editor.run())
        await asyncio.sleep(400)  # virtual time
        stage.store.reads.clear()
        before = stage.discord.requests
        await asyncio.sleep(seconds)  # virtual time
        stage.store.reads["requests"] = stage.discord.requests - before
        task.cancel()
    return stage.store.reads


def test_a_look_at_runs_of_which_nothing_happens_reads_all_of_them_at_once() -> None:
    async def play() -> Counter[str]:
        return await counted(Stage(), seconds=120)

    reads = run_virtually(play())
    assert 8 <= reads.pop("outbox") <= 16, "every fifteen seconds, and with each look"
    assert reads == {"open": 4, "rows": 8, "surfaces": 8, "requests": 0}, "fifty at once"


def test_places_in_the_queue_are_read_once_for_a_look() -> None:
    async def play() -> Counter[str]:
        return await counted(Stage(queued=99), seconds=120)

    reads = run_virtually(play())
    assert reads["queue"] <= 8, "for each look the queue, and those who are at work"
    assert (reads["rows"], reads["requests"]) == (8, 0)


def test_what_did_not_change_is_not_rendered_again_for_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[RunId] = []
    render = MessageRenderer.render

    def noted(self: MessageRenderer, run_view: Any, *rest: Any) -> Any:
        rendered.append(run_view.run)
        return render(self, run_view, *rest)

    monkeypatch.setattr(MessageRenderer, "render", noted)

    async def play() -> tuple[int, int]:
        stage = Stage()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(stage.editor.run())
            await asyncio.sleep(400)  # virtual time
            rendered.clear()
            await asyncio.sleep(60)  # virtual time
            unchanged = len(rendered)
            stage.editor.removed("1", "1")
            await asyncio.sleep(60)  # virtual time
            task.cancel()
        return unchanged, len(rendered)

    assert run_virtually(play()) == (0, RUNS), "a message was deleted, perhaps one of these"


class Wait(NamedTuple):
    """A message that waits, and how it is found."""

    wait_s: float
    is_announced: bool
    is_refused: bool = False
    is_stirred: bool = False
    is_stored: bool = False


@pytest.mark.parametrize(
    ("wait", "after_s"),
    [
        pytest.param(Wait(7.3, is_announced=True), 7.3, id="at its time"),
        pytest.param(Wait(125.5, is_announced=True), 125.5, id="at its time, minutes later"),
        pytest.param(Wait(0, is_announced=True), 0, id="at once"),
        pytest.param(Wait(0, is_announced=False), 15, id="within fifteen seconds where nobody said so"),
        pytest.param(Wait(0, is_announced=False, is_stored=True), 1, id="within a second of its commit"),
        pytest.param(
            Wait(0, is_announced=False, is_stirred=True), 1, id="within a second where something else happened"
        ),
        pytest.param(Wait(0, is_announced=True, is_refused=True), 4.5, id="when Discord named a time"),
    ],
)
def test_a_message_that_waits_is_sent_when_it_is_due(wait: Wait, after_s: float) -> None:
    """No look at the outbox each second is needed for it."""

    async def play() -> tuple[float, int]:
        stage = Stage(runs=1, queued=1)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(stage.editor.run())
            await asyncio.sleep(405)  # virtual time
            began = stage.clock.monotonic_s()
            if wait.is_refused:
                stage.discord.refuse_for(4.5)
            row = stage.store.owe(0, OutboxKind.CARD, wait_s=wait.wait_s)
            if wait.is_announced:
                stage.editor.wake()
            if wait.is_stirred:
                stage.editor.mark_all_dirty()
            if wait.is_stored:
                stage.store.commits.publish()
            stage.store.reads.clear()
            await asyncio.sleep(wait.wait_s + 30)  # virtual time
            task.cancel()
        return stage.discord.taken["POST", row.nonce] - began, stage.store.reads["outbox"]

    took, reads = run_virtually(play())
    assert after_s - (15 if not wait.is_announced else 0) <= took <= after_s + 0.3
    assert reads <= (wait.wait_s + 30) / 15 * 2 + 4


def test_a_database_that_refuses_is_asked_again_after_a_second() -> None:
    async def play() -> float:
        stage = Stage(runs=1, queued=1)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(stage.editor.run())
            await asyncio.sleep(405)  # virtual time
            row, began = stage.store.owe(0, OutboxKind.CARD), stage.clock.monotonic_s()
            stage.store.refusals = 1
            stage.editor.wake()
            await asyncio.sleep(30)  # virtual time
            task.cancel()
        return stage.discord.taken["POST", row.nonce] - began

    assert 1.0 <= run_virtually(play()) <= 1.3


def test_a_thread_gets_the_name_that_discord_refused_when_it_takes_it() -> None:
    async def play() -> list[float]:
        stage = Stage(runs=1)
        stage.store.misname_thread(0)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(stage.editor.run())
            await asyncio.sleep(60)  # virtual time
            task.cancel()
        return stage.discord.named

    refused, named = run_virtually(play())
    assert 4.5 <= named - refused <= 4.8


def test_a_deleted_message_that_the_database_could_not_look_up_is_looked_up_each_second() -> None:
    async def play() -> list[float]:
        stage = Stage(runs=1)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(stage.editor.run())
            await asyncio.sleep(405)  # virtual time
            stage.editor.removed("1", "1")
            await asyncio.sleep(60)  # virtual time
            task.cancel()
        return [at - stage.store.lookups[0] for at in stage.store.lookups]

    assert run_virtually(play()) == pytest.approx([0, 1, 2, 3], abs=0.1)
