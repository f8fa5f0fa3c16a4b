"""In words: what became of a run's pull request, and what its own CI says; never mixed with the checks that we ran.

Counterpart of `events.PullRequestSeen`; used by the card's fields and by the head of `/omp show`.
"""

from typing import Final

from ompycord.domain.events import PullRequestSeen
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.render.phrases import and_list, count
from ompycord.render.sanitizer import Sanitizer

__all__ = ["ci_lines", "pull_request_lines", "pull_request_words"]

_NAME: Final = 80
_NOTE: Final = 300
_CI: Final = {
    "running": "▶ running",
    "green": "✅ passed",
    "red": "❌ failed",
    "blocked": "⏸ waits for somebody on the forge",
    "stopped": "▫ ended without a verdict",
    "unknown": "▫ not known",
    "unseen": "▫ cannot be seen: give the token *Checks* and *Commit statuses*, read",
}


def pull_request_words(snapshot: StatusSnapshot) -> str | None:
    """`#3 merged`; None without one."""
    seen = snapshot.pull_request_now
    return None if seen is None else f"#{seen.number} {_state(seen)}"


def pull_request_lines(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> list[str]:
    """How it stands: state, reviews, threads."""
    seen = snapshot.pull_request_now
    if seen is None:
        return []
    by = f" by {sanitizer.line(seen.by, _NAME)}" if seen.by and seen.state == "merged" else ""
    deleted = ", its branch is deleted" if seen.branch_deleted else ""
    reviews = [
        f"approved by {_people(seen.approved, sanitizer)}" if seen.approved else "",
        f"changes asked for by {_people(seen.refused, sanitizer)}" if seen.refused else "",
        count(seen.threads, "open review thread") if seen.threads else "",
        f"{seen.outdated} about changed lines" if seen.outdated else "",
    ]
    shown = " · ".join(part for part in reviews if part)
    review = f"Review: {sanitizer.line(seen.review, _NOTE)}" if seen.review else ""
    note = sanitizer.line(seen.note, _NOTE) if seen.note else ""
    return [f"#{seen.number} {_state(seen)}{by}{deleted}", *(line for line in (shown, review, note) if line)]


def ci_lines(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> list[str]:
    """The mark of its CI, what is red, and what is done about it."""
    seen = snapshot.pull_request_now
    if seen is None or seen.ci == "none":
        return []
    counted = f", {seen.ci_done} of {count(seen.ci_total, 'check')}" if seen.ci_total else ""
    named = f": {_people(seen.ci_named, sanitizer)}" if seen.ci_named else ""
    link = sanitizer.link(seen.ci_url) if seen.ci_url else None
    return [
        f"{_CI[seen.ci]}{counted}{named}",
        *((sanitizer.line(seen.ci_note, _NOTE),) if seen.ci_note else ()),
        *((f"<{link}>",) if link else ()),
    ]


def _state(seen: PullRequestSeen) -> str:
    word = "open, draft" if seen.state == "open" and seen.draft else seen.state
    return f"{word}, reopened" if seen.reopened and seen.state == "open" else word


def _people(names: tuple[str, ...], sanitizer: Sanitizer) -> str:
    return and_list([sanitizer.line(name, _NAME) for name in names], most=3)
