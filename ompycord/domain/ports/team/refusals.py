"""Notes refused attempts for the audit; implemented by the conductor, called by every surface that refuses."""

from typing import Protocol

from ompycord.domain.auditing.refused import RefusedAttempt

__all__ = ["RefusalNotes"]


class RefusalNotes(Protocol):
    """Takes what was refused; never waits and never raises, so that no refusal depends on the database."""

    def note(self, attempt: RefusedAttempt) -> None:
        """Have it become a row of the audit soon; the same one again within an hour is counted."""
        ...
