"""*Retry…* and *Run again…* open the task in a form, to change and run again; a form starts one run."""

from ompycord.domain.ports import AgentOutcome
from ompycord.domain.run import FailureClass, RunState
from ompycord.playground.client import Message
from tests.integration.bot.conftest import AppHarness, is_answer, kind_of
from tests.support.playground_person import Interaction, Person

BASE_MISSING = "shop has no branch no/such with a commit. Name another base."


async def queued(who: Person, ran: Interaction) -> None:
    await who.wait_message(lambda m: is_answer(m, ran.id) and "Queued" in m.text)


async def result_of(who: Person) -> Message:
    return await who.wait_message(lambda m: kind_of(m) == "result")


def fields(opened: Interaction) -> list[str]:
    """The labels of a form, in their order."""
    assert opened.modal is not None
    return [item["label"] for item in opened.modal.raw["components"]]


async def test_the_form_has_the_task_as_it_was_and_what_is_changed_counts(harness: AppHarness) -> None:
    mo = harness.playground.mo
    harness.agent.writes = {}
    async with harness.running():
        first = await harness.start(mo, prompt="Fix the total.", mode="fast", budget=2.0)
        opened = await mo.click(await result_of(mo), "Run again…")
        assert fields(opened) == [
            "What should be done?", "Base branch", "Agent and mode", "Acceptance criteria (optional)",
        ]  # fmt: skip
        sent = await mo.submit_labels(opened, {"What should be done?": "Fix the sum.", "Base branch": "next"})
        await queued(mo, sent)
        second = await harness.next_run({first.id})
        task = await harness.store.task(str(second.task))
        assert task is not None
        assert (task.prompt, task.title, task.branch) == ("Fix the sum.", "Fix the sum", "next")
        assert (task.mode, task.budget_usd, task.repository, task.agent) == ("fast", 2.0, "shop", "scripted")
        await harness.until(second.id, lambda snapshot: snapshot.is_final)


async def test_sent_as_it_is_it_runs_the_same_task_again_once(harness: AppHarness) -> None:
    mo, ada = harness.playground.mo, harness.playground.ada
    async with harness.running():
        first = await harness.start(mo)
        result = await result_of(mo)
        opened = await ada.click(result, "Run again…")
        for _ in range(2):
            await queued(ada, await ada.submit_labels(opened, {}))
        second = await harness.next_run({first.id})
        assert second.requester == ada.id
        tasks = [await harness.store.task(str(record.task)) for record in (first, second)]
        assert all(task is not None for task in tasks)
        assert tasks[0] is not None
        assert tasks[1] is not None
        assert tasks[0].typed() == tasks[1].typed()
        await harness.nothing_owed()
    assert len(await harness.all_runs()) == 2


async def test_a_form_that_was_opened_before_a_restart_still_starts_its_run(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        first = await harness.start(mo)
        opened = await mo.click(await result_of(mo), "Run again…")
    later = harness.restart()
    async with later.running():
        await queued(mo, await mo.submit_labels(opened, {}))
        await later.next_run({first.id})


async def test_where_the_base_was_not_there_the_form_asks_for_it_first(harness: AppHarness) -> None:
    mo = harness.playground.mo
    harness.workspaces.refuses = BASE_MISSING
    async with harness.running():
        first = await harness.start(mo, branch="no/such")
        failed = await harness.until(first.id, lambda snapshot: snapshot.is_final)
        assert (failed.state, failed.failure) == (RunState.FAILED, FailureClass.ENV)
        opened = await mo.click(await result_of(mo), "Retry…")
        assert fields(opened)[:2] == ["Base branch", "What should be done?"]
        harness.workspaces.refuses = None
        await queued(mo, await mo.submit_labels(opened, {"Base branch": "main"}))
        second = await harness.next_run({first.id})
        done = await harness.until(second.id, lambda snapshot: snapshot.is_final)
        assert done.state is RunState.COMPLETE


async def test_a_task_that_is_too_long_for_a_form_stays_and_is_added_to(harness: AppHarness) -> None:
    mo = harness.playground.mo
    long = f"Fix the total. {'x' * 3990}"
    async with harness.running():
        first = await harness.start(mo, prompt=long)
        opened = await mo.click(await result_of(mo), "Run again…")
        assert fields(opened)[0] == "Add to the task"
        for _ in range(2):
            await queued(mo, await mo.submit_labels(opened, {"Add to the task": "And the docs."}))
        second = await harness.next_run({first.id})
        snapshot = await harness.until(second.id, lambda snapshot: snapshot.is_final)
        assert snapshot.prompt == f"{long}\n\nAnd the docs."


async def test_a_follow_up_that_is_run_again_is_one_and_has_no_base_to_choose(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        first = await harness.start(mo)
        opened = await mo.click(await result_of(mo), "Follow up…")
        harness.agent.outcome = AgentOutcome(claim=False, message="No.", failure=FailureClass.REPAIRABLE)
        await queued(mo, await mo.submit_labels(opened, {"What should be done next?": "Now the docs."}))
        second = await harness.next_run({first.id})
        failed = await mo.wait_message(lambda m: kind_of(m) == "result" and "Retry…" in m.labels)
        opened = await mo.click(failed, "Retry…")
        assert "Base branch" not in fields(opened)
        await queued(mo, await mo.submit_labels(opened, {}))
        third = await harness.next_run({first.id, second.id})
        assert third.chain == first.id
        assert (await harness.until(third.id, lambda snapshot: snapshot.is_final)).follows == first.id


async def test_a_refused_form_can_be_sent_again(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        first = await harness.start(mo)
        result = await result_of(mo)
        harness.closed = "The disk is full."
        sent = await mo.submit_labels(await mo.click(result, "Run again…"), {})
        refused = await mo.wait_message(lambda m: is_answer(m, sent.id) and "The disk is full." in m.text)
        harness.closed = None
        await mo.click(refused, "Try again")
        await harness.next_run({first.id})
