"""Who may start something from a forge: logins that the settings map to a person; pure."""

from collections.abc import Callable, Mapping

from ompycord.domain.access import Access, Person
from ompycord.domain.policy import Resource, is_allowed
from ompycord.domain.pull_requests.mentions import is_mentioned
from ompycord.domain.pull_requests.record import PullRequestRecord
from ompycord.domain.pull_requests.seen import SeenComment, SeenDiscussion

__all__ = ["Callers", "calls_of", "taken"]


class Callers:
    """The people behind logins."""

    def __init__(self, access: Callable[[], Access], *, guild: str | None = None) -> None:
        """`access` are the roles that hold now in `guild`, the server of the team."""
        self._access = access
        self.guild = guild
        self.people: Mapping[str, str] = {login.lower(): person for login, person in access().forge.items()}
        """Discord ids by login in small letters."""

    @property
    def logins(self) -> frozenset[str]:
        """Those that are mapped, in small letters."""
        return frozenset(self.people)

    def person(self, login: str) -> Person | None:
        """Who it is, with the role that lines about people give; None for a login that is nobody's.

        A role by a role of Discord is not known here: no one is asked for it.
        """
        found = self.people.get(login.lower())
        return None if found is None else self._access().person(found, login, (), guild=self.guild)

    def may_start(self, login: str, repository: str) -> bool:
        """Whether that person may start runs of a repository."""
        person = self.person(login)
        return person is not None and is_allowed(person, "new", Resource(repository=repository))


def calls_of(
    record: PullRequestRecord, discussion: SeenDiscussion, callers: Callers
) -> tuple[list[SeenComment], list[SeenComment]]:
    """The new comments that call us: those of people who may start runs, and those of all others.

    Ours are none, and neither are those of other programs unless their login is mapped.
    """
    new = [
        *(one for one in discussion.comments if one.id > record.taken_comment),
        *(one for one in discussion.review_texts if one.id > record.taken_review),
        *(one for thread in discussion.threads for one in thread.comments if one.id > record.taken_line),
    ]
    calls = [one for one in new if one.author != discussion.me and is_mentioned(one.text, discussion.login)]
    allowed = [one for one in calls if callers.may_start(one.login, record.repository)]
    others = [one for one in calls if not callers.may_start(one.login, record.repository) and not one.is_bot]
    return allowed, others


def taken(record: PullRequestRecord, discussion: SeenDiscussion) -> PullRequestRecord:
    """The record with all of it taken into account."""
    lines = [one.id for thread in discussion.threads for one in thread.comments]
    return record.model_copy(
        update={
            "taken_comment": max((record.taken_comment, *(one.id for one in discussion.comments))),
            "taken_review": max((record.taken_review, *(one.id for one in discussion.review_texts))),
            "taken_line": max((record.taken_line, *lines)),
        }
    )
