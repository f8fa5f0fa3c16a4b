"""An attempt that was refused because of who made it; pure.

Counterparts: `conductor/roles/refusals.py`, which puts such attempts into the audit, and `refusals.py`, all codes.
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from ompycord.domain.base import Frozen
from ompycord.domain.refusals import RefusalCode

__all__ = ["REFUSED", "WHO_MAY", "RefusedAttempt", "Surface"]

REFUSED: Final = "refused"
"""The action of the audit's rows about refused attempts."""
WHO_MAY: Final = frozenset(
    {
        RefusalCode.WATCH_ONLY,
        RefusalCode.NOT_PERMITTED,
        RefusalCode.NEEDS_ROLE,
        RefusalCode.OWN_REQUEST,
        RefusalCode.OWN_ADMIN,
        RefusalCode.NEEDS_SCOPE,
        RefusalCode.NOT_YOURS,
        RefusalCode.NO_SUCH_RUN,
    }
)
"""Codes that say who may, and not that the thing is impossible now."""
Surface = Literal["discord", "http", "mcp", "command line", "schedule", "forge"]
Short = Annotated[str, Field(max_length=128)]


class RefusedAttempt(Frozen):
    """Who was refused what, and where."""

    surface: Surface
    actor: Short
    """The Discord id of a person, `key ID`, `forge LOGIN`, or `command line`."""
    what: Short
    """The command, button, scope or tool that was used."""
    code: Short
    """One of `WHO_MAY`."""
    guild: Short = ""
    """The server; empty where it belongs to none."""
    by_name: Short = ""
    needs: Short = ""
    """Who could have done it."""
    run: Short = ""
    """The run that it was about, by its id or the end of it."""

    @property
    def key(self) -> tuple[str, ...]:
        """Attempts of one key are the same one, made again."""
        return (self.surface, self.actor, self.guild, self.what, self.code)
