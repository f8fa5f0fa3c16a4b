"""A change of a run is shown on its card and on the board without a fold being read from the database."""

from pathlib import Path

from ompycord.domain import events as ev
from ompycord.store import SqliteStore
from tests.integration.bot.conftest import AppHarness, kind_of
from tests.support.database_faults import FOLD, logged_reads
from tests.support.playground import Playground


async def test_cards_and_boards_share_what_was_folded(
    playground: Playground, store: SqliteStore, tmp_path: Path
) -> None:
    harness = AppHarness(playground, store, tmp_path, has_board=True)
    async with harness.running():
        run = await harness.at_work()
        await playground.ada.wait_message(lambda m: kind_of(m) == "board")
        async with logged_reads(store) as log:
            await harness.areas.recorder.observe(run, ev.ToolFinished(tool="edit", title="late.py"))
            await playground.mo.wait_message(lambda m: kind_of(m) == "card 1" and "late.py" in str(m.raw))
            await harness.shown_up_to(run, harness.projector.position)
            assert log.of(FOLD) == []
            await store.folds([run])
            assert log.of(FOLD) == [FOLD], "had one been read, it would be seen"
        harness.agent.release()
