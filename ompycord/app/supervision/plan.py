"""What a service of this machine is to run: the same for systemd, launchd and Windows; pure."""

from pathlib import Path
from typing import Final

from ompycord.domain.base import Frozen
from ompycord.errors import ConfigurationError

__all__ = ["NO_RESTART", "ServicePlan", "require_plain"]

NO_RESTART: Final = (76, 77, 78)
"""Exit codes of what does not get better by starting again (docs/reference/exit-codes.md)."""


class ServicePlan(Frozen):
    """One Ompycord as a service."""

    python: Path
    """The interpreter of this installation."""
    folder: Path
    """Where ompycord.yml and .env are."""
    data: Path
    """The data folder, always named: a service has another home than a shell."""
    user: str | None = None
    """As whom it runs, where the machine starts it; None: as whoever installs it."""
    path: str | None = None
    """Where programs are looked for, agents too: a service has a shorter PATH than a shell. None: the manager's."""


def require_plain(*texts: str) -> None:
    """Raises ConfigurationError for a name with a line break or another control character, which no unit can hold."""
    for text in texts:
        if not text.isprintable():
            raise ConfigurationError(f"The name {text!r} cannot stand in a service: rename that folder.")
