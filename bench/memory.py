"""`memory`: how well things are found in this project's history beside a plain search, and how long a search takes.

Both searches see the same items in the same round. The times are those of a store of made items that is as large as a
team's memory may become.
"""

import asyncio
import random
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from bench.rounds import Size, percentile
from ompycord.app.remembering.evaluation import measured, read_history
from ompycord.app.system import SystemClock, SystemIds
from ompycord.domain.memory.items import MemoryQuery
from ompycord.memory.measuring.histories import HistoryItem
from ompycord.memory.measuring.measure import PLACE, remember
from ompycord.memory.query import query_of
from ompycord.memory.ranking import ranked
from ompycord.store import open_store
from ompycord.store.features.memory.plain_search import PlainSearch

__all__ = ["memory"]

ITEMS: Final = {Size.SMALLEST: 200, Size.NORMAL: 20_000, Size.FULL: 20_000}
COMMITS: Final = {Size.SMALLEST: 120, Size.NORMAL: 2000, Size.FULL: 10_000}
QUERIES: Final = {Size.SMALLEST: 10, Size.NORMAL: 150, Size.FULL: 500}
WORDS: Final = 4000
"""Different words of the made items; some are in many of them, most in few, as in any language."""


def memory(*, rounds: int, size: Size) -> dict[str, Any]:
    """The object that is printed."""
    history = asyncio.run(_own_history(COMMITS[size]))
    times = asyncio.run(_times(ITEMS[size], QUERIES[size], rounds))
    return {
        "benchmark": "memory",
        **history,
        **times,
        "embeddings": "not measured: no package ships a model",
        "counts": "shares of questions whose answer is among the first; wall time of a search, with its ranking",
    }


async def _own_history(commits: int) -> dict[str, Any]:
    found = await measured(await read_history(Path(__file__).parents[1], commits))
    names = ("commits", "questions", "recall_at_5", "recall_at_10", "recall_gain_points", "plain")
    return {name: found[name] for name in names}


async def _times(items: int, queries: int, rounds: int) -> dict[str, Any]:
    rng = random.Random(11)
    made = [_item(number, rng) for number in range(items)]
    texts = [f"{_words(rng, 12)} src/{rng.choice(made).title.split()[0]}.py" for _ in range(queries)]
    plain = PlainSearch([(one.id, one.title, "\n".join((one.body, *one.paths))) for one in made])
    ours_ms: list[float] = []
    plain_ms: list[float] = []
    with tempfile.TemporaryDirectory(prefix="ompycord-bench-") as folder:
        async with open_store(Path(folder) / "bench.db", clock=SystemClock(), ids=SystemIds(), readers=1) as store:
            await remember(store.memory, made)
            for _ in range(rounds):
                for text in texts:  # the two take turns, so that whatever else works here slows both
                    start = time.perf_counter()
                    query = query_of(text)
                    found = await store.memory.search(MemoryQuery(place=PLACE, match=query.match, now=1))
                    ranked(found, PLACE, paths=query.paths)
                    middle = time.perf_counter()
                    plain.find(text, 10)
                    plain_ms.append((time.perf_counter() - middle) * 1000)
                    ours_ms.append((middle - start) * 1000)
    plain.close()
    ours, bare = percentile(ours_ms, 0.95), percentile(plain_ms, 0.95)
    return {
        "items": items,
        "search_p95_ms": round(ours, 2),
        "plain_p95_ms": round(bare, 2),
        "search_p95_ratio": round(ours / bare, 2),
    }


def _item(number: int, rng: random.Random) -> HistoryItem:
    title, body = _words(rng, 8), _words(rng, 60)
    return HistoryItem(f"{number:040x}", title, body, tuple(f"src/{word}.py" for word in title.split()[:3]))


def _words(rng: random.Random, count: int) -> str:
    return " ".join(f"word{int(WORDS * rng.random() ** 3)}" for _ in range(count))
