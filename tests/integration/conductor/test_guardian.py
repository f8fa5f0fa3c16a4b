"""An agent that goes in circles: noticed, told, started again, stopped for people, ended; what it made is kept."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from ompycord.domain import events as ev
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.guardian.escalation import EscalationLevel
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentCapabilities
from ompycord.domain.run import EndedBy, FailureClass, RunState, SuspendReason
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock, FakeWorkspaces, ScriptedAgent
from tests.integration.conductor.conftest import ADA, VI, AppHarness
from tests.integration.conductor.test_external_runs import post
from tests.support.patience import within
from tests.support.refusals import refuses

SERVICES = ("projector", "driver", "budget", "guardian")
EVIDENCE = "`bash: make` was used 4 times in a row and failed the same way every time."


def steps(times: int, title: str = "make") -> tuple[ev.EventBody, ...]:
    return (ev.ToolFinished(tool="bash", title=title, ok=False, detail="no rule"),) * times


def ended_effects(bodies: Sequence[ev.EventBody]) -> list[str]:
    return [body.key for body in bodies if isinstance(body, ev.EffectFinished) and not body.key.startswith("cleanup")]


class Guarded(AppHarness):
    """A process whose guardian runs; its agent reads messages while it works."""

    SERVICES = SERVICES

    async def noticed(self, run: str, level: EscalationLevel) -> StatusSnapshot:
        return await self.until(run, lambda snapshot: snapshot.loop is not None and snapshot.loop.level == level)

    async def bodies(self, run: str) -> list[ev.EventBody]:
        return [event.body for event in await self.store.events_of(RunId(run))]

    async def circle(self, run: str, times: int = 4) -> None:
        await self.areas.recorder.observe(RunId(run), *steps(times))


class Reader(ScriptedAgent):
    """Takes messages while it works, and keeps a session."""

    capabilities = AgentCapabilities(simulated=True, can_steer=True, can_resume=True)


def with_reader(store: SqliteStore, folder: Path, workspaces: FakeWorkspaces | None = None) -> Guarded:
    harness = Guarded(store, folder, FakeClock(), workspaces=workspaces, agent=Reader(writes={"total.py": "x = 1\n"}))
    harness.capabilities["command"] = Reader.capabilities
    return harness


@pytest.fixture
def guarded(store: SqliteStore, tmp_path: Path) -> Guarded:
    return with_reader(store, tmp_path)


async def at_work(harness: Guarded, script: Sequence[ev.EventBody] = ()) -> RunId:
    harness.agent.script = script
    harness.agent.hold()
    run = RunId((await harness.submit()).id)
    await harness.began()
    return run


async def at_level(harness: Guarded, level: EscalationLevel) -> RunId:
    """A run that has gone in circles until this was done about it."""
    run = await at_work(harness)
    for one in ("nudge", "escalate", "ask", "stop"):
        harness.agent.began.clear()
        await harness.circle(run)
        await harness.noticed(run, one)
        if one == level:
            break
        if one == "ask":
            await harness.in_state(run, RunState.SUSPENDED)
            await harness.areas.runs.resume(await harness.areas.load(run), ADA)
        if one in {"escalate", "ask"}:
            await harness.began()
    return run


async def test_an_agent_that_goes_in_circles_reads_what_was_seen_and_its_card_says_so(guarded: Guarded) -> None:
    async with guarded.running():
        run = await at_level(guarded, "nudge")
        async with within(5.0):
            message = await guarded.agent.received.get()
        assert isinstance(message, ev.Prompted)
        assert EVIDENCE in message.text
        assert message.when == "now"
        snapshot = await guarded.noticed(run, "nudge")
        assert snapshot.loop is not None
        assert (snapshot.loop.kind, snapshot.loop.evidence, snapshot.loop.is_delivered) == ("repeat", EVIDENCE, True)
        assert snapshot.state is RunState.BUILDING
        assert await guarded.areas.messages.waiting(run) == []
        guarded.agent.release()
        assert (await guarded.ended(run)).state is RunState.COMPLETE
    assert [job.iteration for job in guarded.agent.jobs] == [1]


async def test_three_times_are_no_loop_and_honest_work_is_left_alone(guarded: Guarded) -> None:
    work = (*steps(3), *(body for number in range(40) for body in steps(1, f"make part-{number}")))
    async with guarded.running():
        run = await at_work(guarded, work)
        await guarded.until(run, lambda snapshot: snapshot.tool_count == len(work))
        guarded.agent.release()
        await guarded.ended(run)
    assert not [body for body in await guarded.bodies(run) if isinstance(body, ev.GuardianNoticed)]


async def test_a_second_loop_starts_it_again_with_a_fresh_context(guarded: Guarded) -> None:
    async with guarded.running():
        run = await at_work(guarded, (ev.SessionOpened(session="s1"),))
        await guarded.circle(run)
        await guarded.noticed(run, "nudge")
        guarded.agent.began.clear()
        guarded.agent.script = ()
        await guarded.circle(run)
        await guarded.noticed(run, "escalate")
        await guarded.began()
        first, second = guarded.agent.jobs
        assert (first.iteration, second.iteration, second.session) == (1, 2, None)
        assert "you start again without what you remembered" in second.prompt
        assert EVIDENCE in second.prompt
        assert guarded.agent.cancelled == 1
        guarded.agent.release()
        await guarded.ended(run)


async def test_a_third_loop_stops_it_until_a_person_decides_and_continue_goes_on(guarded: Guarded) -> None:
    async with guarded.running():
        run = await at_level(guarded, "ask")
        snapshot = await guarded.in_state(run, RunState.SUSPENDED)
        assert (snapshot.reason, snapshot.resume_to, snapshot.message) == (
            SuspendReason.HUMAN,
            RunState.BUILDING,
            EVIDENCE,
        )
        assert snapshot.is_circling
        rows = [row for row in await guarded.store.outbox() if row.run == run and row.kind == "notice"]
        assert [row.ref for row in rows] == ["s:2"]
        guarded.agent.began.clear()
        await guarded.areas.runs.resume(await guarded.areas.load(run), ADA)
        await guarded.began()
        snapshot = await guarded.until(run, lambda snapshot: snapshot.state is RunState.BUILDING)
        assert snapshot.loop is None
        guarded.agent.release()
        assert (await guarded.ended(run)).state is RunState.COMPLETE


async def test_a_loop_after_continue_ends_it_and_keeps_what_it_made(guarded: Guarded) -> None:
    async with guarded.running():
        run = await at_level(guarded, "stop")
        snapshot = await guarded.ended(run)
    assert (snapshot.state, snapshot.failure, snapshot.ended_by) == (
        RunState.FAILED,
        FailureClass.LOOP,
        EndedBy.GUARDIAN,
    )
    assert snapshot.message == f"It was ended because it went in circles. {EVIDENCE}"
    assert ended_effects(await guarded.bodies(run))[-2:] == ["collect:4", "publish:4"]  # as of an agent that failed
    levels = [body.level for body in await guarded.bodies(run) if isinstance(body, ev.GuardianNoticed)]
    assert levels == ["nudge", "escalate", "ask", "stop"]


async def test_a_person_can_end_it_and_keep_what_it_made(guarded: Guarded) -> None:
    async with guarded.running():
        run = await at_level(guarded, "ask")
        await guarded.in_state(run, RunState.SUSPENDED)
        with refuses("You may not cancel"):
            await guarded.areas.runs.give_up(await guarded.areas.load(run), VI)
        await guarded.areas.runs.give_up(await guarded.areas.load(run), ADA)
        snapshot = await guarded.ended(run)
        assert (snapshot.state, snapshot.failure, snapshot.ended_by) == (
            RunState.FAILED,
            FailureClass.LOOP,
            EndedBy.PERSON,
        )
        assert snapshot.message == f"Ada ended it because it went in circles. {EVIDENCE}"
        assert ended_effects(await guarded.bodies(run))[-2:] == ["collect:3", "publish:3"]
        with refuses("not"):
            await guarded.areas.runs.give_up(await guarded.areas.load(run), ADA)


async def test_a_run_that_a_person_stopped_is_not_given_up(guarded: Guarded) -> None:
    async with guarded.running():
        run = await at_work(guarded)
        await guarded.areas.runs.stop(await guarded.areas.record(run), ADA)
        await guarded.in_state(run, RunState.SUSPENDED)
        with refuses("not"):
            await guarded.areas.runs.give_up(await guarded.areas.load(run), ADA)


async def test_a_message_of_a_person_starts_from_the_beginning(guarded: Guarded) -> None:
    async with guarded.running():
        run = await at_level(guarded, "nudge")
        await guarded.areas.messages.send_message(await guarded.areas.record(run), "Try make all.", "next", ADA)
        await guarded.until(run, lambda snapshot: snapshot.loop is None)
        await guarded.circle(run)
        await guarded.noticed(run, "nudge")


async def test_an_agent_that_reads_no_messages_is_noticed_and_told_nothing(store: SqliteStore, tmp_path: Path) -> None:
    harness = Guarded(store, tmp_path, FakeClock())
    async with harness.running():
        run = await at_level(harness, "nudge")
        snapshot = await harness.noticed(run, "nudge")
        assert snapshot.loop is not None
        assert not snapshot.loop.is_delivered
        harness.agent.release()
        assert (await harness.ended(run)).state is RunState.COMPLETE
    assert len(harness.agent.jobs) == 1


async def test_a_nudge_that_comes_too_late_does_not_start_an_agent_again(guarded: Guarded) -> None:
    """Stored while nothing reads it, as in the moment in which an agent ends."""
    async with guarded.running():
        run = await at_work(guarded)
        late = ev.GuardianNoticed(level="nudge", kind="repeat", evidence=EVIDENCE, length=4, to_agent="Stop that.")
        guarded.agent.release()
        await guarded.areas.recorder.record(run, late)
        assert (await guarded.ended(run)).state is RunState.COMPLETE
    assert len(guarded.agent.jobs) == 1


async def test_a_restart_forgets_no_level(guarded: Guarded, store: SqliteStore) -> None:
    async with guarded.running():
        run = await at_level(guarded, "nudge")
    after = with_reader(store, guarded.folder, guarded.workspaces)
    after.agent.hold()
    async with after.running():
        await after.began()
        await after.circle(run)
        await after.noticed(run, "escalate")


async def notices(harness: AppHarness, run: RunId) -> int:
    return sum(isinstance(event.body, ev.GuardianNoticed) for event in await harness.store.events_of(run))


async def test_a_loop_is_noticed_once_although_the_notice_is_not_read_back_yet(guarded: Guarded) -> None:
    async with guarded.running():
        run = await at_work(guarded)
    await guarded.circle(run)
    keeper = guarded.restart().areas.guardian  # no projector runs beside it
    await keeper.check_once([run])
    await keeper.check_once([run])
    assert await notices(guarded, run) == 1


async def test_a_loop_of_a_run_elsewhere_is_shown_once(harness: AppHarness) -> None:
    async with harness.running():
        run = await post(harness, ev.RunStarted(title="Nightly"), seq=1)
        for number in range(2, 22, 4):
            for offset, body in enumerate(steps(4)):
                await post(harness, body, seq=number + offset)
            await harness.until(run, lambda snapshot, number=number: snapshot.tool_count == number + 2)
            await harness.areas.guardian.check_once([run])
            await harness.projector.settled()
        snapshot = await harness.until(run, lambda snapshot: snapshot.loop is not None)
        assert snapshot.loop is not None
        assert (snapshot.loop.evidence, snapshot.loop.is_delivered) == (EVIDENCE, False)
        assert snapshot.state is RunState.BUILDING
        assert await notices(harness, run) == 1
        await post(harness, ev.RunFinished(), seq=22)
        await harness.ended(run)


async def test_it_can_be_switched_off(store: SqliteStore, tmp_path: Path) -> None:
    harness = Guarded(store, tmp_path, FakeClock(), loop_guardian={"enabled": False})
    async with harness.running():
        run = await at_work(harness, steps(9))
        await harness.until(run, lambda snapshot: snapshot.tool_count == 9)
        async with within(5.0):
            await harness.areas.guardian.run()  # ends at once
        harness.agent.release()
        await harness.ended(run)
    assert await notices(harness, run) == 0
