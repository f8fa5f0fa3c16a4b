"""Whether something that fails is asked again now; counterpart of `model_gateway/upstreams.py`, `forge/breakers.py`."""

from dataclasses import dataclass
from typing import Final

from ompycord.domain.base import Millis

__all__ = ["FAILURES", "REST_S", "Breaker"]

FAILURES: Final = 5
"""Failures one after the other after which it is not asked for a while."""
REST_S: Final = 30.0


@dataclass(slots=True)
class Breaker:
    """One of whatever is asked."""

    failures: int = 0
    until: Millis = 0
    rest_s: float = REST_S

    def is_open(self, now: Millis) -> bool:
        """Whether it is not asked now; after its rest it is, until it fails again."""
        return now < self.until

    def failed(self, now: Millis) -> bool:
        """It answered with an error of its own, or not at all; whether it rests from now on."""
        self.failures += 1
        if self.failures < FAILURES:
            return False
        self.until = now + round(self.rest_s * 1000)
        return True

    def succeeded(self) -> bool:
        """It answered; whether it rested before."""
        rested = self.until > 0
        self.failures, self.until = 0, 0
        return rested
