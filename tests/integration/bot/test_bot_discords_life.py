"""Discord's own life goes on under our feet.

Servers left, channels and threads deleted, closed, locked, people gone.
"""

from pathlib import Path

import pytest

from ompycord.bot.delivery.pending_deliveries import CLOSED_S
from ompycord.domain import events as ev
from ompycord.domain.access import Person, Role
from ompycord.domain.ids import RunId
from ompycord.domain.records import OutboxKind
from ompycord.domain.run import RunState
from ompycord.playground.client import JsonObject, Message
from ompycord.store import SqliteStore
from tests.integration.bot.conftest import AppHarness, kind_of
from tests.support.playground import Playground

MANAGE_THREADS = 1 << 34
"""Ompycord asks for no such right (`bot/gateway/permissions.py`); the playground's first role has it."""
VIEW = 1 << 10
SEND = 1 << 11
HISTORY = 1 << 16
THREADS = "/channels/{channel_id}/messages/{message_id}/threads"


@pytest.fixture
def harness(playground: Playground, store: SqliteStore, tmp_path: Path) -> AppHarness:
    return AppHarness(playground, store, tmp_path, ops=True)


async def tool(harness: AppHarness, run: RunId, title: str) -> None:
    await harness.areas.recorder.observe(run, ev.ToolFinished(tool="edit", title=title))


def card_in(channel: str | int, words: str, number: int = 2) -> "Fits":
    return Fits(f"card {number}", str(channel), words)


class Fits:
    """A message of this kind in this channel that says this."""

    def __init__(self, kind: str, channel: str, words: str = "") -> None:
        self._wanted = (kind, channel)
        self._words = words

    def __call__(self, message: Message) -> bool:
        return (kind_of(message), message.channel_id) == self._wanted and self._words in message.text


async def bot_id(harness: AppHarness) -> str:
    state = await harness.playground.ada.state()
    return state["bot"]["user"]["id"]


# -- the server --------------------------------------------------------------------------------------------------------


async def test_a_bot_that_is_kicked_halts_its_runs_and_shows_all_when_it_is_asked_back(harness: AppHarness) -> None:
    mo, playground = harness.playground.mo, harness.playground
    async with harness.running():
        run = await harness.at_work()
        await playground.change_world(remove_member=await bot_id(harness))
        halted = await harness.until(run, lambda seen: seen.state is RunState.SUSPENDED)
        assert halted.message is not None
        assert "removed from the server" in halted.message
        wire = len(await playground.wire())
        await tool(harness, run, "unseen.py")
        await harness.projector.settled()
        harness.clock.advance(CLOSED_S + 1)
        await harness.areas.runs.resume(await harness.areas.load(run), as_runner(mo.id))
        harness.agent.release()
        await harness.until(run, lambda seen: seen.is_final)
        assert [row.kind for row in await harness.store.outbox()] == [OutboxKind.RESULT], "it waits"
        assert len([e for e in (await playground.wire())[wire:] if e["method"] in {"POST", "PATCH"}]) == 0
        await playground.change_world(add_bot=True)
        await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Done · checks passed" in m.text)
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await harness.nothing_owed()
    assert await harness.pinged() == [[mo.id]]


def as_runner(person: str) -> Person:
    return Person(id=person, name="Mo", role=Role.RUNNER)


async def test_a_bot_that_was_kicked_while_it_was_away_halts_its_runs_when_it_is_back(harness: AppHarness) -> None:
    async with harness.running():
        run = await harness.at_work()
    await harness.playground.change_world(remove_member=await bot_id(harness))
    later = harness.restart()
    later.agent.hold()
    async with later.running():
        halted = await later.until(run, lambda seen: seen.state is RunState.SUSPENDED)
        assert "removed from the server" in (halted.message or "")


# -- places ------------------------------------------------------------------------------------------------------------


async def test_card_and_question_come_to_the_channel_when_their_thread_is_deleted(harness: AppHarness) -> None:
    ada, mo, tasks = harness.playground.ada, harness.playground.mo, harness.playground.channel("tasks")
    async with harness.running():
        run = await harness.at_work()
        await harness.areas.recorder.observe(
            run, ev.QuestionAsked(question="q1", text="Before or after?", options=("After",))
        )
        await mo.wait_message(lambda m: kind_of(m) == "question")
        await harness.nothing_owed()
        await harness.playground.change_world(delete_channel=await harness.thread_of(run))
        await ada.wait_message(card_in(tasks, "Waiting for"))
        again = await ada.wait_message(Fits("question", str(tasks), "Before or after?"))
        await mo.click(again, "After")
        await ada.wait_message(lambda m: m.id == again.id and "Answered by Mo" in m.text)
        harness.agent.release()
        await ada.wait_message(card_in(tasks, "Done · checks passed"))
        await ada.wait_message(Fits("result", str(tasks)))
        await harness.nothing_owed()
    assert await harness.pinged() == [[mo.id], [mo.id]], "the question rang once, the answer once"


async def test_a_run_whose_channel_is_deleted_goes_on_in_the_home_channel(harness: AppHarness) -> None:
    ada, mo, tasks = harness.playground.ada, harness.playground.mo, harness.playground.channel("tasks")
    ops = str(harness.playground.channel("ops"))
    async with harness.running():
        run = await harness.at_work()  # the home channel is #tasks itself, so #ops is all that is left
        await harness.playground.change_world(delete_channel=str(tasks))
        await ada.wait_message(card_in(ops, "Working"))
        harness.agent.release()
        await ada.wait_message(card_in(ops, "Done · checks passed"))
        await ada.wait_message(Fits("result", ops))
        await harness.nothing_owed()
        assert (await harness.store.surface(run, OutboxKind.THREAD)).channel == ops  # pyright: ignore[reportOptionalMemberAccess]  # it is there
    assert await harness.pinged() == [[mo.id]]


async def test_an_archived_thread_is_woken_by_the_next_edit(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run = await harness.at_work()
        thread = await harness.thread_of(run)
        await harness.playground.change_world(threads={thread: {"archived": True}})
        await tool(harness, run, "woken.py")
        await mo.wait_message(lambda m: kind_of(m) == "card 1" and "woken.py" in m.text)
        shown = await harness.playground.rest("GET", f"/channels/{thread}")
        assert not shown.body["thread_metadata"]["archived"]


async def test_what_rings_comes_to_the_channel_when_the_thread_is_locked_and_the_card_catches_up(
    harness: AppHarness,
) -> None:
    ada, mo, tasks = harness.playground.ada, harness.playground.mo, str(harness.playground.channel("tasks"))
    async with harness.running():
        run = await harness.at_work()
        thread = await harness.thread_of(run)
        deny: JsonObject = {"id": await bot_id(harness), "type": 1, "allow": "0", "deny": str(MANAGE_THREADS)}
        await harness.playground.change_world(overwrites={tasks: [deny]})
        await harness.playground.change_world(threads={thread: {"archived": True, "locked": True}})
        harness.agent.release()
        async with harness.half_minutes_pass():
            await ada.wait_message(Fits("result", tasks))
        await harness.playground.change_world(threads={thread: {"archived": False, "locked": False}})
        async with harness.half_minutes_pass():
            await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Done · checks passed" in m.text)
    assert await harness.pinged() == [[mo.id]]
    assert await notes(harness) == [], "whoever locks a thread knows it"


async def test_a_server_with_too_many_threads_has_the_run_in_its_channel(harness: AppHarness) -> None:
    mo, tasks = harness.playground.mo, str(harness.playground.channel("tasks"))
    full = {"message": "Maximum number of active threads reached", "code": 160006}
    await harness.playground.fault("POST", THREADS, "status", status=400, body=full)
    async with harness.running():
        await harness.start(mo)
        await mo.wait_message(Fits("card 1", tasks, "Done · checks passed"))
        await mo.wait_message(Fits("result", tasks))
        await harness.nothing_owed()
    assert await harness.kinds_in(tasks) == ["mirror", "card 1", "result"]


# -- permissions and people --------------------------------------------------------------------------------------------


async def notes(harness: AppHarness) -> list[str]:
    return [message.text for message in await harness.playground.ada.history("ops", limit=50)]


async def test_a_lost_permission_is_said_once_and_so_is_its_return(harness: AppHarness) -> None:
    mo, playground = harness.playground.mo, harness.playground
    tasks, ada = str(playground.channel("tasks")), playground.ada
    deny: JsonObject = {"id": await bot_id(harness), "type": 1, "allow": "0", "deny": str(VIEW)}
    async with harness.running():
        run = await harness.at_work()
        await playground.change_world(overwrites={tasks: [deny]})
        await tool(harness, run, "hidden.py")
        async with harness.half_minutes_pass():
            await harness.refused(3)
        said = await ada.wait_message(lambda m: "I cannot post in" in m.text)
        assert f"<#{tasks}>: the bot may not see that channel." in said.text
        await playground.change_world(overwrites={tasks: []})
        async with harness.half_minutes_pass():
            await mo.wait_message(lambda m: kind_of(m) == "card 1" and "hidden.py" in m.text)
        await ada.wait_message(lambda m: f"I can post in <#{tasks}> again." in m.text)
    assert len(await notes(harness)) == 2
    assert await harness.pinged() == []


async def test_who_lost_the_role_or_left_decides_nothing_any_more_and_the_run_goes_on(harness: AppHarness) -> None:
    ada, mo, playground = harness.playground.ada, harness.playground.mo, harness.playground
    async with harness.running():
        run = await harness.at_work()
        await harness.areas.recorder.observe(run, ev.ApprovalRequested(approval="a1", title="Push", risk="network"))
        asked = await ada.wait_message(lambda m: kind_of(m) == "question")
        await playground.change_world(remove_member=mo.id)
        allowed = await ada.click(asked, "Allow once")
        await ada.wait_message(lambda m: m.id == asked.id and "Allowed once by Ada" in m.text)
        assert allowed.reply is not None
        harness.agent.release()
        await ada.wait_message(lambda m: kind_of(m) == "result")
        await harness.nothing_owed()


# -- threads that take no messages -------------------------------------------------------------------------------------

IN_THREADS = 1 << 38
"""Send Messages in Threads."""


async def deny(harness: AppHarness, bits: int) -> None:
    """The bot may not do this in #tasks any more, nor in its threads."""
    tasks = str(harness.playground.channel("tasks"))
    change: JsonObject = {"id": await bot_id(harness), "type": 1, "allow": "0", "deny": str(bits)}
    await harness.playground.change_world(overwrites={tasks: [change] if bits else []})


async def test_without_the_permission_to_write_in_threads_the_channel_has_card_question_and_result(
    harness: AppHarness,
) -> None:
    ada, mo, tasks = harness.playground.ada, harness.playground.mo, str(harness.playground.channel("tasks"))
    await deny(harness, IN_THREADS)
    async with harness.running():
        harness.agent.hold()
        run = RunId((await harness.start(mo)).id)
        await ada.wait_message(Fits("card 1", tasks))
        await harness.areas.recorder.observe(run, ev.QuestionAsked(question="q1", text="Before or after?"))
        await ada.wait_message(Fits("question", tasks, "Before or after?"))
        harness.agent.release()
        await ada.wait_message(Fits("card 1", tasks, "Done · checks passed"))
        await ada.wait_message(Fits("result", tasks))
        await harness.nothing_owed()
    assert await harness.pinged() == [[mo.id], [mo.id]], "the question, and the answer"
    assert await harness.playground.wire(method="POST", route=THREADS) == [], "no thread is opened to stay empty"
    assert await notes(harness) == []


async def test_a_permission_that_is_lost_while_a_run_is_at_work_lets_the_channel_stand_in_for_its_thread(
    harness: AppHarness,
) -> None:
    """The card that is there is still edited; the next one, a question, a file and the answer come to the channel."""
    ada, mo, tasks = harness.playground.ada, harness.playground.mo, str(harness.playground.channel("tasks"))
    async with harness.running():
        run = await harness.at_work()
        await deny(harness, IN_THREADS)
        await harness.areas.recorder.observe(run, ev.QuestionAsked(question="q1", text="Before or after?"))
        await ada.wait_message(Fits("question", tasks, "Before or after?"))
        await harness.nothing_owed()
        await harness.advance(56 * 60)
        await tool(harness, run, "late.py")
        await ada.wait_message(card_in(tasks, "late.py"))
        harness.agent.release()
        await ada.wait_message(card_in(tasks, "Done · checks passed"))
        await ada.wait_message(Fits("result", tasks))
        await harness.nothing_owed()
    assert await harness.pinged() == [[mo.id], [mo.id]]
    assert await notes(harness) == [], "all of it was shown, so nothing waits to be told"


async def test_a_channel_that_takes_edits_only_is_reported_once_whatever_its_threads_take(harness: AppHarness) -> None:
    ada, mo, tasks = harness.playground.ada, harness.playground.mo, str(harness.playground.channel("tasks"))
    async with harness.running():
        run = await harness.at_work()
        await deny(harness, SEND)
        ran = await mo.command("omp new", "tasks", prompt="Another one")
        assert ran.reply is not None
        await ada.wait_message(lambda m: f"I cannot post in <#{tasks}>" in m.text)
        for title in ("one.py", "two.py"):
            await tool(harness, run, title)
            await mo.wait_message(lambda m, title=title: kind_of(m) == "card 1" and title in m.text)
        assert len(await notes(harness)) == 1, "an edit in a thread proves nothing of its channel"
        await deny(harness, 0)
        async with harness.half_minutes_pass():
            await ada.wait_message(lambda m: f"I can post in <#{tasks}> again." in m.text)
    assert len(await notes(harness)) == 2


async def test_what_may_have_been_posted_waits_until_the_history_can_be_read(harness: AppHarness) -> None:
    """Discord shows an empty history to a bot that may not read it, as if nothing stood there."""
    mo, ops = harness.playground.mo, str(harness.playground.channel("ops"))
    async with harness.running():
        run = await harness.at_work()
        thread = await harness.thread_of(run)
        await harness.playground.fault("POST", f"/channels/{thread}/messages", "drop_after", count=1)
        await deny(harness, HISTORY)
        harness.agent.release()
        told = await harness.playground.ada.wait_message(lambda m: m.channel_id == ops and "history" in m.text)
        assert "may not read the history there" in told.text
        assert [row.kind for row in await harness.store.outbox()] == [OutboxKind.RESULT]
        await deny(harness, 0)
        harness.clock.advance(CLOSED_S + 1)
        await harness.nothing_owed()
    results = [m for m in await mo.history(thread) if kind_of(m) == "result"]
    assert len(results) == 1


# -- questions that somebody deleted -----------------------------------------------------------------------------------


async def test_a_question_that_is_deleted_is_asked_again_at_once_as_often_as_that_happens(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    async with harness.running():
        run = await harness.at_work()
        await harness.areas.recorder.observe(run, ev.QuestionAsked(question="q1", text="Which?", options=("After",)))
        question = await ada.wait_message(lambda m: kind_of(m) == "question")
        known = {question.id}
        for _ in range(2):
            await harness.nothing_owed()
            await harness.delete(question)
            question = await ada.wait_message(lambda m: kind_of(m) == "question" and m.id not in known)
            known.add(question.id)
        await harness.nothing_owed()
        await mo.click(question, "After")
        await ada.wait_message(lambda m: m.id == question.id and "Answered by Mo" in m.text)
        card = await ada.wait_message(lambda m: kind_of(m) == "card 1" and "Go to the question" not in m.labels)
        assert card.id
    assert await harness.pinged() == [[mo.id]], "it rang once"


async def test_a_question_that_was_deleted_while_nobody_listened_is_asked_again_at_the_start(
    harness: AppHarness,
) -> None:
    ada = harness.playground.ada
    async with harness.running():
        run = await harness.at_work()
        await harness.areas.recorder.observe(run, ev.QuestionAsked(question="q1", text="Which?", options=("After",)))
        question = await ada.wait_message(lambda m: kind_of(m) == "question")
        await harness.nothing_owed()
    await harness.delete(question)
    later = harness.restart()
    later.agent.hold()
    async with later.running():
        await ada.wait_message(lambda m: kind_of(m) == "question" and m.id != question.id and "After" in m.labels)


async def test_an_edit_that_finds_a_question_deleted_asks_again(harness: AppHarness) -> None:
    """Its deletion was never announced: the gateway was away."""
    ada = harness.playground.ada
    async with harness.running():
        run = await harness.at_work()
        await harness.areas.recorder.observe(run, ev.QuestionAsked(question="q1", text="Which?", options=("After",)))
        question = await ada.wait_message(lambda m: kind_of(m) == "question")
        await harness.nothing_owed()
        session = harness.bot_parts
        session.live.removed = lambda channel, message: None  # not announced
        await harness.delete(question)
        await session._gateway_events.began()  # pyright: ignore[reportPrivateUsage]  # a session that knows nothing of before
        await ada.wait_message(lambda m: kind_of(m) == "question" and m.id != question.id and "After" in m.labels)
