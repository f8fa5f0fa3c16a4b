"""A change of a run is shown on its card and on the board without a fold being read from the database."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from ompycord.domain import events as ev
from ompycord.domain.folds.fold import RunFold
from ompycord.domain.ids import RunId
from ompycord.store import SqliteStore
from tests.integration.bot.conftest import AppHarness, kind_of
from tests.support.playground import Playground


class CountingStore:
    """The real store, which counts how often folds are read from it."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.loads: list[RunId] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def folds(self, runs: Sequence[RunId]) -> dict[RunId, RunFold]:
        self.loads += runs
        return await self._store.folds(runs)


async def test_cards_and_boards_share_what_was_folded(
    playground: Playground, store: SqliteStore, tmp_path: Path
) -> None:
    counted = CountingStore(store)
    harness = AppHarness(playground, cast("SqliteStore", counted), tmp_path, has_board=True)
    harness.store = store  # what the test itself reads does not count
    async with harness.running():
        run = await harness.at_work()
        await playground.ada.wait_message(lambda m: kind_of(m) == "board")
        counted.loads.clear()
        await harness.areas.recorder.observe(run, ev.ToolFinished(tool="edit", title="late.py"))
        await playground.mo.wait_message(lambda m: kind_of(m) == "card 1" and "late.py" in str(m.raw))
        await harness.true_everywhere(run)
        assert counted.loads == []
        harness.agent.release()
