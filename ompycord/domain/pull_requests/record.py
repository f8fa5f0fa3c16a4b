"""The small record of a pull request; the row of its table. One service writes it: `conductor/pull_requests/`."""

from ompycord.domain.base import Frozen, Millis, Name
from ompycord.domain.events import PullRequestSeen
from ompycord.domain.ids import Ulid
from ompycord.domain.pull_requests.reviewers import ReviewApproval

__all__ = ["PullRequestRecord"]


class PullRequestRecord(Frozen):
    """What is known of a pull request, and what was done about it."""

    chain: Ulid
    """The first run of the chain that proposed it."""
    repository: Name
    """As the settings name it."""
    number: int
    branch: str = ""
    commit: str = ""
    """Its head when it was looked at last."""
    base: str = ""
    seen: PullRequestSeen | None = None
    """What its cards show; None before it was looked at."""
    updated_at: str = ""
    """The forge's own time of its last change."""
    ci_signature: str = ""
    ci_same_since: Millis | None = None
    ci_looked_at: Millis = 0
    ci_commit: str = ""
    """For which commit a repair was started, or decided against."""
    ci_rounds: int = 0
    """How many repairs were started because of its CI."""
    ci_note: str = ""
    note: str = ""
    opened_at: Millis = 0
    """When it was known to be open; 0 for one of an earlier version."""
    readers: tuple[str, ...] = ()
    """People of the repository who reviewed it or wrote about it, by login."""
    approvals: tuple[ReviewApproval, ...] = ()
    """Who approves its present commit."""
    review_status: tuple[str, str, str] = ("", "", "")
    """The status `ompycord/review` that was set last: commit, state, words."""
    taken_comment: int = 0
    taken_line: int = 0
    taken_review: int = 0
    """The highest numbers of comments, comments at lines and reviews that were taken into account."""
    rounds_day: int = 0
    rounds_today: int = 0
    """Rounds that comments started, on the day of that number since 1970."""
    round: Ulid | None = None
    """The follow-up that answers it now; its task stands in the draft of the same id, before it is started."""
    round_by: tuple[str, str] = ("", "")
    """Id and name of the person who started it."""
    round_from: str = ""
    """The commit of the branch before it."""
    threads: tuple[tuple[int, str], ...] = ()
    """What it was given: the number and the place of each thread."""
    ended_at: Millis | None = None
    """When it was seen merged or closed."""
    looked_at: Millis = 0
    is_deleted: bool = False
    """Whether it was deleted on its forge: it is not asked for again."""

    @property
    def is_open(self) -> bool:
        """Whether it is looked at."""
        return self.seen is None or self.seen.state == "open"
