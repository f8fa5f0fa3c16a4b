"""Schedules of the settings, as they are kept beside those of people: over changed settings, servers and pauses."""

import pytest

from ompycord.domain.access import Person, Places, Role, RoleStep
from ompycord.domain.catalog import Catalog
from ompycord.domain.repository import AgentSpec, RepositorySpec
from ompycord.domain.schedules.options import ScheduleSpec
from ompycord.domain.schedules.schedule import Schedule
from ompycord.errors import Refused
from ompycord.schedules.book import ScheduleBook
from ompycord.store import SqliteStore
from tests.integration.store.world import NOW, CountingIds, HandClock
from tests.support.scheduling import schedule_from

HOUR, DAY = 3_600_000, 24 * 3_600_000
HOME, OTHER = "100000000000000001", "100000000000000002"
MO = Person(id="300000000000000001", name="Mo", role=Role.RUNNER)
NIGHTLY = ScheduleSpec(name="nightly", when="0 * * * *", prompt="Look after it", repository="shop")


@pytest.fixture
def book(store: SqliteStore, clock: HandClock) -> ScheduleBook:
    names = ("shop", "vault", "bare")
    agents = {"bare": ("nobody",)}
    repositories = tuple(
        RepositorySpec.model_validate(
            {"name": name, "path": f"/srv/{name}", "base": "main", "agents": agents.get(name, ())}
        )
        for name in names
    )
    catalog = Catalog(repositories=repositories, agents=(AgentSpec(name="rehearsal", kind="command"),))
    return ScheduleBook(rows=store.schedules, catalog=catalog, audit=store, clock=clock, ids=CountingIds(7000))


async def keep(book: ScheduleBook, *specs: ScheduleSpec, guild: str = HOME) -> None:
    await book.keep({one.name: one for one in specs}, guild=guild, channels={"": "200000000000000001"})


async def only(store: SqliteStore) -> Schedule:
    (found,) = await store.schedules.schedules()
    return found


async def test_a_restart_leaves_what_is_next_and_a_new_time_counts_from_now(
    book: ScheduleBook, store: SqliteStore, clock: HandClock
) -> None:
    await keep(book, NIGHTLY)
    first = await only(store)
    clock.wall_ms += 2 * HOUR
    await keep(book, NIGHTLY)
    assert await only(store) == first  # what was due meanwhile is still to be done
    await keep(book, NIGHTLY.model_copy(update={"when": "30 * * * *"}))
    assert ((await only(store)).next_at or 0) > clock.wall_ms
    await keep(book)
    assert await store.schedules.schedules() == []


async def test_after_another_server_became_home_it_is_kept_there_alone(book: ScheduleBook, store: SqliteStore) -> None:
    person_s = schedule_from(NOW, "0 * * * *", name="mine", guild=HOME)
    await store.schedules.put(person_s)
    await keep(book, NIGHTLY)
    await keep(book, NIGHTLY, guild=OTHER)
    assert [(one.name, one.guild) for one in await store.schedules.schedules()] == [("mine", HOME), ("nightly", OTHER)]


async def test_what_the_settings_paused_goes_on_from_now(
    book: ScheduleBook, store: SqliteStore, clock: HandClock
) -> None:
    await keep(book, NIGHTLY.model_copy(update={"paused": True}))
    clock.wall_ms += 30 * DAY
    await keep(book, NIGHTLY)
    found = await only(store)
    assert found.paused is None
    assert (found.next_at or 0) > clock.wall_ms


async def test_what_a_person_paused_stays_so_over_a_new_time(book: ScheduleBook, store: SqliteStore) -> None:
    await keep(book, NIGHTLY)
    await book.pause(HOME, "nightly", MO.model_copy(update={"role": Role.APPROVER}))
    await keep(book, NIGHTLY.model_copy(update={"when": "30 * * * *"}))
    assert (await only(store)).paused == "Mo paused it."


async def test_one_that_no_agent_can_do_holds_up_no_other(book: ScheduleBook, store: SqliteStore) -> None:
    await keep(book, NIGHTLY.model_copy(update={"name": "bare", "repository": "bare"}), NIGHTLY)
    assert (await only(store)).name == "nightly"


async def test_who_may_not_start_runs_of_its_repository_neither_adds_nor_resumes(
    book: ScheduleBook, store: SqliteStore
) -> None:
    watcher = MO.model_copy(update={"places": Places(repositories={"shop": RoleStep(most=Role.VIEWER)})})
    one = schedule_from(NOW, "0 * * * *", guild=HOME)
    with pytest.raises(Refused):
        await book.add(one, watcher)
    await book.add(one, MO)
    await book.pause(HOME, "nightly", MO)
    with pytest.raises(Refused):
        await book.resume(HOME, "nightly", watcher)
    assert (await only(store)).paused is not None
