"""People's own settings and boards: the last word holds, over a restart too."""

from pathlib import Path

from ompycord.domain.person_settings import PersonSettings, Pings, QuietHours
from ompycord.domain.records import Board
from ompycord.store import open_store
from tests.integration.store.world import CountingIds, HandClock

ADA, MO = "100000000000000001", "100000000000000002"
CHANNEL, OTHER = "200000000000000001", "200000000000000002"


async def test_what_a_person_chose_is_kept_and_the_last_word_holds(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    chosen = PersonSettings(pings=Pings.DM, quiet=QuietHours(start="22:00", end="07:00", zone="UTC"), agent="omp")
    async with open_store(path, clock=HandClock(), ids=CountingIds()) as store:
        assert await store.person_settings(ADA) == PersonSettings()
        await store.save_person_settings(ADA, PersonSettings(pings=Pings.NONE), at=1)
        await store.save_person_settings(ADA, chosen, at=2)
    async with open_store(path, clock=HandClock(), ids=CountingIds()) as store:
        assert await store.person_settings(ADA) == chosen
        assert await store.person_settings(MO) == PersonSettings()


async def test_a_channel_has_one_board(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    first = Board(channel=CHANNEL, message="300000000000000001", posted_at=1)
    second = Board(channel=CHANNEL, message="300000000000000002", shown_hash="ab", posted_at=2)
    other = Board(channel=OTHER, message="300000000000000003", posted_at=3)
    async with open_store(path, clock=HandClock(), ids=CountingIds()) as store:
        for board in (first, other, second):
            await store.save_board(board)
    async with open_store(path, clock=HandClock(), ids=CountingIds()) as store:
        assert await store.boards() == [second, other]
        await store.drop_board(CHANNEL)
        await store.drop_board(CHANNEL)
        assert await store.boards() == [other]
