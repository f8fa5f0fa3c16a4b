"""One bot in several servers: how many runs another one has is told in none, whatever is asked."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from ompycord.app.resources.slot_words import slot_words
from ompycord.app.retention.keeper import RetentionState, retention_line
from ompycord.bot.lookups import HealthLine, Lookups
from ompycord.bot.slot_queue import QueueNow, SlotQueue
from ompycord.conductor.runs import Submission
from ompycord.domain.access import Person as Member
from ompycord.domain.access import Role
from ompycord.domain.catalog import Limits
from ompycord.domain.ids import DraftId, RunId
from ompycord.domain.run import RunRecord, RunState
from ompycord.domain.task import TaskRequest
from ompycord.render.cards.headlines import headline_of
from ompycord.render.models import ModelsState, models_text
from ompycord.render.render_context import RenderContext, SlotHolder
from ompycord.render.sanitizer import Sanitizer
from ompycord.store import SqliteStore
from ompycord.store.archive.moving import ArchiveTotals
from tests.integration.bot.conftest import AppHarness, ComposedApp, is_answer
from tests.integration.bot.test_bot_gateway import Control
from tests.support.playground import Playground

OTHER = "111111111111111111"
THEM = Member(id="100000000000000077", name="Zebrafinch", role=Role.ADMIN)


class Shared(AppHarness):
    """Two servers, one slot, and an agent that is busy until it is let go."""

    def _lookups(self, app: ComposedApp) -> Lookups:
        async def health(guild: str | None) -> tuple[HealthLine, ...]:
            words = await slot_words(self.store, self.infrastructure.slots, guild)
            return (HealthLine(name="Slots", is_ok=True, text=words),)

        self.control = Control()
        return replace(super()._lookups(app), models=self.control, health=health)

    async def theirs(self, prompt: str = "Feed the zebrafinch") -> RunRecord:
        """A run of the other server."""
        request = TaskRequest.model_validate({"prompt": prompt, "repository": "shop", "agent": "scripted"})
        submission = Submission(request=request, guild=OTHER, channel="222222222222222222")
        return await self.areas.runs.submit(DraftId(self.ids.ulid()), submission, THEM)

    async def told(self, command: str) -> str:
        ada = self.playground.ada
        ran = await ada.command(command, "tasks")
        return (await ada.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)).text


@pytest.fixture
async def shared(playground: Playground, store: SqliteStore, tmp_path: Path) -> AsyncGenerator[Shared]:
    limits = Limits(parallel_runs=1)
    harness = Shared(playground, store, tmp_path, other_guilds=(OTHER,), limits=limits)
    harness.agent.hold()
    async with harness.running():
        yield harness


async def test_what_commands_say_is_the_same_whatever_another_server_does(shared: Shared) -> None:
    commands = ("omp-admin stop-all", "omp-admin stop-models", "omp health", "omp gateway", "omp status", "omp cost")

    async def everything() -> dict[str, str]:
        said = {command: await shared.told(command) for command in commands}
        said["omp health"] = next(line for line in said["omp health"].splitlines() if "Slots" in line)
        await shared.told("omp-admin unpause")
        await shared.told("omp-admin resume-models")
        return said

    alone = await everything()
    at_work = await shared.theirs()
    await shared.until(RunId(at_work.id), lambda seen: seen.state is RunState.BUILDING)
    await shared.theirs()
    await shared.theirs()
    shared.control.ended = 40
    shared.control.streams = 17
    assert await everything() == alone
    await shared.until(RunId(at_work.id), lambda seen: seen.state is RunState.SUSPENDED)
    assert alone["omp-admin stop-all"].startswith("Stopped 0 runs. Runs of other servers are stopped, too.")
    assert "every request has ended" in alone["omp-admin stop-models"]
    assert "0 at work, 0 queued, 0 waiting for people; all servers share 1" in alone["omp health"]
    assert "Requests under way" not in alone["omp gateway"]


async def test_the_queue_of_a_server_has_its_own_runs_alone(shared: Shared) -> None:
    at_work = await shared.theirs()
    await shared.until(RunId(at_work.id), lambda seen: seen.state is RunState.BUILDING)
    theirs = await shared.theirs()
    ours = await shared.start(shared.playground.mo, prompt="Sweep the yard")
    queue = SlotQueue(
        store=shared.store,
        snapshots=shared.snapshots,
        clock=shared.infrastructure.clock,
        catalog=shared.catalog,
        redact=str,
        slots=shared.infrastructure.slots,
    )
    assert await queue.with_run(ours) == QueueNow(place=1, holders=(), is_shared=True)
    snapshot = (await shared.snapshots.load(ours)).snapshot
    assert snapshot is not None
    holders = (SlotHolder(title="Mow the lawn", word="building"),)
    card = headline_of(snapshot, RenderContext(slot_holders=holders, are_slots_shared=True), Sanitizer(str))
    assert card.sentence.endswith("At work in this server: *Mow the lawn* (building).")
    there = await queue.with_run(theirs)
    assert (there.place, [one.title for one in there.holders], there.is_shared) == (1, ["Feed the zebrafinch"], False)


def test_what_lies_in_files_is_not_counted_where_servers_share() -> None:
    state = RetentionState(totals=ArchiveTotals(2, 31, 900, 4_000_000, "2027-03"), due=7)
    assert "31 runs" in retention_line(state).text
    told = retention_line(state, is_counted=False).text
    assert told == "events of runs up to 2027-03 are in files; runs would go, but retention.dry_run is set"


def test_of_a_gateway_only_what_was_refused_here_is_told() -> None:
    state = ModelsState(providers=("first",), streams=3, usd_of_last_minute=0.42, refusals=12)
    assert models_text(state, sanitizer=Sanitizer(str), is_shared=True) == "✅ **Providers** first"
