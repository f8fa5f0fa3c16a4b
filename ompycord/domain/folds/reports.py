"""Plans, reviews and answers of a run: what is kept of them, and how they are shown; pure.

`source_state.py` hands their events on, `merge.py` puts what is shown into the snapshot.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeVar

from ompycord.domain import events as ev
from ompycord.domain.base import Frozen, Millis
from ompycord.domain.reports.plan import Plan
from ompycord.domain.reports.refinement import Refinement

__all__ = ["REPORT_EVENTS", "CheckedAnswer", "Drift", "PlanDecision", "Proposal", "ReportsState"]

V = TypeVar("V")
_KEPT: Final = 10
Stamped = tuple[int, int, V]
PlanDecision = ev.PlanApproved | ev.PlanChanged | ev.PlanRejected
_Report = ev.PlanProposed | ev.PlanRefined | PlanDecision | ev.ReviewFinished | ev.AskAnswered | ev.AskChecked
REPORT_EVENTS: Final = (
    ev.PlanProposed,
    ev.PlanRefined,
    ev.PlanApproved,
    ev.PlanChanged,
    ev.PlanRejected,
    ev.ReviewFinished,
    ev.AskAnswered,
    ev.AskChecked,
)


@dataclass(slots=True)
class ReportsState:
    """The latest of each, by number; they come from Ompycord's own source alone."""

    proposed: dict[int, Stamped[ev.PlanProposed]] = field(default_factory=dict[int, Stamped[ev.PlanProposed]])
    """The newest, by number of the event."""
    refined: dict[int, Stamped[ev.PlanRefined]] = field(default_factory=dict[int, Stamped[ev.PlanRefined]])
    decided: dict[int, Stamped[PlanDecision]] = field(default_factory=dict[int, Stamped[PlanDecision]])
    review: Stamped[ev.ReviewFinished] | None = None
    answered: Stamped[ev.AskAnswered] | None = None
    checked: Stamped[ev.AskChecked] | None = None

    def add(self, seq: int, at: int, body: _Report) -> None:
        """Take one event; arrival order does not matter."""
        match body:
            case ev.PlanProposed():
                _keep(self.proposed, (seq, at, body))
            case ev.PlanRefined():
                _keep(self.refined, (seq, at, body))
            case ev.PlanApproved() | ev.PlanChanged() | ev.PlanRejected():
                _keep(self.decided, (seq, at, body))
            case ev.ReviewFinished():
                self.review = _later(self.review, (seq, at, body))
            case ev.AskAnswered():
                self.answered = _later(self.answered, (seq, at, body))
            case ev.AskChecked():
                self.checked = _later(self.checked, (seq, at, body))

    def proposals(self) -> "tuple[Proposal, ...]":
        """The last plans, oldest first, and what became of each."""
        ordered = [self.proposed[seq] for seq in sorted(self.proposed)]
        begins = [-1, *(seq for seq, _, _ in ordered[:-1])]
        ends = [*(seq for seq, _, _ in ordered[1:]), None]
        return tuple(self._proposal(*one, begins[place], ends[place]) for place, one in enumerate(ordered))

    def _proposal(self, seq: int, at: int, body: ev.PlanProposed, begin: int, end: int | None) -> "Proposal":
        """`begin` and `end` are the numbers of the plans before and after it."""
        is_latest = end is None  # those of earlier plans stay in the log alone
        passes = [self.refined[at][2].passes for at in sorted(self.refined) if begin < at < seq and is_latest]
        open_ = Proposal(
            ref=str(body.number), plan=body.plan, hash=body.hash, agent=body.by, asked_at=at,
            passes=passes[-1] if passes else None,
        )  # fmt: skip
        if not body.asks:
            return open_.model_copy(update={"status": "approved", "closed_at": at})
        for number in sorted(self.decided):
            _, closed_at, decision = self.decided[number]
            if number > seq and (end is None or number < end) and decision.plan == body.hash:
                return open_.model_copy(update={**_decided(decision), "by": decision.by, "closed_at": closed_at})
        return open_ if end is None else open_.model_copy(update={"status": "replaced"})

    def review_since(self, seq: int) -> ev.ReviewFinished | None:
        """The review of what was verified last, which was after this number."""
        return None if self.review is None or self.review[0] < seq else self.review[2]

    def answer(self) -> "CheckedAnswer | None":
        """The answer of a run that was asked."""
        if self.answered is None:
            return None
        _, _, body = self.answered
        checked = self.checked[2] if self.checked is not None and self.checked[0] > self.answered[0] else None
        return CheckedAnswer(
            text=body.text,
            commit=body.commit,
            links=checked.links if checked else (),
            struck=checked.struck if checked else 0,
            changed=body.changed,
            changed_total=body.changed_total,
            is_checked=checked is not None,
        )


def _later(old: Stamped[V] | None, new: Stamped[V]) -> Stamped[V]:
    return old if old is not None and old[0] > new[0] else new


def _keep(table: dict[int, Stamped[V]], entry: Stamped[V]) -> None:
    """The newest ones: those that are given up have newer ones in their place, whatever the order of arrival."""
    table[entry[0]] = entry
    if len(table) > _KEPT:
        del table[min(table)]


def _decided(decision: PlanDecision) -> dict[str, object]:
    match decision:
        case ev.PlanApproved():
            return {"status": "approved"}
        case ev.PlanChanged():
            return {"status": "changed", "words": decision.words}
        case ev.PlanRejected():
            return {"status": "rejected", "words": decision.reason}


class Drift(Frozen):
    """How a result differs from its plan."""

    unplanned: tuple[str, ...] = ()
    """Paths that it changed and the plan does not name."""
    untouched: tuple[str, ...] = ()
    """Paths that the plan names and it did not change."""


class Proposal(Frozen):
    """A plan that was made, and what a person decided about it."""

    ref: str
    """Unique in its run."""
    plan: Plan
    hash: str
    agent: str
    asked_at: Millis
    status: Literal["open", "approved", "changed", "rejected", "replaced"] = "open"
    """Replaced: another one was made before anyone decided."""
    by: str | None = None
    """Who decided; None of one that no person decides on."""
    words: str | None = None
    """What is to be different, or why it was rejected."""
    closed_at: Millis | None = None
    passes: Refinement | None = None
    """The drafts and the critique before it, of the latest plan; None where its agent alone made it."""

    def drift(self, files: Sequence[ev.ChangedFile]) -> Drift:
        """How the changed files differ from those of the plan."""
        planned, changed = {file.path for file in self.plan.files}, {file.path for file in files}
        return Drift(unplanned=tuple(sorted(changed - planned)), untouched=tuple(sorted(planned - changed)))


class CheckedAnswer(Frozen):
    """What an agent answered."""

    text: str
    commit: str
    """Where its links lead."""
    links: tuple[ev.AnswerLink, ...] = ()
    struck: int = 0
    changed: tuple[str, ...] = ()
    """What it changed in its copy all the same; dropped."""
    changed_total: int = 0
    is_checked: bool = False
    """Whether its links were opened."""

    def pieces(self) -> Iterator[tuple[str, bool]]:
        """The text in its order, each piece with whether it is struck."""
        at = 0
        for link in sorted((one for one in self.links if one.fault is not None), key=lambda one: one.start):
            if at <= link.start < link.end <= len(self.text):
                yield self.text[at : link.start], False
                yield self.text[link.start : link.end], True
                at = link.end
        yield self.text[at:], False

    @property
    def plain(self) -> str:
        """The text with what was struck marked as Markdown does it, and a line for each of these places."""
        marked = "".join(f"~~{piece}~~" if is_struck else piece for piece, is_struck in self.pieces())
        lines = [f"- {link.path}:{link.line}: {link.fault}" for link in self.links if link.fault is not None]
        return "\n".join((marked, "Struck, since there is no such place:", *lines)) if lines else marked
