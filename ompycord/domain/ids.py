"""Identifiers: ULIDs for what we make, NewTypes so that two kinds never mix; counterpart of the `id` columns."""

import re
from typing import Annotated, Final, NewType

from pydantic import AfterValidator, StringConstraints

__all__ = [
    "AGENT_SOURCE",
    "DISCORD",
    "OMPYCORD",
    "OPS_CHANNEL",
    "TRIGGERS",
    "Destination",
    "DraftId",
    "PersonId",
    "RunId",
    "Source",
    "TaskId",
    "Ulid",
    "external_source",
    "is_ulid",
    "new_ulid",
    "short_id",
    "ulid_time_ms",
]

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32, https://github.com/ulid/spec
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")

TIME_BITS, RANDOM_BITS = 48, 80


def is_ulid(text: str) -> bool:
    """Whether the text is a canonical ULID: 26 upper-case Crockford characters, first one at most 7."""
    return _ULID.fullmatch(text) is not None


def _ulid(text: str) -> str:
    if not is_ulid(text):
        raise ValueError("not a ULID (26 characters of Crockford's base 32)")
    return text


Ulid = Annotated[str, AfterValidator(_ulid)]
"""A validated ULID, for models."""

RunId = NewType("RunId", str)
TaskId = NewType("TaskId", str)
DraftId = NewType("DraftId", str)
PersonId = NewType("PersonId", str)
"""A Discord user's snowflake, as decimal text."""

Source = NewType("Source", str)
"""The source that numbers an event: `ompycord`, `agent`, or `<key id>[/<source>]` of a sending key."""

OMPYCORD = Source("ompycord")
AGENT_SOURCE = Source("agent")

Destination = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
"""Where deliveries go, by name: `discord`, or a webhook of the settings."""

DISCORD: Final = "discord"
"""The bot. No webhook may have its name."""
OPS_CHANNEL: Final = "ops-channel"
"""Where alerts are posted in Discord. No webhook may have its name either."""
TRIGGERS: Final = "triggers"
"""The triggers that alerts fire, as a way out of alerts. Nor may one have theirs."""


def external_source(key_id: str, source: str | None = None) -> Source:
    """The source of a sending key, with the optional `source` of its envelope.

    A key id is never `ompycord` or `agent`, so no outside sender can write as one of our own sources.
    """
    return Source(f"key:{key_id}/{source}" if source else f"key:{key_id}")


def new_ulid(*, now_ms: int, entropy: bytes) -> str:
    """A ULID from a time and 10 random bytes.

    Raises ValueError when the time does not fit 48 bits or the entropy is not 80 bits.
    """
    if not 0 <= now_ms < 1 << TIME_BITS or len(entropy) * 8 != RANDOM_BITS:
        raise ValueError("a ULID takes 48 bits of milliseconds and 10 random bytes")
    number = now_ms << RANDOM_BITS | int.from_bytes(entropy)
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])


def ulid_time_ms(ulid: str) -> int:
    """The time in a ULID, in milliseconds since the epoch."""
    number = 0
    for character in ulid[:10]:
        number = number << 5 | _ALPHABET.index(character)
    return number


def short_id(ulid: str) -> str:
    """What people see of an id: the last six characters, lower case."""
    return ulid[-6:].lower()
