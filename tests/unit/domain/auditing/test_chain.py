"""The audit's chain: what is changed, removed, moved, inserted or cut is named; a confirmed break stays shown."""

import hashlib
import json
from collections.abc import Sequence

import pytest

from ompycord.domain.auditing.anchors import Anchor, BadAnchor, read_anchors, sign_anchor
from ompycord.domain.auditing.chain import ACCEPTED, GENESIS, AuditRow, check_chain, link_hash
from ompycord.store.rows import canonical

KEY = b"k" * 32


def added(rows: Sequence[AuditRow], action: str = "stop", **detail: str) -> list[AuditRow]:
    previous = rows[-1].hash if rows else GENESIS
    subject = detail.pop("subject", "RUN")
    row = AuditRow(
        n=len(rows) + 1, at=1_000 * len(rows), actor=b"1", action=action.encode(), subject=subject.encode(),
        detail=canonical(detail).encode(), previous=previous, hash=b"",
    )  # fmt: skip
    return [*rows, row.model_copy(update={"hash": link_hash(previous, row)})]


def chain(count: int = 6) -> list[AuditRow]:
    rows: list[AuditRow] = []
    for number in range(count):
        rows = added(rows, text=f"é \U00010000 \ufffd {number}")
    return rows


def anchors(rows: Sequence[AuditRow], *numbers: int) -> list[Anchor]:
    return [sign_anchor(KEY, n=n, digest=rows[n - 1].hash.hex(), at=n) for n in numbers]


def first_fault(rows: Sequence[AuditRow], *held: Anchor) -> str:
    return check_chain(rows, held).open_faults[0].text


def test_a_hash_is_over_the_canonical_row() -> None:
    """So did versions before, which hashed the parsed detail again."""
    row = chain(1)[0]
    fields = {name: row.text(name) for name in ("actor", "action", "subject")}
    whole = {**fields, "n": row.n, "at": row.at, "detail": json.loads(row.detail)}
    assert row.hash == hashlib.sha256(GENESIS + canonical(whole).encode()).digest()


def test_a_whole_chain_has_no_fault() -> None:
    rows = chain()
    report = check_chain(rows, anchors(rows, 2, 6))
    assert (report.rows, report.faults, report.anchors) == (6, (), 2)
    assert report.last_hash == rows[-1].hash.hex()
    assert check_chain([]).faults == ()


@pytest.mark.parametrize("field", ["actor", "action", "subject", "detail", "previous", "hash"])
def test_a_changed_byte_is_named(field: str) -> None:
    rows = chain()
    value: bytes = getattr(rows[2], field)
    rows[2] = rows[2].model_copy(update={field: value[:-1] + bytes([value[-1] ^ 1])})
    assert first_fault(rows) == "Row 3 was changed."


@pytest.mark.parametrize("change", [{"at": 7}, {"actor": b"\xff"}, {"detail": b'{"text": "x"}'}])
def test_other_changes_are_named(change: dict[str, object]) -> None:
    rows = chain()
    rows[2] = rows[2].model_copy(update=change)
    assert first_fault(rows) == "Row 3 was changed."


def test_the_same_meaning_in_other_bytes_is_a_change() -> None:
    rows = chain()
    rows[2] = rows[2].model_copy(update={"detail": rows[2].detail.replace(b":", b": ")})
    assert first_fault(rows) == "Row 3 was changed."


def test_a_row_that_was_written_again_with_its_hash_is_named_by_the_next_one() -> None:
    rows = chain()
    other = rows[2].model_copy(update={"detail": b"{}"})
    rows[2] = other.model_copy(update={"hash": link_hash(other.previous, other)})
    assert first_fault(rows) == "Row 4 was changed."
    apart = chain()[2].model_copy(update={"previous": GENESIS})
    assert (
        first_fault([*chain(2), apart.model_copy(update={"hash": link_hash(GENESIS, apart)})]) == "Row 3 was changed."
    )


def test_removed_moved_and_inserted_rows_are_named() -> None:
    rows = chain()
    assert first_fault([*rows[:2], *rows[3:]]) == "Row 3 is missing."
    assert first_fault([*rows[:1], *rows[4:]]) == "Rows 2 to 4 are missing."
    moved = [row.model_copy(update={"n": n}) for n, row in enumerate((*rows[:2], rows[3], rows[2], *rows[4:]), 1)]
    assert first_fault(moved) == "Row 3 was changed."
    inserted = [row.model_copy(update={"n": n}) for n, row in enumerate((*rows[:2], rows[0], *rows[2:]), 1)]
    assert first_fault(inserted) == "Row 3 was changed."


def test_a_cut_end_and_a_rewritten_chain_are_noticed_by_their_anchor() -> None:
    rows = chain()
    held = anchors(rows, 2, 6)
    assert check_chain(rows[:3]).open_faults == ()  # in itself it is whole
    assert first_fault(rows[:3], *held).startswith("The anchor of row 6 is missing: the chain ends at row 3.")
    assert first_fault([], *held).startswith("The anchor of row 2 is missing: the chain ends at row 0.")
    other = added(added([], text="other"), text="other")
    assert "that row is another one now" in first_fault(added(other), *anchors(rows, 2))


def test_a_break_that_was_confirmed_stays_shown_and_later_rows_count() -> None:
    rows = chain(3)
    rows[1] = rows[1].model_copy(update={"detail": b"{}"})
    (fault,) = check_chain(rows).open_faults
    rows = added(rows, ACCEPTED, subject="2", content_hash=fault.content_hash, reason="A bad sector.")
    report = check_chain(added(rows, text="later"))
    assert report.open_faults == ()
    assert [(one.n, one.reason) for one in report.faults] == [(2, "A bad sector.")]
    rows[1] = rows[1].model_copy(update={"detail": b'{"a":"b"}'})  # changed again: that was not confirmed
    assert check_chain(rows).open_faults[0].text == "Row 2 was changed."


def test_many_confirmed_breaks_hide_no_new_one() -> None:
    rows = chain(25)
    rows = [row.model_copy(update={"detail": b"{}"}) if 2 <= row.n <= 23 else row for row in rows]
    while found := check_chain(rows).open_faults:
        for fault in found:
            rows = added(rows, ACCEPTED, subject=str(fault.n), content_hash=fault.content_hash, reason="A bad sector.")
    rows = added(rows, text="later")
    rows[-1] = rows[-1].model_copy(update={"detail": b"{}"})
    assert first_fault(rows) == f"Row {len(rows)} was changed."


def test_a_confirmed_cut_hides_no_later_one() -> None:
    rows = chain()
    old = anchors(rows, 3, 6)
    rows = chain(2)  # put back from a copy
    fault = check_chain(rows, old).open_faults[0]
    rows = added(rows, ACCEPTED, subject="3", content_hash=fault.content_hash, reason="The disk was lost.")
    assert check_chain(rows, old).open_faults == ()
    later = added(rows, text="later")
    held = [*old, sign_anchor(KEY, n=4, digest=later[3].hash.hex(), at=9_000)]
    assert check_chain(later, held).open_faults == ()
    assert first_fault(rows, *held).startswith("The anchor of row 4 is missing: the chain ends at row 3.")


def test_an_anchor_that_was_not_signed_here_is_refused() -> None:
    rows = chain()
    lines = [one.model_dump_json() for one in anchors(rows, 2, 6)]
    assert [one.n for one in read_anchors(KEY, "\n".join(lines))] == [2, 6]
    for text, why in (
        (lines[0].replace('"n":2', '"n":3'), "not signed"),
        ("{}", "no anchor"),
        (lines[0], "not signed"),
    ):
        with pytest.raises(BadAnchor, match=why):
            read_anchors(KEY if text != lines[0] else b"x" * 32, text)
