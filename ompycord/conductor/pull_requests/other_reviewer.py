"""Keeps the status `ompycord/review` of pull requests, where `publish.other_reviewer` wants another reviewer."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

from ompycord.conductor.pull_requests.callers import Callers
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.ids import RunId
from ompycord.domain.ports import CommitStatus, ForgePort, PullRequestRecords
from ompycord.domain.pull_requests.record import PullRequestRecord
from ompycord.domain.pull_requests.reviewers import other_review
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import ForgeFailed

__all__ = ["CONTEXT", "OtherReviewer"]

CONTEXT: Final = "ompycord/review"
_DESCRIPTION: Final = 140
_LINE: Final = 300
_NOTHING: Final = ("", "", "")


class OtherReviewer:
    """Sets it where it changes; the verdict of our checks is a status of its own."""

    def __init__(
        self,
        *,
        records: PullRequestRecords,
        callers: Callers,
        forge: Callable[[ForgeSpec], AbstractAsyncContextManager[ForgePort]],
    ) -> None:
        self._records = records
        self._callers = callers
        self._forge = forge

    async def mark(self, spec: RepositorySpec, record: PullRequestRecord) -> PullRequestRecord:
        """The record with what stands there now, or with why it does not."""
        if not spec.publish.other_reviewer or spec.forge is None:
            return _with(record, _NOTHING, "")
        if not record.is_open:
            return record
        involved = await self._records.involved(RunId(record.chain))
        found = other_review(record.approvals, involved=involved, logins=self._callers.people)
        words = found.words[:_DESCRIPTION]
        stands = (record.commit, found.state, words)
        if stands == record.review_status:
            return record
        try:
            async with self._forge(spec.forge) as forge:
                status = CommitStatus(context=CONTEXT, state=found.state, description=words)
                await forge.marks.set_status(record.commit, status)
        except ForgeFailed as error:  # the next look tries again, and what else this one found is kept
            return _with(record, record.review_status, f"The status {CONTEXT} could not be set. {error}"[:_LINE])
        return _with(record, stands, words)


def _with(record: PullRequestRecord, stands: tuple[str, str, str], shown: str) -> PullRequestRecord:
    seen = record.seen.model_copy(update={"review": shown}) if record.seen is not None else None
    return record.model_copy(update={"review_status": stands, "seen": seen})
