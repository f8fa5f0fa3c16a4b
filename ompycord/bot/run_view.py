"""A run as it is shown: its record, its snapshot and where its messages stand; read by `message_renderer.py`."""

from collections.abc import Sequence
from dataclasses import dataclass

from ompycord.bot.run_links import card_number
from ompycord.domain.folds.reports import Proposal
from ompycord.domain.folds.snapshot import Approval, Question, StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.records import OutboxKind, Surface
from ompycord.domain.refs import Ref, RefKind
from ompycord.domain.run import RunRecord
from ompycord.render.marker import approval_hash, question_tag
from ompycord.render.render_context import RenderContext

__all__ = ["Request", "RunView", "asked_at", "is_pinned", "latest_card", "posted", "ref_of", "request_of", "tag_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run as it is now and where it is shown."""

    record: RunRecord
    snapshot: StatusSnapshot
    position: int
    """Up to which event the snapshot knows."""
    surfaces: tuple[Surface, ...]
    render_context: RenderContext

    @property
    def run(self) -> RunId:
        return self.snapshot.run

    def surface(self, kind: OutboxKind, ref: str = "") -> Surface | None:
        """The surface of this kind."""
        return next((s for s in self.surfaces if s.kind is kind and s.ref == ref), None)

    @property
    def shown_position(self) -> int:
        """What a message that is up to date has shown.

        The card of a run that ended changes once more, when its result is posted: until then a start compares it.
        """
        is_delivered = not self.snapshot.is_final or self.surface(OutboxKind.RESULT) is not None
        return self.position if is_delivered else self.position - 1

    @property
    def is_urgent(self) -> bool:
        """Whether its card takes the next slot: it ended or needs a person (docs/contracts/cards.md, *Edits*).

        A card that shows the end and is edited once more, to point at the result, waits as any other.
        """
        return (self.snapshot.is_final and not self._shows_end) or self.snapshot.needs_person

    @property
    def _shows_end(self) -> bool:
        card, ended_at = latest_card(self.surfaces), self.snapshot.ended_at
        if card is None or card.edited_at is None or ended_at is None:
            return False
        return card.edited_at >= ended_at and card.shown_position >= self.position - 1


def is_pinned(kind: OutboxKind, ref: str) -> bool:
    """Whether a message is pinned as long as it is open: what people are asked, here or once more elsewhere."""
    return kind is OutboxKind.QUESTION or (kind is OutboxKind.NOTICE and Ref.parse(ref).kind is RefKind.AGAIN)


def asked_at(surfaces: Sequence[Surface], request: Ref) -> Surface | None:
    """Where people can answer this question or approval: its own message, or the last one that asks again."""
    known = {s.ref: s for s in surfaces if s.kind in {OutboxKind.QUESTION, OutboxKind.NOTICE}}
    found, again = known.get(str(request)), request.again
    while (later := known.get(str(again))) is not None:
        found, again = later, again.again
    return found


def latest_card(surfaces: tuple[Surface, ...]) -> Surface | None:
    """The run's live card."""
    return max((s for s in surfaces if s.kind is OutboxKind.CARD), key=card_number, default=None)


def posted(surfaces: Sequence[Surface], kind: OutboxKind) -> Surface | None:
    """Where the message of this kind stands, unless it was deleted."""
    return next((s for s in surfaces if s.kind is kind and s.message is not None), None)


Request = Question | Approval | Proposal
"""What people are asked in a message of its own."""


def request_of(snapshot: StatusSnapshot, ref: str) -> Request | None:
    """The question, approval or plan that an outbox row names, a notice about it too."""
    subject = Ref.parse(ref).subject
    known: tuple[Request, ...] = (*snapshot.questions, *snapshot.approvals, *snapshot.proposals)
    return next((one for one in known if ref_of(one) == subject), None)


def ref_of(request: Request) -> Ref:
    """By which ref rows and messages name it."""
    match request:
        case Question():
            return Ref(RefKind.QUESTION, request.ref)
        case Approval():
            return Ref(RefKind.APPROVAL, request.ref)
        case Proposal():
            return Ref(RefKind.PLAN, request.ref)


def tag_of(request: Request) -> str:
    """What the buttons of a request contain, so that they decide nothing else."""
    match request:
        case Question():
            return question_tag(request.ref)
        case Approval():
            return approval_hash(request)
        case Proposal():
            return request.hash[:8]
