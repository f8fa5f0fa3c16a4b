"""The answer to events that are on disk, shared by `ingest.py` and `hooks.py`."""

from collections.abc import Sequence

from ompycord.domain.records import Receipt
from ompycord.http.pipeline import RawAnswer
from ompycord.http.problems import Headers

__all__ = ["JSON", "accepted"]

JSON = (b"content-type", b"application/json")
_REPLAYED = (b"ompycord-replayed", b"true")
_ACCEPTED = b'{"accepted":%d,"duplicates":%d,"run":"%b","position":%d,"cancel_requested":%b}'
"""A format, since a JSON encoder costs each answer twice as much; the run is a ULID and needs no escapes."""


def accepted(receipts: Sequence[Receipt]) -> RawAnswer:
    """The answer to events that were stored now (202), or earlier under the same webhook-id (200)."""
    last = receipts[-1]
    duplicates = sum(receipt.duplicate for receipt in receipts)
    cancel = b"true" if last.cancel_requested else b"false"
    body = _ACCEPTED % (len(receipts) - duplicates, duplicates, last.run.encode(), last.position, cancel)
    headers: Headers = (JSON, (b"content-length", b"%d" % len(body)))
    return (200, (*headers, _REPLAYED), body) if last.replayed else (202, headers, body)
