"""Cards without a disk and without a network: the store as the live editor reads it, and Discord as its limits answer.

Counterparts: `store.SqliteStore` and `bot.rest.Rest`. The limits are the playground's own, in this process.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.scheduling import Latency, Shown
from ompycord.bot.delivery.rate_limiter import RateAnswer, answer_of
from ompycord.bot.rest import SendFailed
from ompycord.domain.events import EventBody, RunEvent, RunStarted, RunSubmitted, ToolFinished
from ompycord.domain.folds.fold import RunFold
from ompycord.domain.ids import OMPYCORD, RunId, Source, external_source, new_ulid
from ompycord.domain.ports import Clock, RunFilter
from ompycord.domain.records import OutboxKind, OutboxRow, Surface
from ompycord.domain.run import RunKind, RunRecord, RunState
from ompycord.domain.task import Task
from ompycord.playground.rules.limits import LIMITS
from ompycord.playground.rules.ratelimit import RateLimiter
from ompycord.render.message import RenderedMessage
from ompycord.store.commit_bus import CommitBus

__all__ = ["CardStore", "LimitedDiscord", "card_channel", "card_run"]

LANE: Source = external_source("bench")
_NUMBER = re.compile(r"e([0-9]{7})")


def card_run(number: int) -> RunId:
    """The run of a card."""
    return RunId(new_ulid(now_ms=1_767_225_600_000, entropy=(number + 1).to_bytes(10)))


def card_channel(number: int, *, threads: bool) -> str:
    """Where a card is: a thread of its own, or one channel with all."""
    return str(10**17 + 1 + (number if threads else 0))


class CardStore:
    """Open external runs with a card each; what the live editor asks of `SqliteStore`, kept in memory."""

    announcements: None = None
    """Nothing is announced here."""

    def __init__(self, clock: Clock) -> None:
        self.commits = CommitBus()
        self._clock = clock
        self._folds: dict[RunId, RunFold] = {}
        self._records: dict[RunId, RunRecord] = {}
        self._surfaces: dict[RunId, dict[tuple[OutboxKind, str], Surface]] = {}
        self._outbox: dict[int, OutboxRow] = {}
        self._position = 0
        self._seqs: dict[RunId, int] = {}

    def add_card(self, number: int, channel: str, *, queued: bool = False) -> None:
        """A run that began just now, with an empty card; or a hosted one that waits in the queue."""
        run, now = card_run(number), self._clock.now_ms()
        self._records[run] = RunRecord(
            id=run, kind=RunKind.HOSTED if queued else RunKind.EXTERNAL, task=None, key_id="bench", guild="1",
            channel=channel, state=RunState.QUEUED if queued else RunState.BUILDING, created_at=now, updated_at=now,
        )  # fmt: skip
        self._folds[run] = RunFold(run)
        if queued:
            task = Task(id=run, prompt="x", title=f"card {number}", repositories=("shop",), agent="mine")
            self.happen(number, RunSubmitted(task=task), source=OMPYCORD)
        else:
            self.happen(number, RunStarted(title=f"card {number}"))
        card = Surface(run=run, kind=OutboxKind.CARD, ref="1", channel=channel, message=str(number), posted_at=now)
        place = Surface(run=run, kind=OutboxKind.THREAD, channel=channel, posted_at=now)  # no message to be edited
        mirror = place.model_copy(update={"kind": OutboxKind.SUMMARY})
        for surface in (mirror, place, card):
            self._surfaces.setdefault(run, {})[surface.kind, surface.ref] = surface

    def happen(self, number: int, body: EventBody, *, source: Source = LANE) -> RunId:
        """One more event of a card's run."""
        run = card_run(number)
        self._position += 1
        seq = self._seqs[run] = self._seqs.get(run, 0) + 1
        now = self._clock.now_ms()
        self._folds[run].add(RunEvent(run=run, source=source, seq=seq, at=now, body=body, position=self._position))
        self.commits.publish()
        return run

    def use_tool(self, number: int, event: int) -> RunId:
        """The event that a card shows by its number."""
        return self.happen(number, ToolFinished(tool="edit", title=f"e{event:07d}"))

    def owe(self, number: int, kind: OutboxKind, *, wait_s: float = 0.0) -> OutboxRow:
        """A row of the outbox, which may wait before it is sent."""
        run, now = card_run(number), self._clock.now_ms()
        number = len(self._outbox) + 1
        body = {"not_before": now + round(wait_s * 1000)}
        row = OutboxRow(id=number, nonce=str(number), run=run, kind=kind, body=body, created_at=now)
        self._outbox[row.id] = row
        return row

    # -- what the editor asks ----------------------------------------------------------------------------------------

    async def run(self, run: RunId) -> RunRecord | None:
        return self._records.get(run)

    async def runs_by_id(self, runs: Sequence[RunId]) -> dict[RunId, RunRecord]:
        return {run: self._records[run] for run in runs if run in self._records}

    async def runs(self, which: RunFilter) -> list[RunRecord]:
        states = which.states or frozenset(RunState)
        return [one for one in self._records.values() if one.state in states][: which.limit]

    async def folds(self, runs: Sequence[RunId]) -> dict[RunId, RunFold]:
        return {run: self._folds[run] for run in runs}

    async def surfaces(self, run: RunId) -> list[Surface]:
        return list(self._surfaces[run].values())

    async def surfaces_of(self, runs: Sequence[RunId]) -> dict[RunId, list[Surface]]:
        return {run: await self.surfaces(run) for run in runs}

    async def surface(self, run: RunId, kind: OutboxKind, ref: str = "") -> Surface | None:
        return self._surfaces[run].get((kind, ref))

    async def shown(self, surface: Surface) -> None:
        self._surfaces[surface.run][surface.kind, surface.ref] = surface

    async def compared(self, run: RunId, channel: str, position: int) -> None:
        pass

    async def stale_runs(self) -> list[RunId]:
        return list(self._records)

    async def outbox(self, *, limit: int = 500) -> list[OutboxRow]:
        return [row for row in self._outbox.values() if row.done_at is None][:limit]

    async def delivered(self, row: OutboxRow, surface: Surface | None, *, at: int) -> None:
        self._outbox[row.id] = row.model_copy(update={"done_at": at})
        if surface is not None:
            await self.shown(surface)

    async def undelivered(self, row: OutboxRow, *, error: str, final: bool) -> None:
        self._outbox[row.id] = row.model_copy(update={"attempts": row.attempts + 1})


@dataclass
class LimitedDiscord:
    """Answers as the playground's limits do, after a latency; the calls of `bot.rest.Rest` that cards need."""

    latency: Latency
    lead_s: float = 0.0
    """Where the events' time begins."""
    on_answer: Callable[[RateAnswer], None] = lambda answer: None
    shown: dict[str, list[Shown]] = field(default_factory=dict[str, list[Shown]])
    """By message: which events are visible since when."""
    taken: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    """When the last request of a method was taken, by (method, message or run's footer)."""
    refused: int = 0
    requests: int = 0
    _limiter: RateLimiter = field(default_factory=lambda: RateLimiter(LIMITS.rates))

    async def edit(self, channel: str, message_id: str, message: RenderedMessage) -> None:
        numbers = [int(number) for number in _NUMBER.findall(str(message.embeds))]
        await self._request("PATCH", channel, f"/channels/{channel}/messages/{message_id}", message_id)
        now = asyncio.get_running_loop().time()
        self.shown.setdefault(message_id, []).append(Shown(now, max(numbers, default=0)))
        self.taken["PATCH", message_id] = now

    async def send(
        self,
        channel: str,
        message: RenderedMessage,
        *,
        nonce: str,
        silent: bool,
        pings: bool = False,
        file: tuple[str, bytes] | None = None,
        reply_to: str | None = None,
    ) -> str:
        await self._request("POST", channel, f"/channels/{channel}/messages", nonce)
        self.taken["POST", nonce] = asyncio.get_running_loop().time()
        return f"9{nonce}"

    async def find(self, channel: str, wanted: object, *, since: int) -> str | None:
        return None

    def is_away(self, guild: str | None) -> bool:
        return False

    def parent_of(self, channel: str) -> str:
        return channel

    async def _request(self, method: str, channel: str, path: str, message: str) -> None:
        """On its way, judged where it arrives, and back. Raises SendFailed for a refusal."""
        took = self.latency.of(message, asyncio.get_running_loop().time() - self.lead_s)
        self.requests += 1
        await asyncio.sleep(took / 2)
        verdict = self._limiter.take(LIMITS.rates.create_message, channel, asyncio.get_running_loop().time())
        await asyncio.sleep(took / 2)
        if verdict.is_allowed:
            self.on_answer(answer_of(method, path, 200, verdict.headers, took_s=took))
            return
        self.refused += 1
        self.on_answer(RateAnswer(method, path, 429, retry_after_s=verdict.retry_after_s, is_global=verdict.is_global))
        raise SendFailed("Discord limits this channel", retry_after_s=verdict.retry_after_s)
