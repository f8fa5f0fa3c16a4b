"""What open runs cost of which nothing happens: one look at all of them every half minute, and no more."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

import pytest

from bench.cards import CardStore, LimitedDiscord, card_channel
from bench.freshness import make_editor
from bench.scheduling import Latency
from bench.virtual import VirtualClock, run_virtually
from ompycord.bot.message_renderer import MessageRenderer
from ompycord.bot.rest import Rest
from ompycord.conductor import Bus
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunFilter
from ompycord.domain.records import Surface
from ompycord.domain.run import RunRecord
from ompycord.store import SqliteStore

RUNS = 100


class CountedStore(CardStore):
    """Counts what is read of runs."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self.reads: Counter[str] = Counter()

    async def runs(self, which: RunFilter) -> list[RunRecord]:
        self.reads["queue" if which.states else "open"] += 1
        return await super().runs(which)

    async def runs_by_id(self, runs: Sequence[RunId]) -> dict[RunId, RunRecord]:
        self.reads["rows"] += 1
        return await super().runs_by_id(runs)

    async def surfaces_of(self, runs: Sequence[RunId]) -> dict[RunId, list[Surface]]:
        self.reads["surfaces"] += 1
        return await super().surfaces_of(runs)


class Stage:
    """Open runs, each with a card in a thread of its own, or with one that waits in the queue."""

    def __init__(self, *, queued: int = 0, runs: int = RUNS) -> None:
        self.clock = VirtualClock()
        self.store = CountedStore(self.clock)
        self.discord = LimitedDiscord(Latency(0.1, 1))
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

    assert run_virtually(play()) == {"open": 4, "rows": 8, "surfaces": 8, "requests": 0}, "fifty at once"


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
