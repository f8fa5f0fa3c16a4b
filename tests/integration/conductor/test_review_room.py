"""Too many pull requests wait unread: a run waits, says for whom and how long, and goes on once somebody has read one.

GitHub is in memory, and the push is left out; store, log, inbox and the look at pull requests are the product's.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from ompycord.conductor import LoadedRun, driver
from ompycord.conductor.pull_requests.review_room import ReviewRoom
from ompycord.domain.access import Access
from ompycord.domain.catalog import Catalog, Limits
from ompycord.domain.configuration.publish_options import PublishSpec
from ompycord.domain.effects import StepOrder
from ompycord.domain.events import PullRequestOpened
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.ports.following import OpenedByRun, PullRequestRecords
from ompycord.domain.pull_requests.record import PullRequestRecord
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.run import RunState
from ompycord.domain.task import Task
from ompycord.engines.publication import Proposals, PublishedResult
from ompycord.engines.publication.proposal import RecordFacts
from ompycord.errors import StorageError
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import ADA, CATALOG, MO, AppHarness
from tests.support.followed_pulls import followed_by
from tests.support.forge_options import forge_options
from tests.support.patience import until, within
from tests.support.settled import settled
from tests.support.talking_forge import TalkingForge

DAY_S = 86_400
ACCESS = Access.model_validate({"users": {"runner": [MO.id]}, "forge": {"mo": MO.id}})
CHAIN, OTHER = "01J00000000000000000000001", "01J00000000000000000000002"


class Opening:
    """Opens pull requests in the forge in memory; a chain of these tests is one run."""

    def __init__(self, forge: TalkingForge) -> None:
        self._forge = forge
        self.ending = ""
        """Of the branch there, where one of the same name has ended."""
        self.allowed: list[str | None] = []
        self.opens = asyncio.Event()
        self.opens.set()

    async def is_proposed(self, run: RunId, repository: RepositorySpec) -> bool:
        return True

    async def head_of(self, run: RunId, repository: RepositorySpec, task: Task, branch: str) -> str:
        return f"{branch}{self.ending}"

    async def chain_of(self, run: RunId) -> RunId:
        return run

    async def propose(
        self, order: StepOrder, task: Task, repository: RepositorySpec, result: PublishedResult, record: RecordFacts
    ) -> None:
        await self.opens.wait()
        self.allowed.append(result.head)
        number = self._forge.open_pull(result.branch, result.commit)
        url = self._forge.pulls[number - 1]["html_url"]
        await record(order.run, PullRequestOpened(number=number, url=url))


class House:
    """Runs of `shop`, whose pull requests `ben` is asked to read."""

    def __init__(self, store: SqliteStore, folder: Path, *, limits: Limits | None = None, **publish: object) -> None:
        self.forge = TalkingForge()
        spec = forge_options({**self.forge.settings, "token_file": "token"})
        self.publish = PublishSpec.model_validate({"most_unread": 1, "reviewers": ["ben"], **publish})
        shop = CATALOG.repository("shop").model_copy(update={"forge": spec, "publish": self.publish})
        self.shop = shop
        self.harness = AppHarness(store, folder, FakeClock(), self.catalog(shop, limits))
        self.again()

    def catalog(self, shop: RepositorySpec, limits: Limits | None) -> Catalog:
        return CATALOG.model_copy(update={"repositories": (shop,), "limits": limits or CATALOG.limits})

    def again(self) -> None:
        """What follows pull requests and what publishes share a room, as they do in a process."""
        self.pulls = followed_by(self.harness, self.forge, ACCESS, **self.publish.model_dump())
        self.opening = Opening(self.forge)
        opening = cast("Proposals", self.opening)
        context = self.harness.engine.context
        self.harness.engine.context = replace(context, proposals=opening, review_room=self.pulls.room, moves=None)

    @property
    def room(self) -> ReviewRoom:
        return self.pulls.room

    async def ended(self) -> StatusSnapshot:
        """A run whose result is proposed."""
        run = (await self.harness.submit(ADA)).id
        found = await self.harness.ended(run)
        await self.harness.settled(run)
        await self.look()
        return found

    async def waiting(self) -> StatusSnapshot:
        """A run that does not publish yet."""
        run = (await self.harness.submit(ADA)).id
        return await self.harness.until(run, lambda one: bool(one.open_approvals))

    async def loaded(self, run: str) -> LoadedRun:
        return await self.harness.snapshots.load(await self.harness.areas.record(run))

    async def look(self) -> None:
        self.harness.clock.advance(61)
        await self.pulls.inspect_all()


@pytest.fixture
async def house(store: SqliteStore, tmp_path: Path) -> AsyncGenerator[House]:
    made = House(store, tmp_path)
    async with made.harness.running():
        yield made


async def test_a_run_beyond_the_limit_says_for_whom_it_waits_and_goes_on_once_one_was_read(house: House) -> None:
    assert (await house.ended()).pull_request is not None
    house.harness.clock.advance(2 * DAY_S)
    snapshot = await house.waiting()
    (request,) = snapshot.open_approvals
    assert snapshot.state is RunState.PUBLISHING
    words = "1 pull request of shop waits for ben, the oldest for 2 days"
    assert request.title.endswith(f": {words}")
    assert request.because == f"{words}: read one and this goes on, or allow it now"
    assert request.is_publication
    await house.look()
    assert len(house.forge.pulls) == 1, "nobody has read anything"
    house.forge.review(1, "ben", "APPROVED")
    await house.look()
    done = await house.harness.ended(snapshot.run)
    assert (done.state, len(house.forge.pulls)) == (RunState.COMPLETE, 2)
    assert done.approvals[0].reason == "There is room now: somebody read one, or it was merged or closed."


async def test_a_person_may_allow_one_more_or_not(house: House) -> None:
    await house.ended()
    snapshot = await house.waiting()
    loaded = await house.loaded(snapshot.run)
    await house.harness.areas.approvals.approve(loaded, snapshot.open_approvals[0].ref, ADA)
    assert (await house.harness.ended(snapshot.run)).state is RunState.COMPLETE
    assert len(house.forge.pulls) == 2
    await house.look()
    second = await house.waiting()
    assert "2 pull requests of shop wait for ben" in second.open_approvals[0].title
    loaded = await house.loaded(second.run)
    await house.harness.areas.approvals.deny(loaded, second.open_approvals[0].ref, ADA, reason="Not now")
    denied = await house.harness.ended(second.run)
    assert denied.is_unpublished
    assert len(house.forge.pulls) == 2
    again = await house.loaded(second.run)
    await house.harness.areas.runs.resume(again, ADA)  # *Publish again*: a person wants this one
    await house.harness.until(second.run, lambda one: one.pull_request is not None)
    assert len(house.forge.pulls) == 3


async def test_a_restart_while_it_waits_asks_no_second_time(store: SqliteStore, tmp_path: Path) -> None:
    house = House(store, tmp_path)
    async with house.harness.running():
        await house.ended()
        first = await house.waiting()
    house.harness = house.harness.restart()
    house.again()
    looks: list[str] = []
    take = house.room.take

    async def counted(spec: RepositorySpec, chain: str) -> str | None:
        looks.append(chain)
        return await take(spec, chain)

    house.room.take = counted  # tells when the step waits again
    async with house.harness.running():
        await until(lambda: len(looks) > 1)
        house.forge.merge(1, "ben")
        await house.look()
        done = await house.harness.ended(first.run)
    assert (done.state, len(done.approvals), len(house.forge.pulls)) == (RunState.COMPLETE, 1, 2)


async def test_who_waits_for_a_reader_leaves_its_slot_to_others_and_is_not_suspended(
    store: SqliteStore, tmp_path: Path
) -> None:
    """It has no process; were it suspended, nobody would take its request back once there is room."""
    house = House(store, tmp_path, limits=Limits(open_per_person=9, parallel_runs=1, waiting_runs=0))
    async with house.harness.running():
        await house.ended()
        first = await house.waiting()
        second = await house.waiting()
        await settled(store)
        assert (await house.harness.areas.record(first.run)).state is RunState.PUBLISHING
        for number in (1, 2):
            house.forge.merge(number, "ben")
            await house.look()
            async with within(5):
                await until(lambda number=number: len(house.forge.pulls) == number + 1)
            await house.look()
        done = [await house.harness.ended(one.run) for one in (first, second)]
    assert [one.state for one in done] == [RunState.COMPLETE, RunState.COMPLETE]


async def test_a_store_that_fails_while_it_waits_costs_the_run_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "RETRY_S", 0.0)
    await house.ended()
    take, looks = house.room.take, list[str]()
    waits_again = asyncio.Event()

    async def failing(spec: RepositorySpec, chain: str) -> str | None:
        """It looks before it asks, and while it waits; both once more when the step is done again."""
        looks.append(chain)
        if len(looks) == 2:
            raise StorageError("it is busy")
        if len(looks) == 4:
            waits_again.set()
        return await take(spec, chain)

    house.room.take = failing
    snapshot = await house.waiting()
    async with within(5):
        await waits_again.wait()
    house.forge.merge(1, "ben")
    await house.look()
    done = await house.harness.ended(snapshot.run)
    assert (done.state, len(done.approvals), len(house.forge.pulls)) == (RunState.COMPLETE, 1, 2)


@pytest.mark.parametrize("ends", ["it fails", "it is cancelled"])
async def test_a_place_comes_back_although_the_store_fails_by_then(house: House, ends: str) -> None:
    """A cancel comes while the store cannot be read: another run has the place all the same."""
    reached = asyncio.Event()

    async def broken(run: RunId) -> RunId:
        raise StorageError("it is busy")

    async def breaks(
        order: StepOrder, task: Task, repository: RepositorySpec, result: PublishedResult, record: RecordFacts
    ) -> None:
        house.opening.chain_of = broken
        reached.set()
        if ends == "it fails":
            raise StorageError("it is busy")
        await asyncio.Event().wait()

    house.opening.propose = breaks
    run = (await house.harness.submit(ADA)).id
    async with within(10):
        await reached.wait()
        if ends == "it is cancelled":
            await house.harness.areas.runs.cancel(await house.harness.areas.record(run), ADA)
        await house.room.wait(house.shop, CHAIN)


async def test_a_restart_with_settings_that_want_a_word_asks_for_it_where_there_was_room_before(
    store: SqliteStore, tmp_path: Path
) -> None:
    house = House(store, tmp_path)
    async with house.harness.running():
        await house.ended()
        waits = await house.waiting()
        house.opening.opens.clear()
        house.forge.merge(1, "ben")
        await house.look()
        await house.harness.until(waits.run, lambda one: not one.open_approvals)
    shop = house.shop.model_copy(update={"publish": house.publish.model_copy(update={"approve": "always"})})
    before = house.harness
    house.harness = AppHarness(store, tmp_path, before.clock, house.catalog(shop, None), before.workspaces)
    house.again()
    async with house.harness.running():
        asked = await house.harness.until(waits.run, lambda one: bool(one.open_approvals))
        assert (asked.open_approvals[0].because, len(house.forge.pulls)) == ("others see it", 1)
        loaded = await house.loaded(waits.run)
        await house.harness.areas.approvals.approve(loaded, asked.open_approvals[0].ref, ADA)
        assert (await house.harness.ended(waits.run)).state is RunState.COMPLETE


async def test_who_waits_for_a_person_s_word_takes_no_place(house: House) -> None:
    assert await house.room.why_full(house.shop, CHAIN) is None
    assert await house.room.take(house.shop, OTHER) is None
    assert await house.room.why_full(house.shop, CHAIN) is not None


class Moving:
    """Records of which something moves on between two looks at them."""

    def __init__(self) -> None:
        self.opened: list[OpenedByRun] = []
        self.records: list[PullRequestRecord] = []
        self.then: Callable[[], object] = list

    async def pull_requests(self) -> list[PullRequestRecord]:
        found = list(self.records)
        self.then()
        return found

    async def opened_since_last(self) -> tuple[list[OpenedByRun], int]:
        found = list(self.opened)
        self.then()
        return found, 0


@pytest.mark.parametrize("moves", ["into the log", "into a record"])
async def test_one_that_moves_on_while_another_looks_counts(house: House, moves: str) -> None:
    records, opened = Moving(), OpenedByRun(RunId(OTHER), OTHER, "shop", 1)
    room = ReviewRoom(records=cast("PullRequestRecords", records), clock=house.harness.clock)

    def into_the_log() -> None:
        records.opened = [opened]
        room.release(house.shop, OTHER)

    def into_a_record() -> None:
        records.opened, records.records = [], [PullRequestRecord(chain=OTHER, repository="shop", number=1)]

    if moves == "into the log":
        assert await room.take(house.shop, OTHER) is None
        records.then = into_the_log
    else:
        records.opened, records.then = [opened], into_a_record
    assert await room.take(house.shop, CHAIN) == "1 pull request of shop waits for ben"


async def test_of_two_that_come_at_once_one_is_the_second(house: House) -> None:
    async with asyncio.TaskGroup() as group:
        asked = {chain: group.create_task(house.room.take(house.shop, chain)) for chain in (CHAIN, OTHER)}
    first, second = sorted(asked, key=lambda chain: asked[chain].result() or "")
    assert [asked[first].result() is None, asked[second].result() is None] == [True, False]
    assert await house.room.take(house.shop, first) is None, "it has its place"
    async with within(5), asyncio.TaskGroup() as group:
        waits = group.create_task(house.room.wait(house.shop, second))
        await asyncio.sleep(0)
        house.room.release(house.shop, first)
        await waits
    assert await house.room.take(house.shop, first) is not None


@pytest.mark.parametrize(
    ("login", "association", "reads"),
    [("ben", "MEMBER", True), ("Mo", "NONE", True), ("eve", "NONE", False), ("ompycord[bot]", "NONE", False)],
)
async def test_only_people_of_repository_or_team_read(house: House, login: str, association: str, reads: bool) -> None:
    await house.ended()
    house.forge.write(1, login, "I had a look.")
    house.forge.comments[-1]["author_association"] = association
    await house.look()
    record = await house.harness.store.pull_request("shop", 1)
    assert record is not None
    assert record.readers == ((login,) if reads else ())
    assert (await house.room.take(house.shop, CHAIN) is None) is reads


async def test_a_chain_that_has_one_open_needs_no_place(house: House) -> None:
    run = (await house.ended()).run
    assert await house.room.take(house.shop, run) is None
    assert await house.room.take(house.shop, CHAIN) == "1 pull request of shop waits for ben"
    house.harness.clock.advance(61)
    assert "waits for ben, the oldest for 1 min" in (await house.room.take(house.shop, CHAIN) or "")
    nobody = house.shop.model_copy(update={"publish": PublishSpec(most_unread=1)})
    assert "waits for a reader" in (await house.room.take(nobody, CHAIN) or "")
    free = house.shop.model_copy(update={"publish": PublishSpec()})
    assert await house.room.take(free, CHAIN) is None


@pytest.mark.parametrize(("approve", "most"), [("always", None), ("never", 1)])
@pytest.mark.parametrize("ending", ["", "-2"])
async def test_what_a_person_allows_is_the_branch_to_which_it_is_pushed(
    store: SqliteStore, tmp_path: Path, ending: str, approve: str, most: int | None
) -> None:
    """Where a pull request of the run's branch has ended, it goes to another one there."""
    house = House(store, tmp_path, most_unread=most, approve=approve)
    async with house.harness.running():
        if most is not None:
            await house.ended()
        house.opening.ending, house.opening.allowed = ending, []
        snapshot = await house.waiting()
        (request,) = snapshot.open_approvals
        branch = f"{snapshot.branch}{ending}"
        assert request.title.partition(":")[0] == f"Publish {branch} to acme/shop"
        assert request.command is not None
        assert f":refs/heads/{branch}, then a pull request" in request.command
        await house.harness.areas.approvals.approve(await house.loaded(snapshot.run), request.ref, ADA)
        assert (await house.harness.ended(snapshot.run)).state is RunState.COMPLETE
        assert house.opening.allowed == [branch]
