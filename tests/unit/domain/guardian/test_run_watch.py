"""What the guardian reads in a run's log."""

from itertools import count
from typing import Any

from ompycord.domain import events as ev
from ompycord.domain.guardian.options import GuardianOptions
from ompycord.domain.guardian.run_watch import WATCHED_TYPES, RunWatch
from ompycord.domain.ids import AGENT_SOURCE, OMPYCORD, RunId

RUN = RunId("01JD3V9K2M8Q4W5X6YAB7F3K2M")
STEP = ev.ToolFinished(tool="bash", title="make", ok=False, detail="no rule")


class Log:
    """A log that is read as it grows."""

    def __init__(self, **options: Any) -> None:
        self.watch = RunWatch(GuardianOptions(**options))
        self.events: list[ev.RunEvent] = []
        self._numbers = count(1)

    def add(self, *bodies: ev.EventBody, ours: bool = False) -> str | None:
        """The kind of loop that is there then."""
        for body in bodies:
            assert body.type in WATCHED_TYPES
            number = next(self._numbers)
            source = OMPYCORD if ours else AGENT_SOURCE
            event = ev.RunEvent(run=RUN, source=source, seq=number, at=number, body=body, position=number)
            self.events.append(event)
            self.watch.add(event)
        return self.watch.verdict.kind if self.watch.verdict else None

    def noticed(self) -> None:
        level = self.watch.next_level
        self.add(ev.GuardianNoticed(level=level, kind="repeat", evidence="again", length=4), ours=True)


def test_a_loop_is_there_until_the_agent_does_something_else() -> None:
    log = Log()
    assert log.add(*[STEP] * 4) == "repeat"
    assert log.add(STEP) == "repeat"
    assert log.add(STEP.model_copy(update={"title": "make all"})) is None


def test_a_notice_starts_the_count_and_raises_the_level() -> None:
    log = Log()
    for level in ("nudge", "escalate", "ask", "stop"):
        assert log.add(*[STEP] * 3) is None
        assert log.add(STEP) == "repeat"
        assert log.watch.next_level == level
        log.noticed()
    assert log.watch.notices == 4


def test_calm_steps_and_people_bring_it_back_to_the_first_level() -> None:
    log = Log(calm_steps=3)
    log.noticed()
    log.add(*(STEP.model_copy(update={"title": f"make {number}"}) for number in range(2)))
    assert log.watch.last_level == "nudge"
    log.add(STEP.model_copy(update={"title": "make 3"}))
    assert log.watch.last_level is None
    log.noticed()
    log.add(ev.Prompted(text="Try another way.", by="Ada"), ours=True)
    assert log.watch.last_level is None
    log.noticed()
    log.add(ev.Prompted(text="I talk to myself."))
    log.add(ev.RunResumed(by="Ada"), ours=True)
    assert log.watch.last_level == "nudge"


def test_a_start_of_the_agent_and_an_answer_start_the_count_again() -> None:
    log = Log()
    for body in (ev.RunStarted(agent="omp"), ev.QuestionAnswered(question="q", answer="yes", by="Ada")):
        log.add(*[STEP] * 3)
        log.add(body, ours=True)
        assert log.add(STEP) is None
        log.watch.add(log.events[-1])  # a repetition
        log.add(ev.RunStarted(agent="omp"))


def test_the_title_of_a_start_belongs_to_its_end() -> None:
    log = Log()
    for number in range(4):
        log.add(ev.ToolStarted(tool="bash", title=f"make {number % 2}", call=f"c{number}"))
        log.add(ev.ToolFinished(tool="bash", call=f"c{number}", ok=False, detail="no rule"))
    assert log.watch.verdict is None
    for number in range(4):
        log.add(ev.ToolStarted(tool="bash", title="make", call=f"d{number}"))
        log.add(ev.ToolFinished(tool="bash", call=f"d{number}", ok=False, detail="no rule"))
    assert log.watch.verdict is not None
    assert "`bash: make`" in log.watch.verdict.evidence


def test_words_alone_are_a_loop() -> None:
    words = ev.Message(text="Let me read that file once more and think about it.")
    assert Log().add(words, words, words) == "messages"


def a_round(log: Log, tree: str, *failing: str) -> str | None:
    failed = ev.CheckFinished(check="unit", status="failed", failed=len(failing), failing=failing, detail="KeyError")
    ended = ev.EffectFinished(key="checks:1", outcome="ok", facts={"passed": False, "tree": tree})
    return log.add(failed, ended, ours=True)


def test_rounds_of_our_checks_are_judged_by_files_and_failures() -> None:
    log = Log()
    assert a_round(log, "t1", "test_a") is None
    assert a_round(log, "t2", "test_b") is None
    assert a_round(log, "t1", "test_a") == "files_return"


def test_rounds_that_lead_nowhere_are_noticed_although_the_agent_starts_again() -> None:
    log = Log()
    for tree, failing in (("t1", "a"), ("t2", "b"), ("t1", "a")):
        a_round(log, tree, failing)
    assert log.add(ev.RunStarted(agent="omp"), STEP) == "files_return"
    log.noticed()
    assert log.watch.verdict is None
    assert a_round(log, "t3", "c") is None


def test_checks_that_an_agent_reports_are_no_round_and_neither_are_those_that_pass() -> None:
    log = Log()
    for _ in range(5):
        log.add(ev.CheckFinished(check="unit", status="failed", failing=("a",)))
        log.add(ev.EffectFinished(key="checks:1", outcome="ok", facts={"tree": "t1"}), ours=True)
        log.add(ev.CheckFinished(check="unit", status="passed", passed=4), ours=True)
        assert log.add(ev.EffectFinished(key="checks:2", outcome="ok", facts={"tree": "t1"}), ours=True) is None


def test_the_log_read_at_once_says_the_same_as_the_log_read_as_it_grew() -> None:
    log = Log()
    log.add(*[STEP] * 4)
    log.noticed()
    log.add(*[STEP] * 4)
    again = RunWatch(GuardianOptions())
    for event in log.events:
        again.add(event)
    assert (again.verdict, again.next_level, again.notices) == (log.watch.verdict, log.watch.next_level, 1)
