"""Leave to act: who may give it, once, and what becomes of it over the end and the restart of an agent."""

import asyncio
import random
from collections.abc import Callable

import pytest

from ompycord.conductor.reminders import REMIND_MS
from ompycord.domain import events as ev
from ompycord.domain.access import Person
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.records import Committed, OutboxKind
from ompycord.domain.run import RunState
from tests.integration.conductor.conftest import ADA, AP, MO, VI, AppHarness
from tests.support.refusals import refuses
from tests.support.settled import settled

PATIENCE_S = 10.0
PO = MO.model_copy(update={"id": "100000000000000004", "name": "Po"})


def wants(ref: str = "a1", command: str = "make check") -> ev.ApprovalRequested:
    return ev.ApprovalRequested(approval=ref, title="Run a command", command=command, risk="network")


def is_asking(snapshot: StatusSnapshot) -> bool:
    return bool(snapshot.open_approvals)


async def asking(harness: AppHarness, person: Person = ADA, *script: ev.EventBody, **changes: str) -> RunId:
    """A run whose agent waits for leave."""
    harness.agent.script = script or (wants(),)
    harness.agent.hold()
    run = RunId((await harness.submit(person, **changes)).id)
    await harness.until(run, is_asking)
    return run


async def test_leave_reaches_the_agent_that_asked_and_two_clicks_have_one_effect(harness: AppHarness) -> None:
    async with harness.running():
        run = await asking(harness)
        async with asyncio.TaskGroup() as group:
            clicks = [
                group.create_task(harness.areas.approvals.approve(await harness.areas.load(run), "a1", ADA)),
                group.create_task(
                    harness.areas.approvals.deny(await harness.areas.load(run), "a1", AP, reason="not today")
                ),
                group.create_task(
                    harness.areas.approvals.approve(await harness.areas.load(run), "a1", AP, scope="run")
                ),
            ]
        results = [click.result() for click in clicks]
        (first,) = [index for index, committed in enumerate(results) if committed.fresh]
        snapshot = await harness.until(run, lambda seen: not is_asking(seen))
        told = await harness.heard()
        assert isinstance(told, ev.ApprovalGranted | ev.ApprovalDenied)
        assert told.approval == "a1"
        assert snapshot.approvals[0].by == told.by == ("Ada", "Ap", "Ap")[first]
        for other in results[:first] + results[first + 1 :]:
            assert other.earlier is not None
            assert other.earlier.by_name == told.by
            assert other.earlier.action == ("Allow once", "Deny: not today", "Allow for this run")[first]
        harness.agent.release()
        await harness.ended(run)
    assert harness.agent.received.empty()


async def test_a_refusal_reaches_the_agent_with_its_reason(harness: AppHarness) -> None:
    async with harness.running():
        run = await asking(harness)
        await harness.areas.approvals.deny(await harness.areas.load(run), "a1", ADA, reason="Not before Monday.")
        assert await harness.heard() == ev.ApprovalDenied(approval="a1", by="Ada", reason="Not before Monday.")
        snapshot = await harness.until(run, lambda seen: not is_asking(seen))
    assert (snapshot.approvals[0].status, snapshot.approvals[0].reason) == ("denied", "Not before Monday.")


@pytest.mark.parametrize(
    ("asker", "person", "may"),
    [(MO, MO, True), (MO, PO, False), (MO, AP, True), (MO, VI, False), (ADA, MO, False)],
    ids=["its requester", "another runner", "an approver", "a viewer", "a runner, for an admin's run"],
)
async def test_who_may_give_leave(harness: AppHarness, asker: Person, person: Person, may: bool) -> None:
    async with harness.running():
        run = await asking(harness, asker)
        if may:
            assert (await harness.areas.approvals.approve(await harness.areas.load(run), "a1", person)).fresh
            return
        for attempt in (
            harness.areas.approvals.approve(await harness.areas.load(run), "a1", person),
            harness.areas.approvals.deny(await harness.areas.load(run), "a1", person),
        ):
            with refuses(r"its requester or an \*approver\*"):
                await attempt
        assert is_asking(await harness.until(run, lambda _: True))


async def test_under_the_two_person_rule_the_requester_may_only_say_no(harness: AppHarness) -> None:
    async with harness.running():
        run = await asking(harness, ADA, repository="vault")
        with refuses("another person must allow it"):
            await harness.areas.approvals.approve(await harness.areas.load(run), "a1", ADA)
        assert (await harness.areas.approvals.approve(await harness.areas.load(run), "a1", AP)).fresh
        other = await asking(harness, ADA, wants("a2"), repository="vault")
        assert (await harness.areas.approvals.deny(await harness.areas.load(other), "a2", ADA)).fresh


async def test_what_nobody_waits_for_is_refused_in_words(harness: AppHarness) -> None:
    async with harness.running():
        run = await asking(harness, ADA, wants(), wants("a2"), ev.ApprovalWithdrawn(approval="a2"))
        await harness.until(run, lambda seen: [one.status for one in seen.approvals] == ["open", "withdrawn"])
        with refuses("has no such approval request"):
            await harness.areas.approvals.approve(await harness.areas.load(run), "a3", ADA)
        with refuses("no longer waits for that"):
            await harness.areas.approvals.approve(await harness.areas.load(run), "a2", ADA)
        other = await asking(harness)
        await harness.areas.runs.cancel(await harness.areas.record(other), ADA)
        await harness.ended(other)
        with refuses(r"has ended, so nothing was decided\. \*Run again…\*"):
            await harness.areas.approvals.approve(await harness.areas.load(other), "a1", ADA)
        assert (await harness.areas.approvals.approve(await harness.areas.load(run), "a1", ADA)).fresh


async def test_an_agent_that_ends_waits_for_nothing_any_more(harness: AppHarness) -> None:
    async with harness.running():
        run = await asking(harness, ADA, wants(), ev.QuestionAsked(question="q1", text="Which?"))
        harness.agent.release()
        snapshot = await harness.ended(run)
    assert [one.status for one in snapshot.approvals] == ["withdrawn"]
    assert [one.status for one in snapshot.questions] == ["withdrawn"]
    assert snapshot.state is RunState.COMPLETE


async def test_leave_for_the_run_is_not_asked_for_again_and_leave_once_is(harness: AppHarness) -> None:
    async with harness.running():
        run = await asking(harness)
        await harness.areas.approvals.approve(await harness.areas.load(run), "a1", ADA, scope="run")
        await harness.heard()
        harness.agent.script = (wants("a2"),)
        await harness.areas.runs.stop(await harness.areas.record(run), ADA)
        await harness.in_state(run, RunState.SUSPENDED)
        await harness.areas.runs.resume(await harness.areas.load(run), ADA)
        assert await harness.heard() == ev.ApprovalGranted(approval="a2", by="Ada", scope="run")
        other = await asking(harness)
        await harness.areas.approvals.approve(await harness.areas.load(other), "a1", ADA)
        await harness.heard()
        await harness.areas.runs.stop(await harness.areas.record(other), ADA)
        await harness.in_state(other, RunState.SUSPENDED)
        await harness.areas.runs.resume(await harness.areas.load(other), ADA)
        await harness.until(other, lambda seen: [one.ref for one in seen.open_approvals] == ["a1~2"])
        await harness.areas.approvals.approve(await harness.areas.load(other), "a1~2", ADA)
        assert await harness.heard() == ev.ApprovalGranted(approval="a1", by="Ada")


async def test_leave_for_one_command_is_none_for_another_of_the_same_name(harness: AppHarness) -> None:
    async with harness.running():
        run = await asking(harness)
        await harness.areas.approvals.approve(await harness.areas.load(run), "a1", ADA)
        await harness.areas.runs.stop(await harness.areas.record(run), ADA)
        await harness.in_state(run, RunState.SUSPENDED)
        harness.agent.script = (wants("a1", "rm -rf /"),)
        await harness.areas.runs.resume(await harness.areas.load(run), ADA)
        snapshot = await harness.until(run, is_asking)
        assert [(one.ref, one.command) for one in snapshot.open_approvals] == [("a1~2", "rm -rf /")]


async def questions(harness: AppHarness) -> int:
    """Messages that ask people something, delivered or not."""
    return sum(row.kind is OutboxKind.QUESTION for row in await harness.store.outbox())


async def test_nobody_answers_one_reminder_then_parked_and_resumed_by_the_answer(harness: AppHarness) -> None:
    watch = harness.areas.reminders()

    async def reminders() -> int:
        await watch.check_once()
        return sum(row.kind is OutboxKind.NOTICE for row in await harness.store.outbox())

    async with harness.running():
        run = await asking(harness)
        assert await reminders() == 0
        harness.clock.advance(REMIND_MS / 1000)
        assert await reminders() == 1
        harness.clock.advance(3600)
        again = harness.areas.reminders()
        await again.check_once()
        assert await reminders() == 1
        harness.clock.advance(24 * 3600)
        await watch.check_once()
        parked = await harness.in_state(run, RunState.SUSPENDED)
        assert parked.message == "Paused: no one answered its agent for a day."
        assert harness.agent.cancelled == 1
        await harness.areas.approvals.approve(await harness.areas.load(run), "a1", ADA)
        await harness.areas.runs.resume(await harness.areas.load(run), ADA)
        assert await harness.heard() == ev.ApprovalGranted(approval="a1", by="Ada")
        harness.agent.release()
        await harness.ended(run)


Name = Callable[[int], str]
SAME: Name = lambda start: "a1"  # noqa: E731  # a name for a parameter
OTHER: Name = lambda start: f"id-{start}"  # noqa: E731  # the same


@pytest.mark.parametrize("name", [SAME, OTHER], ids=["the same name", "a name of its own"])
@pytest.mark.parametrize("moment", ["before the click", "before hearing"])
async def test_a_restart_loses_no_leave_and_asks_nobody_twice(harness: AppHarness, name: Name, moment: str) -> None:
    async with harness.running():
        run = await asking(harness, ADA, wants(name(1)))
    if moment == "before hearing":
        await harness.areas.approvals.approve(await harness.areas.load(run), name(1), ADA)
    later = harness.restart()
    later.agent.script = (wants(name(2)),)
    later.agent.hold()
    async with later.running():
        if moment == "before the click":
            await later.began()
            await later.areas.approvals.approve(await later.areas.load(run), name(1), ADA)
        assert await later.heard() == ev.ApprovalGranted(approval=name(2), by="Ada")
        assert [one.ref for one in (await later.until(run, lambda _: True)).approvals] == [name(1)]
        assert await questions(later) == 1
        later.agent.release()
        await later.ended(run)
    assert later.agent.received.empty()


async def test_what_was_used_before_a_restart_is_asked_again(harness: AppHarness) -> None:
    async with harness.running():
        run = await asking(harness)
        await harness.areas.approvals.approve(await harness.areas.load(run), "a1", ADA)
        await harness.heard()
    later = harness.restart()
    later.agent.script = (wants(),)
    later.agent.hold()
    async with later.running():
        await later.until(run, lambda seen: [one.ref for one in seen.open_approvals] == ["a1~2"])
        await later.areas.approvals.deny(await later.areas.load(run), "a1~2", ADA)
        assert await later.heard() == ev.ApprovalDenied(approval="a1", by="Ada")


async def a_round(harness: AppHarness, dice: random.Random) -> None:
    """An approval's life with up to three crashes at moments that the dice choose, and two people who click at once."""
    crashes = {moment: dice.random() < 0.5 for moment in ("asked", "decided", "heard")}
    rename = dice.random() < 0.5
    once = dice.random() < 0.5
    start, run, results = 1, RunId(""), list[Committed]()

    def script(number: int) -> tuple[ev.EventBody, ...]:
        return (wants(f"id-{number}" if rename else "a1"),)

    async with harness.running():
        run = await asking(harness, ADA, *script(start))
        if not crashes["asked"]:
            results += await clicks(harness, run, once=once, at_once=dice.random() < 0.5)
        if not crashes["asked"] and not crashes["decided"]:
            await harness.heard()
    if crashes["asked"] or crashes["decided"] or crashes["heard"]:
        if not results:
            results += await clicks(harness, run, once=once, at_once=True)
        start += 1
        later = harness.restart()
        later.agent.script = script(start)
        later.agent.hold()
        used = once and not crashes["asked"] and not crashes["decided"]
        async with later.running():
            if used:
                again = await later.until(run, is_asking)
                results += await clicks(later, run, once=once, at_once=False, ref=again.open_approvals[0].ref)
            told = await later.heard()
            assert isinstance(told, ev.ApprovalGranted | ev.ApprovalDenied)
            assert told.approval == (f"id-{start}" if rename else "a1")
            later.agent.release()
            await later.ended(run)
            assert await questions(later) == 1 + used
        assert later.agent.received.empty()
        await settled(later.store)
        assert sum(committed.fresh for committed in results) == 1 + used
    else:
        assert sum(committed.fresh for committed in results) == 1


async def clicks(
    harness: AppHarness, run: RunId, *, once: bool, at_once: bool, ref: str | None = None
) -> list[Committed]:
    """One person clicks, or two do."""
    snapshot = await harness.until(run, is_asking)
    ref = ref or snapshot.open_approvals[0].ref
    scope = "once" if once else "run"
    async with asyncio.TaskGroup() as group:
        made = [
            group.create_task(harness.areas.approvals.approve(await harness.areas.load(run), ref, ADA, scope=scope))
        ]
        if at_once:
            made.append(
                group.create_task(harness.areas.approvals.approve(await harness.areas.load(run), ref, AP, scope=scope))
            )
    results: list[Committed] = [one.result() for one in made]
    assert all(one.fresh or one.earlier is not None for one in results)
    return results


@pytest.mark.parametrize("seed", range(4))
async def test_crashes_anywhere_in_the_life_of_an_approval(harness: AppHarness, seed: int) -> None:
    await a_round(harness, random.Random(seed))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 200))
async def test_a_hundred_rounds_of_crashes_in_the_life_of_an_approval(harness: AppHarness, seed: int) -> None:
    await a_round(harness, random.Random(seed))
