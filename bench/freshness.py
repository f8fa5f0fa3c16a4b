"""`freshness`: how old what a card does not show yet is, over what a perfect editor would leave unshown.

The real live editor on virtual time against the playground's own limits; the machine's load changes nothing.
"""

import asyncio
import random
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple, cast

from bench.cards import CardStore, LimitedDiscord, card_channel
from bench.rounds import Size, percentile
from bench.scheduling import Latency, Shown, arrivals, closed_form, mean_age, reference
from bench.virtual import VirtualClock, run_virtually
from ompycord.app.wiring.bot_stores import bot_stores
from ompycord.bot.custom_ids import Signer
from ompycord.bot.delivery.live import LiveEditor
from ompycord.bot.delivery.messages_below import MessagesBelow
from ompycord.bot.delivery.rollover import CardRollover
from ompycord.bot.gateway.assembly import editor_of
from ompycord.bot.message_renderer import MessageRenderer
from ompycord.bot.options import BotOptions
from ompycord.bot.rest import Rest
from ompycord.conductor import Bus, Snapshots
from ompycord.domain.catalog import Catalog
from ompycord.domain.events import RunFinished
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock
from ompycord.domain.records import OutboxKind
from ompycord.playground.rules.limits import LIMITS
from ompycord.store import SqliteStore

__all__ = ["Cell", "Fresh", "fresh", "freshness", "make_editor", "overdue"]

LATENCY_S = 0.1
"""What an edit takes at Discord on an ordinary day."""
RULE = LIMITS.rates.create_message
PERIOD_S = RULE.window_s / RULE.limit
CARDS, RATES = (1, 5, 20), (0.1, 0.5, 5.0)
EDITS, EVENTS, REQUESTS = 600, 12_000, 6_000
"""In a cell, about and at most: enough that a ratio is no accident; no card grows older than an hour here."""
LONGEST_S, LEAD_S = 2400.0, 10.0
GUILD = "100000000000000001"
ENDINGS = 200
PART = {Size.SMALLEST: 0.02, Size.NORMAL: 1.0, Size.FULL: 4.0}
"""Of each cell's length, and of the endings."""
REFERENCE_S = {Size.SMALLEST: 100.0, Size.NORMAL: 4000.0, Size.FULL: 4000.0}
"""How long the reference is held against the closed form."""


class Cell(NamedTuple):
    """One way in which cards change."""

    cards: int
    per_s: float
    threads: bool
    synchronous: bool

    @property
    def name(self) -> str:
        place = "threads" if self.threads else "one bucket"
        return f"{self.cards} x {self.per_s:g}/s, {place}, {'synchronous' if self.synchronous else 'Poisson'}"

    @property
    def length_s(self) -> float:
        """Long enough for so many edits, as far as they do not take too many events."""
        events_per_s = self.cards * self.per_s
        requests_per_s = min(events_per_s, (self.cards if self.threads else 1) / PERIOD_S)
        # All cards alike are worth as much as one.
        different_per_s = requests_per_s / self.cards if self.synchronous and self.threads else requests_per_s
        return min(EDITS / different_per_s, REQUESTS / requests_per_s, EVENTS / events_per_s, LONGEST_S)


def cells(rates: tuple[float, ...] = RATES) -> Iterator[Cell]:
    for cards, per_s, threads, synchronous in product(CARDS, rates, (False, True), (False, True)):
        yield Cell(cards, per_s, threads, synchronous)


def make_editor(*, store: SqliteStore, rest: Rest, bus: Bus, clock: Clock) -> LiveEditor:
    """The product's own, wired as `bot/gateway/assembly.py` does."""
    renderer = MessageRenderer(
        options=BotOptions(guilds=(GUILD,)),
        catalog=Catalog(),
        store=store,
        snapshots=Snapshots(store=store),
        clock=clock,
        signer=Signer(b"a key of the benchmark, long enough"),
        redact=str,
        confinement=None,
        url=lambda guild, channel, message: f"https://discord.com/channels/{guild}/{channel}/{message}",
        channel_name=lambda channel: None,
        is_connected=lambda: True,
    )
    rollover = CardRollover(store=store, renderer=renderer, rest=rest, clock=clock, messages_below=MessagesBelow())
    stores = bot_stores(store).delivery
    return editor_of(bus=bus, stores=stores, renderer=renderer, rest=rest, clock=clock, rollover=rollover)


class _Stage:
    """Editor, store and Discord on one virtual clock."""

    def __init__(self, seed: int) -> None:
        self.clock = VirtualClock()
        self.bus = Bus()
        self.store = CardStore(self.clock)
        self.discord = LimitedDiscord(Latency(LATENCY_S, seed))
        self.editor = make_editor(
            store=cast("SqliteStore", self.store), rest=cast("Rest", self.discord), bus=self.bus, clock=self.clock
        )
        self.discord.on_answer = self.editor.on_answer

    def changed(self, run: RunId) -> None:
        self.bus.publish([run])

    async def until(self, at: float) -> None:
        await asyncio.sleep(max(at - self.clock.monotonic_s(), 0.0))


async def _played(cell: Cell, events: list[list[float]], *, seed: int) -> tuple[list[list[Shown]], LimitedDiscord]:
    """What the real editor shows of these events and when; they begin after the first edits of all cards."""
    stage = _Stage(seed)
    stage.discord.lead_s = lead = cell.cards * PERIOD_S + LEAD_S
    for number in range(cell.cards):
        stage.store.add_card(number, card_channel(number, threads=cell.threads))
    timeline = sorted((at, number, count) for number, card in enumerate(events) for count, at in enumerate(card, 1))
    async with asyncio.TaskGroup() as group:
        editing = group.create_task(stage.editor.run())
        for at, number, count in timeline:
            await stage.until(lead + at)
            stage.changed(stage.store.use_tool(number, count))
        await asyncio.sleep(cell.cards * PERIOD_S + LEAD_S)
        editing.cancel()
    shown = [stage.discord.shown.get(str(number), []) for number in range(cell.cards)]
    return [[Shown(step.at - lead, step.upto) for step in card if step.upto] for card in shown], stage.discord


class Fresh(NamedTuple):
    """What became of one cell; seconds."""

    name: str
    ratio: float
    age_s: float
    reference_s: float
    requests: int
    refused: int


def fresh(cell: Cell, *, seed: int, part: float = 1.0) -> Fresh:
    """Play a cell, for `part` of its length, to the real editor and to the perfect one."""
    length = min(cell.length_s * part, LONGEST_S)
    events = arrivals(
        cards=cell.cards, per_s=cell.per_s, length_s=length, synchronous=cell.synchronous, seed=seed
    )  # fmt: skip
    shown, discord = run_virtually(_played(cell, events, seed=seed))
    latency = Latency(LATENCY_S, seed)
    if cell.threads:
        best = [reference([card], rule=RULE, latency=latency, first=number)[0] for number, card in enumerate(events)]
    else:
        best = reference(events, rule=RULE, latency=latency)
    ages, least = (
        sum(mean_age(card, steps, start=0.0, end=length) for card, steps in zip(events, each, strict=True)) / cell.cards
        for each in (shown, best)
    )
    return Fresh(cell.name, ages / least, ages, least, discord.requests, discord.refused)


# -- what is urgent ----------------------------------------------------------------------------------------------------


async def _endings(seed: int, count: int) -> tuple[list[float], LimitedDiscord]:
    """Runs end in a channel whose every slot is wanted by others: seconds that each took over its due time."""
    stage, background = _Stage(seed), 20
    roll = random.Random(seed)
    channel = card_channel(0, threads=False)
    for number in range(background + count):
        stage.store.add_card(number, channel)
    rows: dict[int, tuple[float, int, int]] = {}
    async with asyncio.TaskGroup() as group:
        working = [group.create_task(stage.editor.run()), group.create_task(_chatter(stage, background))]
        await asyncio.sleep((background + count) * PERIOD_S + LEAD_S)
        for number in range(background, background + count):
            # Each brings two requests, its card's end and its result: together a quarter of what the bucket takes.
            await asyncio.sleep(roll.expovariate(1 / (8 * PERIOD_S)))
            now = stage.clock.monotonic_s()
            waiting = sum(_unfinished(stage.discord, row, card, began) for card, (began, row, _) in rows.items())
            run = stage.store.happen(number, RunFinished(summary="done"))
            rows[number] = (now, stage.store.owe(number, OutboxKind.RESULT).id, waiting + 2)
            stage.changed(run)
        await asyncio.sleep(20 * PERIOD_S)
        for task in working:
            task.cancel()
    over = [
        max(stage.discord.taken["POST", str(row)], _card_ended(stage.discord, number, began)) - began - due * PERIOD_S
        for number, (began, row, due) in rows.items()
    ]
    return over, stage.discord


def _card_ended(discord: LimitedDiscord, card: int, began: float) -> float:
    """When the card showed its end first; once the result is there it is edited again, to point at it."""
    return next(shown.at for shown in discord.shown[str(card)] if shown.at >= began)


def _unfinished(discord: LimitedDiscord, row: int, card: int, began: float) -> int:
    """How many of an ending's two requests have not been taken yet."""
    return (("POST", str(row)) not in discord.taken) + (discord.taken.get(("PATCH", str(card)), 0.0) < began)


def overdue(*, seed: int, count: int) -> tuple[list[float], int]:
    """For each run that ends in a full channel, seconds over its due time; and how many requests were refused."""
    over, discord = run_virtually(_endings(seed, count))
    return over, discord.refused


async def _chatter(stage: _Stage, cards: int) -> None:
    roll = random.Random(1)
    for count in range(1, 10**7):
        await asyncio.sleep(roll.expovariate(5.0))
        stage.changed(stage.store.use_tool(roll.randrange(cards), count))


# -- the object --------------------------------------------------------------------------------------------------------


def freshness(*, rounds: int, size: Size) -> dict[str, Any]:
    """The object that is printed. `rounds` is the seed's, `size` how long each cell is played."""
    part = PART[size]
    rates = RATES[-1:] if size is Size.SMALLEST else RATES  # in so short a time nothing may happen at the others
    results = [fresh(cell, seed=rounds, part=part) for cell in cells(rates)]
    over, refused = overdue(seed=rounds, count=round(ENDINGS * part))
    worst = max(results, key=lambda result: result.ratio)
    return {
        "benchmark": "freshness",
        "freshness_ratio": round(worst.ratio, 3),
        "terminal_over_due_s": round(percentile(over, 0.99), 3),
        "terminal_over_due_median_s": round(percentile(over, 0.5), 3),
        "http_429": refused + sum(result.refused for result in results),
        "worst_cell": worst.name,
        "reference_over_closed_form": _reference_over_closed_form(REFERENCE_S[size]),
        "latency_s": LATENCY_S,
        "seconds_per_edit": PERIOD_S,
        "requests": sum(result.requests for result in results),
        "endings": len(over),
        "cells": {
            result.name: [round(result.ratio, 3), round(result.age_s, 3), round(result.reference_s, 3)]
            for result in results
        },
    }


def _reference_over_closed_form(length_s: float) -> dict[str, float]:
    """What the reference is worth: 1 means that it does what the closed form says."""
    result: dict[str, float] = {}
    for per_s in (5.0, 10.0, 20.0):
        events = arrivals(cards=1, per_s=per_s, length_s=length_s, synchronous=False, seed=1)
        best = reference(events, rule=RULE, latency=Latency(LATENCY_S, 1))
        age = mean_age(events[0], best[0], start=0.0, end=length_s)
        ratio = age / closed_form(latency_s=LATENCY_S, period_s=PERIOD_S, per_s=per_s)
        result[f"{per_s:g}/s"] = round(ratio, 3)
    return result
