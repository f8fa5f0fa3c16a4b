"""What people write in a run's thread while the bot is away reaches it when it is back, once; in a real playground."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ompycord.bot.interactions.threads.thread_messages import RECEIVED
from ompycord.domain import events as ev
from ompycord.domain.events import Prompted
from ompycord.domain.ids import RunId
from ompycord.playground.client import Message
from ompycord.store import SqliteStore
from tests.integration.bot.conftest import PATIENCE_S, AppHarness, kind_of
from tests.integration.bot.test_bot_typed_answers import CHOICE, FREE, STEERS, TAKEN, UNDONE_S, asked, told
from tests.support.patience import within
from tests.support.playground import Playground
from tests.support.playground_person import Person


@pytest.fixture
def harness(playground: Playground, store: SqliteStore, tmp_path: Path) -> AppHarness:
    """A bot that may read messages, and an agent that takes them while it works."""
    made = AppHarness(playground, store, tmp_path, reads_threads=True)
    made.capabilities["command"] = STEERS
    return made


def back(harness: AppHarness, *script: ev.EventBody) -> AppHarness:
    """The next process, whose agent asks the same and waits."""
    later = harness.restart()
    later.capabilities["command"] = STEERS
    later.agent.script = script
    later.agent.hold()
    return later


def is_reply_to(said: Message) -> Callable[[Message], bool]:
    def is_it(message: Message) -> bool:
        reference: Any = message.raw.get("message_reference") or {}
        return reference.get("message_id") == said.id

    return is_it


async def replies(who: Person, thread: str, said: Message) -> int:
    """How many of our messages answer it."""
    return sum(map(is_reply_to(said), await who.history(thread)))


async def forget(harness: AppHarness, until: int | None) -> None:
    """What was noted last is an earlier message, or nothing."""

    def put(raw: sqlite3.Connection) -> None:
        raw.execute("DELETE FROM cursors WHERE name = 'received'")
        raw.executemany(
            "INSERT INTO cursors (name, position) VALUES ('received', ?)", [] if until is None else [(until,)]
        )

    await harness.store._database.writer.submit(put)  # pyright: ignore[reportPrivateUsage]  # nothing else makes it older


async def taken(who: Person, said: Message) -> None:
    """Our mark stands on a message to an agent."""
    await who.wait_event("REACTION_ADD", lambda data: data["message_id"] == said.id and RECEIVED in str(data))


async def until_noted(harness: AppHarness, message: Message) -> None:
    """Wait until it is the newest one that was noted."""
    async with within(PATIENCE_S):
        with harness.bus.subscribe() as changes:
            while await harness.store.received_until() != int(message.id):
                await changes.take(0.02)


async def test_an_answer_that_was_typed_while_the_bot_was_away_is_taken_when_it_is_back(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run, thread = await asked(harness, mo)
    said = await mo.say("SQLite", thread)
    later = back(harness, FREE)
    async with later.running():
        reply = await told(mo, f"{TAKEN}*SQLite*")
        assert reply.raw["message_reference"]["message_id"] == said.id
        later.clock.advance(UNDONE_S)
        assert await later.heard() == ev.QuestionAnswered(question="q1", answer="SQLite", by="Mo")
        later.agent.release()
        await later.until(run, lambda one: one.is_final)
    answers = [one.body for one in await later.store.events_of(run) if isinstance(one.body, ev.QuestionAnswered)]
    assert [one.answer for one in answers] == ["SQLite"]


async def test_messages_to_the_agent_come_in_their_order_and_before_those_that_are_written_now(
    harness: AppHarness,
) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run = await harness.at_work()
        thread = await harness.thread_of(run)
        before = await mo.say("Mind the tests.", thread)
        await taken(mo, before)
    for text in ("Mind the docs.", "Mind the names."):
        await mo.say(text, thread)
    later = back(harness)
    async with later.running():
        await later.online()
        now = await mo.say("Thank you.", thread)
        await taken(mo, now)
        await until_noted(later, now)
        later.agent.release()
        await later.until(run, lambda one: one.is_final)
    said = [one.body.text for one in await later.store.events_of(run) if isinstance(one.body, Prompted)]
    assert said == ["Mind the tests.", "Mind the docs.", "Mind the names.", "Thank you."]


async def test_what_was_answered_before_is_not_answered_again(harness: AppHarness) -> None:
    """Also where the process died before it noted that: our reply says so."""
    mo = harness.playground.mo
    async with harness.running():
        run, thread = await asked(harness, mo, CHOICE)
        first = await mo.say("Perhaps", thread)
        await mo.wait_message(is_reply_to(first))
    await forget(harness, int(first.id) - 1)
    second = await mo.say("Maybe", thread)
    later = back(harness, CHOICE)
    async with later.running():
        await mo.wait_message(is_reply_to(second))
        third = await mo.say("Hm", thread)
        await mo.wait_message(is_reply_to(third))
        assert [await replies(mo, thread, one) for one in (first, second, third)] == [1, 1, 1]
        later.agent.release()
        await later.until(run, lambda one: one.is_final)


async def test_what_cannot_be_read_at_first_is_read_again_and_nothing_newer_is_noted_before(
    harness: AppHarness,
) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run = await harness.at_work()
        thread = await harness.thread_of(run)
        first = await mo.say("Mind the tests.", thread)
        await taken(mo, first)
        await until_noted(harness, first)
    missed = await mo.say("Mind the docs.", thread)
    after = f"after={first.id}"  # what nothing else of the bot asks
    await harness.playground.fault(
        "GET", f"/channels/{thread}/messages", "status", status=400, count=1, containing=after
    )
    later = back(harness)
    async with later.running():
        await later.struck()
        await taken(mo, await mo.say("Thank you.", thread))
        now = await mo.say("That is all.", thread)
        await taken(mo, now)  # so what there is to note of the one before has been noted
        assert await later.store.received_until() == int(first.id)
        later.clock.advance(30)
        await taken(mo, missed)
        await until_noted(later, now)
        later.agent.release()
        await later.until(run, lambda one: one.is_final)
    said = [one.body.text for one in await later.store.events_of(run) if isinstance(one.body, Prompted)]
    assert said == ["Mind the tests.", "Thank you.", "That is all.", "Mind the docs."]


async def test_only_the_thread_that_could_not_be_read_is_read_again(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        runs = [await harness.at_work() for _ in range(2)]
        closed, opened = [await harness.thread_of(run) for run in runs]
        first = await mo.say("Mind the tests.", closed)
        await taken(mo, first)
        await until_noted(harness, first)
    missed = [await mo.say("Mind the docs.", thread) for thread in (closed, opened)]
    planned: list[dict[str, Any]] = [{"action": "status", "status": 400}, {"action": "delay_before", "count": 9}]
    for thread, fault in zip((closed, opened), planned, strict=True):
        await harness.playground.fault("GET", f"/channels/{thread}/messages", containing=f"after={first.id}", **fault)
    later = back(harness)
    async with later.running():
        await later.struck()
        now = await mo.say("Thank you.", opened)
        await taken(mo, now)  # so the first try has ended
        later.clock.advance(30)
        await taken(mo, missed[0])
        await until_noted(later, now)
        later.agent.release()
        for run in runs:
            await later.until(run, lambda one: one.is_final)
    assert [len(fault["hits"]) for fault in await harness.playground.faults()] == [1, 1]


async def test_a_session_that_discord_gave_up_loses_nothing_that_was_written_meanwhile(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run, thread = await asked(harness, mo)
        await harness.playground.disturb_gateway("invalid_session", resumable=False)
        said = await mo.say("SQLite", thread)
        reply = await told(mo, f"{TAKEN}*SQLite*")
        assert is_reply_to(said)(reply)
        harness.clock.advance(UNDONE_S)
        assert await harness.heard() == ev.QuestionAnswered(question="q1", answer="SQLite", by="Mo")
        harness.agent.release()
        await harness.until(run, lambda one: one.is_final)
    assert await replies(mo, thread, said) == 1


async def test_who_may_not_answer_is_told_so_later_too(harness: AppHarness) -> None:
    olu = harness.playground.olu
    async with harness.running():
        run, thread = await asked(harness, harness.playground.mo)
    await olu.say("Postgres", thread)
    later = back(harness, FREE)
    async with later.running():
        await later.online()
        now = await harness.playground.mo.say("SQLite", thread)
        reply = await told(harness.playground.mo, f"{TAKEN}*SQLite*")
        assert reply.raw["message_reference"]["message_id"] == now.id
        typed = [one.body for one in await later.store.events_of(run) if isinstance(one.body, ev.AnswerTyped)]
        assert [one.by for one in typed] == ["Mo"]
        await until_noted(later, now)
        later.agent.release()
        await later.until(run, lambda one: one.is_final)


async def test_a_message_below_a_finished_run_is_offered_as_a_follow_up_when_the_bot_is_back(
    harness: AppHarness,
) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run = RunId((await harness.start(mo)).id)
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await harness.nothing_owed()
        thread = await harness.thread_of(run)
    said = await mo.say("Now the docs, please.", thread)
    later = back(harness)
    async with later.running():
        offer = await mo.wait_message(lambda m: "Start" in m.labels and m.channel_id == thread)
        assert offer.raw["message_reference"]["message_id"] == said.id


async def test_what_was_written_before_anything_was_noted_is_not_read(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run, thread = await asked(harness, mo)
    await forget(harness, None)
    former = await mo.say("Postgres", thread)
    later = back(harness, FREE)
    async with later.running():
        await later.online()
        await mo.say("SQLite", thread)
        await told(mo, f"{TAKEN}*SQLite*")
        assert await replies(mo, thread, former) == 0
        later.agent.release()
        await later.until(run, lambda one: one.is_final)
