"""What `/omp health` says in one of several servers counts nothing of the others; the command line sees all."""

from types import SimpleNamespace
from typing import Any, cast

from ompycord.app.backups.state import BackupState
from ompycord.app.health import Health
from ompycord.app.outgoing.states import Destinations
from ompycord.bot.lookups import HealthLine
from ompycord.conductor import Slots
from ompycord.domain.catalog import Catalog, Limits
from ompycord.domain.deliveries import DestinationState
from ompycord.forge.breakers import ForgeBreakers
from ompycord.http import RequestCounts
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock


def told_by(number: int) -> Any:
    """Something of which there are so many."""

    async def value() -> Any:
        return number

    async def states() -> list[DestinationState]:
        return [DestinationState(destination="ci", pending=number, dead=0)]

    return SimpleNamespace(backlog=value, states=states)


def health_with(store: SqliteStore, number: int) -> Health:
    """Of a process in which there are so many of everything that is counted."""

    async def usage() -> Any:
        return SimpleNamespace(is_low=False, words="plenty is free")

    def no_lines(*, is_counted: bool) -> tuple[HealthLine, ...]:
        return ()

    async def no_vectors(*, is_counted: bool) -> tuple[HealthLine, ...]:
        return ()

    async def nothing() -> None:
        return None

    parts: dict[str, Any] = {
        "mode": SimpleNamespace(usage=usage, words=nothing),
        "launcher": SimpleNamespace(level="full", remedy=""),
        "store": store,
        "backlog": told_by(number),
        "catalog": Catalog(repositories=(), agents=()),
        "requests": lambda: RequestCounts(without_key=number),
        "destinations": Destinations(queue=told_by(number), clock=FakeClock(), configured=["ci"]),
        "slots": Slots(Limits(), FakeClock()),
        "runs": store,
        "own_limits": SimpleNamespace(lowered=()),
        "gateway": SimpleNamespace(
            streams=number, is_stopped=False, upstreams=SimpleNamespace(providers=["first"], resting=list)
        ),
        "backups": BackupState(),
        "breakers": ForgeBreakers(FakeClock()),
        "alerts": SimpleNamespace(lines=tuple),
        "retention": SimpleNamespace(lines=no_lines),
        "record": SimpleNamespace(lines=tuple),
        "vectors": SimpleNamespace(lines=no_vectors),
        "voice": None,
    }
    return Health(**cast("Any", parts))


async def test_what_all_servers_have_together_is_told_to_no_one_of_them(store: SqliteStore) -> None:
    none, many = health_with(store, 0), health_with(store, 77)
    assert await many.lines("1") == await none.lines("1")
    lines = {line.name: line.text for line in await many.lines()}
    for name in ("Event backlog", "Rejected requests", "Models", "Webhook ci"):
        assert lines[name].startswith("77")


async def test_that_it_does_not_keep_up_is_told_without_the_number(store: SqliteStore) -> None:
    health = health_with(store, 1_000_000)
    found = {line.name: line for line in await health.lines("1")}
    assert (found["Event backlog"].is_ok, found["Event backlog"].text) == (False, "does not keep up")
