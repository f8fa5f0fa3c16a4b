"""Other work that changes the same files: shown on the cards of both, waited for, built on, or gone on beside.

Merges on trial end as the test says; store, runs and log are the product's.
"""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from ompycord.conductor import OverlapWatch
from ompycord.conductor.overlaps.other_work import MOST_PULLS
from ompycord.domain.access import Person
from ompycord.domain.catalog import Limits
from ompycord.domain.events import OtherWork, OverlapsFound, PullRequestSeen
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.ports import RunFilter
from ompycord.domain.pull_requests.record import PullRequestRecord
from ompycord.domain.run import RunRecord, RunState, SuspendReason
from ompycord.errors import Refused
from ompycord.forge.github_following import KnownAnswers
from ompycord.render.cards.view import view
from ompycord.render.render_context import RenderContext
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import ADA, AP, CATALOG, MO, VI, AppHarness
from tests.support.database_faults import faulty_writes
from tests.support.followed_pulls import Forges
from tests.support.forge_options import forge_options
from tests.support.overlapping import OftenBusy, WrittenMerges, overlaps_of
from tests.support.talking_forge import TalkingForge

A, B, C = "a" * 40, "b" * 40, "c" * 40


class World:
    """Runs that are at their checks, and what looks for overlaps between them."""

    def __init__(self, harness: AppHarness) -> None:
        self.harness = harness
        self.forge = TalkingForge()
        self.merges = WrittenMerges()
        self.go = asyncio.Event()
        """Lets checks end."""
        harness.checks.before = self._until_let_go
        spec = forge_options({**self.forge.settings, "token_file": "token"})
        shop = harness.catalog.repository("shop").model_copy(update={"forge": spec})
        self.with_forge = harness.catalog.model_copy(update={"repositories": (shop,)})
        self.watch = self.watcher()

    async def _until_let_go(self) -> None:
        await self.go.wait()

    def watcher(self, *, forge: bool = False, store: OftenBusy | None = None) -> OverlapWatch:
        """One process's; another one knows what is stored."""
        forges = Forges(forge=self.forge, clock=self.harness.clock, known=KnownAnswers())
        return overlaps_of(self.harness, self.merges, forges, self.with_forge if forge else None, store=store)

    async def checking(
        self, person: Person, commit: str, prompt: str = "Fix the total.", *, guild: str = "1"
    ) -> RunRecord:
        """A run whose result was collected and is checked."""
        record = await self.harness.submit(person, prompt=prompt, guild=guild)
        await self.harness.in_state(record.id, RunState.VERIFYING)
        self.merges.collect(record.id, commit)
        return record

    async def look(self, *runs: RunRecord, watch: OverlapWatch | None = None) -> None:
        """What a change of these runs leads to."""
        await (watch or self.watch).check_once([RunId(one.id) for one in runs])

    async def shown(self, run: RunRecord, count: int) -> StatusSnapshot:
        return await self.harness.until(run.id, lambda one: len(one.overlaps) == count)

    async def found(self, run: RunRecord) -> list[OverlapsFound]:
        events = await self.harness.store.events_of(RunId(run.id))
        return [one.body for one in events if isinstance(one.body, OverlapsFound)]


@pytest.fixture
async def world(store: SqliteStore, tmp_path: Path) -> AsyncGenerator[World]:
    """With room for all of them at once."""
    catalog = CATALOG.model_copy(update={"limits": Limits(parallel_runs=8)})
    harness = AppHarness(store, tmp_path, FakeClock(), catalog)
    async with harness.running():
        yield World(harness)


def card(snapshot: StatusSnapshot) -> tuple[str, list[str]]:
    """Its words and its buttons."""
    shown = view(snapshot, RenderContext(), redact=lambda text: text)
    fields = "\n".join(f"{field.name}: {field.value}" for field in shown.fields)
    return f"{shown.heading}\n{shown.sentence}\n{fields}", [one.label for one in shown.buttons]


async def test_both_cards_say_what_else_changes_the_same_files(world: World) -> None:
    ada, mo = await world.checking(ADA, A), await world.checking(MO, B)
    other = await world.checking(MO, C)
    world.merges.overlap(A, B, "auth.py")
    world.merges.overlap(A, C, "total.py", conflict=True)
    await world.look(ada, mo, other)
    text, buttons = card(await world.shown(mo, 1))
    assert (
        f"Same files: Also changes auth.py: Ada's run {ada.id[-6:].lower()} (Fix the total) · no conflict yet" in text
    )
    assert buttons == ["Wait for it", "Go on", "Stop", "Details", "Cancel run"]
    text, _ = card(await world.shown(ada, 2))
    assert f"⚠ Conflicts in total.py with Mo's run {other.id[-6:].lower()}" in text
    assert text.index("Conflicts in") < text.index("Also changes"), "what conflicts comes first"


async def test_of_work_of_another_server_nothing_is_said_but_what_the_forge_shows(world: World) -> None:
    ada, theirs = await world.checking(ADA, A), await world.checking(MO, B, "Feed the zebrafinch.", guild="2")
    world.merges.overlap(A, B, "auth.py")
    await world.look(ada, theirs)
    assert [await world.found(run) for run in (ada, theirs)] == [[], []]
    assert world.merges.merged == []
    number = world.forge.open_pull("ompycord/feed", B)
    await world.harness.store.keep_pull_request(
        PullRequestRecord(chain=theirs.id, repository="shop", number=number, branch="ompycord/feed")
    )
    await world.harness.areas.runs.cancel(await world.harness.areas.record(theirs.id), ADA)
    await world.harness.ended(theirs.id)
    await world.look(ada, theirs, watch=world.watcher(forge=True))
    text, _ = card(await world.shown(ada, 1))
    assert f"#{number}" in text
    assert "Mo" not in text.partition("Same files")[2]
    assert "zebrafinch" not in text


async def test_nothing_is_said_or_merged_twice_also_by_another_process(world: World) -> None:
    ada, mo = await world.checking(ADA, A), await world.checking(MO, B)
    world.merges.overlap(A, B, "auth.py")
    await world.look(ada, mo)
    await world.shown(ada, 1)
    await world.look(ada, mo)
    await world.look(ada, mo, watch=world.watcher())
    assert [len(await world.found(run)) for run in (ada, mo)] == [1, 1]
    assert world.merges.merged == [frozenset({A, B})] * 2, "once a process"


async def test_what_is_over_is_named_no_longer(world: World) -> None:
    ada, mo = await world.checking(ADA, A), await world.checking(MO, B)
    world.merges.overlap(A, B, "auth.py")
    await world.look(ada, mo)
    await world.shown(mo, 1)
    await world.harness.areas.runs.cancel(await world.harness.areas.record(ada.id), ADA)
    await world.harness.ended(ada.id)
    await world.look(ada)
    assert card(await world.shown(mo, 0))[1][0] == "Stop"


async def test_a_run_that_ends_at_once_is_compared_all_the_same(world: World) -> None:
    ada = await world.checking(ADA, A)
    fast = await world.harness.submit(MO, mode="fast")
    await world.harness.ended(fast.id)
    world.merges.collect(fast.id, B)
    world.merges.overlap(A, B, "auth.py")
    await world.look(ada, fast)
    await world.shown(fast, 1)
    assert not (await world.shown(fast, 1)).open_overlaps, "nothing can be decided about it any more"


async def test_what_moved_while_the_store_was_busy_is_compared_afterwards(world: World) -> None:
    ada, mo = await world.checking(ADA, A), await world.checking(MO, B)
    world.merges.overlap(A, B, "auth.py")
    busy = OftenBusy(world.harness.store)
    watch = world.watcher(store=busy)
    busy.refuses = 1
    await world.look(ada, mo, watch=watch)
    assert not await world.found(mo)
    await world.look(watch=watch)
    await world.shown(mo, 1)


async def test_a_store_that_is_busy_at_the_start_is_asked_again_for_what_is_open(world: World) -> None:
    await world.checking(ADA, A)
    mo = await world.checking(MO, B)
    world.merges.overlap(A, B, "auth.py")
    busy = OftenBusy(world.harness.store)
    busy.refuses = 1
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(world.watcher(store=busy).run())
        await busy.refused.wait()
        world.harness.bus.publish([RunId(new_ulid(now_ms=0, entropy=bytes(10)))])
        await world.shown(mo, 1)
        watching.cancel()


async def test_go_on_hides_it_until_it_becomes_a_conflict(world: World) -> None:
    ada, mo = await world.checking(ADA, A), await world.checking(MO, B)
    world.merges.overlap(A, B, "auth.py")
    await world.look(ada, mo)
    await world.shown(mo, 1)
    decide = world.harness.areas.overlaps
    with pytest.raises(Refused) as refused:
        await decide.go_on(await world.harness.areas.load(mo.id), VI)
    assert refused.value.code == "not-permitted"
    await decide.go_on(await world.harness.areas.load(mo.id), MO)
    gone_on = await world.harness.until(mo.id, lambda one: not one.open_overlaps)
    assert card(gone_on)[1][0] == "Stop"
    with pytest.raises(Refused) as refused:
        await decide.go_on(await world.harness.areas.load(mo.id), MO)
    assert refused.value.code == "no-overlap"
    world.merges.collect(ada.id, C)  # another round of hers
    world.merges.overlap(C, B, "auth.py", conflict=True)
    await world.look(mo, watch=world.watcher())
    await world.harness.until(mo.id, lambda one: bool(one.open_overlaps))


async def test_waiting_ends_by_itself_with_the_other_run(world: World) -> None:
    ada, mo = await world.checking(ADA, A), await world.checking(MO, B)
    world.merges.overlap(A, B, "auth.py", conflict=True)
    await world.look(ada, mo)
    await world.shown(mo, 1)
    await world.harness.areas.overlaps.wait(await world.harness.areas.load(mo.id), MO)
    waiting = await world.harness.until(mo.id, lambda one: one.awaits == OtherWork(run=ada.id))
    assert (waiting.state, waiting.reason) == (RunState.SUSPENDED, SuspendReason.OVERLAP)
    text, buttons = card(waiting)
    assert "Waiting for other work" in text
    assert f"Mo has it wait for Ada's run {ada.id[-6:].lower()}." in text
    assert buttons == ["Resume", "Say…", "Details", "Cancel run"]
    await world.look(mo)
    assert (await world.harness.areas.record(mo.id)).state is RunState.SUSPENDED
    world.go.set()
    await world.harness.ended(ada.id)
    await world.look(mo, watch=world.watcher())  # another process, which knows of the waiting by the log alone
    await world.harness.ended(mo.id)


async def test_who_resumed_it_meanwhile_is_not_undone(world: World) -> None:
    ada, mo = await world.checking(ADA, A), await world.checking(MO, B)
    world.merges.overlap(A, B, "auth.py")
    await world.look(ada, mo)
    await world.shown(mo, 1)
    await world.harness.areas.overlaps.wait(await world.harness.areas.load(mo.id), MO)
    await world.harness.until(mo.id, lambda one: one.awaits is not None)
    await world.look(mo)
    await world.harness.areas.runs.resume(await world.harness.areas.load(mo.id), MO)
    await world.harness.in_state(mo.id, RunState.VERIFYING)
    resumed = await world.harness.areas.record(mo.id)
    await world.harness.areas.runs.cancel(await world.harness.areas.record(ada.id), ADA)
    await world.harness.ended(ada.id)
    await world.look(mo, ada)
    assert (await world.harness.areas.record(mo.id)).version == resumed.version


async def test_it_is_started_again_once_on_the_branch_of_what_ended(world: World) -> None:
    ada, mo = await world.checking(ADA, A), await world.checking(MO, B)
    world.merges.overlap(A, B, "auth.py", conflict=True)
    await world.look(ada, mo)
    await world.shown(mo, 1)
    decide, load = world.harness.areas.overlaps, world.harness.areas.load
    with pytest.raises(Refused) as refused:
        await decide.build_on(await load(mo.id), MO)
    assert refused.value.code == "no-branch-to-build-on"
    await decide.wait(await load(mo.id), MO)
    await world.harness.until(mo.id, lambda one: one.awaits is not None)
    world.go.set()
    branch = (await world.harness.ended(ada.id)).branch
    await world.look(ada)
    on_branch = await world.harness.until(mo.id, lambda one: any(each.other.branch for each in one.overlaps))
    assert f"ended on {branch}" in card(on_branch)[0]
    loaded = await load(mo.id)
    begun = await decide.build_on(loaded, AP)
    assert (await decide.build_on(loaded, AP)).id == begun.id, "pressed twice it is one run"
    task = await world.harness.store.task(begun.task or "")
    assert task is not None
    assert (task.branch, task.prompt, begun.requester) == (branch, "Fix the total.", MO.id)
    assert (await world.harness.areas.record(mo.id)).state is RunState.CANCELLED
    assert len(await world.harness.store.runs(RunFilter())) == 3


async def test_an_open_pull_request_is_other_work_until_it_is_merged(world: World) -> None:
    """One of ours names who asked for it; one of others its branch. Its own chain's is no other work."""
    watch = world.watcher(forge=True)
    mo = await world.checking(MO, B)
    world.forge.open_pull("ompycord/hers", A)
    world.forge.open_pull("somebody/else", C)
    done = await world.harness.submit(ADA, prompt="Make it faster.", mode="fast")
    await world.harness.ended(done.id)
    await world.harness.store.keep_pull_request(PullRequestRecord(chain=done.id, repository="shop", number=1))
    world.merges.overlap(A, B, "auth.py", conflict=True)
    world.merges.overlap(C, B, "total.py")
    await world.look(mo, watch=watch)
    text, _ = card(await world.shown(mo, 2))
    assert "⚠ Conflicts in auth.py with Ada's pull request #1 (Make it faster)" in text
    assert "Also changes total.py: pull request #2 (somebody/else) · no conflict yet" in text
    await world.harness.areas.overlaps.wait(await world.harness.areas.load(mo.id), MO)
    await world.harness.until(mo.id, lambda one: one.awaits == OtherWork(pull_request=1))
    await world.look(mo, watch=watch)
    assert (await world.harness.areas.record(mo.id)).state is RunState.SUSPENDED
    record = await world.harness.store.pull_request("shop", 1)
    assert record is not None
    merged = PullRequestSeen(number=1, url=world.forge.pulls[0]["html_url"], state="merged")
    await world.harness.store.keep_pull_request(record.model_copy(update={"seen": merged}))
    await world.look(watch=watch)
    await world.harness.in_state(mo.id, RunState.VERIFYING)


async def test_what_the_database_did_not_take_is_compared_again(world: World) -> None:
    ada, mo = await world.checking(ADA, A), await world.checking(MO, B)
    world.merges.overlap(A, B, "auth.py")
    async with faulty_writes(world.harness.store, "INSERT ON events WHEN NEW.type = 'overlaps.found'") as found:
        found.refuse(1)
        await world.look(ada, mo)
    await world.look()
    await world.shown(ada, 1)
    await world.shown(mo, 1)


async def test_a_pull_request_behind_many_newer_ones_is_still_waited_for(world: World) -> None:
    watch = world.watcher(forge=True)
    mo = await world.checking(MO, B)
    number = world.forge.open_pull("somebody/else", C)
    world.merges.overlap(C, B, "total.py")
    await world.look(mo, watch=watch)
    await world.shown(mo, 1)
    await world.harness.areas.overlaps.wait(await world.harness.areas.load(mo.id), MO)
    await world.harness.until(mo.id, lambda one: one.awaits == OtherWork(pull_request=number))
    for at in range(MOST_PULLS):
        world.forge.open_pull(f"newer/{at}", f"{at:040x}")
    world.harness.clock.advance(601)
    await world.look(mo, watch=watch)
    assert (await world.harness.areas.record(mo.id)).state is RunState.SUSPENDED
    world.forge.merge(number, "anna")
    world.harness.clock.advance(601)
    await world.look(watch=watch)
    await world.harness.in_state(mo.id, RunState.VERIFYING)


async def test_a_forge_that_fails_hides_no_run(world: World) -> None:
    world.forge.refused["/pulls"] = (404, {"message": "Not Found"})
    ada, mo = await world.checking(ADA, A), await world.checking(MO, B)
    world.merges.overlap(A, B, "auth.py")
    await world.look(ada, mo, watch=world.watcher(forge=True))
    await world.shown(mo, 1)
