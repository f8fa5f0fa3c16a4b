"""Plain lines become few messages, in order with the events among them."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from ompycord.agents.line_buffer import LineBuffer
from ompycord.domain.events import EventBody, Message, Note
from tests.support.patience import within


class Stored:
    def __init__(self) -> None:
        self.events: list[EventBody] = []

    async def emit(self, body: EventBody) -> None:
        await asyncio.sleep(0)
        self.events.append(body)

    @property
    def texts(self) -> list[str]:
        return [body.text for body in self.events if isinstance(body, Message | Note)]


async def test_lines_before_an_event_are_said_before_it() -> None:
    stored = Stored()
    transcript = LineBuffer(emit=stored.emit)
    transcript.add("one")
    transcript.add("two")
    await transcript.emit(Note(text="event"))
    transcript.add("three")
    await transcript.flush()
    assert stored.texts == ["one\ntwo", "event", "three"]


async def test_lines_that_come_while_one_message_is_stored_are_not_lost() -> None:
    stored = Stored()
    storing, go_on = asyncio.Event(), asyncio.Event()

    async def slow(body: EventBody) -> None:
        storing.set()
        await go_on.wait()
        await stored.emit(body)

    transcript = LineBuffer(emit=slow, pause_s=0.001)
    async with within(10), asyncio.TaskGroup() as tasks:
        tasks.create_task(transcript.flush_periodically())
        transcript.add("first")
        await storing.wait()
        transcript.add("last")
        transcript.close()
        go_on.set()
    assert stored.texts == ["first", "last"]


async def test_silence_and_empty_lines_are_no_messages() -> None:
    stored = Stored()
    transcript = LineBuffer(emit=stored.emit)
    for line in ("", "   ", "\x1b[0m", "\x07"):
        transcript.add(line)
    await transcript.flush()
    assert stored.events == []


async def test_empty_lines_within_a_text_stay() -> None:
    stored = Stored()
    transcript = LineBuffer(emit=stored.emit)
    for line in ("one", "", "two", ""):
        transcript.add(line)
    await transcript.flush()
    assert stored.texts == ["one\n\ntwo"]
    assert transcript.last_line == "two"


lines = st.lists(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=300), max_size=60)


@given(lines)
async def test_the_newest_lines_are_kept_whole_and_the_others_counted(said: list[str]) -> None:
    stored = Stored()
    transcript = LineBuffer(emit=stored.emit)
    for line in said:
        transcript.add(line)
    await transcript.flush()
    shown = "\n".join(stored.texts).splitlines()
    left_out = 0
    if shown and shown[0].endswith(("earlier lines left out)", "earlier line left out)")):
        left_out = int(shown.pop(0).split()[0][1:].replace(",", ""))
    assert shown == said[left_out:]
    assert all(len(text) <= 2000 for text in stored.texts)
    assert len(stored.texts) <= 4
