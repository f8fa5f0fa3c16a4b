"""Numbers, money, times and small counts as people read them; used by every renderer of this package."""

from datetime import UTC, datetime
from typing import Final, Literal

from ompycord.domain.base import Millis
from ompycord.domain.folds.snapshot import Usage

__all__ = [
    "and_list",
    "clock",
    "cost",
    "count",
    "day_clock",
    "duration",
    "has_tokens",
    "iso",
    "money",
    "place",
    "sentence",
    "stamp",
    "tokens",
    "tokens_used",
]

_MINUTE: Final = 60
_HOUR: Final = 3600
_KILO: Final = 1000
_MEGA: Final = 1_000_000
_TERA: Final = 1_000_000_000_000
_LEAST_SHOWN: Final = 0.01
_MOST_USD: Final = 1_000_000.0
"""The most that one event may report (`events.UsageUpdated`); a sum that reaches it was made up or cut."""
_LAST_MS: Final = 253_402_300_799_000  # the last second of the year 9999, the last that datetime knows


def stamp(at: Millis, style: Literal["R", "t", "f"] = "R") -> str:
    """Discord's own time format, which ticks in every reader's time zone and costs no edit."""
    return f"<t:{at // 1000}:{style}>"


def clock(at: Millis) -> str:
    """The time of day for places where Discord shows no timestamps (footers, terminals)."""
    return f"{_utc(at):%H:%M} UTC"


def iso(at: Millis) -> str:
    """RFC 3339 in UTC with milliseconds, as Discord's `embed.timestamp` wants it."""
    return _utc(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day_clock(at: Millis) -> str:
    """Day and time where Discord shows no timestamps."""
    return f"{_utc(at):%Y-%m-%d %H:%M} UTC"


def _utc(at: Millis) -> datetime:
    return datetime.fromtimestamp(min(at, _LAST_MS) / 1000, UTC)


def duration(ms: Millis) -> str:
    """A span in the two largest units that matter: `0.4 s`, `38 s`, `9 min`, `2 h 5 min`."""
    seconds = ms / 1000
    if seconds < 1:
        return f"{seconds:.1f} s"
    if seconds < _MINUTE:
        return f"{int(seconds)} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f} min"
    hours, rest = divmod(int(seconds), _HOUR)
    return f"{hours} h {rest // _MINUTE} min" if rest >= _MINUTE else f"{hours} h"


def money(usd: float) -> str:
    """US dollars with cents; less than a cent is written as such, since `$0.00` would read as nothing."""
    return "under $0.01" if 0 < usd < _LEAST_SHOWN else f"${usd:,.2f}"


def cost(usage: Usage) -> str:
    """What is known of the cost: an unknown price is called unknown, an incomplete sum is a lower bound.

    *about*: of some requests the provider did not state what they used.
    """
    if usage.cost_usd is None:
        return "cost unknown"
    if usage.cost_usd >= _MOST_USD:
        return f"{money(_MOST_USD)} or more"
    if not usage.cost_complete:
        return f"at least {money(usage.cost_usd).removeprefix('under ')}"
    is_reckoned = usage.estimated and usage.cost_usd >= _LEAST_SHOWN
    return f"{'about ' if is_reckoned else ''}{money(usage.cost_usd)}"


def has_tokens(usage: Usage) -> bool:
    """Whether any token was reported."""
    return bool(usage.input or usage.output or usage.cache_read or usage.cache_write)


def tokens_used(usage: Usage, *, unit: str = "") -> str:
    """`61k in, 4k out`, with `unit` behind the first number; unknown where a cost was reported and no token.

    Where a turn was cut it is a lower bound; *about* where Ompycord reckoned a part of it.
    """
    if not has_tokens(usage) and (usage.cost_usd or not usage.cost_complete):
        return "tokens unknown"
    least = ""
    if usage.input or usage.output:
        least = "at least " if not usage.tokens_complete else "about " if usage.estimated else ""
    return f"{least}{tokens(usage.input)}{unit} in, {tokens(usage.output)} out"


def tokens(number: int) -> str:
    """`999`, `61k`, `1.2M`; more than a trillion is a number that was made up."""
    if number >= _TERA:
        return "over 1,000,000M"
    if number < _KILO:
        return str(number)
    if number < _MEGA:
        return f"{number // _KILO}k"
    millions = f"{number // (_MEGA // 10) / 10:.1f}".removesuffix(".0")
    return f"{millions}M"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`1 file`, `2 files`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def place(number: int) -> str:
    """A place in the queue, 1 being next: `next in line`, `2nd in line`."""
    if number == 1:
        return "next in line"
    is_teen = number % 100 in {11, 12, 13}
    ending = "th" if is_teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending} in line"


def and_list(names: list[str], most: int = 4) -> str:
    """`a`, `a and b`, `a, b and 3 more`."""
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} more"]
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part) if names else ""


def sentence(text: str) -> str:
    """`text` with a full stop where it ends without one."""
    return text if not text or text.endswith((".", "?", "!", "…", ":")) else f"{text}."
