"""The one comment of a pull request, and the mark at its commit: the verdict first, then what follows; pure.

Counterpart of `pull_request.py`: the body tells what was done, the comment is what a later run edits.
"""

from collections.abc import Sequence
from typing import Final

from ompycord.domain.configuration.publish_options import PublishSpec
from ompycord.domain.folds.snapshot import StatusSnapshot, Verification
from ompycord.domain.ports import CommitStatus
from ompycord.domain.run import RunState
from ompycord.render.forge.pull_request import is_ready, verdict
from ompycord.render.forge.quiet import code
from ompycord.render.phrases import and_list, count
from ompycord.text import cut

__all__ = ["COMMENT_MARK", "CONTEXT", "comment_of", "status_of"]

CONTEXT: Final = "ompycord"
"""The name of the mark; a branch rule may require it."""
COMMENT_MARK: Final = "<!-- ompycord:summary -->"
_DESCRIPTION: Final = 140
"""Characters (GitHub refuses more)."""
_NAME: Final = 80
_SHA: Final = 12


def status_of(snapshot: StatusSnapshot, *, url: str | None, conflicts: Sequence[str] = ()) -> CommitStatus:
    """Green only where the result is verified; what waits for a person is pending; all else is red."""
    state = "success" if is_ready(snapshot) else "pending" if snapshot.to_accept else "failure"
    words = verdict(snapshot).replace("`", "").partition(" ")[2]
    if snapshot.to_accept:
        words = f"Waits for a person to accept {count(snapshot.to_accept, 'change')} of tests or checks"
    elif is_ready(snapshot):
        names = and_list([check.name for check in snapshot.checks if check.ours], most=3)
        words = f"Checks passed here: {names}"
    if conflicts:
        state, words = "failure", f"Conflicts with the base in {and_list([*conflicts], most=3)}"
    return CommitStatus(context=CONTEXT, state=state, description=cut(words, _DESCRIPTION), url=url)


def comment_of(
    snapshot: StatusSnapshot, *, marker: str, commit: str, spec: PublishSpec, is_draft: bool, card: str | None
) -> str:
    """The whole comment. Every run of the chain writes it anew, so it says what holds for the newest commit."""
    who = snapshot.origin.requester_name or "unknown"
    lines = [
        f"{marker}{COMMENT_MARK}",
        f"**{verdict(snapshot)}** · {code(commit[:_SHA], _SHA)}",
        _next(snapshot, spec, is_draft=is_draft),
        f"Run {code(snapshot.run, _NAME)}, asked by {code(who, _NAME)}{f' · {card}' if card else ''}",
    ]
    return "\n\n".join(lines)


def _next(snapshot: StatusSnapshot, spec: PublishSpec, *, is_draft: bool) -> str:
    if snapshot.verification is Verification.FAILED:
        return "Its checks failed, so it stays a draft. *Follow up…* on its card goes on with it."
    if snapshot.to_accept:
        return "Next: read the changed tests, then *Accept* on its card. It becomes ready by that."
    if not is_ready(snapshot):
        part = "a part of the task is left" if snapshot.state is RunState.PARTIAL else "nothing here proves it"
        return f"Next: review it knowing that {part}, or *Follow up…* on its card."
    if not is_draft:
        return "Next: a review."
    who = "an approver" if spec.approve == "draft_first" else "a person"
    return f"Next: {who} presses *Mark ready* on its card."
