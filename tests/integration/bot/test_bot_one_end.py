"""A run has one end: once its result stands in the thread, the card only says how it ended and where the result is."""

from pathlib import Path

import pytest

from ompycord.domain.access import Person, Role
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.records import OutboxKind
from ompycord.playground.client import Message
from ompycord.store import SqliteStore
from tests.integration.bot.conftest import AppHarness, is_answer, kind_of
from tests.support.patience import until
from tests.support.playground import Playground


@pytest.fixture
def harness(playground: Playground, store: SqliteStore, tmp_path: Path) -> AppHarness:
    return AppHarness(playground, store, tmp_path)


def is_whole(message: Message) -> bool:
    return kind_of(message) == "card 1" and "Done · checks passed" in message.text and "Details" in message.labels


def points_at_result(message: Message) -> bool:
    return kind_of(message) == "card 1" and message.labels == ["Go to the result"]


async def all_compared(harness: AppHarness, run: RunId) -> bool:
    """Whether all that the run shows was compared after its end, but for what the result will change."""
    position = (await harness.store.folds([run]))[run].position
    return all(s.shown_position >= position - 1 for s in await harness.store.surfaces(run))


async def nothing_stale(harness: AppHarness) -> bool:
    return await harness.store.stale_runs() == []


async def ended(harness: AppHarness) -> tuple[RunId, Message]:
    """A run that ended, and its result."""
    run = await harness.at_work()
    harness.agent.release()
    await harness.until(run, lambda seen: seen.is_final)
    return run, await harness.playground.ada.wait_message(lambda m: kind_of(m) == "result")


async def test_the_card_points_at_the_result_with_its_plan_and_no_button_that_the_result_has(
    harness: AppHarness,
) -> None:
    async with harness.running():
        _, result = await ended(harness)
        card = await harness.playground.ada.wait_message(points_at_result)
        await harness.nothing_owed()
        await until(lambda: nothing_stale(harness))
        edits = await harness.playground.wire(method="PATCH", route="/channels/{channel_id}/messages/{message_id}")
    edited = {str(edit["path"]).rpartition("/")[2] for edit in edits}
    assert (card.id in edited, result.id in edited) == (True, False), "a result is posted as it stays"
    assert card.component("Go to the result")["url"].endswith(f"/{result.channel_id}/{result.id}")
    assert "Done · checks passed" in card.text
    assert {"Diff", "Details", "Run again…"} <= set(result.labels)
    assert not any(field for embed in card.embeds for field in embed.get("fields", []))


async def test_a_process_that_died_between_result_and_card_is_made_good_by_the_next(harness: AppHarness) -> None:
    async with harness.running():
        run = await harness.at_work()
        thread = await harness.thread_of(run)
        await harness.playground.fault("POST", f"/channels/{thread}/messages", "status", status=503, count=10_000)
        harness.agent.release()
        await harness.playground.ada.wait_message(is_whole)
        await until(lambda: all_compared(harness, run))
        await harness.playground.clear_faults()
        await harness.playground.fault("PATCH", "/channels/*/messages/*", "status", status=503, count=10_000)
        harness.clock.advance(60)
        await harness.playground.ada.wait_message(lambda m: kind_of(m) == "result")
        assert await harness.store.stale_runs() == [run]
    await harness.playground.clear_faults()
    async with harness.restart().running():
        await harness.playground.ada.wait_message(points_at_result)
        await until(lambda: nothing_stale(harness))


async def test_a_result_that_somebody_deletes_leaves_the_card_whole(harness: AppHarness) -> None:
    async with harness.running():
        run, result = await ended(harness)
        await harness.playground.ada.wait_message(points_at_result)
        await until(lambda: nothing_stale(harness))  # nobody would look at the run again by itself
        await harness.delete(result)
        await harness.playground.ada.wait_message(is_whole)
        surfaces = await harness.store.surfaces(run)
    assert [s.message for s in surfaces if s.kind is OutboxKind.RESULT] == [None]


async def test_the_status_of_a_run_that_ended_is_the_whole_card(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run, _ = await ended(harness)
        await mo.wait_message(points_at_result)
        told = await mo.command("omp status", run=short_id(run))
        status = await mo.wait_message(lambda m: is_answer(m, told.id) and not m.is_thinking)
    assert "Go to the result" not in status.labels
    assert {"Diff", "Details"} <= set(status.labels)


async def test_a_run_that_its_requester_cancels_has_its_end_on_the_card_alone(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run = await harness.at_work()
        await cancel(harness, run, mo.id)
        card = await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Cancelled" in m.text)
        await harness.nothing_owed()
        await until(lambda: nothing_stale(harness))
        messages = await mo.history(await harness.thread_of(run))
    assert "Details" in card.labels
    assert not any(kind_of(message) == "result" for message in messages)
    async with harness.restart().running():
        await harness.nothing_owed()
    assert not any(kind_of(message) == "result" for message in await mo.history(await harness.thread_of(run)))


async def test_a_run_that_somebody_else_cancels_has_a_result(harness: AppHarness) -> None:
    async with harness.running():
        run = await harness.at_work()
        await cancel(harness, run, harness.playground.ada.id)
        result = await harness.playground.ada.wait_message(lambda m: kind_of(m) == "result")
        await harness.nothing_owed()
    assert "Cancelled" in result.text


async def cancel(harness: AppHarness, run: RunId, person: str) -> None:
    loaded = await harness.areas.load(run)
    await harness.areas.runs.cancel(loaded.record, Person(id=person, name="Somebody", role=Role.ADMIN))
