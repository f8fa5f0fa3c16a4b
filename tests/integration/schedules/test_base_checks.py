"""Red checks of a branch fire triggers: each red run of a check once, over restarts; a forge may rest."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from pydantic import ValidationError

from ompycord.conductor import Snapshots
from ompycord.domain.catalog import Catalog
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.repository import AgentSpec, RepositorySpec
from ompycord.domain.triggers.options import TriggerSpec
from ompycord.errors import ForgeFailed, ForgeNotNow, StorageError
from ompycord.forge.github_following import GitHubFollowing, KnownAnswers
from ompycord.schedules.triggers.base_checks import BaseChecks
from ompycord.schedules.triggers.triggers import Triggers
from ompycord.settings import Settings
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.schedules.test_triggers import Shown
from tests.integration.store.world import CountingIds, HandClock
from tests.support.forge_options import forge_options
from tests.support.scheduling import StartedRuns
from tests.support.talking_forge import TalkingForge

HOUR = 3_600_000
TIP = "a" * 40
"""Of `main`."""
SPEC = TriggerSpec(
    name="base-is-red", source="base_checks", fingerprint=("branch",), repository="shop", dry=False, burst=5,
    prompt="{check} failed on {branch} ({verdict}): {url} Red there: {red}. Find out why, and fix it.",
)  # fmt: skip


class World:
    """A forge that speaks as GitHub does, and a trigger that looks at it."""

    def __init__(self, store: SqliteStore, clock: HandClock, runs: StartedRuns, spec: TriggerSpec = SPEC) -> None:
        self.store, self.clock, self.runs, self.spec = store, clock, runs, spec
        self.forge = TalkingForge()
        self.fault: ForgeFailed | None = None
        self.looks = 0
        forge = forge_options({**self.forge.settings, "token_file": "token"})
        self.shop = RepositorySpec.model_validate({"name": "shop", "path": "/srv/shop", "forge": forge})
        self.restart()

    def restart(self) -> None:
        self.triggers = Triggers(
            specs={self.spec.name: self.spec},
            rows=self.store.triggers,
            announcements=self.store.announcements,
            runs=cast("Any", self.runs),
            snapshots=cast("Snapshots", Shown()),
            audit=self.store,
            catalog=Catalog(repositories=(self.shop,), agents=(AgentSpec(name="worker", kind="command"),)),
            guild="1", channels={"": "2"}, clock=self.clock, ids=CountingIds(9000 + self.looks), redact=str,
        )  # fmt: skip
        self.checks = BaseChecks(
            specs=(self.spec,), repository=lambda name: self.shop, forges=cast("Any", self.following),
            triggers=self.triggers, seen=self.store.seen_failures, clock=self.clock,
        )  # fmt: skip

    @asynccontextmanager
    async def following(self, spec: ForgeSpec) -> AsyncGenerator[GitHubFollowing]:
        self.looks += 1
        if self.fault is not None:
            raise self.fault
        reads = GitHubFollowing(
            spec, token=lambda: self.forge.token, clock=FakeClock(), known=KnownAnswers(), transport=self.forge
        )
        yield reads
        await reads.close()

    async def look(self) -> int:
        """How many runs started by it."""
        before = len(self.runs.submitted)
        await self.checks.inspect()
        await self.triggers.start_claimed()
        return len(self.runs.submitted) - before

    def prompts(self) -> list[str]:
        return [one[0].request.prompt for one in self.runs.submitted.values()]

    async def said(self) -> list[str]:
        return [one.text for one in await self.store.announcements.unsent(100)]


@pytest.fixture
def world(store: SqliteStore, clock: HandClock, runs: StartedRuns) -> World:
    return World(store, clock, runs)


async def test_a_red_base_starts_one_run_and_the_same_red_starts_no_other_ever(world: World) -> None:
    world.forge.check(TIP, "lint", "success")
    world.forge.check(TIP, "unit", None)
    assert await world.look() == 0
    world.forge.checks.clear()
    world.forge.check(TIP, "unit", "failure")
    world.forge.check(TIP, "lint", "timed_out")
    assert await world.look() == 1, "both are about one branch"
    (prompt,) = world.prompts()
    assert prompt.startswith("lint failed on main (timed_out): https://")
    assert "Red there: lint, unit." in prompt
    world.clock.pass_ms(100 * HOUR)
    assert await world.look() == 0, "nobody has run it again"
    world.restart()
    assert await world.look() == 0
    world.forge.check(TIP, "unit", "failure", started="2026-12-05T01:00:00Z")
    assert await world.look() == 1


async def test_a_crash_before_that_was_stored_starts_no_second_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.forge.check(TIP, "unit", "failure")
    with monkeypatch.context() as broken:
        broken.setattr(world.store.seen_failures, "mark_seen", _full)
        assert await world.look() == 1
    world.restart()
    assert await world.look() == 0
    world.clock.pass_ms(100 * HOUR)
    assert await world.look() == 0


async def _full(name: str, at: int) -> None:
    raise StorageError("full")


async def test_green_stopped_and_our_own_marks_start_nothing_and_a_status_does(world: World) -> None:
    world.forge.check(TIP, "unit", "success")
    world.forge.check(TIP, "deploy", "cancelled")
    world.forge.status(TIP, "ompycord", "failure")
    assert await world.look() == 0
    world.forge.status(TIP, "ci/tests", "failure")
    assert await world.look() == 1


async def test_another_branch_is_looked_at_where_it_is_named(
    store: SqliteStore, clock: HandClock, runs: StartedRuns
) -> None:
    world = World(store, clock, runs, SPEC.model_copy(update={"branch": "release"}))
    world.forge.check(TIP, "unit", "failure")
    assert await world.look() == 0
    world.forge.branches["release"] = "b" * 40
    world.forge.check("b" * 40, "unit", "failure")
    assert await world.look() == 1


async def test_what_cannot_be_looked_at_is_said_once_and_a_forge_that_rests_is_asked_less_often(world: World) -> None:
    refusal = (403, {"message": "Resource not accessible by personal access token"})
    world.forge.refused.update({"/check-runs": refusal, "/status": refusal})
    await world.look()
    await world.look()
    (said,) = await world.said()
    assert said.startswith("Trigger `base-is-red` cannot look at the checks of main: ")
    assert "give it *Checks* and *Commit statuses*, both read" in said
    world.forge.refused.clear()
    world.fault, world.looks = ForgeNotNow("resting", "It rests."), 0
    for _ in range(30):
        assert await world.look() == 0
    assert world.looks == 5, "after 1, 2, 4, 8 and then 12 looks that were left out"
    world.fault = None
    world.forge.check(TIP, "unit", "failure")
    assert sum([await world.look() for _ in range(13)]) == 1


async def test_each_branch_of_a_forge_that_rests_is_asked_less_often(world: World) -> None:
    checks = BaseChecks(
        specs=(SPEC, SPEC.model_copy(update={"name": "release-is-red", "branch": "release"})),
        repository=lambda name: world.shop, forges=cast("Any", world.following), triggers=world.triggers,
        seen=world.store.seen_failures, clock=world.clock,
    )  # fmt: skip
    world.fault = ForgeNotNow("resting", "It rests.")
    looks: list[int] = []
    for _ in range(8):
        before = world.looks
        await checks.inspect()
        looks.append(world.looks - before)
    assert looks == [2, 0, 2, 0, 0, 2, 0, 0], "after 1, 2 and then 4 looks that were left out"


def test_it_needs_a_forge_to_inspect_branch() -> None:
    trigger = {"source": "base_checks", "fingerprint": ["branch"], "prompt": "Fix it.", "repository": "shop"}
    repositories = {"shop": {"path": "/srv/shop"}}
    with pytest.raises(ValidationError, match=r"base_checks needs repositories\.shop\.forge"):
        Settings.model_validate({"repositories": repositories, "triggers": {"red": trigger}})
    with pytest.raises(ValidationError, match=r"branch is for base_checks alone"):
        TriggerSpec.model_validate({**trigger, "name": "red", "source": "alert", "branch": "main"})
