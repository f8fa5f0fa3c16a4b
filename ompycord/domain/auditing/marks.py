"""Signed rows of the audit that say why an earlier row is another one now, or not there: erasures and cuts; pure.

A person can be taken out of the record, and its old head be cut, without breaking the chain: the row keeps its hash,
and a later row, signed with this installation's key, says what stands there instead. Counterpart: `chain.py`.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

__all__ = ["CUT", "ERASED", "HeadCut", "Marks", "cut_detail", "erased_detail", "read_mark"]

ERASED: Final = "audit.erased"
"""The action of a row that names rows out of which a person was taken."""
CUT: Final = "audit.cut"
"""The action of a row that says up to which row the head was cut."""
ROWS_IN_ONE: Final = 500
"""Rows that one mark names at most."""


class HeadCut(NamedTuple):
    """Up to which row the head was cut, how many rows that were, and the hash of the last of them."""

    through: int
    rows: int
    digest: str


class Marks(NamedTuple):
    """What one signed row says."""

    erased: Mapping[int, str] = {}
    """The content that a row has now, by its number: `AuditRow.content_hash`."""
    cut: HeadCut | None = None


def erased_detail(key: bytes, rows: Mapping[int, str]) -> dict[str, str]:
    """The detail of a row that names what was erased."""
    text = " ".join(f"{n}:{digest}" for n, digest in sorted(rows.items()))
    return {"count": str(len(rows)), "rows": text, "signature": _signature(key, ERASED, text)}


def cut_detail(key: bytes, cut: HeadCut) -> dict[str, str]:
    """The detail of a row that says what was cut."""
    text = f"{cut.through} {cut.rows} {cut.digest}"
    through, count, digest = text.split()
    return {"through": through, "count": count, "hash": digest, "signature": _signature(key, CUT, text)}


def read_mark(key: bytes | None, action: str, detail: bytes) -> Marks:
    """What a row says; nothing where it is none, or was signed with another key. Without a key nothing is believed."""
    try:
        known: dict[str, Any] = json.loads(detail)
        if key is None or action not in {ERASED, CUT}:
            return Marks()
        text = str(known["rows"] if action == ERASED else f"{known['through']} {known['count']} {known['hash']}")
        if not hmac.compare_digest(str(known["signature"]), _signature(key, action, text)):
            return Marks()
        if action == CUT:
            return Marks(cut=HeadCut(int(known["through"]), int(known["count"]), str(known["hash"])))
        return Marks(erased=dict(_pairs(text.split())))
    except (ValueError, KeyError, TypeError):
        return Marks()


def _pairs(words: Iterable[str]) -> Iterable[tuple[int, str]]:
    for word in words:
        n, _, digest = word.partition(":")
        yield int(n), digest


def _signature(key: bytes, action: str, text: str) -> str:
    return hmac.new(key, json.dumps([action, text]).encode(), hashlib.sha256).hexdigest()
