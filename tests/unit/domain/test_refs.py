"""A ref and its text say the same, for every form that was ever stored."""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.conductor.transcript import Transcript
from ompycord.domain import events as ev
from ompycord.domain.folds.fold import fold
from ompycord.domain.ids import OMPYCORD, RunId
from ompycord.domain.records import OutboxKind, OutboxRow
from ompycord.domain.refs import Ref, RefKind
from tests.support.older_data_folder import restore

DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
STORED = {
    "q:q1": Ref(RefKind.QUESTION, "q1"),
    "a:a1~2": Ref(RefKind.APPROVAL, "a1~2"),
    "a:rm -rf: now": Ref(RefKind.APPROVAL, "rm -rf: now"),
    "wq:q1": Ref(RefKind.QUESTION_WITHDRAWN, "q1"),
    "wa:a1": Ref(RefKind.APPROVAL_WITHDRAWN, "a1"),
    "plan:3": Ref(RefKind.PLAN, "3"),
    "p:01JD0000000000000000000002": Ref(RefKind.MESSAGE, "01JD0000000000000000000002"),
    "typed:1234567890123456789": Ref(RefKind.TYPED, "1234567890123456789"),
    "unread:": Ref(RefKind.UNREAD, ""),
    "s:3": Ref(RefKind.SUSPENDED, "3"),
    "ops:q:q1": Ref(RefKind.OPS, "q:q1"),
    "again:a:ops:1": Ref(RefKind.AGAIN, "a:ops:1"),
    "again:again:q:q1": Ref(RefKind.AGAIN, "again:q:q1"),
    "lesson:7": Ref(RefKind.LESSON, "7"),
    "recovered:1-2-0-7": Ref(RefKind.RECOVERED, "1-2-0-7"),
    "budget:server|day|82|$8.20|$10.00|1798758000000": Ref(RefKind.BUDGET, "server|day|82|$8.20|$10.00|1798758000000"),
    "damaged:changed:7-9": Ref(RefKind.DAMAGED, "changed:7-9"),
    "": Ref(RefKind.PLAIN, ""),
    "12": Ref(RefKind.PLAIN, "12"),
    DIGEST: Ref(RefKind.PLAIN, DIGEST),
}
names = st.text(max_size=40) | st.sampled_from([f"{kind}:x" for kind in RefKind])


@pytest.mark.parametrize("text", STORED)
def test_every_stored_form_is_read_and_written(text: str) -> None:
    assert Ref.parse(text) == STORED[text]
    assert str(STORED[text]) == text


def test_every_kind_has_a_stored_form_here() -> None:
    assert {ref.kind for ref in STORED.values()} == set(RefKind)


def test_what_asks_again_is_about_the_question_however_often_it_was_asked() -> None:
    question = Ref(RefKind.QUESTION, "q1")
    assert question.again.again.again.subject == question
    assert question.for_ops.subject == question


@given(names)
def test_every_text_has_one_ref(text: str) -> None:
    assert str(Ref.parse(text)) == text


@given(st.sampled_from(RefKind), names)
def test_every_ref_has_one_text(kind: RefKind, name: str) -> None:
    try:
        ref = Ref(kind, name)
    except ValueError:
        assert kind is RefKind.PLAIN
        assert Ref.parse(name).kind is not RefKind.PLAIN
        return
    assert Ref.parse(str(ref)) == ref


@given(st.sampled_from([RefKind.QUESTION, RefKind.APPROVAL]), names)
def test_a_notice_knows_what_it_is_about(kind: RefKind, name: str) -> None:
    ref = Ref(kind, name)
    assert (ref.for_ops.subject, ref.again.subject, ref.subject) == (ref, ref, ref)
    assert ref.withdrawal.subject == ref.withdrawal != ref


@pytest.mark.parametrize("kind", [RefKind.QUESTION, RefKind.APPROVAL])
def test_the_longest_name_of_a_request_fits_into_every_row_about_it(kind: RefKind) -> None:
    ref = Ref(kind, "x" * 120)
    for one in (ref, ref.for_ops, ref.again):
        row = OutboxRow(run=RunId("01JD0000000000000000000001"), kind=OutboxKind.NOTICE, ref=str(one), created_at=1)
        assert Ref.parse(row.ref).subject == ref


def test_the_refs_of_an_older_data_folder_are_read(tmp_path: Path) -> None:
    raw = sqlite3.connect(restore(tmp_path, later_ms=0))
    of_kind: dict[str, set[RefKind]] = {}
    for kind, text in raw.execute("SELECT kind, ref FROM outbox UNION ALL SELECT kind, ref FROM surfaces"):
        assert str(Ref.parse(text)) == text
        of_kind.setdefault(kind, set()).add(Ref.parse(text).kind)
    raw.close()
    assert of_kind.pop("question") == {RefKind.QUESTION, RefKind.APPROVAL}
    assert of_kind.pop("notice") == {RefKind.SUSPENDED}
    assert set(of_kind) >= {"mirror", "thread", "card", "result"}
    assert set().union(*of_kind.values()) == {RefKind.PLAIN}


def test_a_fold_keeps_its_closings_under_the_stored_texts() -> None:
    """Folds of an earlier version are read on: another text would open again what was decided."""
    run, by = RunId("01JD0000000000000000000001"), "Ada"
    bodies = (
        ev.QuestionAnswered(question="n", answer="yes", by=by), ev.QuestionWithdrawn(question="n"),
        ev.ApprovalDenied(approval="n", by=by), ev.ApprovalWithdrawn(approval="n"),
    )  # fmt: skip
    events = [ev.RunEvent(run=run, source=OMPYCORD, seq=n, at=n, body=body) for n, body in enumerate(bodies, start=1)]
    assert list(fold(run, events).source_states[OMPYCORD].closings) == ["q:n", "wq:n", "a:n", "wa:n"]


def test_what_an_agent_has_taken_is_stored_under_the_stored_texts() -> None:
    transcript = Transcript()
    bodies = (
        ev.Prompted(text="Hurry", by="Ada"), ev.QuestionAsked(question="n", text="Which?"),
        ev.ApprovalRequested(approval="n", title="Remove it"),
        ev.InboxTaken(said=("p:01JD0000000000000000000001", "q:n", "a:n", "zz:of a later version")),
    )  # fmt: skip
    run = RunId("01JD0000000000000000000009")
    transcript.add(
        ev.RunEvent(run=run, source=OMPYCORD, seq=n, at=n, body=body, id=f"01JD000000000000000000000{n}", position=n)
        for n, body in enumerate(bodies, start=1)
    )
    assert transcript.taken >= {*transcript.prompts, *transcript.requests}
    assert [str(ref) for ref in (*transcript.prompts, *transcript.requests)] == [
        "p:01JD0000000000000000000001", "q:n", "a:n"
    ]  # fmt: skip
    assert transcript.waiting == []
