"""`growth`: what an event costs when a million are there already, over what it costs among a thousand."""

import asyncio
import hashlib
import tempfile
import time
import uuid
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from bench.filled import LANE, fill, run_name
from bench.product import open_product, projected
from bench.requests import EVENT_MIX
from bench.rounds import Size, spread
from ompycord.app.system import SystemIds
from ompycord.domain.authority import SourceKind
from ompycord.domain.events import parse_body
from ompycord.domain.records import Post, Receipt
from tests.support.ingestion import Ingestion

__all__ = ["growth"]

SPOKEN = 20
"""Runs that go on talking, spread over all."""
EACH = 50
"""Events of each of them in a round."""
AT_ONCE = 50
LARGE = {Size.SMALLEST: (40, 100), Size.NORMAL: (1000, 1000), Size.FULL: (1000, 1000)}
SMALL = (20, 50)
"""(runs, events of each) that are stored before."""


class _Side:
    """One database and its senders."""

    def __init__(self, product: Ingestion, stored: tuple[int, int]) -> None:
        runs, self._seq = stored
        self._product = product
        self._names = [run_name(1 + number * (runs // SPOKEN)) for number in range(SPOKEN)]
        self._ids = SystemIds()

    def posts(self, *, random_ids: bool) -> list[Post]:
        self._seq += EACH
        numbers = range(self._seq - EACH + 1, self._seq + 1)
        return [self._post(name, seq, random_ids) for seq in numbers for name in self._names]

    def _post(self, name: str, seq: int, random_ids: bool) -> Post:
        event = EVENT_MIX[seq % len(EVENT_MIX)]
        webhook_id = f"msg_{uuid.uuid4().hex if random_ids else self._ids.ulid()}"
        return Post(
            key_id="shared",
            kind=SourceKind.EXTERNAL,
            name=name,
            may_create=False,
            source=LANE,
            at=time.time_ns() // 1_000_000,
            body=parse_body(event["type"], event["data"]),
            seq=seq,
            event_id=self._ids.ulid(),
            new_run=self._ids.ulid(),
            webhook_id=webhook_id,
            body_hash=hashlib.sha256(webhook_id.encode()).digest(),
        )

    async def round(self, *, random_ids: bool) -> float:
        """Microseconds for each event, stored and folded."""
        posts = self.posts(random_ids=random_ids)
        start = time.perf_counter()
        for first in range(0, len(posts), AT_ONCE):
            results = await self._product.store.append(posts[first : first + AT_ONCE])
            assert all(isinstance(result, Receipt) and not result.duplicate for result in results)
            self._product.projector.wake()
        await projected(self._product)
        return (time.perf_counter() - start) / len(posts) * 1e6


async def _measure(rounds: int, size: Size) -> dict[str, Any]:
    sides: list[_Side] = []
    most = LARGE[size]
    async with AsyncExitStack() as stack:
        for stored in (most, SMALL):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="ompycord-bench-"))
            await fill(Path(folder) / "ompycord.db", runs=stored[0], each=stored[1])
            sides.append(_Side(await stack.enter_async_context(open_product(Path(folder) / "ompycord.db")), stored))
        large, small = sides
        pairs: dict[bool, list[tuple[float, float]]] = {False: []} | ({True: []} if size is Size.FULL else {})
        for _ in range(rounds + 1):
            for is_random, done in pairs.items():
                done.append((await large.round(random_ids=is_random), await small.round(random_ids=is_random)))
    ratios = {
        key: spread([one / other for one, other in done[1:]]) for key, done in pairs.items()
    }  # the first warms up
    ratio = ratios[False]
    return {
        "benchmark": "growth",
        "growth_ratio": ratio["median"],
        "spread": ratio,
        "stored_before": [SMALL[0] * SMALL[1], most[0] * most[1]],
        "webhook_ids": "ULIDs, which sort by time; those of all stored events are kept",
        "us_per_event": {
            "small": spread([pair[1] for pair in pairs[False][1:]]),
            "large": spread([pair[0] for pair in pairs[False][1:]]),
        },
        "spread_random_ids": ratios.get(True, "only with --size full"),
        "synchronous": "FULL",
    }


def growth(*, rounds: int, size: Size) -> dict[str, Any]:
    """The object that is printed. `full` takes three times as many rounds, and random ids too."""
    return asyncio.run(_measure(rounds * (3 if size is Size.FULL else 1), size))
