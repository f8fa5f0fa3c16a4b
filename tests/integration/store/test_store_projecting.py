"""What the projector and the deliveries may rely on: folds, cursors, outbox, surfaces."""

import re
import sqlite3
from pathlib import Path

import pytest

from ompycord.domain import events as ev
from ompycord.domain.events import RunEvent
from ompycord.domain.folds.fold import FOLD_VERSION, RunFold, fold
from ompycord.domain.ids import RunId
from ompycord.domain.ports import DumpedFold
from ompycord.domain.records import Commit, OutboxKind, OutboxRow, Surface
from ompycord.domain.run import RunState
from ompycord.store import PROJECTOR, SqliteStore, open_store
from ompycord.store.features import projection, streaming
from tests.integration.store.world import NOW, CountingIds, HandClock, People, Sender, receipts


def row(run: str, kind: OutboxKind = OutboxKind.CARD, ref: str = "") -> OutboxRow:
    return OutboxRow(run=RunId(run), kind=kind, ref=ref, created_at=NOW, body={"text": "é"})


async def project(store: SqliteStore, folds: list[RunFold], *, upto: int) -> None:
    await store.project(PROJECTOR, upto=upto, folds=[DumpedFold.of(fold) for fold in folds], states={}, outbox=())


async def test_the_projector_takes_in_what_comes_in_commit_order(store: SqliteStore, sender: Sender) -> None:
    taken = receipts(await store.append([sender.post(seq=2), sender.post(seq=1), sender.post(seq=1, name="b")]))
    assert await store.cursor(PROJECTOR) == 0
    assert await store.backlog() == 3
    events = await store.events_after(0, limit=2)
    assert [(e.position, e.seq) for e in events] == [(1, 2), (2, 1)]

    run = taken[0].run
    folds = await store.folds([run, RunId("0" * 26)])
    assert folds == {run: RunFold(run)}
    for event in events:
        folds[run].add(event)
    await store.project(
        PROJECTOR, upto=2, folds=[DumpedFold.of(folds[run])], states={run: (RunState.COMPLETE, NOW)}, outbox=(row(run),)
    )
    assert (await store.cursor(PROJECTOR), await store.backlog()) == (2, 1)
    assert await store.folds([run]) == folds
    record = await store.run(run)
    assert record is not None
    assert (record.state, record.ended_at) == (RunState.COMPLETE, NOW)
    assert [e.position for e in await store.events_after(2, limit=10)] == [3]


async def test_projecting_again_changes_nothing(store: SqliteStore, sender: Sender) -> None:
    [taken] = receipts(await store.append([sender.post(seq=1)]))
    full = fold(taken.run, await store.events_of(taken.run))
    for _ in range(2):
        await store.project(PROJECTOR, upto=1, folds=[DumpedFold.of(full)], states={}, outbox=(row(taken.run),))
    await project(store, [RunFold(taken.run)], upto=0)
    assert await store.cursor(PROJECTOR) == 1
    assert await store.folds([taken.run]) == {taken.run: full}
    assert len(await store.outbox()) == 1


async def test_the_projector_never_moves_a_hosted_run(store: SqliteStore, people: People) -> None:
    run = await people.submit(store)
    await store.project(PROJECTOR, upto=0, folds=(), states={RunId(run.id): (RunState.FAILED, NOW)}, outbox=())
    assert await store.run(RunId(run.id)) == run


async def test_a_fold_of_another_version_is_made_anew_up_to_the_cursor(
    store: SqliteStore, sender: Sender, path: Path
) -> None:
    posts = [sender.post(ev.UsageUpdated(input=1), seq=n) for n in (1, 2, 3)]
    run = receipts(await store.append(posts))[0].run
    events = await store.events_of(run)
    await project(store, [fold(run, events[:2])], upto=2)

    for damage in (f"fold_version = {FOLD_VERSION + 1}", "body = x'7b'"):
        with sqlite3.connect(path) as raw:
            raw.execute(f"UPDATE folds SET {damage}")
        raw.close()
        [again] = (await store.folds([run])).values()
        assert again == fold(run, events[:2])
    await project(store, [again], upto=2)
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT fold_version FROM folds").fetchall() == [(FOLD_VERSION,)]
    raw.close()


async def test_a_delivery_is_pending_until_it_is_done_or_given_up(store: SqliteStore, people: People) -> None:
    run = await people.submit(store)
    rows = (row(run.id, OutboxKind.SUMMARY), row(run.id), row(run.id, OutboxKind.NOTICE))
    await store.commit(Commit(writes=(*rows,)))
    mirror, card, notice = await store.outbox()
    assert [r.id for r in (mirror, card, notice)] == [1, 2, 3]
    assert mirror.body == {"text": "é"}
    assert [r.id for r in await store.outbox(limit=2)] == [1, 2]

    await store.undelivered(card, error="503", final=False)
    surface = Surface(run=RunId(run.id), kind=OutboxKind.SUMMARY, channel="c", message="m", posted_at=NOW)
    await store.delivered(mirror, surface, at=NOW)
    await store.undelivered(notice, error="forbidden", final=True)
    [left] = await store.outbox()
    assert (left.id, left.attempts, left.error) == (card.id, 1, "503")
    assert await store.surfaces(RunId(run.id)) == [surface]

    await store.delivered(card, None, at=NOW)
    await store.undelivered(card, error="late answer", final=True)
    await store.commit(Commit(writes=(*rows,)))
    assert await store.outbox() == []


async def test_a_surface_leads_back_to_its_run(store: SqliteStore, people: People) -> None:
    run, other = await people.submit(store), await people.submit(store)
    for owner, suffix in ((run, "1"), (other, "2")):
        for kind, channel, message in (
            (OutboxKind.SUMMARY, "work", f"mirror{suffix}"),
            (OutboxKind.THREAD, f"thread{suffix}", None),
            (OutboxKind.CARD, f"thread{suffix}", f"card{suffix}"),
        ):
            surface = Surface(run=RunId(owner.id), kind=kind, channel=channel, message=message, posted_at=NOW)
            await store.shown(surface)
    for place in ("mirror1", "thread1", "card1"):
        found = await store.run_of_surface(place)
        assert found is not None
        assert found.id == run.id
    assert await store.run_of_surface("work") is None  # a channel with many runs stands for none of them
    thread = await store.surface(RunId(other.id), OutboxKind.THREAD)
    assert thread is not None
    assert (thread.channel, thread.message) == ("thread2", None)
    assert await store.surface(RunId(other.id), OutboxKind.RESULT) is None


async def test_cards_that_show_less_than_is_known_are_stale(store: SqliteStore, sender: Sender) -> None:
    receipts(await store.append([sender.post(seq=1, name=name) for name in "ab"]))
    events = await store.events_after(0, limit=10)
    runs = [event.run for event in events]
    await project(store, [fold(event.run, [event]) for event in events], upto=2)
    assert await store.stale_runs() == []

    def card(run: RunId, ref: str, shown: int) -> Surface:
        return Surface(
            run=run, kind=OutboxKind.CARD, ref=ref, channel="c", message=f"{run}{ref}", shown_hash="h",
            shown_position=shown, posted_at=NOW,
        )  # fmt: skip

    for run in runs:
        await store.shown(card(run, "1", 0))
    assert await store.stale_runs() == runs
    await store.shown(card(runs[0], "2", 1))  # rolled over: the old card stays behind for good
    assert await store.stale_runs() == runs[1:]
    await store.shown(card(runs[1], "1", 2))
    assert await store.stale_runs() == []


async def test_a_long_log_is_refolded_page_by_page(
    store: SqliteStore, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projection, "REFOLD_EVENTS", 3)
    posts = [sender.post(seq=n, source=source_state) for source_state in ("one", "two") for n in range(1, 6)]
    taken = receipts(await store.append(posts))[0]
    await store.project(PROJECTOR, upto=9, folds=(), states={}, outbox=())  # the last one is not projected yet
    refolded = (await store.folds([taken.run]))[taken.run]
    events = await store.events_of(taken.run)
    assert refolded.position == 9
    assert refolded.snapshot() == fold(taken.run, events[:9]).snapshot()


async def test_a_stream_that_keeps_up_reads_only_what_is_new(
    store: SqliteStore, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Near the end of the log by position, far from it by run: the same events."""
    mine = receipts(await store.append([sender.post(seq=n) for n in range(1, 8)]))[0].run
    await store.append([sender.post(seq=n, name="other") for n in range(1, 8)])
    await store.append([sender.post(seq=8)])
    await store.project(PROJECTOR, upto=15, folds=(), states={}, outbox=())
    pages: list[tuple[list[RunEvent], int] | None] = []
    for near in (streaming.NEAR, 0):
        monkeypatch.setattr(streaming, "NEAR", near)
        pages.append(await store.page(mine, 3, limit=10, most=10))
        assert await store.page(mine, 3, limit=10, most=4) is None
    assert pages[0] == pages[1]
    assert pages[0] is not None
    assert [event.position for event in pages[0][0]] == [4, 5, 6, 7, 15]


async def test_every_kind_of_message_that_shows_less_than_is_known_is_stale_until_it_was_compared(
    store: SqliteStore, sender: Sender
) -> None:
    receipts(await store.append([sender.post(seq=1)]))
    [event] = await store.events_after(0, limit=10)
    await project(store, [fold(event.run, [event])], upto=1)
    for kind in OutboxKind:
        message = None if kind is OutboxKind.THREAD else f"m{kind}"
        surface = Surface(run=event.run, kind=kind, channel=f"c{kind}", message=message, posted_at=NOW)
        await store.shown(surface)
        assert await store.stale_runs() == ([] if kind is OutboxKind.FILE else [event.run])
        await store.compared(event.run, f"c{kind}", 1)
        assert await store.stale_runs() == []
        await store.compared(event.run, f"c{kind}", 0)  # never backwards
        assert await store.stale_runs() == []
    gone = Surface(run=event.run, kind=OutboxKind.NOTICE, ref="s:1", channel="c", message=None, posted_at=NOW)
    await store.shown(gone)
    assert await store.stale_runs() == []


async def test_each_delivery_has_a_nonce_of_its_own_that_no_other_database_gives(
    store: SqliteStore, people: People, tmp_path: Path
) -> None:
    run = await people.submit(store)
    rows = [row(run.id, OutboxKind.NOTICE, str(number)) for number in range(150)]
    await store.commit(Commit(writes=(*rows,)))
    first = {one.nonce for one in await store.outbox()}
    assert {one.nonce for one in await store.outbox()} == first, "the same at each try"
    async with open_store(tmp_path / "fresh.db", clock=HandClock(), ids=CountingIds()) as fresh:
        again = await People(CountingIds()).submit(fresh)
        await fresh.commit(Commit(writes=tuple(row(again.id, one.kind, one.ref) for one in rows)))
        second = {one.nonce for one in await fresh.outbox()}
    assert len(first | second) == 300
    assert all(re.fullmatch(r"[0-9a-f]{25}", nonce) for nonce in first | second)
