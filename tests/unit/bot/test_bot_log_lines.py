"""The log of a run as the file of `/omp show what:log`: plain text with seconds, in order, escaped by nothing."""

from ompycord.bot.interactions.reply_texts import event_lines
from ompycord.domain import events as ev
from ompycord.domain.events import RunEvent
from ompycord.domain.ids import OMPYCORD, RunId, Source

AGENT = Source("agent")
NOON = 1_800_014_400_000  # 2027-01-15T12:00:00Z
RUN = RunId("01JD3V9K2M8Q4W5X6YAB7F3K2Z")


def stored(position: int, at: int, body: ev.EventBody, source: Source = AGENT) -> RunEvent:
    return RunEvent(run=RUN, source=source, seq=position, at=at, body=body, position=position)


def test_the_log_is_plain_text_in_the_order_in_which_it_happened() -> None:
    events = [
        stored(7, NOON + 61_250, ev.ToolStarted(tool="edit", title="tests/test_total.py [a_b] `c` *d*")),
        stored(8, NOON + 61_250, ev.UsageUpdated(cost_usd=0.5)),
        stored(9, NOON, ev.Note(text="first, told late"), OMPYCORD),
    ]
    first, second, third = event_lines(events, str).splitlines()
    assert first.startswith("2027-01-15T12:00:00")
    assert "first, told late" in first
    assert second.startswith("2027-01-15T12:01:01")
    assert "title=tests/test_total.py [a_b] `c` *d*" in second
    assert "cost_usd=0.5" in third, "of one millisecond the order of commits decides"
    assert "\\" not in first + second + third
