"""A forge that fails rests: it is asked by nobody for a while, and health and cards say so."""

from pathlib import Path

import pytest

from ompycord.app.forges.connections import ForgeConnections
from ompycord.app.forges.resting import forge_lines, resting_forge
from ompycord.app.wiring.forge_credentials import ForgeCredentials
from ompycord.domain.breakers.breaker import FAILURES
from ompycord.domain.catalog import Catalog
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import ForgeFailed
from ompycord.forge.breakers import REST_S
from tests.integration.forge.conftest import HastyClock
from tests.support.forge_double import TOKEN, Fault, ForgeDouble


class World:
    def __init__(self, spec: ForgeSpec, clock: HastyClock, folder: Path) -> None:
        (folder / "token").write_text(TOKEN)
        self.spec = spec
        self.clock = clock
        credentials = ForgeCredentials(folder, clock=clock, learn=lambda values: None)
        self.forges = ForgeConnections(credentials, clock)
        repositories = (RepositorySpec(name="shop", path=folder, forge=spec), RepositorySpec(name="bare", path=folder))
        self.catalog = Catalog(repositories=repositories, agents=())

    async def look(self) -> str:
        """What keeps it from being asked; empty where it answers."""
        try:
            async with self.forges.following(self.spec) as forge:
                await forge.open_pulls()
        except ForgeFailed as error:
            return error.fault
        return ""

    async def propose(self) -> str:
        try:
            async with self.forges.proposing(self.spec) as forge:
                await forge.examine()
        except ForgeFailed as error:
            return f"{error.fault}: {error}"
        return ""

    @property
    def health(self) -> list[tuple[bool, str]]:
        return [(line.is_ok, line.text) for line in forge_lines(self.catalog, self.forges.breakers)]


@pytest.fixture
def world(spec: ForgeSpec, clock: HastyClock, tmp_path: Path) -> World:
    return World(spec, clock, tmp_path)


async def test_after_five_failures_it_is_asked_by_nobody_until_it_has_rested(world: World, forge: ForgeDouble) -> None:
    host = forge.origin.removeprefix("http://")
    assert world.health == [(True, f"{host} is asked")]
    forge.faults = [Fault("GET", "/pulls", status=503)] * FAILURES
    assert [await world.look() for _ in range(2)] == ["unavailable", "paused"]
    asked = len(forge.asked)
    words = await world.propose()
    assert words.startswith(f"paused: acme/shop: {host} failed several times, so it is not asked until ")
    assert await world.look() == "paused"
    assert len(forge.asked) == asked, "no request goes out"
    [(is_ok, text)] = world.health
    assert not is_ok
    assert text.startswith(f"{host} is not asked until ")
    assert text.endswith("UTC: it failed")
    assert resting_forge(world.catalog, world.forges.breakers, "shop") == host
    assert resting_forge(world.catalog, world.forges.breakers, "bare") is None
    world.clock.advance(REST_S)
    assert await world.propose() == ""
    assert world.health == [(True, f"{host} is asked")]


async def test_it_rests_again_where_it_still_fails_after_its_rest(world: World, forge: ForgeDouble) -> None:
    forge.faults = [Fault("GET", "/pulls", status=503)] * (FAILURES + 1)
    await world.look()
    await world.look()
    world.clock.advance(REST_S)
    assert await world.look() == "paused", "one try, and it rests"
    assert not forge.faults


async def test_a_refusal_is_an_answer(world: World, forge: ForgeDouble) -> None:
    forge.faults = [Fault("GET", "/pulls", status=404, body={"message": "Not Found"})] * (2 * FAILURES)
    assert {await world.look() for _ in range(2 * FAILURES)} == {"not_found"}
    assert await world.look() == ""
