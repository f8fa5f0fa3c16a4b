"""A digest as text and the chart of a weekly one: what waits, what broke, what was done, what it cost; pure.

The numbers are those of `/omp cost`: the same runs, summed by the same functions. The text has all that the chart has.
"""

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from zoneinfo import ZoneInfo

from ompycord.domain.base import Millis
from ompycord.domain.budgets.charts import Chart
from ompycord.domain.folds.snapshot import StatusSnapshot, Verification
from ompycord.domain.ids import short_id
from ompycord.domain.run import FailureClass, RunState
from ompycord.domain.schedules.zones import local_of
from ompycord.render.charts.numbers import shares_of, time_bars
from ompycord.render.charts.words import bars_words, shares_words
from ompycord.render.costs import spent_by, unknown_costs
from ompycord.render.phrases import and_list, count, money
from ompycord.render.sanitizer import Redact, Sanitizer
from ompycord.text import cut

__all__ = ["Digest", "digest_chart", "digest_text", "worth_a_check"]

DAY_MS: Final = 24 * 3600 * 1000
LARGE_DIFF: Final = 1500
"""Changed lines from which a result is worth a check."""
_NAMED: Final = 3
_TITLE: Final = 60
_DECISION: Final = 80
_SHARES: Final = 600
_BEFORE: Final = 7
"""Spans before this one to which it is compared."""
_LIMIT: Final = 3900
_FAILURES: Final = {
    FailureClass.VERIFY: "red checks",
    FailureClass.LOOP: "going in circles",
    FailureClass.ENV: "its environment",
    FailureClass.POLICY: "what it may not do",
    FailureClass.TRANSIENT: "errors that did not pass",
    FailureClass.SUSPEND: "what it waited for",
    FailureClass.INTERNAL: "an error of Ompycord",
    FailureClass.LOST: "silence",
    FailureClass.REPAIRABLE: "errors of the agent",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What happened in [start, end), and what waits now."""

    kind: Literal["daily", "weekly"]
    start: Millis
    end: Millis
    began: Sequence[StatusSnapshot]
    """Runs that began in it: those whose cost counts."""
    ended: Sequence[StatusSnapshot]
    waiting: Sequence[StatusSnapshot]
    """Runs that wait for a person now."""
    before: Sequence[Sequence[StatusSnapshot]] = ()
    """Runs that began in each of the spans before."""
    decisions: Sequence[str] = ()
    notes: Sequence[str] = ()
    """Further lines of a digest that is not empty."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened: what only waits is told by reminders."""
        return not (self.began or self.ended or self.decisions)


def digest_chart(digest: Digest, *, zone: ZoneInfo, redact: Redact) -> Chart | None:
    """What the picture beside a weekly digest shows; None where nothing was spent, and for a daily one."""
    first, last = local_of(digest.start, zone), local_of(digest.end, zone)
    failures = _failures(_broken(digest))
    chart = Chart(
        title=f"Week · {first.day} {first:%b} to {last.day} {last:%b %Y}",
        figures=tuple(
            line for line in (_numbers(digest), _done(digest.ended), f"Broken: {failures}" if failures else "") if line
        ),
        bars=time_bars(digest.began, start=digest.start, end=digest.end, zone=zone),
        shares=shares_of(digest.began, lambda one: one.repository or "no repository", redact=redact),
        shares_by="repository",
    )
    return None if digest.kind == "daily" or chart.is_empty else chart


def digest_text(digest: Digest, *, zone: ZoneInfo, sanitizer: Sanitizer, chart: Chart | None = None) -> str:
    """At most ten lines; with a chart also all numbers of it."""
    broken = _broken(digest)
    failures = _failures(broken) if digest.kind == "weekly" else ""
    worth = [(one, why) for one in digest.ended if (why := worth_a_check(one))]
    lines = [
        _title(digest, zone),
        _named("Needs you", digest.waiting, sanitizer),
        _named("Broken", broken, sanitizer),
        f"Why: {failures}" if failures else "",
        _done(digest.ended),
        _worth(worth, sanitizer),
        _numbers(digest) + (f": {sanitizer.line(shares_words(chart), _SHARES)}" if chart else ""),
        f"Each day: {bars_words(chart)}" if chart else "",
        _decided(digest.decisions, sanitizer),
        *digest.notes,
    ]
    return cut("\n".join(line for line in lines if line), _LIMIT)


def worth_a_check(one: StatusSnapshot) -> str:
    """Why a person should look at a result; empty where nothing says so."""
    if one.state not in {RunState.COMPLETE, RunState.PARTIAL}:
        return ""
    reasons = {
        "tests or checks changed": bool(one.evidence_total) and one.accepted_by is None,
        "not verified": one.verification is Verification.UNVERIFIED and bool(one.files_total),
        "over its budget": one.budget_usd is not None and (one.usage.cost_usd or 0) > one.budget_usd,
        "very large": sum((file.added or 0) + (file.removed or 0) for file in one.files) >= LARGE_DIFF,
    }
    return ", ".join(reason for reason, holds in reasons.items() if holds)


def _title(digest: Digest, zone: ZoneInfo) -> str:
    first, last = local_of(digest.start, zone), local_of(digest.end, zone)
    span = f"{first:%a %Y-%m-%d %H:%M} to {last:%a %Y-%m-%d %H:%M} ({zone.key})"
    return f"**{'Day' if digest.kind == 'daily' else 'Week'}** · {span}"


def _named(what: str, runs: Sequence[StatusSnapshot], sanitizer: Sanitizer) -> str:
    return f"{what}: {_names(runs, sanitizer)}" if runs else ""


def _names(runs: Sequence[StatusSnapshot], sanitizer: Sanitizer, why: Callable[[int], str] = lambda at: "") -> str:
    named = [
        f"`{short_id(one.run)}` {sanitizer.line(one.title or one.prompt, _TITLE)}{why(at)}"
        for at, one in enumerate(runs[:_NAMED])
    ]
    more = f"; and {len(runs) - _NAMED} more" if len(runs) > _NAMED else ""
    return "; ".join(named) + more


def _broken(digest: Digest) -> list[StatusSnapshot]:
    return [one for one in digest.ended if one.state is RunState.FAILED]


def _failures(broken: Sequence[StatusSnapshot]) -> str:
    found = Counter(_FAILURES.get(one.failure, "other reasons") if one.failure else "other reasons" for one in broken)
    return and_list([f"{number} by {what}" for what, number in found.most_common()]) if found else ""


def _done(ended: Sequence[StatusSnapshot]) -> str:
    done = [one for one in ended if one.state in {RunState.COMPLETE, RunState.PARTIAL}]
    if not done:
        return ""
    verified = sum(one.verification is Verification.VERIFIED for one in done)
    return f"Done: {count(len(done), 'run')}, {verified} with passed checks"


def _worth(found: Sequence[tuple[StatusSnapshot, str]], sanitizer: Sanitizer) -> str:
    if not found:
        return ""
    return f"Worth a check: {_names([one for one, _ in found], sanitizer, lambda at: f' ({found[at][1]})')}"


def _numbers(digest: Digest) -> str:
    if not digest.began:
        return ""
    unknown = unknown_costs(digest.began)
    known = f", cost of {count(unknown, 'run')} unknown" if unknown else ""
    return f"Cost: {money(spent_by(digest.began))} for {count(len(digest.began), 'run')}{known}{_usual(digest.before)}"


def _usual(before: Sequence[Iterable[StatusSnapshot]]) -> str:
    """The median of the spans before; nothing where there are not enough of them with runs."""
    spans = [list(one) for one in before]
    if sum(bool(one) for one in spans) * 2 < _BEFORE:
        return ""
    return f" (median before: {money(statistics.median(spent_by(one) for one in spans))})"


def _decided(titles: Sequence[str], sanitizer: Sanitizer) -> str:
    if not titles:
        return ""
    more = f"; and {len(titles) - _NAMED} more" if len(titles) > _NAMED else ""
    return f"Decided: {'; '.join(sanitizer.line(title, _DECISION) for title in titles[:_NAMED])}{more}"
