"""Reviews, plans and answers on a card: what a review found, how a result differs from its plan, what was answered."""

from typing import Final

from ompycord.domain.folds.reports import CheckedAnswer
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.reports.findings import ReviewFinding
from ompycord.domain.run import RunKind
from ompycord.domain.task import Mode
from ompycord.render.cards.names import agent_name
from ompycord.render.phrases import and_list, count, sentence
from ompycord.render.sanitizer import Sanitizer

__all__ = ["answered_sentence", "drift_lines", "review_lines", "review_sentence"]

_NAME: Final = 60
_TITLE: Final = 160
_PATH: Final = 100
_PATHS: Final = 3
_REASON: Final = 240
_CHANGED: Final = 3


def review_lines(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> list[str]:
    """Who reviewed it, and each finding, the blocking ones first; empty without a review."""
    review = snapshot.review
    if review is None:
        return []
    model = f" ({sanitizer.line(review.model, _NAME)})" if review.model else ""
    again = "" if review.is_second else ", the same agent that made it, with nothing remembered"
    head = f"{sanitizer.line(review.by, _NAME)}{model}{again}: {sanitizer.line(review.summary, 300)}"
    return [head, *(_finding(one, sanitizer) for one in review.findings)]


def _finding(finding: ReviewFinding, sanitizer: Sanitizer) -> str:
    line = f":{finding.line}" if finding.line else ""
    where = f"{sanitizer.line(finding.path, _PATH)}{line}: " if finding.path else ""
    return f"{'🔴' if finding.is_blocking else '▫'} {where}{sanitizer.line(finding.title, _TITLE)}"


def review_sentence(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> str:
    """Why a run in mode full is not verified although its checks passed; empty where its review is content."""
    ours = [check for check in snapshot.checks if check.ours]
    if snapshot.mode is not Mode.FULL or snapshot.kind is not RunKind.HOSTED or not ours:
        return ""
    passed = f"{and_list([sanitizer.line(check.name, _NAME) for check in ours])} passed"
    if snapshot.review is None:
        why = sanitizer.line(snapshot.message or "", _REASON)
        return f"{passed}, but {_lowered(why)}" if why.startswith("No ") else f"{passed}, but no review was made."
    blocking = [finding for finding in snapshot.review.findings if finding.is_blocking]
    if not blocking:
        return ""
    by = sanitizer.line(snapshot.review.by, _NAME)
    first = sanitizer.line(blocking[0].title, _TITLE).rstrip(".")
    return f"{passed}, but the review of {by} found {count(len(blocking), 'blocking problem')}: {first}."


def _lowered(text: str) -> str:
    return sentence(f"{text[:1].lower()}{text[1:]}")


def drift_lines(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> list[str]:
    """How the result differs from the plan that was made for it; empty without a plan or a result."""
    proposal = snapshot.proposal
    if proposal is None or proposal.status != "approved" or not snapshot.files_total:
        return []
    drift = proposal.drift(snapshot.files)
    by = f", approved by {sanitizer.line(proposal.by, _NAME)}" if proposal.by else ""
    steps = count(len(proposal.plan.steps), "step")
    if not drift.unplanned and not drift.untouched:
        return [f"{steps}{by}; the result touches exactly its {count(len(proposal.plan.files), 'file')}"]
    lines = [f"{steps}{by}"]
    if drift.unplanned:
        lines.append(f"⚠ not in the plan: {_some(drift.unplanned, sanitizer)}")
    if drift.untouched:
        lines.append(f"▫ planned and not touched: {_some(drift.untouched, sanitizer)}")
    return lines


def _some(paths: tuple[str, ...], sanitizer: Sanitizer) -> str:
    return and_list([sanitizer.line(path, _PATH) for path in paths], most=_PATHS)


def answered_sentence(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> str:
    """At which commit it was answered, how many links were opened and struck, and what was dropped."""
    answer = snapshot.answer
    agent = agent_name(snapshot, sanitizer)
    if answer is None:
        return f"{agent} answered; nothing was changed."
    where = f"{agent} read commit {sanitizer.line(answer.commit[:12], 40)}."
    good = len(answer.links) - answer.struck
    links = f" {count(good, 'link')} opened" if answer.links else " It names no place in the code"
    struck = f", {answer.struck} struck: there is no such place" if answer.struck else ""
    return f"{where}{links}{struck}. {_dropped(answer, sanitizer)}"


def _dropped(answer: CheckedAnswer, sanitizer: Sanitizer) -> str:
    if not answer.changed_total:
        return "Nothing was changed."
    named = [sanitizer.line("a commit" if path == ".git" else path, _PATH) for path in answer.changed]
    return f"What it changed in its copy was dropped: {and_list(named, most=_CHANGED)}."
