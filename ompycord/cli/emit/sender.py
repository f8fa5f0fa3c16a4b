"""Takes events from the spool to the sidecar, one after another; counterpart of `spool.py` and of `webhook/ingest.py`.

429, 5xx and no connection keep the line; any other 4xx puts the event aside and the next one goes on
(docs/contracts/files-and-names.md, *Spool*).
"""

import asyncio
import json
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import NamedTuple

import httpx

from ompycord.cli.emit.lines import EventLine
from ompycord.cli.emit.spool import Spool
from ompycord.cli.emit.target import Target
from ompycord.domain.ports import Clock
from ompycord.errors import proxy_in_words

__all__ = ["SendOutcome", "SendReport", "drain"]

TOO_MANY_REQUESTS = 429
PATH = "/api/webhook/event"
RETRY_S = 1.0
"""Seconds to wait after a 429 or 503 that names none itself."""
LONGEST_RETRY_S = 3600.0
PROBLEM_CHARACTERS = 4000
CLOCKS_APART_S = 300
"""docs/contracts/authentication.md, *Signatures*: seconds between two clocks for which a signature is valid."""


class SendOutcome(StrEnum):
    """How sending ended."""

    DRAINED = "drained"
    """Nothing waits."""
    LATE = "late"
    """The time was over."""
    PAUSED = "paused"
    """Raised when the sidecar asked to wait, now or earlier, and that time is not over."""
    UNREACHABLE = "unreachable"
    """No connection, or an answer that is none of an Ompycord."""


class SendReport(NamedTuple):
    """What was done."""

    outcome: SendOutcome
    sent: int = 0
    refused: tuple[str, ...] = ()
    """For each event in `dead/`, the sidecar's answer."""
    detail: str = ""


class _Tally:
    """What was done so far; it outlives a cancelled attempt."""

    def __init__(self) -> None:
        self.sent = 0
        self.refused: list[str] = []

    def report(self, outcome: SendOutcome, detail: str = "") -> SendReport:
        return SendReport(outcome, self.sent, tuple(self.refused), detail)


async def drain(spool: Spool, target: Target, *, clock: Clock, within_s: float, patient: bool = False) -> SendReport:
    """Send until nothing waits or `within_s` is over; the caller holds `spool.sending()`.

    `patient`: wait as long as the sidecar asks and continue, instead of leaving that to the next call.
    """
    tally = _Tally()
    with proxy_in_words():
        made = httpx.AsyncClient(trust_env=not target.is_local, timeout=within_s)
    try:
        async with asyncio.timeout(within_s), made as client:
            while True:
                wait_s = (spool.paused_until_ms() - clock.now_ms()) / 1000
                if 0 < wait_s <= LONGEST_RETRY_S:  # longer: the clock was set back
                    if not patient:
                        return tally.report(SendOutcome.PAUSED, f"the sidecar asked to wait, {wait_s:.0f} s more")
                    await clock.sleep(wait_s)
                report = await _send_all(spool, target, client, clock, tally)
                if report.outcome is not SendOutcome.PAUSED or not patient:
                    return report
    except TimeoutError:
        return tally.report(SendOutcome.LATE, f"it took longer than {within_s:.0f} s")


async def _send_all(spool: Spool, target: Target, client: httpx.AsyncClient, clock: Clock, tally: _Tally) -> SendReport:
    while (found := spool.next()) is not None:
        line, end = found
        body = line.body.encode()
        headers = target.headers(webhook_id=line.id, body=body, now_s=clock.now_ms() // 1000)
        try:
            answer = await client.post(target.url + PATH, content=body, headers=headers)
        except httpx.HTTPError as error:
            return tally.report(SendOutcome.UNREACHABLE, f"{target.url} does not answer ({type(error).__name__})")
        if answer.is_success:
            tally.sent += 1
        elif answer.is_client_error and answer.status_code != TOO_MANY_REQUESTS:
            tally.refused.append(_bury(spool, line, answer, now_s=clock.now_ms() / 1000))
        else:
            return _kept(spool, clock, answer, tally)
        spool.done(end)
    return tally.report(SendOutcome.DRAINED)


def _kept(spool: Spool, clock: Clock, answer: httpx.Response, tally: _Tally) -> SendReport:
    reason = f"the sidecar answered {answer.status_code}"
    wait_s = _retry_after_s(answer, clock)
    if wait_s is None and answer.status_code != TOO_MANY_REQUESTS:
        return tally.report(SendOutcome.UNREACHABLE, reason)
    spool.pause(clock.now_ms() + int(min(RETRY_S if wait_s is None else wait_s, LONGEST_RETRY_S) * 1000))
    return tally.report(SendOutcome.PAUSED, reason)


def _retry_after_s(answer: httpx.Response, clock: Clock) -> float | None:
    """Seconds, or a date (RFC 9110, 10.2.3); None when there is none or it is neither."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:10])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - clock.now_ms() / 1000)


def _bury(spool: Spool, line: EventLine, answer: httpx.Response, *, now_s: float) -> str:
    text = answer.text[:PROBLEM_CHARACTERS]
    path = spool.bury(line, status=answer.status_code, problem=text)
    return f"{answer.status_code} {_title(text)}, kept in {path}{_clock_hint(answer, now_s)}"


def _clock_hint(answer: httpx.Response, now_s: float) -> str:
    """What to do where this machine's clock and the sidecar's are too far apart for a signature; else nothing."""
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return ""
    ahead_s = now_s - theirs.replace(tzinfo=theirs.tzinfo or UTC).timestamp()
    if abs(ahead_s) <= CLOCKS_APART_S:
        return ""
    return (
        f"; this machine's clock is {abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'behind'} the sidecar's: "
        "set it, then run `ompycord emit --revive`"
    )


def _title(text: str) -> str:
    """A problem document in one line: the type's name and its detail, or nothing."""
    try:
        value = json.loads(text)
        slug = str(value.get("type", "")).rpartition("/")[2]
        pointers = ", ".join(str(one["pointer"]) for one in value.get("errors", []))
    except (ValueError, AttributeError, TypeError, KeyError, RecursionError):
        return "(no problem document)"
    return " ".join(part for part in (slug, str(value.get("detail", "")), pointers) if part)
