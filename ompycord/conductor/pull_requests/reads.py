"""What is read of a forge where strangers may write more than is read at once: that costs their words, and no more."""

from collections.abc import Mapping

from ompycord.domain.base import Millis
from ompycord.domain.ports.following import PullRequestForge
from ompycord.domain.pull_requests.looks import may_be_deleted
from ompycord.domain.pull_requests.record import PullRequestRecord
from ompycord.domain.pull_requests.seen import SeenDiscussion, SeenPull
from ompycord.errors import ForgeFailed

__all__ = ["discussion_of", "open_pulls_of", "pull_of"]

_UNREAD = "Too much is written there to be read: reviews and comments are not taken in. Look at them there."


async def open_pulls_of(forge: PullRequestForge) -> Mapping[int, SeenPull]:
    """Those that are open, as far as the list can be read: what it lacks is asked for one by one."""
    try:
        return await forge.open_pulls()
    except ForgeFailed as error:
        if error.fault != "too_large":
            raise
        return {}


async def pull_of(forge: PullRequestForge, record: PullRequestRecord, now: Millis) -> SeenPull | None:
    """One, also where it has ended; None where it was deleted: it is not there, and its repository is."""
    try:
        return await forge.pull(record.number)
    except ForgeFailed as error:
        if error.fault != "not_found" or not may_be_deleted(record, now):
            raise
    await open_pulls_of(forge)  # of a repository that is not there this fails, too
    return None


async def discussion_of(forge: PullRequestForge, number: int) -> tuple[SeenDiscussion | None, str]:
    """What is written there, else a sentence about why it is not read."""
    try:
        return await forge.discussion(number), ""
    except ForgeFailed as error:
        if error.fault != "too_large":
            raise
        return None, _UNREAD
