"""What `Store.append` owes a sender: identity, order, repetition, ends, names.

(docs/contracts/events.md, *Identity*).
"""

import asyncio
from pathlib import Path

import pytest

from ompycord.domain import events as ev
from ompycord.domain.authority import SourceKind
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunFilter
from ompycord.domain.records import Commit, KeyRecord, Receipt, Scope
from ompycord.domain.run import RunKind, RunState
from ompycord.errors import BadEvent, IdConflict, RunFinal, SequenceConflict, UnknownRun
from ompycord.store import SqliteStore, open_store
from tests.integration.store.world import NOW, CountingIds, HandClock, People, Sender, receipt, receipts

DAY_MS = 24 * 3600 * 1000


async def test_the_first_event_of_a_name_begins_an_external_run(store: SqliteStore, sender: Sender) -> None:
    first, second = receipts(await store.append([sender.post(seq=1, channel="builds"), sender.post(seq=2)]))
    assert first.run == second.run
    assert (first.position, second.position) == (1, 2)

    run = await store.run(first.run)
    assert run is not None
    assert (run.kind, run.state, run.machine) == (RunKind.EXTERNAL, RunState.BUILDING, None)
    assert (run.key_id, run.external_name, run.channel, run.created_at) == ("key00001", "nightly", "builds", NOW)
    assert [(e.seq, e.position, e.run) for e in await store.events_of(first.run)] == [(1, 1, run.id), (2, 2, run.id)]


async def test_two_keys_may_use_one_name_for_two_runs(store: SqliteStore, sender: Sender) -> None:
    other = Sender(sender.ids, "key00002")
    mine, theirs = receipts(await store.append([sender.post(seq=1), other.post(seq=1)]))
    assert mine.run != theirs.run


async def test_a_key_without_the_scope_begins_nothing(store: SqliteStore, sender: Sender) -> None:
    refused = await store.append([sender.post(may_create=False)])
    assert isinstance(refused[0], UnknownRun)
    assert await store.backlog() == 0

    receipt((await store.append([sender.post()]))[0])
    receipt((await store.append([sender.post(may_create=False)]))[0])


async def test_a_run_key_writes_into_its_own_run_only(store: SqliteStore, sender: Sender, people: People) -> None:
    mine, other = await people.submit(store), await people.submit(store)
    key = KeyRecord(
        id=sender.key, name="run", kind="bearer", sha256="0" * 64, scopes=frozenset({Scope.EVENTS_WRITE}),
        run=RunId(mine.id), created_at=NOW,
    )  # fmt: skip
    await store.commit(Commit(writes=(key,)))

    taken, foreign, invented = await store.append(
        [sender.post(seq=1, name=name, kind=SourceKind.RUN_KEY) for name in (mine.id, other.id, "nightly")]
    )
    assert receipt(taken).run == mine.id
    assert isinstance(foreign, UnknownRun)
    assert isinstance(invented, UnknownRun)


async def test_the_same_webhook_id_and_body_gets_the_first_answer(store: SqliteStore, sender: Sender) -> None:
    post = sender.post(webhook_id="msg_1", sent=b"body")
    first = receipt((await store.append([post]))[0])
    await store.append([sender.post(webhook_id="msg_2", sent=b"other")])
    again = receipt((await store.append([post]))[0])
    assert (again.run, again.position) == (first.run, first.position)
    assert (first.replayed, again.replayed, again.duplicate) == (False, True, True)
    assert await store.backlog() == 2


async def test_the_same_webhook_id_with_another_body_is_refused(store: SqliteStore, sender: Sender) -> None:
    results = await store.append(
        [sender.post(webhook_id="msg_1", sent=b"body"), sender.post(webhook_id="msg_1", sent=b"other")]
    )
    assert isinstance(results[1], IdConflict)
    assert await store.backlog() == 1


async def test_webhook_ids_belong_to_their_key(store: SqliteStore, sender: Sender) -> None:
    other = Sender(sender.ids, "key00002")
    mine, theirs = receipts(
        await store.append([sender.post(webhook_id="msg_1", sent=b"a"), other.post(webhook_id="msg_1", sent=b"b")])
    )
    assert not mine.duplicate
    assert not theirs.duplicate


async def test_a_repeated_event_under_a_new_webhook_id_is_a_duplicate(store: SqliteStore, sender: Sender) -> None:
    body = ev.ToolFinished(tool="edit")
    spelled_out = ev.ToolFinished(tool="edit", ok=True)
    first, again, replay = receipts(
        await store.append(
            [
                sender.post(body, seq=1, webhook_id="msg_1", sent=b"first"),
                sender.post(spelled_out, seq=1, webhook_id="msg_2", sent=b"second")._replace(at=NOW + 5),
                sender.post(spelled_out, seq=1, webhook_id="msg_2", sent=b"second"),
            ]
        )
    )
    assert (again.duplicate, again.replayed, again.position) == (True, False, first.position)
    assert (replay.replayed, replay.position) == (True, first.position)
    assert await store.backlog() == 1


async def test_another_body_under_a_taken_number_is_refused(store: SqliteStore, sender: Sender) -> None:
    results = await store.append([sender.post(ev.Note(text="a"), seq=1), sender.post(ev.Note(text="b"), seq=1)])
    assert isinstance(results[1], SequenceConflict)


async def test_one_bad_post_spoils_no_other(store: SqliteStore, sender: Sender) -> None:
    results = await store.append(
        [sender.post(seq=1), sender.post(seq=0), sender.post(seq=2**53 + 1), sender.post(), sender.post(seq=2)]
    )
    assert [isinstance(result, BadEvent) for result in results] == [False, True, True, True, False]
    assert [e.seq for e in await store.events_after(0, limit=10)] == [1, 2]


@pytest.mark.parametrize("sender_numbers_first", [True, False])
async def test_a_lane_is_numbered_by_one_side_only(
    store: SqliteStore, sender: Sender, sender_numbers_first: bool
) -> None:
    numbered, plain = sender.post(seq=1), sender.post()
    order = [numbered, plain] if sender_numbers_first else [plain, numbered]
    results = await store.append(order)
    assert isinstance(results[1], SequenceConflict)
    receipt((await store.append([sender.post(seq=1, source="other lane")]))[0])


async def test_the_store_counts_where_the_sender_does_not(store: SqliteStore, sender: Sender) -> None:
    receipts(await store.append([sender.post(), sender.post(), sender.post(source="b")]))
    receipts(await store.append([sender.post()]))
    found = [(str(e.source).rpartition("/")[2], e.seq) for e in await store.events_after(0, limit=10)]
    assert found == [("key:key00001", 1), ("key:key00001", 2), ("b", 1), ("key:key00001", 3)]


async def test_after_its_final_event_a_lane_takes_only_what_was_missing(store: SqliteStore, sender: Sender) -> None:
    results = await store.append(
        [
            sender.post(seq=1),
            sender.post(seq=7),
            sender.post(ev.RunFinished(), seq=5),
            sender.post(seq=6),
            sender.post(seq=7),
            sender.post(seq=3),
            sender.post(ev.RunFailed(message="no"), seq=2),
            sender.post(seq=4),
            sender.post(ev.RunFinished(), seq=5),
        ]
    )
    kinds = [type(r).__name__ if isinstance(r, BadEvent) else r.duplicate for r in results]
    assert kinds == [False, False, False, "RunFinal", True, False, False, "RunFinal", True]
    receipt((await store.append([sender.post(seq=9, source="other lane")]))[0])


async def test_after_its_final_event_an_unnumbered_lane_takes_nothing(store: SqliteStore, sender: Sender) -> None:
    results = await store.append([sender.post(ev.RunCancelled()), sender.post()])
    assert isinstance(results[1], RunFinal)


async def test_a_claim_does_not_end_a_hosted_run_but_its_state_does(
    store: SqliteStore, sender: Sender, people: People
) -> None:
    run = await people.submit(store)
    key = KeyRecord(
        id=sender.key, name="run", kind="bearer", sha256="0" * 64, scopes=frozenset({Scope.EVENTS_WRITE}),
        run=RunId(run.id), created_at=NOW,
    )  # fmt: skip
    await store.commit(Commit(writes=(key,)))

    def post(seq: int | None, source: str | None = None, body: ev.EventBody | None = None):  # noqa: ANN202  # a Post
        return sender.post(body, seq=seq, name=run.id, kind=SourceKind.RUN_KEY, source=source)

    receipts(await store.append([post(1, body=ev.RunFinished()), post(4), post(None, "b")]))
    await store.commit(Commit(writes=(people.move(run.id, RunState.COMPLETE),)))
    late, filled, unnumbered, fresh_source, repeated = await store.append(
        [post(5), post(3), post(None, "b"), post(1, "c"), post(4)]
    )
    assert isinstance(late, RunFinal)
    assert not receipt(filled).duplicate
    assert isinstance(unnumbered, RunFinal)
    assert isinstance(fresh_source, RunFinal)
    assert receipt(repeated).duplicate


async def test_receipts_say_that_somebody_wants_the_run_to_end(
    store: SqliteStore, sender: Sender, people: People
) -> None:
    first = receipt((await store.append([sender.post(webhook_id="msg_1", sent=b"a")]))[0])
    assert not first.cancel_requested
    await store.commit(Commit(writes=(people.event(first.run, ev.CancelRequested(by="Ada")),)))
    later, replay = receipts(await store.append([sender.post(), sender.post(webhook_id="msg_1", sent=b"a")]))
    assert later.cancel_requested
    assert replay.cancel_requested


async def test_a_batch_together_is_taken_whole(store: SqliteStore, sender: Sender) -> None:
    posts = [sender.post(seq=n) for n in (1, 2, 2, 3)]
    posts[-1] = sender.post(seq=3, webhook_id="batch_1", sent=b"batch")
    taken = receipts(await store.append(posts, together=True))
    assert [r.duplicate for r in taken] == [False, False, True, False]
    again = receipts(await store.append(posts, together=True))
    assert [(r.replayed, r.position) for r in again] == [(True, taken[-1].position)] * 4


async def test_a_batch_together_is_refused_whole(store: SqliteStore, sender: Sender) -> None:
    posts = [sender.post(seq=1, webhook_id="batch_1"), sender.post(seq=2), sender.post(), sender.post(seq=3)]
    results = await store.append(posts, together=True)
    assert len(results) == 3
    assert isinstance(results[-1], SequenceConflict)
    assert await store.backlog() == 0
    receipts(await store.append([sender.post(seq=1, webhook_id="batch_1", sent=b"mended")], together=True))


async def test_a_batch_with_a_taken_webhook_id_is_refused_at_once(store: SqliteStore, sender: Sender) -> None:
    await store.append([sender.post(seq=1, webhook_id="batch_1", sent=b"a")], together=True)
    refused = await store.append(
        [sender.post(seq=2), sender.post(seq=3, webhook_id="batch_1", sent=b"b")], together=True
    )
    assert [type(r) for r in refused] == [IdConflict]


async def test_webhook_ids_are_forgotten_after_eight_days(store: SqliteStore, sender: Sender, clock: HandClock) -> None:
    await store.append([sender.post(webhook_id="msg_1", sent=b"a")])
    clock.pass_ms(8 * DAY_MS - 1)
    kept = receipt((await store.append([sender.post(webhook_id="msg_1", sent=b"a")]))[0])
    assert kept.replayed
    clock.pass_ms(DAY_MS)
    gone = receipt((await store.append([sender.post(webhook_id="msg_1", sent=b"a")]))[0])
    assert not gone.replayed


async def test_what_adapters_see_is_numbered_in_the_agents_lane(store: SqliteStore, people: People) -> None:
    run = await people.submit(store)
    assert await store.observe(RunId(run.id), [], at=NOW) == 0
    assert await store.observe(RunId(run.id), [ev.Message(text="a"), ev.Message(text="b")], at=NOW) == 2
    assert await store.observe(RunId(run.id), [ev.RunFinished()], at=NOW) == 3
    assert await store.observe(RunId(run.id), [ev.Message(text="late")], at=NOW) == 4
    assert [(e.source, e.seq) for e in await store.events_of(RunId(run.id))] == [("agent", n) for n in (1, 2, 3, 4)]
    with pytest.raises(UnknownRun):
        await store.observe(RunId("0" * 26), [ev.Message(text="a")], at=NOW)


async def test_bodies_come_back_as_they_went_in(store: SqliteStore, people: People) -> None:
    run = await people.submit(store)
    bodies = [
        ev.Note(text="tschüß 🚀 \x00 \u2028"),
        ev.Opaque(type="x.y", data={"deep": [{"n": 1.5}], "lone": "\ud800"}),
        ev.PlanUpdated(phases=(ev.Phase(title="one", steps=(ev.Step(title="s", status="done"),)),)),
        ev.UsageUpdated(input=2**53, cost_usd=0.1),
    ]
    await store.observe(RunId(run.id), bodies, at=NOW)
    assert [e.body for e in await store.events_of(RunId(run.id))] == bodies


async def test_a_batch_that_is_refused_leaves_nothing_to_its_neighbours_in_the_transaction(
    store: SqliteStore, sender: Sender
) -> None:
    """Its run, its number and its webhook-id are as if it had never come."""
    before = store.transactions
    async with asyncio.TaskGroup() as group:
        group.create_task(store.append([sender.post(seq=1, name="first")]))  # its transaction begins at once
        refused = group.create_task(
            store.append(
                [sender.post(seq=1, name="new"), sender.post(ev.Note(text="other"), seq=1, name="new", webhook_id="m")],
                together=True,
            )
        )
        taken = group.create_task(
            store.append([sender.post(ev.Note(text="third"), seq=1, name="new", webhook_id="m", sent=b"third")])
        )
    assert store.transactions == before + 2
    assert [type(result) for result in refused.result()] == [Receipt, SequenceConflict]
    [receipt] = receipts(taken.result())
    assert (receipt.position, receipt.duplicate, receipt.replayed) == (2, False, False)
    assert [event.body for event in await store.events_of(receipt.run)] == [ev.Note(text="third")]
    assert len(await store.runs(RunFilter())) == 2


async def test_a_clock_that_leaps_forgets_no_webhook_id_whatever_happens_while_it_is_wrong(
    path: Path, sender: Sender, clock: HandClock
) -> None:
    """Ten days ahead for some seconds, with a restart in between, and back."""

    async def is_known(store: SqliteStore) -> bool:
        return receipt((await store.append([sender.post(webhook_id="msg_1", sent=b"a")]))[0]).replayed

    async with open_store(path, clock=clock, ids=CountingIds()) as store:
        assert not await is_known(store)
        clock.wall_ms += 10 * DAY_MS
        for number in range(1, 4):
            clock.seconds += 2
            await store.append([sender.post(webhook_id=f"other_{number}", seq=number, name="other")])
        assert await is_known(store)
    async with open_store(path, clock=clock, ids=CountingIds(100)) as store:
        clock.seconds += 2
        await store.append([sender.post(webhook_id="third", seq=1, name="third")])
        assert await is_known(store)
        clock.wall_ms -= 10 * DAY_MS
        clock.seconds += 2
        await store.append([sender.post(webhook_id="fourth", seq=1, name="fourth")])
        assert await is_known(store)
    async with open_store(path, clock=clock, ids=CountingIds(200)) as store:
        assert await is_known(store)
        clock.pass_ms(9 * DAY_MS)
        await store.append([sender.post(webhook_id="fifth", seq=1, name="fifth")])
        assert not await is_known(store), "what is really old is forgotten"
