"""When Discord has room for the next request, learned from the headers of its answers.

Counterpart of `channel_queues.py`, which asks. docs/platform/discord.md, *Rate limits*: the limits of a route are never
hard-coded. Only the global one is published.
"""

from collections import deque
from collections.abc import Mapping
from typing import Final, NamedTuple

import regex

from ompycord.text.limits import REQUESTS_PER_S

__all__ = ["BucketLimiter", "GlobalLimiter", "RateAnswer", "answer_of"]

_MESSAGES: Final = regex.compile(r"/channels/[0-9]{1,20}/messages(?:/[0-9]{1,20})?$")
_CHANNEL: Final = regex.compile(r"/channels/([0-9]{1,20})/")
_LIMITED: Final = 429


class RateAnswer(NamedTuple):
    """The limits that one answer of Discord's REST API names. Times are in seconds."""

    method: str
    path: str
    status: int
    bucket: str = ""
    """Discord's opaque name for what is counted together; empty where no header named one."""
    remaining: int = 0
    reset_after_s: float = 0.0
    retry_after_s: float | None = None
    is_global: bool = False
    took_s: float = 0.0
    """From sending the request until its answer."""

    @property
    def is_limited(self) -> bool:
        """Whether it is a refusal for the rate, 429."""
        return self.status == _LIMITED

    @property
    def channel(self) -> str | None:
        """The channel of the request, if it had one."""
        found = _CHANNEL.search(self.path)
        return found[1] if found else None

    @property
    def is_message(self) -> bool:
        """Whether a message was made or edited, which is what the queues do."""
        return self.method in {"POST", "PATCH"} and _MESSAGES.search(self.path) is not None


def answer_of(method: str, path: str, status: int, headers: Mapping[str, str], *, took_s: float) -> RateAnswer:
    """Read the headers. A value that is no number counts as absent."""
    return RateAnswer(
        method=method,
        path=path,
        status=status,
        bucket=headers.get("X-RateLimit-Bucket", ""),
        remaining=int(_number(headers.get("X-RateLimit-Remaining")) or 0),
        reset_after_s=_number(headers.get("X-RateLimit-Reset-After")) or 0.0,
        retry_after_s=_number(headers.get("Retry-After")),
        is_global="X-RateLimit-Global" in headers or headers.get("X-RateLimit-Scope") == "global",
        took_s=took_s,
    )


def _number(text: str | None) -> float | None:
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None


class BucketLimiter:
    """One bucket: what is left of its window is spread evenly over the rest of it. What is urgent takes it at once.

    A burst at the window's beginning would leave the oldest change unshown for the rest of it, and what becomes urgent
    then would have no slot (bench freshness). The first request is not limited, its answer names the limit.
    """

    __slots__ = ("_before", "_began", "_earliest", "_latest", "_remaining")

    def __init__(self) -> None:
        self._began = self._before = 0.0
        self._remaining = 0
        self._earliest = self._latest = 0.0

    def begin(self, now: float) -> None:
        """Count a request of this bucket."""
        self._before, self._began = self._began, now

    def undo(self) -> None:
        """Undo `begin`: nothing was sent."""
        self._began = self._before

    def on_answer(self, answer: RateAnswer, now: float) -> None:
        """Take an answer: the window resets so long after Discord wrote it, at some moment of its way."""
        latest = now + answer.reset_after_s
        earliest = latest - answer.took_s
        if answer.remaining < self._remaining:  # the same window as before
            earliest, latest = max(earliest, self._earliest), min(latest, self._latest)
        if earliest > latest:  # it moved: a sliding one
            earliest = latest = now + answer.reset_after_s
        self._earliest, self._latest, self._remaining = earliest, latest, answer.remaining

    @property
    def _resets_at(self) -> float:
        """The middle of the possible times of the reset.

        A request sent then arrives after the reset, since its way takes time too.
        """
        return (self._earliest + self._latest) / 2

    @property
    def next_at(self) -> float:
        """From when on the next request may leave that is not urgent."""
        left = self._resets_at - self._began
        return self._began + left / (self._remaining + 1) if left > 0 else self._began

    @property
    def urgent_at(self) -> float:
        """From when on one may leave for which people wait: at once as long as the window has any left."""
        return self._began if self._remaining > 0 else self.next_at


class GlobalLimiter:
    """Discord's global limit over all channels.

    It leaves room for requests that the queues do not send, such as pins and probes.
    """

    PER_WINDOW: Final = REQUESTS_PER_S - 5
    WINDOW_S: Final = 1.05
    """Requests a second, with room for those that move closer together on their way."""

    def __init__(self) -> None:
        self._begun: deque[float] = deque(maxlen=self.PER_WINDOW)
        self._closed_until = 0.0

    def begin(self, now: float) -> None:
        """Count a request."""
        self._begun.append(now)

    def undo(self) -> None:
        """Undo `begin`: nothing was sent."""
        if self._begun:
            self._begun.pop()

    def close(self, until: float) -> None:
        """Note that Discord refused for all channels."""
        self._closed_until = max(self._closed_until, until)

    @property
    def next_at(self) -> float:
        """From when on the next request may leave, whatever its channel."""
        is_full = len(self._begun) == self.PER_WINDOW
        return max(self._closed_until, self._begun[0] + self.WINDOW_S if is_full else 0.0)
