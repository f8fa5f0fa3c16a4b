"""What the guardian is handed: only what it wants, in order, and never more than it can take."""

from ompycord.conductor import RecentEvents
from ompycord.conductor.guardian.recent_events import KEPT, RUNS_KEPT
from ompycord.domain import events as ev
from ompycord.domain.ids import AGENT_SOURCE, RunId, new_ulid

RUN = RunId(new_ulid(now_ms=1, entropy=bytes(10)))


def event(position: int, body: ev.EventBody, run: RunId = RUN) -> ev.RunEvent:
    return ev.RunEvent(run=run, source=AGENT_SOURCE, seq=position, at=0, body=body, position=position)


def test_nothing_is_kept_until_someone_wants_it_and_then_only_that() -> None:
    recent = RecentEvents()
    events = [event(1, ev.Message(text="a")), event(2, ev.Note(text="b")), event(3, ev.Message(text="c"))]
    recent.publish({RUN: events})
    assert recent.take(RUN) == []
    recent.want(frozenset({"message"}))
    recent.publish({RUN: events})
    assert recent.take(RUN) == [events[0], events[2]]
    assert recent.take(RUN) == []


def test_what_no_one_takes_is_dropped_the_oldest_first() -> None:
    recent = RecentEvents()
    recent.want(frozenset({"message"}))
    events = [event(number, ev.Message(text=str(number))) for number in range(1, KEPT + 11)]
    recent.publish({RUN: events})
    assert recent.take(RUN) == events[10:]
    runs = [RunId(new_ulid(now_ms=number, entropy=bytes(10))) for number in range(2, RUNS_KEPT + 4)]
    for run in runs:
        recent.publish({run: [event(1, ev.Message(text="x"), run)]})
    assert [len(recent.take(run)) for run in (runs[0], runs[1], runs[2], runs[-1])] == [0, 0, 1, 1]
