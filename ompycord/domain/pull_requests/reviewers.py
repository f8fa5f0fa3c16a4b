"""Whether another person has reviewed: who asked for, steered, accepted or allowed it does not count; pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from ompycord.domain.pull_requests.seen import SeenReview

__all__ = ["NEEDED", "OtherReview", "ReviewApproval", "approvals_of", "last_verdicts", "other_review"]

NEEDED: Final = "needs another reviewer"
_NAMED: Final = 3


class ReviewApproval(NamedTuple):
    """Who approves."""

    login: str
    is_member: bool
    """Whether the forge says that this is somebody of the repository."""


class OtherReview(NamedTuple):
    """What stands as the status `ompycord/review`."""

    state: Literal["success", "pending"]
    words: str


def last_verdicts(reviews: Iterable[SeenReview]) -> tuple[SeenReview, ...]:
    """The last verdict of each reviewer; a remark changes no verdict."""
    last: dict[int, SeenReview] = {}
    for review in sorted(reviews, key=lambda one: (one.at, one.id)):
        if review.verdict != "commented":
            last[review.author] = review
    return tuple(last.values())


def approvals_of(reviews: Iterable[SeenReview], commit: str) -> tuple[ReviewApproval, ...]:
    """The people whose last verdict approves this very commit."""
    return tuple(
        ReviewApproval(one.login, one.is_member)
        for one in last_verdicts(reviews)
        if one.verdict == "approved" and one.commit == commit and not one.is_bot
    )


def other_review(
    approved: Sequence[ReviewApproval], *, involved: Mapping[str, str], logins: Mapping[str, str]
) -> OtherReview:
    """`involved`: names of the people who had a part in it, by id; `logins`: ids by login in small letters.

    A login that is nobody's here counts where it is of the repository, and not while one of them has no login here: it
    may be theirs.
    """
    unknown = [name or person for person, name in involved.items() if person not in logins.values()]
    for login, is_member in approved:
        person = logins.get(login.lower())
        if (person is None and is_member and not unknown) or (person is not None and person not in involved):
            return OtherReview("success", f"approved by {login}")
    others = sorted(login for login, person in logins.items() if person not in involved)
    if others:
        return OtherReview("pending", f"{NEEDED}: {_some(others)}")
    if unknown:
        return OtherReview("pending", f"{NEEDED}: access.forge has no login for {_some(sorted(unknown))}")
    return OtherReview("pending", f"{NEEDED}: {_some(sorted(logins))} had a part in it")


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
