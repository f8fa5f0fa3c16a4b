"""Runs whose agent works elsewhere: what they owe to Discord, when they end, when they are lost."""

import hashlib

import pytest

from ompycord.conductor import Projector, Watch
from ompycord.conductor.watch import LOST_MS
from ompycord.domain import events as ev
from ompycord.domain.authority import SourceKind
from ompycord.domain.ids import RunId, external_source
from ompycord.domain.records import OutboxKind, Post, Receipt
from ompycord.domain.run import RunState, SuspendReason
from ompycord.domain.snapshot import Verification
from ompycord.errors import Refused
from tests.integration.conductor.conftest import ADA, House


async def post(house: House, body: ev.EventBody, *, seq: int, name: str = "ci-7", at: int | None = None) -> RunId:
    receipts = await house.store.append(
        [
            Post(
                key_id="laptop",
                kind=SourceKind.EXTERNAL,
                name=name,
                may_create=True,
                source=external_source("laptop"),
                at=at if at is not None else house.clock.now_ms(),
                body=body,
                seq=seq,
                event_id=house.ids.ulid(),
                new_run=house.ids.ulid(),
                body_hash=hashlib.sha256(str(seq).encode()).digest(),
            )
        ]
    )
    house.projector.wake()
    assert isinstance(receipts[0], Receipt)
    return receipts[0].run


async def test_an_external_run_gets_its_card_and_one_result(house: House) -> None:
    async with house.alive():
        run = await post(house, ev.RunStarted(title="Nightly"), seq=1)
        await post(house, ev.Message(text="working"), seq=2)
        await post(house, ev.RunFinished(summary="all good"), seq=3)
        snapshot = await house.ended(run)
        rows = await house.store.outbox()
    assert (snapshot.state, snapshot.verification) == (RunState.COMPLETE, Verification.UNVERIFIED)
    assert snapshot.summary == "all good"
    assert [row.kind for row in rows] == [OutboxKind.MIRROR, OutboxKind.THREAD, OutboxKind.CARD, OutboxKind.RESULT]
    record = await house.store.run(run)
    assert record is not None
    assert record.state is RunState.COMPLETE


async def test_cancel_of_an_external_run_is_a_request(house: House) -> None:
    async with house.alive():
        run = await post(house, ev.RunStarted(title="Nightly"), seq=1)
        await house.conductor.cancel(run, ADA)
        snapshot = await house.until(run, lambda snapshot: snapshot.cancel_requested)
        assert not snapshot.is_final
        with pytest.raises(Refused, match="runs elsewhere"):
            await house.conductor.stop(run, ADA)


async def test_a_day_of_silence_is_lost_and_the_next_word_lifts_it(house: House) -> None:
    watch = Watch(store=house.store, conductor=house.conductor, clock=house.clock)
    async with house.alive():
        run = await post(house, ev.RunStarted(title="Nightly"), seq=1)
        await house.until(run, lambda snapshot: snapshot.started_at is not None)
        assert await watch.look() == 0
        house.clock.advance(LOST_MS / 1000)
        assert await watch.look() == 1
        snapshot = await house.in_state(run, RunState.SUSPENDED)
        assert snapshot.reason is SuspendReason.LOST
        await post(house, ev.Message(text="still here"), seq=2)
        await house.in_state(run, RunState.BUILDING)


async def test_a_senders_clock_sets_none_of_our_timers(house: House) -> None:
    """A final answer with a gap waits ten seconds at most, whatever day its sender thinks it is."""
    ahead = house.clock.now_ms() + 23 * 3600 * 1000
    await post(house, ev.RunStarted(title="Nightly"), seq=1, at=ahead)
    await post(house, ev.RunFinished(summary="done"), seq=3, at=ahead)
    while await house.projector.project_some():
        pass
    rows = await house.store.outbox()
    assert OutboxKind.RESULT in {row.kind for row in rows}
    assert all(row.created_at <= house.clock.now_ms() for row in rows)
    assert all(int(str(row.body["not_before"])) <= house.clock.now_ms() + 10_000 for row in rows)


async def test_a_run_is_shown_where_its_repository_is(house: House) -> None:
    asked: list[str | None] = []
    house.projector = Projector(
        store=house.store, bus=house.bus, clock=house.clock, route=lambda record: asked.append(record.repository) or "7"
    )
    await post(house, ev.RunStarted(title="Nightly", repository="shop"), seq=1)
    while await house.projector.project_some():
        pass
    assert asked == ["shop"]
    assert {row.body["channel"] for row in await house.store.outbox()} == {"7"}
