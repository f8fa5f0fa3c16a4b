"""Each fault at each moment of a card's life: one true card afterwards, and nothing twice."""

import asyncio
import random
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from ompycord.domain.records import OutboxKind
from ompycord.errors import GatewayFatal
from tests.integration.bot.conftest import PATIENCE_S, AppHarness
from tests.integration.bot.moments import FATAL, FAULTS, MOMENTS, journey, true_card
from tests.support.patience import within

SEED = 20261121


def plans(seed: int) -> list[dict[str, str]]:
    """Every fault once, each at a moment of its own within its journey."""
    roll = random.Random(seed)
    names = [*FAULTS]
    roll.shuffle(names)
    result: list[dict[str, str]] = []
    for first in range(0, len(names), len(MOMENTS)):
        moments = roll.sample([*MOMENTS], len(MOMENTS))
        result.append(dict(zip(moments, names[first : first + len(MOMENTS)], strict=False)))
    return result


def fatal_moments(seed: int) -> list[Any]:
    """The first fatal close at a seeded moment; the others, and the other moments, in the long rounds."""
    grid = [(code, moment) for code in FATAL for moment in MOMENTS]
    chosen = random.Random(seed).choice(grid)
    return [pytest.param(*case, marks=[] if case == chosen else [pytest.mark.soak]) for case in grid]


@pytest.fixture
async def running(harness: AppHarness) -> AsyncGenerator[AppHarness]:
    async with harness.running():
        yield harness


@pytest.mark.parametrize("half", [0, 1])
async def test_each_fault_once_at_a_seeded_moment_leaves_one_true_card(running: AppHarness, half: int) -> None:
    for number, plan in enumerate(plans(SEED)[half::2]):
        record = await journey(
            running, {moment: FAULTS[name] for moment, name in plan.items()}, name=f"journey {number}"
        )
        await true_card(running, record)
        struck = await running.playground.faults()
        assert all(fault["hits"] for fault in struck), plan
        await running.playground.clear_faults()


@pytest.mark.soak
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_each_fault_at_each_moment_leaves_one_true_card(running: AppHarness, fault: str, moment: str) -> None:
    record = await journey(running, {moment: FAULTS[fault]}, name=f"{fault} at {moment}")
    await true_card(running, record)


async def until_closed(harness: AppHarness, code: int, moment: str) -> None:
    close = {"action": "disturb", "body": {"action": "close", "code": code}}
    async with harness.running(), within(PATIENCE_S):
        await journey(harness, {moment: close}, name=f"closed with {code}")
        await asyncio.Event().wait()


@pytest.mark.parametrize(("code", "moment"), fatal_moments(SEED))
async def test_a_fatal_close_ends_the_bot_and_a_restart_makes_all_true(
    harness: AppHarness, code: int, moment: str
) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        await until_closed(harness, code, moment)
    assert caught.group_contains(GatewayFatal, match=str(code))
    later = harness.restart()
    async with later.running():
        record = await later.only_run()
        await later.until(record.id, lambda seen: seen.is_final)
        await later.until_surface(record.id, OutboxKind.RESULT)
        await later.true_everywhere(record.id)
    await true_card(later, record)


async def test_a_call_cancelled_inside_a_global_limit_does_not_hold_the_next_card(running: AppHarness) -> None:
    """Nothing of the product cancels one; whoever does must not silence the bot for ever."""
    limited = {**FAULTS["limited for all"], "method": "GET", "route": "/oauth2/applications/@me", "count": 1}
    client = running.client
    async with asyncio.TaskGroup() as group:
        await running.playground.post("/control/faults", limited)
        asking = group.create_task(client.application_info())
        await running.struck()
        asking.cancel()
    assert asking.cancelled()
    record = await journey(running, {}, name="after a cancelled call")
    await true_card(running, record)


async def statuses(harness: AppHarness, count: int, *, within_s: float = PATIENCE_S) -> None:
    """The bot has come and gone so often, each counted, as the page is told; bounded."""
    mo = harness.playground.mo
    async with within(within_s):
        while len([event for event in mo.events if event["type"] == "BOT_STATUS"]) < count:
            await mo.see_next()


@pytest.mark.soak
async def test_heartbeats_that_nobody_answers_lead_to_a_new_connection(running: AppHarness) -> None:
    """discord.py's own patience is a minute."""
    await statuses(running, 1)
    await running.playground.disturb_gateway("heartbeat", ms=5000)
    await running.playground.disturb_gateway("drop")
    await statuses(running, 3)
    await running.playground.disturb_gateway("deafen")
    await statuses(running, 5, within_s=120)
    await running.online()
    record = await journey(running, {}, name="after lost heartbeats")
    await true_card(running, record)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(200))
async def test_any_faults_at_any_moments_leave_one_true_card(running: AppHarness, seed: int) -> None:
    roll = random.Random(seed)
    plan = {moment: FAULTS[roll.choice([*FAULTS])] for moment in MOMENTS if roll.random() < 0.7}
    record = await journey(running, plan, name=f"seed {seed}")
    await true_card(running, record)
