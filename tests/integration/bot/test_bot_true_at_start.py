"""What Discord refused while a run ended is shown by the next process: every kind of message, once."""

from pathlib import Path

import pytest

from ompycord.domain import events as ev
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.records import Commit, OutboxKind, OutboxRow
from ompycord.domain.refs import Ref, RefKind
from ompycord.playground.client import Message
from ompycord.store import SqliteStore
from tests.integration.bot.conftest import AppHarness, kind_of
from tests.integration.bot.test_bot_board import board_says
from tests.integration.bot.test_bot_elsewhere import post
from tests.support.patience import until
from tests.support.playground import Playground

ASKED = ev.QuestionAsked(question="q1", text="Before or after?", options=("After",))


@pytest.fixture
def harness(playground: Playground, store: SqliteStore, tmp_path: Path) -> AppHarness:
    return AppHarness(playground, store, tmp_path, has_board=True)


async def refuse(harness: AppHarness, *routes: str) -> None:
    """Discord answers 503 to every edit, or to what these routes name."""
    for route in routes or ("/channels/*/messages/*",):
        await harness.playground.fault("*" if "pins" in route else "PATCH", route, "status", status=503, count=10_000)


async def ended(harness: AppHarness, run: str) -> None:
    """The run ended and the bot tried to show it."""
    harness.agent.release()
    await harness.until(run, lambda seen: seen.is_final)
    await harness.projector.settled()
    await harness.nothing_owed()
    await harness.struck()


async def shown(harness: AppHarness, wanted: str, words: str) -> Message:
    """A message of this kind that says this."""
    return await harness.playground.ada.wait_message(lambda m: kind_of(m) == wanted and words in m.text)


async def test_a_channel_summary_is_true_again(harness: AppHarness) -> None:
    async with harness.running():
        run = await harness.at_work()
        await refuse(harness, f"/channels/{harness.playground.channel('tasks')}/messages/*")
        await ended(harness, run)
        await shown(harness, "card 1", "Done · checks passed")
    await harness.playground.clear_faults()
    async with harness.restart().running():
        await shown(harness, "mirror", "Done")


async def test_a_card_is_true_again(harness: AppHarness) -> None:
    async with harness.running():
        run = await harness.at_work()
        await refuse(harness)
        await ended(harness, run)
    await harness.playground.clear_faults()
    async with harness.restart().running():
        await shown(harness, "card 1", "Done · checks passed")


async def test_a_questions_buttons_are_gone_again(harness: AppHarness) -> None:
    async with harness.running():
        run = await harness.at_work()
        await harness.areas.recorder.observe(run, ASKED)
        await shown(harness, "question", "Before or after?")
        await harness.nothing_owed()
        await refuse(harness, f"/channels/{await harness.thread_of(run)}/messages/*")
        await ended(harness, run)
    await harness.playground.clear_faults()
    async with harness.restart().running():
        await harness.playground.ada.wait_message(lambda m: kind_of(m) == "question" and not m.labels)


async def test_a_closed_question_is_unpinned_again(harness: AppHarness) -> None:
    async with harness.running():
        run = await harness.at_work()
        await harness.areas.recorder.observe(run, ASKED)
        await harness.playground.ada.wait_message(lambda m: kind_of(m) == "question" and m.raw["pinned"])
        await harness.nothing_owed()
        await refuse(harness, "/channels/{channel_id}/messages/pins/{message_id}")
        await ended(harness, run)
        await harness.playground.ada.wait_message(lambda m: kind_of(m) == "question" and not m.labels)
    await harness.playground.clear_faults()
    async with harness.restart().running():
        await harness.playground.ada.wait_message(lambda m: kind_of(m) == "question" and not m.raw["pinned"])


async def test_a_notice_is_true_again(playground: Playground, store: SqliteStore, tmp_path: Path) -> None:
    """The one in the ops channel, whose run ended while that channel could not be edited."""
    harness = AppHarness(playground, store, tmp_path, ops=True)
    async with harness.running():
        run = await harness.at_work()
        await harness.areas.recorder.observe(run, ASKED)
        await shown(harness, "question", "Before or after?")
        await harness.store.commit(ops_notice(harness, run))
        harness.bot_parts.live.wake()
        notice = await playground.ada.wait_message(lambda m: m.channel_id == str(playground.channel("ops")))
        await harness.nothing_owed()
        await refuse(harness, f"/channels/{playground.channel('ops')}/messages/*")
        await ended(harness, run)
        before = (await playground.ada.history("ops"))[-1].text
    await playground.clear_faults()
    async with harness.restart().running():
        await playground.ada.wait_message(lambda m: m.id == notice.id and m.text != before)


def ops_notice(harness: AppHarness, run: RunId) -> Commit:
    ref = str(Ref(RefKind.QUESTION, "q1").for_ops)
    place = {"channel": str(harness.playground.channel("ops"))}
    row = OutboxRow(run=run, kind=OutboxKind.NOTICE, ref=ref, body=place, created_at=harness.clock.now_ms())
    return Commit(writes=(row,))


async def test_a_threads_name_is_true_again(harness: AppHarness) -> None:
    async with harness.running():
        run = await post(harness, ev.Note(text="first"))
        harness.clock.advance(10)
        await shown(harness, "card 1", "")
        await harness.nothing_owed()
        thread = await harness.thread_of(run)
        await refuse(harness, "/channels/{channel_id}")
        await post(harness, ev.RunStarted(title="Nightly", agent="ci"), ev.RunFinished(summary="Done."), first=2)
        await harness.struck()
        await shown(harness, "result", "")
    await harness.playground.clear_faults()
    async with harness.restart().running():
        wanted = "⚠ Nightly"

        async def is_named() -> bool:
            answer = await harness.playground.rest("GET", f"/channels/{thread}")
            return answer.status == 200 and answer.body["name"] == wanted

        await until(is_named)


async def test_the_board_is_true_again(harness: AppHarness) -> None:
    async with harness.running():
        run = await harness.at_work()
        board = await board_says(harness, "1 working")
        await refuse(harness, f"/channels/{board.channel_id}/messages/*")
        await ended(harness, run)
        harness.clock.advance(10)
        await harness.struck()
    await harness.playground.clear_faults()
    async with harness.restart().running():
        assert (await shown(harness, "board", "No runs.")).id == board.id


async def test_what_is_true_is_compared_once_and_never_edited(
    playground: Playground, store: SqliteStore, tmp_path: Path
) -> None:
    harness = AppHarness(playground, store, tmp_path)
    async with harness.running():
        run = await harness.at_work()
        harness.agent.release()
        await harness.until(run, lambda seen: seen.is_final)
        await until(lambda: is_compared(harness))
    edits = await playground.wire(method="PATCH")
    async with harness.restart().running():
        await playground.mo.command("omp help", "tasks")
    assert await playground.wire(method="PATCH") == edits


async def is_compared(harness: AppHarness) -> bool:
    return await harness.store.stale_runs() == [] and await harness.store.outbox() == []


async def test_the_operators_are_told_which_events_are_damaged(
    playground: Playground, store: SqliteStore, tmp_path: Path
) -> None:
    harness = AppHarness(playground, store, tmp_path, ops=True)
    ops = str(playground.channel("ops"))
    async with harness.running():
        run = await harness.at_work()
        ref = str(Ref(RefKind.DAMAGED, "changed:7-7"))
        row = OutboxRow(run=run, kind=OutboxKind.NOTICE, ref=ref, body={"channel": ops}, created_at=1)
        await store.commit(Commit(writes=(row,)))
        harness.bot_parts.live.wake()
        told = await playground.ada.wait_message(lambda m: m.channel_id == ops)
        await harness.nothing_owed()
    assert f"Event 7 of the log is not what was stored, of run `{short_id(run)}`." in told.text
    assert await harness.pinged() == []
