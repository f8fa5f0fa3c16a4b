"""`parallel`: several runs at once beside one at a time, how long each waited for its turn, and the bot's memory.

Twenty runs of two people over four repositories, whose agents mostly wait, as one does whose model thinks. Every branch
must hold its own run's task and no other's.
"""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

import psutil

from bench.ack import moment_s
from bench.journey import WAIT_S, agent_started, git, make_repository, written
from bench.rounds import Size
from tests.support.product import Product, running_product

__all__ = ["parallel"]

WORK: Final = {Size.SMALLEST: (2, 4), Size.NORMAL: (4, 20), Size.FULL: (4, 60)}
"""Repositories, and runs over all of them."""
AT_ONCE: Final = 4
THINKS_S: Final = 1
AGENT: Final = f"date +%s%N > started; cat > task; sleep {THINKS_S}"
FILES: Final = 50
LOOK_S: Final = 0.05
CONFIG: Final = """\
repositories: {{{repositories}}}
agents: {{thinks: {{kind: command, command: [sh, -c, "{agent}"], sandbox: {{minimum: none}}}}}}
limits: {{parallel_runs: {at_once}, open_per_person: 500, open_per_channel: 500, open_per_guild: 500}}
"""
REPOSITORY: Final = "{name}: {{path: {path}, checks: [{{name: passes, command: ['true']}}]}}"
WANTED: Final = {"throughput_ratio": 1.6, "memory_growth": 1.05}


class Day(NamedTuple):
    """All runs of one product."""

    took_s: float
    """From the first command to the last branch."""
    waits_s: tuple[float, ...]
    """From each run's command to the start of its agent."""
    crossed: int
    """Branches that hold another run's task."""
    memory: float
    """The bot's resident memory at the end over that after the first run."""


def parallel(*, rounds: int, size: Size) -> dict[str, Any]:
    """The object that is printed. One round is enough: each is many runs. The size `full` has more of them."""
    repositories, runs = WORK[size]
    alone, together = (asyncio.run(_day(repositories, runs, at_once)) for at_once in (1, AT_ONCE))
    waits = together.waits_s
    return {
        "benchmark": "parallel",
        "throughput_ratio": round(alone.took_s / together.took_s, 3),
        "fairness": round(max(waits) / statistics.mean(waits), 3),
        "memory_growth": round(together.memory, 3),
        "crossed": alone.crossed + together.crossed,
        "wanted": WANTED,
        "one_at_a_time_s": round(alone.took_s, 2),
        "together_s": round(together.took_s, 2),
        "at_once": AT_ONCE,
        "runs": runs,
        "repositories": repositories,
        "agent_thinks_s": THINKS_S,
        "counts": "from the first command to the last branch; fairness is the longest wait over the mean",
    }


async def _day(repositories: int, runs: int, at_once: int) -> Day:
    with tempfile.TemporaryDirectory(prefix="ompycord-bench-") as name:
        folder = Path(name)
        places = [make_repository(folder / f"shop{number}", FILES) for number in range(repositories)]
        listed = ", ".join(REPOSITORY.format(name=place.name, path=place) for place in places)
        config = CONFIG.format(repositories=listed, agent=AGENT, at_once=at_once)
        async with running_product(folder, config=config) as product:
            assert product.process is not None
            process = psutil.Process(product.process.pid)
            await _done(await _begin(product, places[0], 0))  # what is loaded once does not count
            before = process.memory_info().rss
            begun = [await _begin(product, places[number % repositories], number) for number in range(1, runs + 1)]
            for one in begun:
                await _done(one)
            return _judged(begun, process.memory_info().rss / before)


class Begun(NamedTuple):
    """A run that was asked for."""

    repository: Path
    words: str
    at: float
    """Seconds since 1970."""

    @property
    def branch(self) -> str | None:
        """Once it is published."""
        pattern = f"ompycord/{self.words.lower().replace(' ', '-')}-*"
        found = git(self.repository, "branch", "--list", pattern, "--format=%(refname:short)").split()
        return found[0] if found else None


async def _begin(product: Product, repository: Path, number: int) -> Begun:
    """Two people take turns."""
    person = (product.playground.ada, product.playground.mo)[number % 2]
    words = f"Think about number {number}"
    asked = await person.start_command("omp new", "tasks", prompt=words, repository=repository.name, agent="thinks")
    return Begun(repository, words, moment_s(asked.id))


async def _done(begun: Begun) -> None:
    """Its branch is there; bounded."""
    ends = time.monotonic() + WAIT_S
    while begun.branch is None:
        if time.monotonic() > ends:
            raise RuntimeError(f"{begun.words}: no branch came within {WAIT_S:g} s")
        await asyncio.sleep(LOOK_S)


def _judged(begun: list[Begun], memory: float) -> Day:
    found = [(one, one.branch or "") for one in begun]
    return Day(
        took_s=max(written(one.repository, branch) for one, branch in found) - min(one.at for one in begun),
        waits_s=tuple(agent_started(one.repository, branch) - one.at for one, branch in found),
        crossed=sum(not _has_its_own(one, branch) for one, branch in found),
        memory=memory,
    )


def _has_its_own(one: Begun, branch: str) -> bool:
    """`number 1` is no part of `number 12`, since its line ends there."""
    return f"{one.words}\n" in f"{git(one.repository, 'show', f'{branch}:task')}\n"
