"""Whose word counts: what a hosted run's card says of checks, files and branch (docs/contracts/events.md, *Authority*)."""

from ompycord.domain import events as ev
from ompycord.domain.events import EventBody, RunEvent
from ompycord.domain.fold import fold
from ompycord.domain.ids import AGENT_SOURCE, OMPYCORD, RunId, Source, external_source
from ompycord.domain.run import RunState
from ompycord.domain.snapshot import StatusSnapshot, Verification
from ompycord.domain.task import Task

RUN = RunId("01JD0000000000000000000001")
TASK = Task(id="01JD0000000000000000000002", prompt="Fix it", title="Fix it", repository="shop", agent="omp")
LATE = 10_000
"""After everything of ours, as a sender may claim of its own events."""


def told(*ours: EventBody, theirs: tuple[EventBody, ...], source_state: Source = AGENT_SOURCE) -> StatusSnapshot:
    events = [
        RunEvent(run=RUN, source=source, seq=seq, at=at + seq, body=body)
        for source, at, bodies in ((OMPYCORD, 0, (ev.RunSubmitted(task=TASK), *ours)), (source_state, LATE, theirs))
        for seq, body in enumerate(bodies, start=1)
    ]
    return fold(RUN, events).snapshot()


def complete() -> ev.RunStateChanged:
    return ev.RunStateChanged(state=RunState.COMPLETE, previous=RunState.PUBLISHING, cause="effect.finished")


PASSED = ev.CheckFinished(check="unit", status="passed")


def test_an_agents_own_checks_neither_make_nor_spoil_the_mark() -> None:
    says_it_passed = (ev.CheckFinished(check="lint", status="passed"), ev.CheckStarted(check="more"))
    assert told(PASSED, complete(), theirs=says_it_passed).verification is Verification.VERIFIED
    assert told(complete(), theirs=says_it_passed).verification is Verification.UNVERIFIED


def test_what_we_published_is_not_overwritten_by_a_later_word_of_the_agent() -> None:
    ours = ev.FilesChanged(files=(ev.ChangedFile(path="cart.py"),), total=1, commit="a" * 40, branch="ompycord/x1")
    forged = ev.FilesChanged(files=(ev.ChangedFile(path="README.md"),), total=1, commit="d" * 40, branch="main")
    for source_state in (AGENT_SOURCE, external_source("key00001")):
        snapshot = told(ours, complete(), theirs=(forged,), source_state=source_state)
        assert (snapshot.branch, snapshot.commit) == ("ompycord/x1", "a" * 40)
        assert [file.path for file in snapshot.files] == ["cart.py"]


def test_until_we_have_harvested_the_agents_word_is_shown() -> None:
    said = ev.FilesChanged(files=(ev.ChangedFile(path="README.md"),), total=1)
    assert [file.path for file in told(theirs=(said,)).files] == ["README.md"]
