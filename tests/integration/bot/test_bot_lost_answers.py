"""When the answer to a form cannot be given: the text is never lost, and the run starts once or not at all.

Late acknowledgements are in `test_bot_faults.py`, forms that were open across a restart in `test_bot_new_run.py`.
"""

from collections.abc import AsyncGenerator

import pytest

from ompycord.domain.ports import RunFilter
from ompycord.store import SqliteStore
from tests.integration.bot.conftest import AppHarness, is_answer, kind_of
from tests.support.database_faults import WriteFault, faulty_writes

CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"
TOKEN_LIVES_S = 900
FORM = {"What should be done?": "Fix the total.", "Repository": ["shop"], "Agent and mode": ["scripted|fast"]}


@pytest.fixture
async def drafts(store: SqliteStore) -> AsyncGenerator[WriteFault]:
    """The database writes nothing more from the next draft on, until it is released."""
    async with faulty_writes(store, "INSERT ON drafts") as fault:
        fault.hold()
        yield fault


async def test_a_store_that_is_blocked_for_ten_seconds_keeps_the_text_and_starts_the_run_once(
    harness: AppHarness, drafts: WriteFault, store: SqliteStore
) -> None:
    mo = harness.playground.mo
    async with harness.running():
        opened = await mo.command("omp new", "tasks")
        sent = await mo.submit_labels(opened, FORM)
        assert sent.reply is not None
        assert sent.reply.is_thinking
        harness.clock.advance(10)
        assert await store.runs(RunFilter()) == []
        drafts.release()
        await mo.wait_message(lambda m: is_answer(m, sent.id) and "Queued" in m.text)
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await harness.nothing_owed()
    assert drafts.seen == 1
    task = await store.task((await harness.only_run()).task or "")
    assert task is not None
    assert task.prompt == "Fix the total."


async def test_a_token_that_expires_before_the_draft_is_kept_hides_nothing_and_starts_the_run_once(
    harness: AppHarness, drafts: WriteFault
) -> None:
    mo, playground = harness.playground.mo, harness.playground
    async with harness.running():
        ran = await mo.command("omp new", "tasks", prompt="Fix the total")
        assert ran.reply is not None
        assert ran.reply.is_thinking
        await playground.advance(TOKEN_LIVES_S + 1)
        drafts.release()
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await harness.nothing_owed()
    refused = [entry for entry in await playground.wire() if entry["status"] == 401]
    assert [entry["response"]["code"] for entry in refused] == [50027], "the reply was tried, and its token was dead"
    await harness.only_run()
    assert await harness.kinds_in("tasks") == ["mirror"]


async def test_an_answer_that_was_taken_and_whose_confirmation_was_lost_counts_and_the_run_starts(
    harness: AppHarness,
) -> None:
    """Discord refuses the repetition with 40060: it is our own answer that stands there."""
    mo, playground = harness.playground.mo, harness.playground
    async with harness.running():
        await playground.fault("POST", CALLBACK, "drop_after", count=1)
        ran = await mo.command("omp new", "tasks", prompt="Fix the total")
        assert ran.reply is not None
        await mo.wait_message(lambda m: is_answer(m, ran.id) and "Queued: http" in m.text)
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await harness.nothing_owed()
    refused = [entry for entry in await playground.wire() if entry["status"] == 400]
    assert [entry["response"]["code"] for entry in refused] == [40060]
    await harness.only_run()
    shown = await mo.history("tasks")
    assert not [m for m in shown if "Resume" in m.labels], "nothing is offered that has happened already"


async def test_a_form_whose_confirmation_was_lost_is_open(harness: AppHarness) -> None:
    mo, playground = harness.playground.mo, harness.playground
    async with harness.running():
        await playground.fault("POST", CALLBACK, "drop_after", count=1)
        opened = await mo.command("omp new", "tasks")
        await mo.submit_labels(opened, FORM)
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await harness.nothing_owed()
    await harness.only_run()
