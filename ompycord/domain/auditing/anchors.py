"""Anchors: the number and hash of the audit's last row, signed and kept elsewhere, so that a lost end is noticed; pure.

Counterpart: `app/auditing/anchoring.py`, which writes them to the file of the settings.
"""

import hashlib
import hmac
import json
from typing import Annotated, Final

from pydantic import Field, StringConstraints, ValidationError

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.configuration.written import WrittenPath

__all__ = ["Anchor", "AuditSettings", "BadAnchor", "read_anchors", "sign_anchor"]

_Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_CONTEXT: Final = "ompycord audit anchor"
_BEGINS: Final = '{"n":'


class AuditSettings(Frozen):
    """The record of what people did."""

    anchor_file: WrittenPath | None = None
    """Where the signed number and hash of the last row are added each hour; best on another machine's disk."""
    keep_days: Annotated[int, Field(ge=30, le=36_500)] | None = None
    """Days after which rows move out of the database into files, a month at a time; without it never."""


class Anchor(Frozen):
    """The end of the chain at a moment."""

    n: Annotated[int, Field(ge=1)]
    hash: _Hash
    at: Millis
    signature: _Hash


class BadAnchor(ValueError):
    """A line is no anchor, or was not signed with this key."""


def sign_anchor(key: bytes, *, n: int, digest: str, at: Millis) -> Anchor:
    """The anchor of a row."""
    return Anchor(n=n, hash=digest, at=at, signature=_signature(key, n, digest, at))


def read_anchors(key: bytes, text: str) -> list[Anchor]:
    """Every anchor of a file's text. Raises BadAnchor, which names the first line that is none of this key.

    A line that was torn in the middle of writing is none, and no fault: whoever could tear one could remove it whole.
    """
    found: list[Anchor] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or _is_torn(line):
            continue
        try:
            anchor = Anchor.model_validate_json(line)
        except ValidationError:
            raise BadAnchor(f"line {number} is no anchor") from None
        if not hmac.compare_digest(anchor.signature, _signature(key, anchor.n, anchor.hash, anchor.at)):
            raise BadAnchor(f"line {number} is not signed by this Ompycord")
        found.append(anchor)
    return found


def _is_torn(line: str) -> bool:
    """Whether it is the beginning of an anchor and no more."""
    return _BEGINS.startswith(line[: len(_BEGINS)]) and not line.rstrip().endswith("}")


def _signature(key: bytes, n: int, digest: str, at: Millis) -> str:
    text = json.dumps([_CONTEXT, n, digest, at])
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
