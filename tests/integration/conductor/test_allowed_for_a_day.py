"""*Allow here for a day*: exactly this call, in this repository and channel, for a day, while all is as it was."""

from pathlib import Path
from typing import Any

import pytest

from ompycord.conductor.risk.standing import StandingPermissions
from ompycord.domain import events as ev
from ompycord.domain.access import Person
from ompycord.domain.ids import RunId
from ompycord.domain.risk.deciders import ApprovalRules, DecisionRule
from ompycord.domain.run import RunRecord
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import ADA, AP, CATALOG, GUILD, AppHarness
from tests.integration.conductor.test_permissions import CALL, OTHER, Asking, requested, wants
from tests.support.refusals import refuses


def asks(name: str = "1", **more: object) -> ev.ApprovalRequested:
    return wants(name, **{"risk_class": "run", **more})  # type: ignore[arg-type]  # any of its fields


class Lost:
    """Whose role is gone."""

    def __init__(self) -> None:
        self.people: set[str] = set()

    async def has_lost(
        self, record: RunRecord, person: str, name: str, action: str, *, rule: DecisionRule | None = None
    ) -> bool:
        return person in self.people


def harness_of(store: SqliteStore, folder: Path, *wanted: ev.ApprovalRequested) -> AppHarness:
    return AppHarness(store, folder, FakeClock(), CATALOG, agent=Asking(*wanted))


async def allow(harness: AppHarness, run: str, person: Person = ADA, name: str = "1") -> None:
    await harness.until(run, lambda snapshot: any(one.ref == name for one in snapshot.open_approvals))
    await harness.areas.approvals.approve(await harness.areas.load(RunId(run)), name, person, scope="day")


async def is_asked(harness: AppHarness, **place: Any) -> bool:
    """Whether the next run has to ask; it is denied then."""
    run = (await harness.submit(**place)).id
    snapshot = await harness.until(run, lambda seen: seen.is_final or bool(seen.open_approvals))
    if snapshot.is_final:
        assert await requested(harness.store, run) == []
        return False
    await harness.areas.approvals.deny(await harness.areas.load(RunId(run)), "1", ADA)
    await harness.ended(run)
    return True


async def test_the_same_call_is_not_asked_again_here_for_a_day_and_everywhere_else_it_is(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness = harness_of(store, tmp_path, asks())
    async with harness.running():
        run = (await harness.submit()).id
        await allow(harness, run)
        await harness.ended(run)
        assert not await is_asked(harness)
        assert await is_asked(harness, channel="3")
        assert await is_asked(harness, repository="bare")
        assert await is_asked(harness, guild="2")
        harness.clock.advance(24 * 3600 - 1)
        assert not await is_asked(harness)
        harness.clock.advance(1)
        assert await is_asked(harness)
    events = [event.body for event in await store.events_of(RunId(run))]
    assert [one.scope for one in events if isinstance(one, ev.ApprovalGranted)] == ["day"]


@pytest.mark.parametrize(
    "other",
    [{"command": "rm -rf src"}, {"call": OTHER}, {"meaning": CALL}, {"risk_class": "network"}, {"title": "Other"}],
    ids=lambda other: next(iter(other)),
)
async def test_what_differs_in_anything_is_asked(store: SqliteStore, tmp_path: Path, other: dict[str, Any]) -> None:
    harness = harness_of(store, tmp_path, asks())
    async with harness.running():
        run = (await harness.submit()).id
        await allow(harness, run)
        await harness.ended(run)
        harness.agent.wanted = (asks(**other),)  # type: ignore[attr-defined]  # it is an Asking
        assert await is_asked(harness)


@pytest.mark.parametrize(
    "other",
    [{"only_once": True}, {"whole": False}, {"edits": ("a.py",), "tool": "Edit"}, {"risk_class": "danger"},
     {"risk_class": "secret"}, {"risk_class": None}],
    ids=str,
)  # fmt: skip
async def test_what_is_decided_each_time_is_not_allowed_for_a_day(
    store: SqliteStore, tmp_path: Path, other: dict[str, Any]
) -> None:
    harness = harness_of(store, tmp_path, asks(**other))
    async with harness.running():
        run = (await harness.submit()).id
        await harness.until(run, lambda snapshot: bool(snapshot.open_approvals))
        for person in (AP, ADA):
            with refuses("."):
                await harness.areas.approvals.approve(await harness.areas.load(RunId(run)), "1", person, scope="day")
        await harness.areas.approvals.deny(await harness.areas.load(RunId(run)), "1", ADA)
        await harness.ended(run)


async def test_it_ends_when_it_is_revoked_when_the_rules_change_and_when_who_gave_it_lost_the_role(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness, lost = harness_of(store, tmp_path, asks()), Lost()
    standing = harness.parts.areas.standing
    standing._roles = lost  # pyright: ignore[reportPrivateUsage]  # no bot runs here that could be asked
    async with harness.running():
        run = (await harness.submit(guild=GUILD)).id
        await allow(harness, run, AP)
        await harness.ended(run)
        lost.people = {AP.id}
        assert await is_asked(harness, guild=GUILD)
        lost.people = {ADA.id}
        assert not await is_asked(harness, guild=GUILD)
        [given] = await standing.listed(GUILD)
        assert await standing.listed("2") == []
        assert given.names == "Ap"
        rules = ApprovalRules.model_validate({"run": {"by": "approver", "people": 2}})
        stricter = StandingPermissions(
            catalog=CATALOG.model_copy(update={"approvals": rules}), decisions=store, clock=harness.clock
        )
        record = (await harness.areas.load(RunId(run))).record
        assert await standing.covering(record, asks()) == given
        assert await stricter.covering(record, asks()) is None
        with refuses("needs the role"):
            await standing.revoke(GUILD, given.id, AP)
        assert not await standing.revoke("2", given.id, ADA)
        assert await standing.revoke(GUILD, given.id, ADA)
        assert not await standing.revoke(GUILD, given.id, ADA)
        assert await is_asked(harness, guild=GUILD)
    [row] = await store.audit_of(given.id)
    assert (row.text("actor"), row.text("action")) == (ADA.id, "revoke-permission")


async def test_what_was_decided_before_is_known_for_exactly_this_call(store: SqliteStore, tmp_path: Path) -> None:
    harness = harness_of(store, tmp_path, asks())
    async with harness.running():
        first = (await harness.submit()).id
        await harness.until(first, lambda snapshot: bool(snapshot.open_approvals))
        await harness.areas.approvals.approve(await harness.areas.load(RunId(first)), "1", ADA)
        await harness.ended(first)
        harness.clock.advance(60)
        assert await is_asked(harness)
        harness.clock.advance(60)
        third = (await harness.submit()).id
        snapshot = await harness.until(third, lambda seen: bool(seen.open_approvals))
        record = (await harness.areas.load(RunId(third))).record
        found = await harness.parts.areas.standing.before(record, snapshot.open_approvals[0])
        assert [(one.action, one.names) for one in found] == [("deny", "Ada"), ("once", "Ada")]
        elsewhere = record.model_copy(update={"repository": "bare"})
        assert await harness.parts.areas.standing.before(elsewhere, snapshot.open_approvals[0]) == []
        await harness.areas.approvals.deny(await harness.areas.load(RunId(third)), "1", ADA)
        await harness.ended(third)
