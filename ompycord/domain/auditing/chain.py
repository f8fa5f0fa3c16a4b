"""The audit's chain, checked row by row over the bytes that are stored; pure.

Each hash is SHA-256 over the hash before it and the row as canonical JSON, in which the stored detail stands as it is.
Counterparts: `store/features/audit.py`, which writes it, and `anchors.py`, by which a lost end is noticed.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from ompycord.domain.auditing.anchors import Anchor
from ompycord.domain.auditing.cuts import CUT, RecordCut, read_cut
from ompycord.domain.auditing.marks import ERASED, read_mark
from ompycord.domain.base import Frozen, Millis

__all__ = ["ACCEPTED", "GENESIS", "AuditRow", "ChainCheck", "ChainFault", "ChainReport", "check_chain", "link_hash"]

GENESIS: Final = bytes(32)
"""The hash before the first row."""
ACCEPTED: Final = "audit.accepted"
"""The action of a row by which an operator confirms a break; its subject is the number of the broken row."""
_MOST_FAULTS: Final = 20
_Confirmed = dict[tuple[int, str], tuple[str, Millis]]
"""By row and what is wrong: the reason, and when it was confirmed."""


class AuditRow(Frozen):
    """A row as it is stored; texts as bytes, since what was tampered with need not be text."""

    n: int
    at: Millis
    actor: bytes
    action: bytes
    subject: bytes
    detail: bytes
    previous: bytes
    hash: bytes

    @property
    def content_hash(self) -> str:
        """SHA-256 of everything in it, right or wrong: what an operator confirms of a broken row."""
        parts = (str(self.n), str(self.at), self.actor.hex(), self.action.hex(), self.subject.hex(), self.detail.hex())
        return hashlib.sha256("|".join((*parts, self.previous.hex(), self.hash.hex())).encode()).hexdigest()

    def text(self, field: str) -> str:
        """One of its texts, as far as it is one."""
        value: bytes = getattr(self, field)
        return value.decode("utf-8", "replace")


class ChainFault(Frozen):
    """One thing that is wrong, in a sentence that names the row."""

    n: int
    text: str
    content_hash: str = ""
    """What confirms it: `AuditRow.content_hash`, or that of a row that is missing."""
    reason: str | None = None
    """Why an operator confirmed it; None where no one has."""


class ChainReport(Frozen):
    """What was found of the whole chain."""

    rows: int
    last_hash: str
    faults: tuple[ChainFault, ...] = ()
    """The first ones, in order."""
    anchors: int = 0
    """Anchors that the chain agrees with."""
    erased: int = 0
    """Rows out of which a person was taken, each named by a signed row."""
    cut_through: int = 0
    """The last row that is not here, since it moved into a file, as a signed row says; 0 where all are here."""

    @property
    def open_faults(self) -> tuple[ChainFault, ...]:
        """Those that no one has confirmed."""
        return tuple(fault for fault in self.faults if fault.reason is None)


def link_hash(previous: bytes, row: AuditRow) -> bytes | None:
    """The hash that the row must have behind this one; None where its texts are none."""
    try:
        action, actor, subject = (
            json.dumps(one.decode(), ensure_ascii=False) for one in (row.action, row.actor, row.subject)
        )
    except UnicodeDecodeError:
        return None
    head = f'{{"action":{action},"actor":{actor},"at":{row.at},"detail":'
    tail = f',"n":{row.n},"subject":{subject}}}'
    return hashlib.sha256(previous + head.encode() + row.detail + tail.encode()).digest()


def check_chain(
    rows: Iterable[AuditRow],
    anchors: Sequence[Anchor] = (),
    *,
    key: bytes | None = None,
    lost: Sequence[ChainFault] | None = None,
) -> ChainReport:
    """Check rows that are here at once; see `ChainCheck`."""
    check = ChainCheck(anchors, key=key)
    check.take(rows)
    return check.report(lost)


class ChainCheck:
    """Checks every row, in order, however they come, then every anchor.

    What follows a broken row is checked from its own hash on. What it keeps does not grow with rows that are right.
    """

    def __init__(self, anchors: Sequence[Anchor] = (), *, key: bytes | None = None) -> None:
        """`key` is the installation's: with it, rows out of which a person was taken are known by the rows that say so
        (`marks.py`), and so are rows that moved into files (`cuts.py`); without it they count as changed and missing.
        """
        self._anchors = anchors
        self._walk = _Walk(key=key, wanted=frozenset(anchor.n for anchor in anchors))

    def take(self, rows: Iterable[AuditRow]) -> None:
        """The next rows."""
        for row in rows:
            self._walk.take(row)

    def report(self, lost: Sequence[ChainFault] | None = None) -> ChainReport:
        """What was found. `lost`: files of moved rows that are not as they were; None: they were not looked for."""
        walk, anchors = self._walk, self._anchors
        left, cut_through = walk.left()
        away = [] if lost is None else [_unnamed(first, through, lost) for first, through in walk.covered]
        missing = [one for one in anchors if walk.hashes.get(one.n) != one.hash and not walk.is_cut(one.n)]
        covered = [one for one in anchors if one.n not in walk.hashes and walk.is_cut(one.n)]
        unanchored = _anchor_faults(missing, walk.confirmed, last=walk.expected - 1)
        return ChainReport(
            rows=walk.count,
            last_hash=walk.previous.hex(),
            faults=_shown([*(lost or ()), *(one for one in away if one), *left, *unanchored], walk.confirmed),
            anchors=len(anchors) - len(missing) - len(covered),
            erased=walk.erased_rows,
            cut_through=cut_through,
        )


@dataclass(kw_only=True)
class _Walk:
    """What is known behind each row."""

    key: bytes | None
    wanted: frozenset[int]
    """Numbers of which the hash is needed."""
    faults: list[ChainFault] = field(default_factory=list[ChainFault])
    gaps: dict[int, RecordCut] = field(default_factory=dict[int, RecordCut])
    """By the place of their fault: rows that are not there, as the cut that would explain it."""
    cuts: set[tuple[int, str]] = field(default_factory=set[tuple[int, str]])
    """Number and hash of the last row of each signed one."""
    covered: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """The first and last number of rows that are not there, and need not be."""
    confirmed: _Confirmed = field(default_factory=dict[tuple[int, str], "tuple[str, Millis]"])
    hashes: dict[int, str] = field(default_factory=dict[int, str])
    erased: dict[int, str] = field(default_factory=dict[int, str])
    erased_rows: int = 0
    count: int = 0
    expected: int = 1
    previous: bytes = GENESIS

    def take(self, row: AuditRow) -> None:
        """The next row."""
        self.count += 1
        if row.n != self.expected:
            text, content_hash = _gap(self.expected, row.n), _hash_of_gap(self.expected, row.n)
            fault = ChainFault(n=self.expected, text=text, content_hash=content_hash)
            moved = RecordCut(self.expected, row.n - 1, row.previous.hex(), row.n - self.expected)
            self.gaps[len(self.faults)] = moved
            self.faults.append(fault)
        is_right = row.previous == self.previous or row.n != self.expected
        if not is_right or row.hash != link_hash(row.previous, row):
            fault = ChainFault(n=row.n, text=f"Row {row.n} was changed.", content_hash=row.content_hash)
            self.faults.append(fault)
        else:
            self._read(row)
        if row.action == CUT.encode():  # signed in itself, also where a person was taken out of the row
            self._read_cut(row)
        if row.n in self.wanted:
            self.hashes[row.n] = row.hash.hex()
        self.expected, self.previous = row.n + 1, row.hash

    def _read(self, row: AuditRow) -> None:
        if row.action == ACCEPTED.encode():
            self.confirmed |= _confirmation(row)
        elif row.action == ERASED.encode():
            self.erased |= read_mark(self.key, row.detail)

    def _read_cut(self, row: AuditRow) -> None:
        cut = read_cut(self.key, row.detail)
        if cut is not None:
            self.cuts.add((cut.through, cut.hash))
        elif self.key is not None:
            text = f"Row {row.n} says that earlier rows moved into a file, and was not signed by this Ompycord."
            content_hash = hashlib.sha256(b"cut " + row.detail).hexdigest()
            self.faults.append(ChainFault(n=row.n, text=text, content_hash=content_hash))

    def left(self) -> tuple[list[ChainFault], int]:
        """The faults that no signed row explains, and the last number that moved away and is not here."""
        left: list[ChainFault] = []
        for place, fault in enumerate(self.faults):
            gap = self.gaps.get(place)
            if gap is not None and (gap.through, gap.hash) in self.cuts:
                self.covered.append((gap.first, gap.through))
            elif self.erased.get(fault.n) == fault.content_hash:
                self.erased_rows += 1
            else:
                left.append(fault)
        return left, max((through for _, through in self.covered), default=0)

    def is_cut(self, n: int) -> bool:
        """Whether this row moved away."""
        return any(first <= n <= through for first, through in self.covered)


def _shown(faults: Sequence[ChainFault], confirmed: _Confirmed) -> tuple[ChainFault, ...]:
    """The first ones; those that are confirmed never take the place of one that is not."""
    judged = [
        one.model_copy(update={"reason": confirmed.get((one.n, one.content_hash), (None, 0))[0]}) for one in faults
    ]
    first = sorted(range(len(judged)), key=lambda n: judged[n].reason is not None)[:_MOST_FAULTS]
    return tuple(judged[n] for n in sorted(first))


def _anchor_faults(missing: Sequence[Anchor], confirmed: _Confirmed, *, last: int) -> Iterator[ChainFault]:
    """The first anchor that the chain does not hold: all behind it are missing with it.

    Where that is confirmed, the first of those that were added since.
    """
    since = -1
    for anchor in sorted(missing, key=lambda one: (one.n, one.at)):
        if anchor.at <= since:
            continue
        lack = f"the chain ends at row {last}" if anchor.n > last else "that row is another one now"
        text = (
            f"The anchor of row {anchor.n} is missing: {lack}. The database is older than the anchor, or was rewritten."
        )
        fault = ChainFault(n=anchor.n, text=text, content_hash=hashlib.sha256(anchor.hash.encode()).hexdigest())
        yield fault
        known = confirmed.get((fault.n, fault.content_hash))
        if known is None:
            return
        since = max(since, known[1])


def _unnamed(first: int, through: int, lost: Sequence[ChainFault]) -> ChainFault | None:
    """Rows that moved into a file which nothing names any more; None where one of the lost files has them."""
    if any(first <= one.n <= through for one in lost):
        return None
    text = f"Rows {first} to {through} moved into a file that the database does not name: put back a backup of both."
    content_hash = hashlib.sha256(f"unnamed {first} to {through}".encode()).hexdigest()
    return ChainFault(n=first, text=text, content_hash=content_hash)


def _gap(expected: int, found: int) -> str:
    if found == expected + 1:
        return f"Row {expected} is missing."
    return f"Rows {expected} to {found - 1} are missing." if found > expected else f"Row {found} stands twice."


def _hash_of_gap(first: int, behind: int) -> str:
    return hashlib.sha256(f"missing {first} to {behind - 1}".encode()).hexdigest()


def _confirmation(row: AuditRow) -> _Confirmed:
    try:
        detail: dict[str, str] = json.loads(row.detail)
        return {(int(row.subject), detail["content_hash"]): (detail["reason"], row.at)}
    except (ValueError, KeyError, TypeError):
        return {}
