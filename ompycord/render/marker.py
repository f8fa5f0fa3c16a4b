"""The footer's marker: which run a message of ours belongs to and what it is; counterpart of the probe after a crash.

`7f3k2m · card 1` begins every footer. A probe knows the run it looks for and the channel, and reads only messages of
our own: the last 30 random bits of the ULID, which people see anyway, tell two runs of a channel apart. The nonce
window is minutes, so the footer is what makes a repeated delivery visible (docs/contracts/cards.md, *Exactly once*).
"""

import hashlib
from typing import Final, NamedTuple

import regex

from ompycord.domain.folds.snapshot import Approval
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.records import OutboxKind

__all__ = ["Marker", "approval_hash", "footer_marker", "parse_marker", "question_tag"]

_WORDS: Final = {kind: "mirror" if kind is OutboxKind.SUMMARY else kind.value for kind in OutboxKind}
"""The footer's name of each kind; a channel summary is *mirror* in all messages that were ever posted."""
_KINDS: Final = {word: kind for kind, word in _WORDS.items()}
_MARKER: Final = regex.compile(
    r"(?P<run>[0-9a-hjkmnp-tv-z]{6}) · (?P<kind>mirror|card|question|file|result|notice)(?: "
    r"(?P<number>[0-9a-f]{1,12}))?"
    r"(?= · |$)"
)


class Marker(NamedTuple):
    """What a footer tells about its message."""

    run: str
    """The run's short id."""
    kind: OutboxKind
    number: str
    """The card's number, the question's tag, or empty."""

    def is_of(self, run: RunId) -> bool:
        """Whether the message belongs to this run."""
        return self.run == short_id(run)


def footer_marker(run: RunId, kind: OutboxKind, number: int | str = "") -> str:
    """The beginning of a footer. `number` is the card's number or the question's tag."""
    return f"{short_id(run)} · {_WORDS[kind]}{f' {number}' if number != '' else ''}"


def question_tag(ref: str) -> str:
    """A question's ref as a marker can contain it: agents choose refs, and people see footers."""
    return hashlib.sha256(ref.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def approval_hash(approval: Approval) -> str:
    """The hash of what a person who presses a button has read, so that a click permits nothing else."""
    words = [approval.ref, approval.title, approval.command or "", approval.risk or ""]
    words += [word for word in (approval.call, approval.risk_class, approval.meaning) if word]
    return question_tag("\0".join(words))


def parse_marker(text: str) -> Marker | None:
    """The marker that a footer begins with, or None where it is not one of ours."""
    match = _MARKER.match(text)
    if match is None:
        return None
    return Marker(match["run"], _KINDS[match["kind"]], match["number"] or "")
