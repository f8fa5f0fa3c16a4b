"""kill -9 anywhere: after the next start every card is true.

And of each run there is one mirror, thread, card and result.
"""

import asyncio
import contextlib
import random
import re
import signal
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Shown, shown
from tests.support.crash_at import ARMED, POINTS
from tests.support.playground_person import Interaction
from tests.support.product import Product, running_product

pytestmark = [pytest.mark.e2e, pytest.mark.posix, pytest.mark.long, pytest.mark.timeout(400)]

CONFIG = """
agents:
  rehearsal: {kind: rehearsal, env: {REHEARSAL_PACE: "%s"}}
"""
PATIENCE_S = 60.0
UNANSWERED = {"the draft is not saved yet", "the draft is saved, nobody was answered", "the run is not committed yet"}
"""Points before the run is on disk: nothing was acknowledged, so it may be missing.

But then nothing of it may be there.
"""


async def test_at_every_named_point_nothing_is_lost_and_nothing_is_there_twice(tmp_path: Path) -> None:
    await kill_at(tmp_path, list(POINTS))


async def kill_at(tmp_path: Path, points: list[str]) -> None:
    """Each start recovers from the crash before, and is then armed for the next: a start a point."""
    async with running_product(tmp_path, config=CONFIG % "0", wrapper=crashing(points[0])) as product:
        runs: list[str] = []
        for point, following in zip(points, [*points[1:], None], strict=True):
            assert product.process is not None
            product.process.send_signal(signal.SIGUSR1)
            await product.hears(ARMED)
            await product.playground.ada.start_command("omp new", "tasks", prompt=f"Fix the discount: {point}.")
            assert await product.gone() == -9, f"it never came to the point: {point}"
            await product.start(wrapper=crashing(following) if following else (sys.executable, "-m", "ompycord"))
            if point not in UNANSWERED:
                runs.append(await result_of(product, point))
        for run in [*runs, *await self_started(product, UNANSWERED.intersection(points))]:
            assert_once(await shown(product.playground, run), run)


def crashing(point: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "tests.support.crash_at", point)


async def test_at_ten_random_times_nothing_is_lost_and_nothing_is_there_twice(tmp_path: Path) -> None:
    """The runs of two kills are in flight together, so that the second finds the first's recovery half done."""
    chance = random.Random(20261121)
    async with running_product(tmp_path, config=CONFIG % "0.1") as product:
        runs: list[str] = []
        for pair in range(5):
            numbers = (2 * pair, 2 * pair + 1)
            for number in numbers:
                words = f"Fix the discount, number {number}."
                ran = await product.playground.ada.command("omp new", "tasks", prompt=words)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(chance.uniform(0, 2.5)):
                        await product.gone()
                await product.kill()
                await product.start()
                await press_resume(ran)
            runs += [await result_of(product, f"number {number}") for number in numbers]
        for run in runs:
            assert_once(await shown(product.playground, run), run)


async def result_of(product: Product, words: str) -> str:
    """The run whose prompt has these words, once its final message is there and its card and mirror agree with it."""
    ada = product.playground.ada
    result = await ada.wait_message(lambda message: "· result" in message.text and words in message.text, PATIENCE_S)
    found = re.search(r"(\w{6}) · result", result.text)
    assert found
    await came_true(product, found[1], PATIENCE_S)
    return found[1]


async def came_true(product: Product, run: str, seconds: float) -> None:
    """Card and mirror say what the result says; each comes true in its own channel's time."""
    for kind in ("card", "mirror"):
        await product.playground.ada.wait_message(
            lambda message, kind=kind: f"{run} · {kind}" in message.text and "Done · checks passed" in message.text,
            seconds,
        )


async def press_resume(ran: Interaction) -> None:
    """What the reply asks for where no link appeared before the crash; it starts the run once, begun or not."""
    assert ran.reply is not None
    for message in await ran.person.history("tasks"):  # as it is now
        if message.id == ran.reply.id and "Try again" in message.labels:
            await ran.person.click(message, "Try again")


async def self_started(product: Product, points: set[str]) -> list[str]:
    """Of what nobody was answered: the runs that are there all the same; of the others nothing may be.

    Asked last of all.
    """
    messages = product.playground.ada.messages.values()
    begun = [point for point in sorted(points) if any(f"discount: {point}" in message.text for message in messages)]
    return [await result_of(product, point) for point in begun]


def assert_once(seen: Shown, run: str) -> None:
    counted = {"mirrors": seen.mirrors, "threads": seen.threads, "cards": seen.cards, "results": seen.results}
    assert {name: len(found) for name, found in counted.items()} == dict.fromkeys(counted, 1), run
    assert seen.cards[0].text.startswith("✅ Done · checks passed")
    assert "Done · checks passed" in seen.mirrors[0].text
