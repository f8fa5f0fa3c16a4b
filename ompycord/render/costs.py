"""What runs cost, as a text for the asking person and as CSV; counterpart of `/omp cost`.

An unknown price is called unknown, never guessed.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ompycord.domain.folds.snapshot import StatusSnapshot, Usage
from ompycord.domain.ids import short_id
from ompycord.render.cards.metering import is_unmetered
from ompycord.render.phrases import cost, count, day_clock, iso, money, tokens_used
from ompycord.render.sanitizer import Redact, Sanitizer
from ompycord.text import utf16_len
from ompycord.text.limits import MESSAGE_CONTENT

__all__ = ["costs_csv", "costs_figures", "costs_text", "how_counted", "spent_by", "unknown_costs"]

_LINES: Final = 10
_COLUMNS: Final = (
    "run", "began", "state", "repository", "agent", "requester", "title", "input_tokens", "output_tokens",
    "cache_read_tokens", "cost_usd", "cost_complete", "cache_write_tokens", "counted", "requests",
    "estimated_requests", "claimed_usd",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def _spent(usage: Usage) -> float:
    return usage.cost_usd or 0.0


def spent_by(snapshots: Iterable[StatusSnapshot]) -> float:
    """What is known of the cost of these runs, in US dollars."""
    return sum(_spent(one.usage) for one in snapshots)


def unknown_costs(snapshots: Iterable[StatusSnapshot]) -> int:
    """The number of runs whose cost no one stated."""
    return sum(one.usage.cost_usd is None for one in snapshots)


def costs_figures(snapshots: Sequence[StatusSnapshot]) -> list[str]:
    """The sum, and what is unknown of it, each as a line."""
    usages = [snapshot.usage for snapshot in snapshots]
    unknown = unknown_costs(snapshots)
    partly = sum(usage.cost_usd is not None and not usage.cost_complete for usage in usages)
    used = tokens_used(
        Usage(
            input=sum(usage.input for usage in usages),
            output=sum(usage.output for usage in usages),
            cache_read=sum(usage.cache_read for usage in usages),
            cost_usd=sum(map(_spent, usages)),
            tokens_complete=all(usage.tokens_complete for usage in usages),
            estimated=sum(usage.estimated for usage in usages),
        ),
        unit=" tokens",
    )
    lines = [f"{money(spent_by(snapshots))} · {count(len(snapshots), 'run')} · {used}"]
    if unknown:
        lines.append(f"{count(unknown, 'run')} reported no cost and {'is' if unknown == 1 else 'are'} not included.")
    if partly:
        lines.append(f"Of {count(partly, 'run')} only a part is known; the real cost is higher.")
    return lines


def costs_text(snapshots: Sequence[StatusSnapshot], *, title: str, redact: Redact, between: Sequence[str] = ()) -> str:
    """The sum, what is unknown of it, `between`, and the most expensive runs: ten, or as many as fit into a message."""
    heading = [f"**{title}**", *(costs_figures(snapshots) if snapshots else ["No runs in this period."])]
    lines = [*heading, *_counted(snapshots), *between]
    known = [one for one in snapshots if one.usage.cost_usd is not None]
    dearest = sorted(known, key=lambda one: (-_spent(one.usage), one.run))
    sanitizer = Sanitizer(redact)
    named = [_line(one, sanitizer) for one in dearest[:_LINES]]
    while True:
        more = len(known) - len(named)
        rest = [f"… and {count(more, 'cheaper run')}. `csv: True` lists them all."] if more else []
        text = "\n".join([*lines, *named, *rest])
        if not named or utf16_len(text) <= MESSAGE_CONTENT:
            return text
        named.pop()


def _counted(snapshots: Sequence[StatusSnapshot]) -> Iterator[str]:
    """How many of the runs were not metered, and how much of what was is reckoned."""
    if claimed := sum(is_unmetered(one) for one in snapshots):
        yield f"{count(claimed, 'run')} not metered: as the agent reports."
    if estimated := sum(one.usage.estimated for one in snapshots):
        requests = sum(one.usage.requests for one in snapshots)
        yield f"{estimated:,} of {count(requests, 'metered request')} estimated, the rest exact."


def how_counted(snapshot: StatusSnapshot) -> str:
    """`exact`, `estimated`, `not metered` where its agent asks models itself, `reported` where that is not known."""
    if snapshot.usage.requests:
        return "estimated" if snapshot.usage.estimated else "exact"
    if snapshot.models is not None and snapshot.models.by == "gateway":
        return "exact"  # it asked for nothing
    return "reported" if snapshot.models is None else "not metered"


def _line(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> str:
    what = sanitizer.line(snapshot.title or snapshot.prompt, 60)
    where = " · ".join(part for part in (snapshot.repository, snapshot.agent) if part)
    day = day_clock(snapshot.created_at)[:10]
    return f"- {cost(snapshot.usage)} · `{short_id(snapshot.run)}` {what} · {sanitizer.line(where, 60)} · {day}"


def costs_csv(snapshots: Sequence[StatusSnapshot], *, redact: Redact) -> str:
    """One line per run, newest first. What people wrote cannot start a spreadsheet formula."""
    sanitizer = Sanitizer(redact, terminal=True)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for one in sorted(snapshots, key=lambda one: (-one.created_at, one.run)):
        usage = one.usage
        writer.writerow(
            (
                one.run, iso(one.created_at), one.state, _plain(one.repository, sanitizer),
                _plain(one.agent, sanitizer),
                _plain(one.origin.requester_name, sanitizer), _plain(one.title, sanitizer), usage.input, usage.output,
                usage.cache_read, "" if usage.cost_usd is None else f"{usage.cost_usd:.6f}", usage.cost_complete,
                usage.cache_write, how_counted(one), usage.requests, usage.estimated,
                "" if usage.claimed_usd is None else f"{usage.claimed_usd:.6f}",
            )
        )  # fmt: skip
    return out.getvalue()


def _plain(text: str | None, sanitizer: Sanitizer) -> str:
    shown = sanitizer.line(text or "", 200)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
