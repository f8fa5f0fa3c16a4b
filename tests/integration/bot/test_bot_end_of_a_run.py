"""The end of a run waits for no pace: its last card and its result take what is left of Discord's window."""

import asyncio
from typing import cast

import pytest

from bench.cards import CardStore, LimitedDiscord, card_channel
from bench.freshness import PERIOD_S, make_editor
from bench.scheduling import Latency
from bench.virtual import VirtualClock, run_virtually
from ompycord.bot.rest import Rest
from ompycord.conductor import Bus
from ompycord.domain.events import RunFinished
from ompycord.domain.records import OutboxKind
from ompycord.store import SqliteStore

REQUEST_S = 0.1


async def _ended(pause_s: float) -> tuple[float, float, int]:
    """Virtual seconds until the last card and the result of a run were taken that ends so long after an edit."""
    clock, bus, discord = VirtualClock(), Bus(), LimitedDiscord(Latency(REQUEST_S, 1))
    store = CardStore(clock)
    store.add_card(0, card_channel(0, threads=True))
    editor = make_editor(store=cast("SqliteStore", store), rest=cast("Rest", discord), bus=bus, clock=clock)
    discord.on_answer = editor.on_answer
    async with asyncio.TaskGroup() as group:
        task = group.create_task(editor.run())
        await asyncio.sleep(60)  # virtual time
        bus.publish([store.use_tool(0, 1)])
        await asyncio.sleep(pause_s)  # virtual time
        began = clock.monotonic_s()
        run = store.happen(0, RunFinished(summary="done"))
        result = store.owe(0, OutboxKind.RESULT)
        bus.publish([run])
        await asyncio.sleep(30)  # virtual time
        task.cancel()
    ended = next(shown.at for shown in discord.shown["0"] if shown.at >= began)  # later it points at the result
    return ended - began, discord.taken["POST", str(result.id)] - began, discord.refused


@pytest.mark.parametrize("pause_s", [0.3, 0.5, 0.9])
def test_the_last_card_and_the_result_come_within_their_own_requests(pause_s: float) -> None:
    card_s, result_s, refused = run_virtually(_ended(pause_s))
    assert max(card_s, result_s) < 0.2 + 5 * REQUEST_S, "the pace alone would take a slot of a second for each"
    assert max(card_s, result_s) < PERIOD_S
    assert refused == 0
