"""Which pull requests a forge says have changed: they are looked at whole, whatever their list says. Memory only."""

from ompycord.domain.issue_calls.reading import ChangedPull
from ompycord.domain.ports.following import PullRequestRecords

__all__ = ["PullChanges"]


class PullChanges:
    """Each with how often that was said; bounded by the pull requests that have a record."""

    def __init__(self, records: PullRequestRecords) -> None:
        self._records = records
        self._times: dict[tuple[str, int], int] = {}

    async def note(self, repository: str, pull: ChangedPull) -> bool:
        """Keep that it changed; False where it is none of ours. Raises StorageError."""
        known = [one for one in await self._records.pull_requests() if one.repository == repository]
        found = [
            one for one in known if one.number == pull.number or (pull.commit is not None and one.commit == pull.commit)
        ]
        for one in found:
            self._times[repository, one.number] = self.times(repository, one.number) + 1
        return bool(found)

    def times(self, repository: str, number: int) -> int:
        """How often that was said since the last whole look; 0 where it was not."""
        return self._times.get((repository, number), 0)

    def inspected(self, repository: str, number: int, times: int) -> None:
        """It was looked at after it had been said so often."""
        if self.times(repository, number) == times:
            self._times.pop((repository, number), None)
