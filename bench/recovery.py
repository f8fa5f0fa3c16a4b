"""`recovery`: what a thousand open runs add to a start, and how long until the last of their cards is true again."""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.cards_true import PER_S, cards_true
from bench.filled import fill
from bench.product import open_product, projected
from bench.rounds import Size, spread
from ompycord.app.system import SystemClock, SystemIds
from ompycord.domain.catalog import Catalog
from ompycord.domain.ports import RunFilter
from tests.support.app_harness import ComposedApp, settings_of

__all__ = ["recovery"]

GUILD = "100000000000000009"
STORED = {Size.SMALLEST: (10, 10), Size.NORMAL: (1000, 1000), Size.FULL: (1000, 1000)}
"""(open runs, events of each)."""


async def _start_s(database: Path, runs: int) -> tuple[float, float]:
    """Seconds until the database is open and checked, and until everything that looks at open runs has looked."""
    start = time.perf_counter()
    async with open_product(database) as product:
        opened = time.perf_counter() - start
        store = product.store
        await projected(product)
        await store.open_effects()  # the driver's recovery and first look
        await store.runs(RunFilter(is_open=True, limit=runs))
        settings = settings_of(Catalog(), discord={"guilds": (GUILD,)})
        app = ComposedApp(store, database.parent, settings=settings, clock=SystemClock(), ids=SystemIds())
        await app.areas.reminders().check_once()
        await store.outbox()  # the live editor's
        await store.stale_runs()
        return opened, time.perf_counter() - start


async def _measure(rounds: int, size: Size) -> dict[str, Any]:
    runs, each = STORED[size]
    with tempfile.TemporaryDirectory(prefix="ompycord-bench-") as folder:
        full, empty = Path(folder) / "full.db", Path(folder) / "empty.db"
        await fill(full, runs=runs, each=each)
        await fill(empty, runs=0, each=0)
        tried = [(await _start_s(full, runs), await _start_s(empty, runs)) for _ in range(rounds + 1)]
    pairs = tried[1:]  # the first warms up
    cards = await cards_true(runs)
    extra = spread([(one[1] - none[1]) * 1000 / runs for one, none in pairs])
    return {
        "benchmark": "recovery",
        "restart_extra_ms_per_open_run": extra["median"],
        "all_cards_true_over_bound_s": round(cards.over_bound_s, 2),
        "all_cards_true_s": round(cards.took_s, 2),
        "dirty_cards": cards.dirty,
        "bound": f"dirty cards / {PER_S}, from the bot's start",
        "cards_refused_429": cards.refused,
        "spread": extra,
        "open_runs": runs,
        "events_of_each": each,
        "of_which_opening_and_integrity_check_ms": spread([(one[0] - none[0]) * 1000 / runs for one, none in pairs]),
        "start_s": {"full": spread([one[1] for one, _ in pairs]), "empty": spread([none[1] for _, none in pairs])},
        "counts": "store opened and checked, projector caught up, driver's, watch's and live editor's first reads",
    }


def recovery(*, rounds: int, size: Size) -> dict[str, Any]:
    """The object that is printed. `full` takes three times as many rounds."""
    return asyncio.run(_measure(rounds * (3 if size is Size.FULL else 1), size))
