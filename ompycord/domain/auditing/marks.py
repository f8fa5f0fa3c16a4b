"""Signed rows of the audit that say why an earlier row is another one now: out of it a person was taken; pure.

A person can be taken out of the record without breaking the chain: the row keeps its hash, and a later row, signed with
this installation's key, says what stands there instead. Counterpart: `chain.py`.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

__all__ = ["ERASED", "erased_detail", "read_mark"]

ERASED: Final = "audit.erased"
"""The action of a row that names rows out of which a person was taken."""
ROWS_IN_ONE: Final = 500
"""Rows that one mark names at most."""


def erased_detail(key: bytes, rows: Mapping[int, str]) -> dict[str, str]:
    """The detail of a row that names what was erased."""
    text = " ".join(f"{n}:{digest}" for n, digest in sorted(rows.items()))
    return {"count": str(len(rows)), "rows": text, "signature": _signature(key, text)}


def read_mark(key: bytes | None, detail: bytes) -> Mapping[int, str]:
    """The content that each row has now, by its number: `AuditRow.content_hash`.

    Empty where the detail is none, or was signed with another key. Without a key nothing is believed.
    """
    try:
        known: dict[str, Any] = json.loads(detail)
        text = str(known["rows"])
        if key is None or not hmac.compare_digest(str(known["signature"]), _signature(key, text)):
            return {}
        return dict(_pairs(text.split()))
    except (ValueError, KeyError, TypeError):
        return {}


def _pairs(words: Iterable[str]) -> Iterable[tuple[int, str]]:
    for word in words:
        n, _, digest = word.partition(":")
        yield int(n), digest


def _signature(key: bytes, text: str) -> str:
    return hmac.new(key, json.dumps([ERASED, text]).encode(), hashlib.sha256).hexdigest()
