"""How much the sidecar takes: sizes, times, rates; counterpart of `sidecar.py`."""

from typing import Annotated

from pydantic import Field

from ompycord.domain.base import Frozen
from ompycord.domain.ports import Clock

__all__ = ["Limits", "Rates"]


BUCKETS = 4096


class Limits(Frozen):
    """The sidecar's options."""

    event_bytes: Annotated[int, Field(ge=1024)] = 256 * 1024
    """Largest body of one event."""
    batch_bytes: Annotated[int, Field(ge=1024)] = 1024 * 1024
    """Largest body of a batch."""
    batch_events: Annotated[int, Field(ge=1, le=1000)] = 500
    """Most events in a batch, all of one run."""
    body_s: Annotated[float, Field(gt=0)] = 10.0
    """Seconds until a body must be here."""
    rate_per_s: Annotated[float, Field(gt=0)] = 100.0
    """Events that a key may send each second, over time."""
    burst: Annotated[int, Field(ge=1)] = 500
    """Events that a key may send at once."""
    failures_per_s: Annotated[float, Field(gt=0)] = 0.2
    """Failed authentications that an address may have each second, over time."""
    failures_burst: Annotated[int, Field(ge=1)] = 20
    """Failed authentications that an address may have at once."""
    addresses: Annotated[int, Field(ge=1)] = 4096
    """Addresses that are remembered for it; the one that was longest unheard of is forgotten first."""
    backlog: Annotated[int, Field(ge=1)] = 5000
    """Events that may wait for the projector before new ones are put off."""
    hosts: frozenset[str] = frozenset()
    """Names besides 127.0.0.1, localhost and [::1] under which the sidecar is asked (the `Host` header)."""
    trusted_proxies: frozenset[str] = frozenset()
    """Addresses of proxies whose `X-Forwarded-Proto: https` is believed."""


class Rates:
    """A token bucket for each key. Only authenticated requests count, so there are no more than there were keys."""

    def __init__(self, *, clock: Clock, per_s: float, burst: int) -> None:
        self._clock = clock
        self._per_s = per_s
        self._burst = burst
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait_s(self, key_id: str, count: int) -> float:
        """0 when the key may send so many events now (they are counted), else the seconds until it may."""
        now = self._clock.monotonic_s()
        tokens, since = self._buckets.get(key_id, (float(self._burst), now))
        tokens = min(self._burst, tokens + (now - since) * self._per_s)
        if len(self._buckets) > BUCKETS:  # keys of ended runs: a full bucket is as good as none
            self._buckets = {key: at for key, at in self._buckets.items() if (now - at[1]) * self._per_s < self._burst}
        if tokens < count:
            self._buckets[key_id] = (tokens, now)
            return (min(count, self._burst) - tokens) / self._per_s
        self._buckets[key_id] = (tokens - count, now)
        return 0.0
