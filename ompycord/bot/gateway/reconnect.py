"""How long the client waits before it tries the gateway again; counterpart of `client.py`, whose loop asks.

docs/platform/discord.md, *Gateway*: discord.py's own pauses grow over hours of short interruptions, up to 1,024 s.
"""

from collections.abc import Callable
from typing import Final

__all__ = ["LIVED_S", "ReconnectPauses"]

LIVED_S: Final = 5.0
"""Seconds after which a connection counts as one that worked: what follows is another interruption."""
FIRST_S: Final = 1.0
IDENTIFY_S: Final = (1.0, 5.0)
"""Discord, *Gateway*: a random time of this length before a new session, after op 9."""


class ReconnectPauses:
    """The pauses of one client. They grow only while no connection lives."""

    def __init__(self, *, cap_s: float, uniform: Callable[[float, float], float]) -> None:
        """`cap_s` is the longest; `uniform` draws a number between two, so that many clients spread out."""
        self._cap_s = cap_s
        self._uniform = uniform
        self._failures = 0

    def after_close(self, lived_s: float, *, is_resumed: bool) -> float:
        """Seconds before the next try, after Discord asked for another connection.

        `lived_s` is how long the last one stood; without `is_resumed` a new session begins.
        """
        wait = 0.0 if lived_s >= LIVED_S else self.after_failure(lived_s)
        if lived_s >= LIVED_S:
            self._failures = 0
        return wait if is_resumed else max(wait, self._uniform(*IDENTIFY_S))

    def after_failure(self, lived_s: float = 0.0) -> float:
        """Seconds before the next try, after a connection broke or did not come about."""
        if lived_s >= LIVED_S:
            self._failures = 0
        longest = min(FIRST_S * 2 ** min(self._failures, 16), self._cap_s)
        self._failures += 1
        return self._uniform(longest / 2, longest)
