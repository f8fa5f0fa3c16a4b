"""From what a forge shows now to the next record of a pull request; pure, with no clock."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Final

from ompycord.domain.base import Millis
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.events import PullRequestSeen
from ompycord.domain.pull_requests.ci import CiVerdict, ci_of
from ompycord.domain.pull_requests.record import PullRequestRecord
from ompycord.domain.pull_requests.reviewers import ReviewApproval, approvals_of, last_verdicts
from ompycord.domain.pull_requests.seen import SeenChecks, SeenDiscussion, SeenPull, SeenReview

__all__ = ["after_deletion", "ci_is_due", "is_due", "is_news", "looked", "may_be_deleted", "may_return", "standing"]

_NAMES: Final = 5
_TEAM: Final = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
"""How GitHub writes that somebody is of the repository."""
_NAME: Final = 128
_URL: Final = 2048
_JUST_NOW_MS: Final = 10_000
"""A forge writes times in seconds: what came in the second of our look would be missed."""
_AGAIN_MS: Final = 600_000
_FORGOTTEN_MS: Final = 86_400_000
"""For how long after its end a pull request is looked at for its branch."""
_DELETED: Final = "It was deleted on its forge."
_RETURNS_MS: Final = 14 * 86_400_000
_YOUNG_MS: Final = 600_000
_RED_MS: Final = 300_000
_SETTLED_MS: Final = 7_200_000
"""How old CI that has ended may get: it is run again by hand, seldom."""


def is_due(record: PullRequestRecord, now: Millis) -> bool:
    """Whether it is looked at also where its forge does not list it as open."""
    if record.is_open or record.round is not None or record.ended_at is None:
        return True
    if record.is_deleted:
        return False
    is_branch_deleted = record.seen is not None and record.seen.branch_deleted
    return not is_branch_deleted and now - record.ended_at < _FORGOTTEN_MS and now - record.looked_at >= _AGAIN_MS


def may_return(record: PullRequestRecord, now: Millis) -> bool:
    """Whether it was closed lately without being merged: people open such a one again."""
    is_closed = record.seen is not None and record.seen.state == "closed" and record.ended_at is not None
    return is_closed and not record.is_deleted and now - (record.ended_at or 0) < _RETURNS_MS


def may_be_deleted(record: PullRequestRecord, now: Millis) -> bool:
    """Whether one that its forge does not find was deleted: what was just opened is not everywhere there yet."""
    return now - record.opened_at >= _YOUNG_MS


def after_deletion(record: PullRequestRecord, forge: ForgeSpec, now: Millis) -> PullRequestRecord:
    """The record of one that was deleted on its forge."""
    url = forge.address_of(record.number)
    before = record.seen or PullRequestSeen(number=record.number, url=url, state="closed")
    seen = before.model_copy(update={"state": "closed", "threads": 0, "outdated": 0})
    ended_at = record.ended_at or now
    return record.model_copy(
        update={"seen": seen, "note": _DELETED, "is_deleted": True, "ended_at": ended_at, "looked_at": now}
    )


def is_news(record: PullRequestRecord, pull: SeenPull) -> bool:
    """Whether something may have been written since the last look."""
    return pull.updated_at != record.updated_at or pull.commit != record.commit


def ci_is_due(record: PullRequestRecord, pull: SeenPull, now: Millis) -> bool:
    """Whether its checks are to be looked at: while they run each time, later now and then."""
    if pull.state != "open":
        return False
    if pull.commit != record.commit or record.seen is None or record.seen.ci == "running":
        return True
    age = now - record.ci_looked_at
    if record.ci_same_since is None or now - record.ci_same_since < _YOUNG_MS:
        return True
    return age >= (_RED_MS if record.seen.ci in {"red", "blocked", "stopped"} else _SETTLED_MS)


def looked(
    record: PullRequestRecord,
    pull: SeenPull,
    *,
    checks: SeenChecks | None,
    discussion: SeenDiscussion | None,
    branch_deleted: bool,
    team: Collection[str] = (),
    now: Millis,
) -> tuple[PullRequestRecord, CiVerdict | None]:
    """The record after a look, and its CI where that was looked at; what was not looked at stays as it was.

    `team`: logins in small letters that are people of ours, also where a forge does not say how they stand to it.
    """
    kept = record if pull.commit == record.commit else _without_ci(record)
    verdict = None
    if checks is not None:
        kept, verdict = _with_ci(kept, checks, now)
    is_open = pull.state == "open"
    before = record.seen
    seen = (kept.seen or PullRequestSeen(number=pull.number, url=pull.url, state=pull.state)).model_copy(
        update={
            "url": pull.url,
            "state": pull.state,
            "draft": pull.is_draft,
            "reopened": is_open and before is not None and (before.state == "closed" or before.reopened),
            "by": pull.merged_by[:_NAME] if pull.merged_by else None,
            "branch_deleted": branch_deleted,
            **(_ci_of(verdict) if verdict is not None else {}),
            **(_discussed(discussion) if discussion is not None else {}),
        }
    )
    update = {
        "branch": pull.branch,
        "commit": pull.commit,
        "base": pull.base,
        "seen": seen,
        "updated_at": "" if _is_just_now(pull.updated_at, now) else pull.updated_at,
        "approvals": _approvals(record, pull, discussion),
        "readers": record.readers if discussion is None else _readers(discussion, team),
        "ended_at": None if is_open else record.ended_at or now,
        "looked_at": now,
        "is_deleted": False,
        **({"note": discussion.unread} if discussion is not None and discussion.unread else {}),
    }
    return kept.model_copy(update=update), verdict


def _approvals(
    record: PullRequestRecord, pull: SeenPull, discussion: SeenDiscussion | None
) -> tuple[ReviewApproval, ...]:
    if discussion is not None:
        return approvals_of(discussion.reviews, pull.commit)
    return record.approvals if pull.commit == record.commit else ()


def _readers(discussion: SeenDiscussion, team: Collection[str]) -> tuple[str, ...]:
    """People of the repository or of the team who reviewed or wrote; neither we nor other programs."""
    written = [*discussion.comments, *discussion.review_texts, *(one for t in discussion.threads for one in t.comments)]
    found = [
        *((one, one.is_member) for one in discussion.reviews),
        *((one, one.association in _TEAM) for one in written),
    ]
    logins = {
        one.login[:_NAME]
        for one, is_member in found
        if (is_member or one.login.lower() in team) and not one.is_bot and one.author != discussion.me
    }
    return tuple(sorted(logins))[:_NAMES]


def _without_ci(record: PullRequestRecord) -> PullRequestRecord:
    """With another commit nothing is known of its CI."""
    none = {"ci": "none", "ci_done": 0, "ci_total": 0, "ci_named": (), "ci_url": None}
    seen = record.seen.model_copy(update=none) if record.seen is not None else None
    return record.model_copy(update={"seen": seen, "ci_signature": "", "ci_same_since": None, "ci_note": ""})


def _with_ci(record: PullRequestRecord, checks: SeenChecks, now: Millis) -> tuple[PullRequestRecord, CiVerdict]:
    verdict = ci_of(checks, same_since=record.ci_same_since, now=now)
    since = record.ci_same_since
    if verdict.signature != record.ci_signature or since is None:
        since, verdict = now, ci_of(checks, same_since=None, now=now)
    update = {"ci_signature": verdict.signature, "ci_same_since": since, "ci_looked_at": now}
    return record.model_copy(update=update), verdict


def _discussed(discussion: SeenDiscussion) -> Mapping[str, object]:
    approved, refused = standing(discussion.reviews)
    threads = [one for one in discussion.threads if not one.is_resolved]
    return {
        "approved": approved,
        "refused": refused,
        "threads": sum(not one.is_outdated for one in threads),
        "outdated": sum(one.is_outdated for one in threads),
    }


def standing(reviews: Iterable[SeenReview]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who approves and who asks for changes, by the last verdict of each; a remark changes no verdict."""
    last = last_verdicts(reviews)
    by = {kind: tuple(one.login[:_NAME] for one in last if one.verdict == kind) for kind in _VERDICTS}
    return by["approved"][:_NAMES], by["refused"][:_NAMES]


_VERDICTS: Final = ("approved", "refused")


def _ci_of(verdict: CiVerdict) -> Mapping[str, object]:
    first = next((one.url for one in verdict.named if one.url and one.url.startswith(("http://", "https://"))), None)
    return {
        "ci": verdict.state,
        "ci_done": verdict.done,
        "ci_total": verdict.total,
        "ci_named": tuple(one.name.strip()[:_NAME] or "unnamed" for one in verdict.named[:_NAMES]),
        "ci_url": first if first is None or len(first) <= _URL else None,
    }


def _is_just_now(updated_at: str, now: Millis) -> bool:
    try:
        at = datetime.fromisoformat(updated_at).timestamp() * 1000
    except ValueError:
        return False
    return abs(now - at) < _JUST_NOW_MS
