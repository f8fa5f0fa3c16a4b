"""Plain lines become few messages, in order with the events among them."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.agents import line_buffer
from ompycord.agents.line_buffer import LineBuffer, legible
from ompycord.domain.events import EventBody, Message, Note
from tests.support.patience import within


class Stored:
    def __init__(self) -> None:
        self.events: list[EventBody] = []

    async def emit(self, *bodies: EventBody) -> None:
        await asyncio.sleep(0)
        self.events.extend(bodies)

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

    async def slow(*bodies: EventBody) -> None:
        storing.set()
        await go_on.wait()
        await stored.emit(*bodies)

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


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("step 1\rstep 2\rfatal: linker not found", "fatal: linker not found"),
        ("100 %\r", "100 %"),
        ("50 %\r100 %\r\r", "100 %"),
        ("\x1b[31mred\x1b[0m \x1b]0;title\x07end", "red end"),
        ("\x1b]0;a title without its end", ""),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP1;2|graphics\x1b\\shown", "shown"),
        ("\x9b31mred", "red"),
        ("cut in a colour\x1b[3", "cut in a colour"),
        ("\x1b]0;" + "t" * 100_000 + "\x07end", "end"),
    ],
)
def test_a_line_is_what_its_terminal_shows_at_last(line: str, seen: str) -> None:
    assert legible(line) == seen


async def test_of_a_long_line_the_beginning_and_the_end_are_kept() -> None:
    stored = Stored()
    transcript = LineBuffer(emit=stored.emit)
    transcript.add("begin " + "x" * 100_000 + " fatal: linker not found")
    await transcript.flush()
    assert stored.texts[0].startswith("begin xxx")
    assert stored.texts[0].endswith("xxx fatal: linker not found")
    assert len(stored.texts[0]) <= 2000
    assert transcript.last_line == stored.texts[0]


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


async def test_events_that_were_put_are_stored_in_one_go_among_their_lines() -> None:
    calls: list[tuple[EventBody, ...]] = []

    async def emit(*bodies: EventBody) -> None:
        calls.append(bodies)

    transcript = LineBuffer(emit=emit)
    transcript.add("before")
    transcript.put(Note(text="one"))
    transcript.put(Note(text="two"))
    transcript.add("after")
    await transcript.store()
    await transcript.flush()
    assert calls == [(Message(text="before"), Note(text="one"), Note(text="two")), (Message(text="after"),)]


async def test_lines_that_are_left_out_are_not_cleaned(monkeypatch: pytest.MonkeyPatch) -> None:
    cleaned: list[str] = []

    def counted(line: str) -> str:
        cleaned.append(line)
        return line

    monkeypatch.setattr(line_buffer, "legible", counted)
    stored = Stored()
    transcript = LineBuffer(emit=stored.emit)
    for number in range(100_000):
        transcript.add(f"line {number:06d} " + "x" * 80)
    await transcript.flush()
    assert stored.texts[0].startswith("(99,9")
    assert stored.texts[-1].endswith(f"line 099999 {'x' * 80}")
    assert len(cleaned) < 1000
    assert len(transcript.last_lines) == 5


async def test_an_end_without_text_leaves_the_last_lines_that_have_some() -> None:
    transcript = LineBuffer(emit=Stored().emit)
    for line in ("first", "fatal", "\x1b[0m", "", "\x1b[?25h"):
        transcript.add(line)
    assert transcript.last_lines == ("first", "fatal")
