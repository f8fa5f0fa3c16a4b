"""Labels and assignments on Gitea: a delivery says what stands at the issue, and the forge who put it there."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ompycord.playground.rules.documents import Json
from ompycord.store import SqliteStore
from tests.integration.issue_calls.conftest import CallWorld
from tests.integration.store.world import CountingIds, HandClock
from tests.support.forge_deliveries import reassigned, relabeled
from tests.support.forge_double import REPOSITORY, Fault, ForgeDouble, forge_double
from tests.support.new_store import new_store

LABEL, BOT = "ompycord", "ompycord-bot"


class GiteaIssue:
    """An issue on a Gitea, and what people do to it there."""

    def __init__(self, forge: ForgeDouble) -> None:
        self.forge = forge
        for name in (LABEL, "bug"):
            forge.forge.records.add("label", REPOSITORY, {"name": name})
        self.found: Json = forge.forge.add_issue(
            "anna", REPOSITORY, {"title": "The total is wrong", "body": "It adds twice."}
        )

    def change(self, event: str, about: str, by: str) -> None:
        """Somebody put a label there, or took it away; or assigned it to somebody, or not any more."""
        field = "labels" if "labeled" in event else "assignees"
        there = [one for one in self.found[field] if one != about]
        if not event.startswith("un"):
            there.append(about)
        self.forge.forge.records.change("pull", self.found, **{field: there})
        self.forge.forge.note(self.found, event, by, about=about)

    @property
    def shown(self) -> dict[str, Any]:
        """As a delivery has it."""
        return self.forge.gitea.views.issue(self.found)


@pytest.fixture
async def forge(tmp_path: Path) -> AsyncGenerator[ForgeDouble]:
    async with forge_double(tmp_path / "forge", kind="gitea") as double:
        yield double


@pytest.fixture
def issue(forge: ForgeDouble) -> GiteaIssue:
    return GiteaIssue(forge)


@pytest.fixture
async def world(tmp_path: Path, clock: HandClock, forge: ForgeDouble, issue: GiteaIssue) -> AsyncGenerator[CallWorld]:
    clock.wall_ms = int(datetime.fromisoformat(issue.shown["updated_at"]).timestamp() * 1000)
    async with new_store(tmp_path / "ompycord.db", clock=clock, ids=CountingIds(), readers=1) as store:
        yield _world(store, clock, forge)


def _world(store: SqliteStore, clock: HandClock, forge: ForgeDouble) -> CallWorld:
    return CallWorld(store, clock, forge)


def end_runs(database: Path) -> None:
    """Every run that was started has ended."""
    with closing(sqlite3.connect(database)) as raw, raw:
        raw.execute(
            "INSERT INTO runs (id, kind, state, created_at, updated_at, ended_at) "
            "SELECT run, 'hosted', 'COMPLETE', 0, 0, 0 FROM issue_calls WHERE state = 'started'"
        )


def notes(world: CallWorld) -> list[str]:
    return [submission.note for submission, _, _ in world.runs.submitted.values()]


async def test_a_label_of_a_runner_starts_a_run(world: CallWorld, issue: GiteaIssue) -> None:
    issue.change("labeled", LABEL, "anna")
    assert await world.take(relabeled(issue.shown)) == "called"
    assert await world.calls.start_called() == 1
    assert notes(world) == ["anna put the label ompycord on issue 1."]


async def test_an_assignment_to_the_named_account_starts_one_and_one_to_another_does_not(
    world: CallWorld, issue: GiteaIssue
) -> None:
    issue.change("assigned", "vi", "anna")
    await world.take(reassigned(issue.shown))
    assert await world.calls.start_called() == 0
    issue.change("assigned", BOT, "anna")
    assert await world.take(reassigned(issue.shown)) == "called"
    assert await world.calls.start_called() == 1
    assert notes(world) == ["anna assigned issue 1 to ompycord-bot."]


@pytest.mark.parametrize("is_new", [False, True], ids=["old server", "new server"])
async def test_another_label_beside_ours_starts_nothing_and_accuses_nobody(
    world: CallWorld, issue: GiteaIssue, is_new: bool
) -> None:
    """The delivery has our label in it, and somebody else as its sender."""
    issue.change("labeled", LABEL, "anna")
    issue.change("labeled", "bug", "mallory")
    outcome = await world.take(relabeled(issue.shown, "mallory", added=["bug"] if is_new else None))
    assert outcome == ("ignored" if is_new else "called")
    assert await world.calls.start_called() == 0
    assert (world.runs.submitted, await world.texts(), await world.refusals()) == ({}, [], [])


async def test_what_stood_there_before_the_delivery_starts_nothing(world: CallWorld, issue: GiteaIssue) -> None:
    """A runner's own label of yesterday is not put there again by what the same person does today."""
    issue.change("labeled", LABEL, "anna")
    for one in issue.forge.forge.records.every("event"):
        issue.forge.forge.records.put("event", one | {"created_at": "2026-01-01T00:00:00Z"})
    issue.change("labeled", "bug", "anna")
    await world.take(relabeled(issue.shown))
    assert await world.calls.start_called() == 0
    assert world.runs.submitted == {}


async def test_a_label_starts_one_run_whatever_else_its_issue_gets_until_it_is_put_there_again(
    world: CallWorld, issue: GiteaIssue, tmp_path: Path
) -> None:
    """The run ended within a minute of the label: a delivery about another label has ours in it, too."""
    issue.change("labeled", LABEL, "anna")
    await world.take(relabeled(issue.shown))
    assert await world.calls.start_called() == 1
    end_runs(tmp_path / "ompycord.db")
    issue.change("labeled", "bug", "anna")
    assert await world.take(relabeled(issue.shown)) == "called"
    assert await world.made().start_called() == 0
    assert (len(world.runs.submitted), await world.refusals()) == (1, [])
    issue.change("unlabeled", LABEL, "anna")
    issue.change("labeled", LABEL, "anna")
    assert await world.take(relabeled(issue.shown)) == "called"
    assert await world.calls.start_called() == 1


async def test_a_call_whose_reading_failed_is_still_the_first_of_its_label(
    world: CallWorld, issue: GiteaIssue, forge: ForgeDouble
) -> None:
    issue.change("labeled", LABEL, "anna")
    await world.take(relabeled(issue.shown))
    forge.faults = [Fault("GET", "/comments", 502, times=9)]
    assert await world.calls.start_called() == 0
    forge.faults = []
    assert await world.made().start_called() == 1


@pytest.mark.parametrize("is_new", [False, True], ids=["old server", "new server"])
async def test_a_label_that_was_taken_away_starts_nothing(world: CallWorld, issue: GiteaIssue, is_new: bool) -> None:
    issue.change("labeled", LABEL, "anna")
    await world.take(relabeled(issue.shown, added=[LABEL] if is_new else None))
    issue.change("unlabeled", LABEL, "anna")
    payload = relabeled(issue.shown, added=[] if is_new else None, removed=[LABEL] if is_new else [])
    assert await world.take(payload) == "withdrawn"
    assert await world.calls.start_called() == 0


async def test_a_label_that_was_taken_away_unseen_starts_nothing(world: CallWorld, issue: GiteaIssue) -> None:
    """The delivery of that was lost: the history has it."""
    issue.change("labeled", LABEL, "anna")
    await world.take(relabeled(issue.shown))
    issue.change("unlabeled", LABEL, "anna")
    assert await world.calls.start_called() == 0


async def test_a_stranger_s_label_is_refused_and_recorded(world: CallWorld, issue: GiteaIssue) -> None:
    issue.change("labeled", LABEL, "mallory")
    await world.take(relabeled(issue.shown, "mallory"))
    assert await world.calls.start_called() == 0
    assert await world.refusals() == [("forge:mallory", "shop#1")]
