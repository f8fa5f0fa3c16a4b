"""What is never stored is taken out of events and of a run's sentence about itself, and nothing grows by it."""

import pytest

from ompycord.domain import events as ev
from ompycord.domain.authority import SourceKind
from ompycord.domain.ids import OMPYCORD, RunId
from ompycord.domain.records import Commit, NewEvent, Transition
from ompycord.domain.run import Machine
from ompycord.store.kept_out import KeptOut

SECRET = "x9Qd2kLw"
LONG = "k3y-" + "Qw7Er9Ty" * 8
RUN = RunId("01JD0000000000000000000001")


@pytest.fixture
def kept_out() -> KeptOut:
    made = KeptOut()
    made.add((SECRET, LONG))
    return made


def only(kept_out: KeptOut, body: ev.EventBody) -> ev.EventBody:
    (clean,) = kept_out.bodies((body,))
    return clean


def test_while_nothing_is_kept_out_everything_is_handed_back_as_it_is() -> None:
    bodies, commit = (ev.Note(text=SECRET),), Commit(writes=())
    assert KeptOut().bodies(bodies) is bodies
    assert KeptOut().commit(commit) is commit


def test_a_text_at_its_limit_keeps_within_it(kept_out: KeptOut) -> None:
    """The mark that stands for a value is longer than the shortest value."""
    whole = ev.Message(text=SECRET * 250)
    clean = only(kept_out, whole)
    assert isinstance(clean, ev.Message)
    assert clean.text == "[redacte" * 250
    assert len(clean.text) == len(whole.text) == 2000


def test_pieces_of_a_long_value_are_found(kept_out: KeptOut) -> None:
    clean = only(kept_out, ev.Note(text=f"a {LONG[:32]} b {LONG[20:]} c"))
    assert isinstance(clean, ev.Note)
    assert clean.text == "a [redacted] b [redacted] c"


def test_an_unknown_event_is_searched_too_its_names_also(kept_out: KeptOut) -> None:
    body = ev.Opaque(type="my.event", data={SECRET: [{"deep": f"<{SECRET}>"}, 7]})
    assert only(kept_out, body) == ev.Opaque(type="my.event", data={"[redacte": [{"deep": "<[redacte>"}, 7]})


def test_a_report_that_is_none_without_it_is_a_remark(kept_out: KeptOut) -> None:
    kept_out.add(("ab12" * 16,))
    added = ev.ArtifactAdded(name="x.log", sha256="ab12" * 16, size=1)
    assert only(kept_out, added) == ev.Note(
        text="A report of its agent (artifact.added) repeated a secret and was left out."
    )


def test_a_run_says_nothing_of_it_about_itself(kept_out: KeptOut) -> None:
    machine = Machine(message=f"It said {SECRET}.", verdict=f"red: {SECRET}")
    note = NewEvent(run=RUN, source=OMPYCORD, kind=SourceKind.OMPYCORD, at=1, body=ev.Note(text=SECRET), id=RUN)
    written = kept_out.commit(Commit(writes=(Transition(run=RUN, expect_version=1, machine=machine), note))).writes
    assert SECRET not in repr(written)
    assert "It said [redacte." in repr(written)


def test_the_end_of_a_step_stays_one(kept_out: KeptOut) -> None:
    ended = ev.EffectFinished(key="build:1", outcome="ok", message=f"Done: {SECRET}", facts={"claim": True})
    assert only(kept_out, ended) == ended.model_copy(update={"message": "Done: [redacte"})
