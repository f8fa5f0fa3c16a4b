"""Runs whose agent works elsewhere: what they owe to Discord, when they end, when they are lost."""

import hashlib

from ompycord.conductor import Projector, Snapshots
from ompycord.conductor.reminders import LOST_MS
from ompycord.domain import events as ev
from ompycord.domain.authority import SourceKind
from ompycord.domain.catalog import RunChannels
from ompycord.domain.folds.snapshot import Verification
from ompycord.domain.ids import RunId, external_source
from ompycord.domain.records import OutboxKind, Post, Receipt
from ompycord.domain.run import RunRecord, RunState, SuspendReason
from tests.integration.conductor.conftest import ADA, AppHarness
from tests.support.refusals import refuses


async def post(
    harness: AppHarness, body: ev.EventBody, *, seq: int, name: str = "ci-7", at: int | None = None
) -> RunId:
    receipts = await harness.store.append(
        [
            Post(
                key_id="laptop",
                kind=SourceKind.EXTERNAL,
                name=name,
                may_create=True,
                source=external_source("laptop"),
                at=at if at is not None else harness.clock.now_ms(),
                body=body,
                seq=seq,
                event_id=harness.ids.ulid(),
                new_run=harness.ids.ulid(),
                body_hash=hashlib.sha256(str(seq).encode()).digest(),
            )
        ]
    )
    harness.projector.wake()
    assert isinstance(receipts[0], Receipt)
    return receipts[0].run


async def test_an_external_run_gets_its_card_and_one_result(harness: AppHarness) -> None:
    async with harness.running():
        run = await post(harness, ev.RunStarted(title="Nightly"), seq=1)
        await post(harness, ev.Message(text="working"), seq=2)
        await post(harness, ev.RunFinished(summary="all good"), seq=3)
        snapshot = await harness.ended(run)
        rows = await harness.store.outbox()
    assert (snapshot.state, snapshot.verification) == (RunState.COMPLETE, Verification.UNVERIFIED)
    assert snapshot.summary == "all good"
    assert [row.kind for row in rows] == [OutboxKind.SUMMARY, OutboxKind.THREAD, OutboxKind.CARD, OutboxKind.RESULT]
    record = await harness.store.run(run)
    assert record is not None
    assert record.state is RunState.COMPLETE


async def test_cancel_of_an_external_run_is_a_request(harness: AppHarness) -> None:
    async with harness.running():
        run = await post(harness, ev.RunStarted(title="Nightly"), seq=1)
        await harness.areas.runs.cancel(await harness.areas.record(run), ADA)
        snapshot = await harness.until(run, lambda snapshot: snapshot.cancel_requested)
        assert not snapshot.is_final
        with refuses("is an external run"):
            await harness.areas.runs.stop(await harness.areas.record(run), ADA)


async def test_a_day_of_silence_is_lost_and_the_next_word_lifts_it(harness: AppHarness) -> None:
    watch = harness.areas.reminders()
    async with harness.running():
        run = await post(harness, ev.RunStarted(title="Nightly"), seq=1)
        await harness.until(run, lambda snapshot: snapshot.started_at is not None)
        assert await watch.check_once() == 0
        harness.clock.advance(LOST_MS / 1000)
        assert await watch.check_once() == 1
        snapshot = await harness.in_state(run, RunState.SUSPENDED)
        assert snapshot.reason is SuspendReason.LOST
        await post(harness, ev.Message(text="still here"), seq=2)
        await harness.in_state(run, RunState.BUILDING)


async def test_a_senders_clock_sets_none_of_our_timers(harness: AppHarness) -> None:
    """A final answer with a gap waits ten seconds at most, whatever day its sender thinks it is."""
    ahead = harness.clock.now_ms() + 23 * 3600 * 1000
    await post(harness, ev.RunStarted(title="Nightly"), seq=1, at=ahead)
    await post(harness, ev.RunFinished(summary="done"), seq=3, at=ahead)
    while await harness.projector.project_some():
        pass
    rows = await harness.store.outbox()
    assert OutboxKind.RESULT in {row.kind for row in rows}
    assert all(row.created_at <= harness.clock.now_ms() for row in rows)
    assert all(int(str(row.body["not_before"])) <= harness.clock.now_ms() + 10_000 for row in rows)


async def test_a_run_is_shown_where_its_repository_is(harness: AppHarness) -> None:
    asked: list[str | None] = []

    class AskedChannels(RunChannels):
        def channel_of(self, record: RunRecord) -> str | None:
            asked.append(record.repository)
            return super().channel_of(record)

    harness.projector = Projector(
        store=harness.store,
        snapshots=Snapshots(store=harness.store),
        bus=harness.bus,
        clock=harness.clock,
        channels=AskedChannels(home="8", of_repositories={"shop": "7"}),
    )
    await post(harness, ev.RunStarted(title="Nightly", repository="shop"), seq=1)
    while await harness.projector.project_some():
        pass
    assert asked == ["shop"]
    assert {row.body["channel"] for row in await harness.store.outbox()} == {"7"}
