"""kill -9 at each row of a full run's journal: the next start completes it, once, and nothing of it is left behind.

A failing test is planned, approved, fixed in two rounds, reviewed and published, as in `test_modes.py`. Counterpart:
`tests/integration/conductor/test_crash_points.py`, which dies at every write of it in one process.
"""

import asyncio
import contextlib
import random
import re
import signal
import sys
from pathlib import Path

import psutil
import pytest

from ompycord.playground.client import Message
from ompycord.processes import MARKER
from tests.e2e.conftest import shown
from tests.e2e.test_journeys import git
from tests.e2e.test_kill_nine import PATIENCE_S, assert_once, came_true, crashing
from tests.support.crash_at import ARMED, FULL_STAGES, full_points
from tests.support.patience import until
from tests.support.playground_person import NotSeenError
from tests.support.product import Product, running_product

pytestmark = [pytest.mark.e2e, pytest.mark.posix, pytest.mark.long, pytest.mark.timeout(1200)]

CONFIG = """
agents:
  rehearsal: {kind: rehearsal, env: {REHEARSAL_PACE: "%s"}}
  reader: {kind: rehearsal, env: {REHEARSAL_PACE: "%s"}}
"""
WITHOUT_PACE = CONFIG % ("0", "0")
PRODUCT = (sys.executable, "-m", "ompycord")
KEPT = {"diff.patch", "manifest.json", "meta.json", "result.git"}
"""What stays in the folder of a run that has ended."""


async def begin(product: Product, words: str) -> None:
    await product.playground.ada.start_command(
        "omp new", "tasks", prompt=f"Fix the discount twice: {words}.", agent="rehearsal", mode="full"
    )


async def approve(product: Product, words: str) -> Message:
    """Press *Approve* on the open plan as often as it takes, since who was killed answers nobody; the run's result."""
    ada = product.playground.ada

    def is_open(message: Message) -> bool:
        return "Plan of" in message.text and "Approve" in message.labels

    def is_result(message: Message) -> bool:
        return "· result" in message.text and words in message.text

    while True:
        found = await ada.wait_message(lambda message: is_result(message) or is_open(message), PATIENCE_S)
        if is_result(found):
            return found
        with contextlib.suppress(NotSeenError):
            await ada.click(found, "Approve")
            await ada.wait_message(lambda message, plan=found.id: message.id == plan and not is_open(message))


async def until_killed(product: Product, words: str, seconds: float | None = None) -> None:
    """A person approves the plan meanwhile; the process is gone afterwards, or was not within so many seconds."""
    async with asyncio.TaskGroup() as group:
        approving = group.create_task(approve(product, words))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await product.gone()
        approving.cancel()


async def completed(product: Product, words: str) -> str:
    """The run, once it is told as done."""
    result = await approve(product, words)
    assert "Done · checks passed" in result.text, result.text
    found = re.search(r"(\w{6}) · result", result.text)
    assert found
    await came_true(product, found[1], PATIENCE_S)
    return found[1]


async def require_nothing_left(product: Product, run: str) -> None:
    """One branch with one commit, sound repositories, and no clone, lock, ref or process of it."""
    sample, folders = product.data / "sample", product.data / "workspaces"
    (folder,) = (path for path in folders.iterdir() if path.name.lower().endswith(run))
    await until(lambda: {path.name for path in folder.iterdir()} <= KEPT, seconds=PATIENCE_S)
    (branch,) = git(sample, "branch", "--list", f"ompycord/*{run}*", "--format=%(refname:short)").split()
    assert git(sample, "rev-list", "--count", f"main..{branch}") == "1"
    assert "line.cost * percent" in git(sample, "show", f"{branch}:cart/total.py")
    for repository in (sample, folder / "result.git"):
        assert git(repository, "fsck", "--strict", "--no-dangling") == ""
    refs = git(sample, "for-each-ref", "--format=%(refname)", "refs/ompycord").splitlines()
    assert not [ref for ref in refs if folder.name in ref]
    assert not [*sample.rglob("*.lock"), *folder.rglob("*.lock")]
    assert not [process for process in psutil.process_iter() if belongs(process, folder.name)]


def belongs(process: psutil.Process, run: str) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.environ().get(MARKER, "").startswith(run)
    return False


@pytest.mark.parametrize("stage", FULL_STAGES)
async def test_killed_at_a_row_of_its_journal_a_full_run_is_completed_once(tmp_path: Path, stage: str) -> None:
    points = list(full_points(stage))
    async with running_product(tmp_path, config=WITHOUT_PACE, wrapper=crashing(points[0])) as product:
        for point, following in zip(points, [*points[1:], None], strict=True):
            assert product.process is not None
            product.process.send_signal(signal.SIGUSR1)
            await product.hears(ARMED)
            await begin(product, point)
            await until_killed(product, point)
            assert product.process.returncode == -9, f"it never came to the point: {point}"
            await product.start(wrapper=crashing(following) if following else PRODUCT)
            run = await completed(product, point)
            assert_once(await shown(product.playground, run), run)
            await require_nothing_left(product, run)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_sixty_pairs_of_kills_at_any_time_leave_each_run_done_once(tmp_path: Path) -> None:
    chance = random.Random(20261130)
    async with running_product(tmp_path, config=CONFIG % ("0.1", "0.1"), wrapper=PRODUCT) as product:
        for pair in range(60):
            words = f"pair {pair}"
            await begin(product, words)
            for _ in range(2):
                await until_killed(product, words, chance.uniform(0, 6))
                await product.kill()
                await product.start(wrapper=PRODUCT)
            run = await completed(product, words)
            assert_once(await shown(product.playground, run), run)
            await require_nothing_left(product, run)
