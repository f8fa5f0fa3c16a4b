"""What a model's provider refuses, as agents report it: one table for all of their formats; pure.

Agents pass on the provider's words as the result of a turn, as an error of their protocol, or on standard error before
they exit. The words were seen in reports of users (Claude Code, Codex, Gemini CLI, pi, OpenCode) up to September 2026.
What time or money mends suspends the run; for the rest, such as a wrong key, a person must change something first.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, Literal
from zoneinfo import ZoneInfo

from ompycord.domain.ports import AgentOutcome
from ompycord.domain.run import EndedBy, FailureClass

__all__ = ["Mender", "ProviderRefusal", "Report", "read_answer", "read_refusal"]

Mender = Literal["time", "money", "person"]
"""What mends a refusal. A person has to change keys, rights or settings."""
Report = Literal["error", "output"]
"""How its words came: as an error of the agent's protocol, or on its plain output, where anything may stand."""

_HTTP: Final[Mapping[int, Mender]] = {
    401: "person",
    402: "money",
    403: "person",
    429: "time",
    **dict.fromkeys((500, 502, 503, 504, 529), "time"),
}
"""By HTTP status (RFC 9110). 529 is Anthropic's word for overloaded."""

_ANYWHERE: Final[tuple[tuple[Mender, str], ...]] = (
    ("money", r"credit balance is too low|insufficient[ _](?:credits?|funds|balance|quota)|out of credits"),
    ("money", r"\bbilling_(?:error|not_active|hard_limit_reached)|check your plan and billing"),
    ("person", r"invalid (?:x-)?api[ -]?key|api[ _]key not valid|incorrect api key|invalid_api_key"),
    ("person", r"\bauthentication_(?:error|failed)|please run /login|\btoken (?:has )?(?:expired|been revoked)"),
    ("time", r"\busage[ _]limit(?: has been)?[ _](?:reached|exceeded)"),
    ("time", r"you['’]ve (?:hit|reached) your [\w -]{0,40}limit"),
    ("time", r"\brate_limit_(?:error|exceeded)|exceed your account['’]s rate limit|\boverloaded_error"),
    ("time", r"\bRESOURCE_EXHAUSTED|ThrottlingException"),
)  # fmt: skip
"""Words of providers that nothing else says. Money and keys come first: providers tell them with 429 and 400, too."""

_IN_ERRORS: Final[tuple[tuple[Mender, str], ...]] = (
    ("money", r"payment required|purchase (?:more )?credits|more credits|spend(?:ing)? (?:limit|cap)"),
    ("person", r"authentication (?:required|failed)|unauthori[sz]ed|unauthenticated|not logged in|permission_error"),
    ("person", r"(?:organization|account) has been (?:disabled|suspended|deactivated)"),
    ("time", r"rate[ _-]?limit|too many requests|limit (?:reached|exceeded)|overloaded|quota|throttl"),
    ("time", r"(?:service|server|model|temporarily|currently) unavailable"),
)
"""Words that mean a provider where the protocol reports an error of the turn. Elsewhere they may be a disk's quota."""

_STATUS_WORDS: Final = (
    r"\b(?:HTTP(?:/\d(?:\.\d)?)?|API|status|code|error)(?:[ _-](?:error|status|code))*\W{1,4}([45]\d\d)\b"
    r"|\b([45]\d\d) (?:Unauthorized|Payment Required|Forbidden|Too Many Requests|Internal Server Error|Bad Gateway"
    r"|Service Unavailable|Gateway Time-?out)\b"
)

_ANSWERS: Final[tuple[str, ...]] = (
    r"(?:your )?credit balance is too low\b(?: to access the [\w ]{1,40}api)?\W{0,3}(?:please go to .{0,120})?",
    r"claude (?:ai )?usage limit reached(?:\|\d{10}|\W{0,2}|\W{1,3}your limit will reset.{0,120})",
    r"[\w -]{0,30}\blimit reached\W{1,4}(?:your limit will )?resets?\b.{0,120}",
    (
        r"you['’]ve (?:hit|reached) your [\w -]{0,40}limit(?: for [\w ]{1,30})?"
        r"(?:\W{0,2}|\W{1,4}(?:limits? will reset|resets?|try again|upgrade|to get more)\b.{0,300})"
    ),
    r"invalid api key\W{1,4}(?:please run /login|fix external api key)\W?",
    r"(?:not logged in|[\w ]{0,40}\btoken [\w ]{0,30})\W{1,4}please run /login\W?",
    r"api error\b\W{0,3}(?:repeated )?\(?(?:4\d\d|5\d\d)\b.{0,500}",
    r"(?:this|your) (?:organization|account) has been (?:disabled|suspended)\W?.{0,100}",
)  # fmt: skip
"""Whole answers that are the provider's and not the model's: an agent that mentions one of these says more."""


def _compiled(rows: tuple[tuple[Mender, str], ...]) -> tuple[tuple[Mender, re.Pattern[str]], ...]:
    return tuple((mender, re.compile(words, re.IGNORECASE)) for mender, words in rows)


_FOR_ALL: Final = _compiled(_ANYWHERE)
_FOR_ERRORS: Final = _compiled(_IN_ERRORS)
_STATUS: Final = re.compile(_STATUS_WORDS, re.IGNORECASE)
_WHOLE: Final = re.compile("|".join(f"(?:{words})" for words in _ANSWERS), re.IGNORECASE | re.DOTALL)
_LONGEST: Final = 4096
"""Characters of an error that are read."""
_ANSWER: Final = 600
"""Characters of a whole answer; a longer one is the model's."""


@dataclass(frozen=True, slots=True)
class ProviderRefusal:
    """One refusal, whatever format told it."""

    mender: Mender
    until: int | None = None
    """When requests are taken again, in ms since the epoch, where it says so."""

    def outcome(self, words: str) -> AgentOutcome:
        """The end of an agent that was refused; `words` are the provider's."""
        failure = FailureClass.ENV if self.mender == "person" else FailureClass.TRANSIENT
        return AgentOutcome(claim=False, message=words, failure=failure, ended_by=EndedBy.PROVIDER, until=self.until)


def read_refusal(
    text: str, *, now_ms: int, status: int | None = None, report: Report = "error"
) -> ProviderRefusal | None:
    """The refusal in the words of an error; None where they name none.

    `status` is the HTTP status that the agent gave apart from its words. Linear in the first 4,096 characters.
    """
    text = text[:_LONGEST]
    mender = _by_words(text, report) or _HTTP.get(status or 0) or _by_status(text)
    return ProviderRefusal(mender, None if mender == "person" else _until(text, now_ms)) if mender else None


def read_answer(text: str, *, now_ms: int) -> ProviderRefusal | None:
    """The refusal that an agent gave as its answer, as if its model had said it; None for any other answer.

    The whole answer has to be such a sentence, since an agent may well have worked on one.
    """
    text = text.strip()
    if len(text) > _ANSWER or _WHOLE.fullmatch(text) is None:
        return None
    return read_refusal(text, now_ms=now_ms) or ProviderRefusal("person")


def _by_words(text: str, report: Report) -> Mender | None:
    rows = (*_FOR_ALL, *_FOR_ERRORS) if report == "error" else _FOR_ALL
    return next((mender for mender, words in rows if words.search(text)), None)


def _by_status(text: str) -> Mender | None:
    for match in _STATUS.finditer(text):
        if mender := _HTTP.get(int(match[1] or match[2])):
            return mender
    return None


# -- until when --------------------------------------------------------------------------------------------------------

_UNIT_MS: Final[Mapping[str, int]] = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_LATEST_MS: Final = 400 * _UNIT_MS["d"]
"""A reset that is further away is a number of something else."""
_EPOCH: Final = re.compile(r"(?:\bresets?_?at\"?\W{1,3}|usage limit reached\|)(\d{10}|\d{13})\b", re.IGNORECASE)
_DELAY: Final = re.compile(
    r"\b(?:resets?[_-]?(?:in|after)(?:[_-]seconds)?|retry[_ -]?(?:after|delay))\"?\W{1,3}"
    r"(\d{1,9}(?:\.\d{1,9})?)\s?(ms|[smhd])?\b",
    re.IGNORECASE,
)
_SPAN: Final = re.compile(
    r"\b(?:try again|retry|resets?)(?: in| after)? ((?:\d{1,6}(?:\.\d{1,9})? ?"
    r"(?:days?|hours?|hrs?|minutes?|mins?|seconds?|secs?|ms|[dhms])(?![a-z])[ ,]{0,2}){1,4})",
    re.IGNORECASE,
)
_PART: Final = re.compile(r"(\d{1,6}(?:\.\d{1,9})?) ?(ms|[dhms])", re.IGNORECASE)
_AT: Final = re.compile(
    r"\bresets?(?: at| on)? (?:([a-z]{3})[a-z]* (\d{1,2})(?:,? at|,)? )?"
    r"(\d{1,2})(?::(\d\d))? ?([ap])m \(([\w/+-]{1,40})\)",
    re.IGNORECASE,
)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SECONDS_AND_MILLIS: Final = 13


def _until(text: str, now_ms: int) -> int | None:
    """When it says that requests are taken again. A time of day without its zone is no time that we know."""
    found = _at_epoch(text) or _after_delay(text, now_ms) or _at_clock(text, now_ms)
    return found if found is not None and now_ms < found <= now_ms + _LATEST_MS else None


def _at_epoch(text: str) -> int | None:
    match = _EPOCH.search(text)
    if match is None:
        return None
    return int(match[1]) if len(match[1]) == _SECONDS_AND_MILLIS else int(match[1]) * 1000


def _after_delay(text: str, now_ms: int) -> int | None:
    if match := _SPAN.search(text):
        return now_ms + sum(_millis(amount, unit) for amount, unit in _PART.findall(match[1]))
    if match := _DELAY.search(text):
        return now_ms + _millis(match[1], match[2] or "s")
    return None


def _millis(amount: str, unit: str) -> int:
    return round(float(amount) * _UNIT_MS[unit.lower()])


def _at_clock(text: str, now_ms: int) -> int | None:
    """`resets 1:30am (Asia/Dhaka)`, `resets Apr 23 at 4pm (America/Recife)`: the next such time there."""
    match = _AT.search(text)
    zone = _zone(match[6]) if match else None
    if match is None or zone is None:
        return None
    now = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(zone)
    hour = int(match[3]) % 12 + (12 if match[5].lower() == "p" else 0)
    try:
        at = now.replace(hour=hour, minute=int(match[4] or 0), second=0, microsecond=0)
        if match[1] is None:
            return _epoch_ms(at if at > now else at + timedelta(days=1))
        at = at.replace(month=_MONTHS.index(match[1].lower()) + 1, day=int(match[2]))
        return _epoch_ms(at if at > now else at.replace(year=now.year + 1))
    except ValueError:  # no such month, day or minute
        return None


def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        return None


def _epoch_ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
