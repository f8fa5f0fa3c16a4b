"""What decorates a pull request: labels, reviewers, assignee, the mark at its commit, the one comment.

None of it makes or unmakes a publication: what could not be done is a sentence beside it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ompycord.domain.configuration.publish_options import PublishSpec
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ports import CommitStatus, ForgeMarks
from ompycord.errors import ForgeFailed
from ompycord.render.forge.summary import COMMENT_MARK, comment_of, status_of
from ompycord.render.phrases import and_list

__all__ = ["Decorated", "Marking", "decorate"]

_LINE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """What is to be put on which pull request."""

    number: int
    commit: str
    is_draft: bool
    marker: str
    """That of the run's chain."""
    card: str | None
    """The address of the run's card."""
    conflicts: tuple[str, ...]
    """Paths that both the result and the moved base changed."""
    comment: int | None
    """Our comment, as far as its number is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decorated:
    """What was done."""

    missing: tuple[str, ...]
    comment: int | None


async def decorate(
    marks: ForgeMarks, spec: PublishSpec, snapshot: StatusSnapshot, marking: Marking, redact: Callable[[str], str]
) -> Decorated:
    """Put all of it; each part is tried although another failed."""
    missing: list[str] = []

    async def tried(what: str, doing: Awaitable[str | None]) -> None:
        try:
            sentence = await doing
        except ForgeFailed as error:
            sentence = f"It has no {what}. {error}"
        if sentence:
            missing.append(sentence[:_LINE])

    status = status_of(snapshot, url=marking.card, conflicts=marking.conflicts)
    quiet = status.model_copy(update={"description": redact(status.description)})
    await tried("status", _status(marks, marking, quiet))
    if spec.labels:
        await tried("labels", _labels(marks, spec, marking))
    if spec.reviewers:
        await tried("reviewers", _reviewers(marks, spec, marking))
    if spec.assignee is not None:
        await tried("assignee", _assignee(marks, spec, marking))
    comment = marking.comment
    if spec.comment:
        text = redact(
            comment_of(
                snapshot,
                marker=marking.marker,
                commit=marking.commit,
                spec=spec,
                is_draft=marking.is_draft,
                card=marking.card,
            )
        )
        try:
            comment = await marks.put_comment(
                marking.number, text, marker=f"{marking.marker}{COMMENT_MARK}", known=marking.comment
            )
        except ForgeFailed as error:
            missing.append(f"It has no comment of ours. {error}"[:_LINE])
    return Decorated(missing=tuple(missing), comment=comment)


async def _status(marks: ForgeMarks, marking: Marking, status: CommitStatus) -> str | None:
    await marks.set_status(marking.commit, status)
    return None


async def _labels(marks: ForgeMarks, spec: PublishSpec, marking: Marking) -> str | None:
    refused = await marks.add_labels(marking.number, spec.labels)
    return f"Label {and_list([*refused])} is not there, or may not be put. Fix publish.labels." if refused else None


async def _reviewers(marks: ForgeMarks, spec: PublishSpec, marking: Marking) -> str | None:
    refused = await marks.ask_reviewers(marking.number, spec.reviewers)
    return f"{and_list([*refused])} cannot be asked for a review. Fix publish.reviewers." if refused else None


async def _assignee(marks: ForgeMarks, spec: PublishSpec, marking: Marking) -> str | None:
    refused = await marks.assign(marking.number, [spec.assignee] if spec.assignee else [])
    return f"It cannot be assigned to {and_list([*refused])}. Fix publish.assignee." if refused else None
