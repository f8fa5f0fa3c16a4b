"""Pure arithmetic of Discord's rate limits: fixed windows by bucket; `rest/api.py` counts each request with it.

Counterpart: the headers that every client library reads (Discord, "Rate limits").
"""

import hashlib
import math
from collections import deque
from dataclasses import dataclass

from ompycord.playground.rules.limits import RateRule, RateRules


@dataclass(kw_only=True)
class Window:
    """One bucket: how many are left until when. The window opens with its first request."""

    limit: int
    remaining: int
    resets_at: float


@dataclass(frozen=True, kw_only=True)
class OpenWindow:
    """A bucket as the page's drawer shows it; `of` is its channel, guild or webhook, empty where it has none."""

    rule: str
    of: str
    bucket: str
    limit: int
    remaining: int
    reset_s: float


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the limits say about one request."""

    is_allowed: bool
    headers: dict[str, str]
    retry_after_s: float = 0.0
    is_global: bool = False
    scope: str = "user"
    code: int = 0


class RateLimiter:
    """Counts requests. Times are seconds since 1970, given by the caller."""

    def __init__(self, rules: RateRules) -> None:
        self.rules = rules
        self._windows: dict[tuple[str, str], Window] = {}
        self._invalid: deque[float] = deque(maxlen=rules.invalid.limit)

    def take(self, rule: RateRule, major: str, now: float, *, is_exempt_from_global: bool = False) -> Verdict:
        """Count a request against the global limit and its bucket; `major` is the bucket's channel, guild or
        webhook.
        """
        window = self._window(rule, major, now)
        if not is_exempt_from_global and not self._spend(self._window(self.rules.global_limit, "", now)):
            wait = self._window(self.rules.global_limit, "", now).resets_at - now
            return Verdict(is_allowed=False, headers={}, retry_after_s=wait, is_global=True, scope="global")
        is_allowed = self._spend(window)
        return Verdict(
            is_allowed=is_allowed, headers=_headers(rule, window, now), retry_after_s=max(0.0, window.resets_at - now)
        )

    def take_sub_limit(self, rule: RateRule, major: str, now: float, *, code: int = 0) -> Verdict | None:
        """Count against a limit that no header announces; None where it still lets through."""
        window = self._window(rule, major, now)
        if self._spend(window):
            return None
        return Verdict(is_allowed=False, headers={}, retry_after_s=max(0.0, window.resets_at - now), code=code)

    def open_windows(self, now: float) -> list[OpenWindow]:
        """The buckets that count at present, the emptiest first."""
        found = [
            OpenWindow(
                rule=rule,
                of=major.partition(":")[0],  # what follows may be a token
                bucket=bucket_hash(rule),
                limit=window.limit,
                remaining=window.remaining,
                reset_s=round(window.resets_at - now, 1),
            )
            for (rule, major), window in self._windows.items()
            if window.resets_at > now
        ]
        return sorted(found, key=lambda item: (item.remaining / item.limit, -item.reset_s))

    def note_invalid(self, now: float) -> None:
        """Count an answer 401, 403 or 429."""
        self._invalid.append(now)

    def is_banned(self, now: float) -> bool:
        """Whether so many invalid requests came lately that Discord's front would refuse the address."""
        rule = self.rules.invalid
        return len(self._invalid) == rule.limit and now - self._invalid[0] < rule.window_s

    def _window(self, rule: RateRule, major: str, now: float) -> Window:
        key = (rule.name, major)
        window = self._windows.get(key)
        if window is None or window.resets_at <= now:
            self._forget_closed(now)
            window = self._windows[key] = Window(limit=rule.limit, remaining=rule.limit, resets_at=now + rule.window_s)
        return window

    def _forget_closed(self, now: float) -> None:
        if len(self._windows) > 1000:
            self._windows = {key: window for key, window in self._windows.items() if window.resets_at > now}

    @staticmethod
    def _spend(window: Window) -> bool:
        if window.remaining == 0:
            return False
        window.remaining -= 1
        return True


def _headers(rule: RateRule, window: Window, now: float) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(window.limit),
        "X-RateLimit-Remaining": str(window.remaining),
        "X-RateLimit-Reset": f"{window.resets_at:.3f}",
        "X-RateLimit-Reset-After": f"{math.ceil((window.resets_at - now) * 1000) / 1000:.3f}",
        "X-RateLimit-Bucket": bucket_hash(rule.name),
    }


def bucket_hash(name: str) -> str:
    """An opaque name for a rate-limit bucket, as Discord gives one: 32 hexadecimal digits."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]
