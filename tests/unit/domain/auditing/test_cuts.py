"""Rows that moved into a file: the chain is whole behind a signed cut, and behind no other."""

from collections.abc import Sequence

from ompycord.domain.auditing.anchors import Anchor, sign_anchor
from ompycord.domain.auditing.chain import ACCEPTED, AuditRow, check_chain, link_hash
from ompycord.domain.auditing.cuts import CUT, RecordCut, cut_detail
from tests.unit.domain.auditing.test_chain import KEY, added, chain


def cut_of(rows: Sequence[AuditRow], through: int, *, key: bytes = KEY) -> list[AuditRow]:
    """The rows behind a cut, which the last of them names."""
    left = next(n for n, row in enumerate(rows) if row.n > through)
    cut = RecordCut(rows[0].n, through, rows[left - 1].hash.hex(), left)
    return behind(rows, CUT, **cut_detail(key, cut))[left:]


def behind(rows: Sequence[AuditRow], action: str, **detail: str) -> list[AuditRow]:
    """A row more, with the number that follows."""
    fresh = added(rows[-1:], action, **detail)[-1]
    row = fresh.model_copy(update={"n": rows[-1].n + 1})
    return [*rows, row.model_copy(update={"hash": link_hash(rows[-1].hash, row)})]


def faults(rows: Sequence[AuditRow], *held: Anchor, key: bytes | None = KEY) -> list[str]:
    return [one.text for one in check_chain(rows, held, key=key).open_faults]


def anchor(row: AuditRow) -> Anchor:
    return sign_anchor(KEY, n=row.n, digest=row.hash.hex(), at=row.n)


def test_a_hundred_rows_that_were_cut_verify_and_a_hundred_more_that_were_deleted_are_named() -> None:
    left = cut_of(chain(300), 100)
    report = check_chain(left, key=KEY)
    assert (report.open_faults, report.rows, report.cut_through) == ((), 201, 100)
    assert faults(left[100:]) == ["Rows 1 to 200 are missing."]
    assert faults([*left[:50], *left[52:]]) == ["Rows 151 to 152 are missing."]


def test_a_cut_of_another_key_is_named_and_explains_nothing() -> None:
    forged = cut_of(chain(10), 4, key=b"x" * 32)
    assert faults(forged) == [
        "Rows 1 to 4 are missing.",
        "Row 11 says that earlier rows moved into a file, and was not signed by this Ompycord.",
    ]
    assert faults(cut_of(chain(10), 4), key=None) == ["Rows 1 to 4 are missing."], "without the key nobody is believed"


def test_a_cut_explains_only_the_rows_that_it_names() -> None:
    assert faults(cut_of(chain(10), 3)[1:]) == ["Rows 1 to 4 are missing."]
    other = added(added(added(added([], text="a"), text="b"), text="c"), text="d")
    cut = RecordCut(1, 4, other[-1].hash.hex(), 4)
    assert faults(behind(chain(10), CUT, **cut_detail(KEY, cut))[4:]) == ["Rows 1 to 4 are missing."]


def test_rows_are_cut_again_and_anchors_on_both_sides_are_right() -> None:
    rows = chain(10)
    held = [anchor(rows[1]), anchor(rows[7])]
    once = cut_of(rows, 4)
    twice = cut_of(once, 9)
    assert [row.n for row in twice] == [10, 11, 12]
    report = check_chain(twice, held, key=KEY)
    assert (report.open_faults, report.anchors, report.cut_through) == ((), 0, 9)
    assert check_chain(once, held, key=KEY).anchors == 1
    assert "anchor of row 13 is missing" in faults(twice, sign_anchor(KEY, n=13, digest="a" * 64, at=9))[0]
    assert "that row is another one now" in faults(once, sign_anchor(KEY, n=8, digest="a" * 64, at=9))[0]


def test_a_person_is_taken_out_of_the_row_that_names_a_cut() -> None:
    """It has another actor then; what it says is signed in itself."""
    left = cut_of(chain(10), 4)
    left[-1] = left[-1].model_copy(update={"actor": b"erased"})
    assert faults(left) == ["Row 11 was changed."]


def test_a_forged_cut_can_be_confirmed_as_any_break() -> None:
    rows = cut_of(chain(10), 4, key=b"x" * 32)
    for fault in check_chain(rows, key=KEY).open_faults:
        rows = behind(rows, ACCEPTED, subject=str(fault.n), content_hash=fault.content_hash, reason="Seen by two.")
    assert faults(rows) == []
