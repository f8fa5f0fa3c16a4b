"""kill -9 anywhere: after the next start every card is true, and of each run there is one mirror, thread, card and result."""

import asyncio
import contextlib
import random
import re
import sqlite3
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Shown, shown
from tests.support.crash_at import POINTS
from tests.support.playground_page import Message, NotSeenError
from tests.support.product import Product, running_product

pytestmark = [pytest.mark.e2e, pytest.mark.posix, pytest.mark.timeout(400)]

CONFIG = """
agents:
  rehearsal: {kind: rehearsal, env: {REHEARSAL_PACE: "%s"}}
"""
PATIENCE_S = 60.0
UNANSWERED = {"the draft is not saved yet", "the draft is saved, nobody was answered", "the run is not committed yet"}
"""Points before the run is on disk: nothing was acknowledged, so it may be missing, but then nothing of it may be there."""


LEFT_TO_SOAK = {
    "the draft is not saved yet",
    "the run is not committed yet",
    "the projector has read, not committed",
}
"""The suite takes the other ten; `make soak` takes all."""


async def test_at_ten_named_points_nothing_is_lost_and_nothing_is_there_twice(tmp_path: Path) -> None:
    await kill_at(tmp_path, [point for point in POINTS if point not in LEFT_TO_SOAK])


@pytest.mark.soak
async def test_at_every_named_point_nothing_is_lost_and_nothing_is_there_twice(tmp_path: Path) -> None:
    await kill_at(tmp_path, list(POINTS))


async def nothing_owed(product: Product) -> None:
    """What Discord took is on record; else the next start would come to its point with an earlier run. Bounded."""
    with contextlib.closing(sqlite3.connect(f"file:{product.data / 'ompycord.db'}?mode=ro", uri=True)) as raw:
        async with asyncio.timeout(PATIENCE_S):
            while raw.execute("SELECT count(*) FROM outbox WHERE status = 'pending'").fetchone()[0]:  # noqa: ASYNC110  # a file sets no event
                await asyncio.sleep(0.05)


async def kill_at(tmp_path: Path, points: list[str]) -> None:
    async with running_product(tmp_path, config=CONFIG % "0.05") as product:
        runs: list[str] = []
        for point in points:
            await product.kill()
            await product.start(wrapper=(sys.executable, "-m", "tests.support.crash_at", point))
            await product.playground.ada.start_command("omp new", "tasks", prompt=f"Fix the discount: {point}.")
            assert await product.gone() == -9, f"it never came to the point: {point}"
            await product.start()
            ended = await result_of(product, point, is_owed=point not in UNANSWERED)
            await nothing_owed(product)
            if ended is not None:
                runs.append(ended)
        assert len(runs) >= len(points) - len(UNANSWERED)
        for run in runs:
            assert_once(await shown(product.playground, run), run)


async def test_at_ten_random_times_nothing_is_lost_and_nothing_is_there_twice(tmp_path: Path) -> None:
    chance = random.Random(20261121)
    async with running_product(tmp_path, config=CONFIG % "0.2") as product:
        runs: list[str] = []
        for number in range(10):
            ran = await product.playground.ada.command("omp new", "tasks", prompt=f"Fix the discount, number {number}.")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(chance.uniform(0, 2.5)):
                    await product.gone()
            await product.kill()
            await product.start()
            assert ran.reply is not None
            run = await result_of(product, f"number {number}", is_owed=True)
            assert run is not None
            runs.append(run)
        for run in runs:
            assert_once(await shown(product.playground, run), run)


async def result_of(product: Product, words: str, *, is_owed: bool) -> str | None:
    """The run whose prompt has these words, once its final message is there and its card and mirror agree with it."""
    ada = product.playground.ada

    def is_result(message: Message) -> bool:
        return "· result" in message.text and words in message.text

    try:
        result = await ada.wait_message(is_result, PATIENCE_S if is_owed else 8)
    except NotSeenError:
        assert not is_owed
        return None
    found = re.search(r"(\w{6}) · result", result.text)
    assert found
    run = found[1]
    for kind in ("card", "mirror"):  # each comes true in its own channel's time
        await ada.wait_message(
            lambda message, kind=kind: f"{run} · {kind}" in message.text and "Done, checked" in message.text, PATIENCE_S
        )
    return run


def assert_once(seen: Shown, run: str) -> None:
    counted = {"mirrors": seen.mirrors, "threads": seen.threads, "cards": seen.cards, "results": seen.results}
    assert {name: len(found) for name, found in counted.items()} == dict.fromkeys(counted, 1), run
    assert seen.cards[0].text.startswith("✅ Done, checked")
    assert "Done, checked" in seen.mirrors[0].text
