"""One token bucket, for events of a key and for failed authentications of an address; counterpart of `limits.py`."""

from ompycord.domain.ports import Clock

__all__ = ["Rates", "TokenBucket"]

BUCKETS = 4096
"""Keys that are remembered before those whose bucket is full again are forgotten."""


class TokenBucket:
    """Starts full with `burst` tokens and gains `per_s` each second, never above `burst`.

    Times are monotonic seconds and come from the caller, so that one request asks its clock once.
    """

    __slots__ = ("_burst", "_per_s", "_since_s", "_tokens")

    def __init__(self, *, per_s: float, burst: int, now_s: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._tokens = float(burst)
        self._since_s = now_s

    def wait_s(self, count: int, *, now_s: float) -> float:
        """Seconds until `count` tokens are available, 0 when they are now. More than `burst` wait for a full bucket."""
        missing = min(count, self._burst) - self._refill(now_s)
        return missing / self._per_s if missing > 0 else 0.0

    def take_or_wait(self, count: int, *, now_s: float) -> float:
        """Take `count` tokens where they are available, else nothing: then the seconds until they are."""
        tokens = self._refill(now_s)
        missing = min(count, self._burst) - tokens
        if missing > 0:
            return missing / self._per_s
        self._tokens = max(0.0, tokens - count)
        return 0.0

    def take(self, count: int, *, now_s: float) -> None:
        """Take `count` tokens, or all that are left."""
        self._tokens = max(0.0, self._refill(now_s) - count)

    def is_full(self, *, now_s: float) -> bool:
        """Whether it equals a new one."""
        return self._refill(now_s) >= self._burst

    def _refill(self, now_s: float) -> float:
        self._tokens = min(float(self._burst), self._tokens + (now_s - self._since_s) * self._per_s)
        self._since_s = now_s
        return self._tokens


class Rates:
    """A token bucket for each key. Only authenticated requests count, so there are no more than there were keys."""

    def __init__(self, *, clock: Clock, per_s: float, burst: int) -> None:
        self._clock = clock
        self._per_s = per_s
        self._burst = burst
        self._buckets: dict[str, TokenBucket] = {}

    @property
    def keys(self) -> int:
        """How many keys are remembered."""
        return len(self._buckets)

    def wait_s(self, key_id: str, count: int) -> float:
        """0 when the key may send so many events now (they are counted), else the seconds until it may."""
        now_s = self._clock.monotonic_s()
        bucket = self._buckets.get(key_id)
        if bucket is None:
            bucket = self._add(key_id, now_s)
        return bucket.take_or_wait(count, now_s=now_s)

    def _add(self, key_id: str, now_s: float) -> TokenBucket:
        if len(self._buckets) >= BUCKETS:  # keys of ended runs: a full bucket needs no memory
            self._buckets = {key: one for key, one in self._buckets.items() if not one.is_full(now_s=now_s)}
        bucket = self._buckets[key_id] = TokenBucket(per_s=self._per_s, burst=self._burst, now_s=now_s)
        return bucket
