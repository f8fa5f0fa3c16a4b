"""Whose word counts: what a hosted run's card says of checks, files and branch.

(docs/contracts/events.md, *Authority*).
"""

import pytest

from ompycord.domain import events as ev
from ompycord.domain.authority import SourceKind
from ompycord.domain.events import EventBody, RunEvent
from ompycord.domain.folds.fold import fold
from ompycord.domain.folds.snapshot import StatusSnapshot, Verification
from ompycord.domain.ids import AGENT_SOURCE, OMPYCORD, RunId, Source, external_source
from ompycord.domain.run import RunOutcome, RunState
from ompycord.domain.task import Task

RUN = RunId("01JD0000000000000000000001")
TASK = Task(id="01JD0000000000000000000002", prompt="Fix it", title="Fix it", repositories=("shop",), agent="omp")
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


def without_changes() -> ev.RunStateChanged:
    return complete().model_copy(update={"outcome": RunOutcome.NO_CHANGES})


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


EMPTY = ev.FilesChanged(files=())
CHANGED = ev.FilesChanged(files=(ev.ChangedFile(path="cart.py"),), total=1, commit="a" * 40)


def test_a_run_that_changed_nothing_is_never_verified_whatever_passes_on_its_base() -> None:
    snapshot = told(EMPTY, PASSED, without_changes(), theirs=(PASSED, ev.Message(text="401 Unauthorized")))
    assert (snapshot.state, snapshot.outcome) == (RunState.COMPLETE, RunOutcome.NO_CHANGES)
    assert snapshot.verification is Verification.UNVERIFIED
    assert snapshot.last_words == "401 Unauthorized"


def test_a_log_from_before_reads_as_it_did() -> None:
    stored = ev.load_json("run.state", '{"cause":"effect.finished","previous":"PUBLISHING","state":"COMPLETE"}')
    assert stored == complete()
    assert ev.dump_data(complete()) == {"cause": "effect.finished", "previous": "PUBLISHING", "state": "COMPLETE"}
    snapshot = told(EMPTY, PASSED, stored, theirs=())
    assert (snapshot.outcome, snapshot.verification) == (None, Verification.VERIFIED)


def test_what_an_earlier_round_made_is_no_result_of_a_run_that_took_it_back() -> None:
    snapshot = told(CHANGED, EMPTY, without_changes(), theirs=())
    assert (snapshot.files, snapshot.files_total, snapshot.commit) == ((), 0, None)


def test_the_last_words_of_a_run_without_changes_are_those_of_its_last_round() -> None:
    ended, said = ev.RunFinished(summary="Fixed it."), ev.Message(text="Undone.")
    assert told(EMPTY, without_changes(), theirs=(said, ended)).summary == "Fixed it."
    later = told(EMPTY, without_changes(), theirs=(ended, said))
    assert (later.summary, later.last_words) == (None, "Undone.")
    assert told(EMPTY, complete(), theirs=(ended, said)).summary == "Fixed it."
    assert told(EMPTY, without_changes(), theirs=()).summary is None


TOUCHED = ev.EvidenceChanged(changes=(ev.ChangedEvidence(path="tests/test_cart.py", what="test_removed"),), total=7)
BUILDING = ev.RunStateChanged(state=RunState.BUILDING, previous=RunState.VERIFYING, cause="message")


def test_checks_that_passed_prove_nothing_of_a_result_that_touched_them() -> None:
    snapshot = told(CHANGED, TOUCHED, PASSED, complete(), theirs=())
    assert snapshot.verification is Verification.UNVERIFIED
    assert (snapshot.evidence, snapshot.evidence_total) == (TOUCHED.changes, 7)
    assert told(CHANGED, PASSED, complete(), theirs=()).verification is Verification.VERIFIED


def test_a_check_that_failed_has_failed_whatever_was_touched() -> None:
    failed = ev.CheckFinished(check="unit", status="failed")
    assert told(CHANGED, TOUCHED, failed, complete(), theirs=()).verification is Verification.FAILED


def test_what_a_later_round_put_back_is_not_held_against_it() -> None:
    snapshot = told(CHANGED, TOUCHED, PASSED, BUILDING, CHANGED, PASSED, complete(), theirs=())
    assert (snapshot.verification, snapshot.evidence, snapshot.evidence_total) == (Verification.VERIFIED, (), 0)
    again = told(CHANGED, PASSED, BUILDING, CHANGED, TOUCHED, PASSED, complete(), theirs=())
    assert again.verification is Verification.UNVERIFIED


def test_only_ompycord_says_what_touched_the_evidence() -> None:
    assert ev.AUTHORITY["evidence.changed"] == {SourceKind.OMPYCORD}
    assert told(CHANGED, PASSED, complete(), theirs=(TOUCHED,)).verification is Verification.VERIFIED


# -- what stands behind a check ----------------------------------------------------------------------------------------

TOUCH = ev.ChangedEvidence(path="tests/test_a.py", what="test_changed", put_back=True)
PUT_BACK = ev.EvidenceChanged(changes=(TOUCH,), total=1)
FILES = ev.FilesChanged(files=(ev.ChangedFile(path="cart.py"),), total=1, commit="a" * 40, branch="ompycord/x1")


def proved(**facts: object) -> ev.CheckProved:
    return ev.CheckProved.model_validate({"check": "unit", "with_base": "passed", "canary": "seen", **facts})


def of(*bodies: EventBody) -> StatusSnapshot:
    return told(*bodies, FILES, complete(), theirs=())


def test_a_change_of_tests_costs_nothing_where_the_checks_passed_with_those_of_the_base() -> None:
    assert of(PUT_BACK, PASSED, proved()).verification is Verification.VERIFIED
    not_put_back = PUT_BACK.model_copy(update={"changes": (TOUCH.model_copy(update={"put_back": False}),)})
    assert of(not_put_back, PASSED, proved()).verification is Verification.UNVERIFIED
    assert of(PUT_BACK, PASSED).verification is Verification.UNVERIFIED  # nothing ran with the base's tests


@pytest.mark.parametrize(
    ("facts", "accepts"),
    [
        ({"with_base": "failed"}, 1),
        ({"with_base": None}, 1),
        ({"lost_total": 3}, 1),
        ({"canary": "hidden"}, 0),
        ({"unstable": ("test_a",)}, 0),
    ],
)
def test_what_other_runs_showed_costs_the_mark_and_some_of_it_a_person_may_accept(
    facts: dict[str, object], accepts: int
) -> None:
    snapshot = of(PUT_BACK, PASSED, proved(**facts))
    assert (snapshot.verification, snapshot.to_accept) == (Verification.UNVERIFIED, accepts)


def test_an_acceptance_holds_for_the_accepted_result_and_no_other() -> None:
    accepted = ev.EvidenceAccepted(by="Ada", commit="a" * 40, changes=1)
    unproved = (PUT_BACK, PASSED, proved(with_base="failed"), FILES, complete())
    snapshot = told(*unproved, accepted, theirs=())
    assert (snapshot.verification, snapshot.accepted_by, snapshot.to_accept) == (Verification.VERIFIED, "Ada", 0)
    other = told(*unproved, accepted.model_copy(update={"commit": "b" * 40}), theirs=())
    assert (other.verification, other.accepted_by) == (Verification.UNVERIFIED, None)
    hidden = (PUT_BACK, PASSED, proved(canary="hidden"), FILES, complete())
    assert told(*hidden, accepted, theirs=()).verification is Verification.UNVERIFIED


def test_what_failed_on_the_base_fails_no_run_and_verifies_none() -> None:
    red = ev.CheckFinished(check="unit", status="failed", failed=1, passed=3)
    assert of(red, proved(only_old=True)).verification is Verification.UNVERIFIED
    assert of(red, proved(only_old=False)).verification is Verification.FAILED


def test_a_new_round_of_checks_forgets_the_one_before() -> None:
    red = ev.CheckFinished(check="lint", status="failed")
    again = ev.RunStateChanged(state=RunState.VERIFYING, previous=RunState.REPAIRING, cause="effect.finished", round=2)
    snapshot = told(red, proved(), again, PASSED, proved(), complete(), theirs=())
    assert [check.name for check in snapshot.checks] == ["unit"]
    repairing = again.model_copy(update={"state": RunState.REPAIRING, "previous": RunState.VERIFYING})
    assert [check.name for check in told(red, repairing, theirs=()).checks] == ["lint"]
