"""Signed rows of the audit that say that the rows before a number moved into a file; pure.

The chain goes on behind a cut: the first row that is left names the hash of the last one that moved. Counterparts:
`chain.py`, which believes a cut only with this installation's key, and `store/archive/cuts.py`, which makes it.
"""

import hashlib
import hmac
import json
from typing import Any, Final, NamedTuple

__all__ = ["CUT", "RecordCut", "cut_detail", "read_cut"]

CUT: Final = "audit.cut"
"""The action of a row that names rows which moved into a file."""


class RecordCut(NamedTuple):
    """The rows that moved."""

    first: int
    through: int
    hash: str
    """That of the last of them, in hexadecimal digits."""
    number: int


def cut_detail(key: bytes, cut: RecordCut) -> dict[str, str]:
    """The detail of a row that names what moved."""
    return {**{name: str(value) for name, value in cut._asdict().items()}, "signature": _signature(key, cut)}


def read_cut(key: bytes | None, detail: bytes) -> RecordCut | None:
    """None where the detail is none, or was signed with another key. Without a key nothing is believed."""
    try:
        known: dict[str, Any] = json.loads(detail)
        cut = RecordCut(int(known["first"]), int(known["through"]), str(known["hash"]), int(known["number"]))
        is_ours = key is not None and hmac.compare_digest(str(known["signature"]), _signature(key, cut))
    except (ValueError, KeyError, TypeError):
        return None
    return cut if is_ours else None


def _signature(key: bytes, cut: RecordCut) -> str:
    return hmac.new(key, json.dumps([CUT, *cut]).encode(), hashlib.sha256).hexdigest()
