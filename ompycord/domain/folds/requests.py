"""What a run's agents ask of people and what became of it, from all its sources; counterpart of `merge.py`."""

from collections.abc import Mapping

from ompycord.domain import events as ev
from ompycord.domain.folds.shown_requests import ApprovalVote
from ompycord.domain.folds.snapshot import Approval, Question, TypedAnswer
from ompycord.domain.folds.source_state import Closing
from ompycord.domain.folds.sources import Placed, SourceStates, newest_by_name
from ompycord.domain.refs import Ref, RefKind

__all__ = ["approvals", "questions", "typed_answers"]


def questions(source_states: SourceStates) -> tuple[Question, ...]:
    """Every question, oldest first."""
    closings = newest_by_name(source_states, lambda source_state: source_state.closings)
    result: list[tuple[Placed, Question]] = []
    for ref, (placed, request) in newest_by_name(source_states, lambda source_state: source_state.questions).items():
        question = Question(
            ref=ref, text=request.text, options=request.options, free_text=request.free_text, asked_at=placed.at,
            secret=request.secret,
        )  # fmt: skip
        closing = _closing(closings, Ref(RefKind.QUESTION, ref), placed)
        if closing is not None:
            at, body = closing
            update = {
                "status": "answered" if isinstance(body, ev.QuestionAnswered) else "withdrawn",
                "answer": body.answer if isinstance(body, ev.QuestionAnswered) else None,
                "by": body.by if isinstance(body, ev.QuestionAnswered) else None,
                "reason": body.reason if isinstance(body, ev.QuestionWithdrawn) else None,
                "closed_at": at,
            }
            question = question.model_copy(update=update)
        result.append((placed, question))
    return tuple(question for _, question in sorted(result, key=lambda entry: entry[0]))


def typed_answers(source_states: SourceStates) -> tuple[TypedAnswer, ...]:
    """The latest answers that people typed, oldest first."""
    edits = newest_by_name(source_states, lambda source_state: source_state.typed_edits)
    drops = newest_by_name(source_states, lambda source_state: source_state.typed_drops)
    result: list[tuple[Placed, TypedAnswer]] = []
    for name, (placed, body) in newest_by_name(source_states, lambda source_state: source_state.typed).items():
        typed = TypedAnswer(
            typed=name,
            question=body.question,
            answer=edits[name][1].answer if name in edits else body.answer,
            by=body.by,
            person=body.person,
            at=placed.at,
            is_message=body.is_message,
            dropped=drops[name][1].reason if name in drops else None,
        )
        result.append((placed, typed))
    return tuple(typed for _, typed in sorted(result, key=lambda entry: entry[0]))


def _closing(closings: Mapping[str, tuple[Placed, Closing]], ref: Ref, request: Placed) -> tuple[int, Closing] | None:
    """A person's decision counts whatever came around it; a withdrawal only until the same is asked again."""
    decided, withdrawn = closings.get(str(ref)), closings.get(str(ref.withdrawal))
    if decided is not None:
        return decided[0].at, decided[1]
    if withdrawn is not None and withdrawn[0] > request:
        return withdrawn[0].at, withdrawn[1]
    return None


def approvals(source_states: SourceStates) -> tuple[Approval, ...]:
    """Every request for approval, oldest first."""
    closings = newest_by_name(source_states, lambda source_state: source_state.closings)
    result: list[tuple[Placed, Approval]] = []
    for ref, (placed, request) in newest_by_name(source_states, lambda source_state: source_state.approvals).items():
        approval = Approval(
            ref=ref,
            asked_at=placed.at,
            uses=sum(source_state.uses.get(ref, 0) for source_state in source_states.values()),
            votes=_votes(source_states, ref),
            **{name: getattr(request, name) for name in _REQUEST},
        )
        closing = _closing(closings, Ref(RefKind.APPROVAL, ref), placed)
        if closing is not None:
            approval = approval.model_copy(update={"closed_at": closing[0], **_decided(closing[1])})
        result.append((placed, approval))
    return tuple(approval for _, approval in sorted(result, key=lambda entry: entry[0]))


_REQUEST = (
    *("title", "command", "risk", "whole", "only_once", "call", "edits", "tool"),
    *("risk_class", "because", "shell", "meaning", "sources"),
)
"""Fields of a request for approval that are the snapshot's as they are."""


def _votes(source_states: SourceStates, ref: str) -> tuple[ApprovalVote, ...]:
    """Who allowed it, each person's latest word, oldest first."""
    found = [
        ApprovalVote(person=vote.person, by=vote.by, role=vote.role, shown=vote.shown, scope=vote.scope, at=at)
        for source_state in source_states.values()
        for _, at, vote in source_state.votes.values()
        if vote.approval == ref
    ]
    return tuple(sorted(found, key=lambda vote: (vote.at, vote.person)))


def _decided(body: Closing) -> dict[str, object]:
    match body:
        case ev.ApprovalGranted():
            return {"status": "granted", "scope": body.scope, "by": body.by}
        case ev.ApprovalDenied():
            return {"status": "denied", "by": body.by, "reason": body.reason}
        case ev.ApprovalWithdrawn() | ev.ApprovalVoided():
            return {"status": "withdrawn", "reason": body.reason}
        case _:
            return {"status": "withdrawn"}
