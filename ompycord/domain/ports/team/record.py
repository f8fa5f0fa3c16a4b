"""The record of what people did, as admins of one server read it; implemented by the composition root."""

from collections.abc import Sequence
from typing import Protocol

from ompycord.domain.auditing.chain import AuditRow
from ompycord.domain.base import Millis
from ompycord.domain.run import RunRecord

__all__ = ["TeamRecord"]


class TeamRecord(Protocol):
    """Rows of one server; those of no server, such as a new key, are of the first one of the settings."""

    async def last(
        self, guild: str, *, before: int | None = None, person: str | None = None, run: str | None = None, limit: int
    ) -> Sequence[AuditRow]:
        """The newest rows, the newest first: those before a number, of a person, of a run. Raises StorageError."""
        ...

    async def moved_until(self) -> Millis | None:
        """The time of the newest row that moved into a file; None where none did. Raises StorageError."""
        ...

    async def explain(self, record: RunRecord) -> Sequence[str]:
        """A run told in lines, as `ompycord audit explain` prints it. Raises StorageError."""
        ...
