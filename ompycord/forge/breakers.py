"""Which forges are not asked for a while, because they fail; one for each address, whatever repository is asked for.

A refusal is an answer: only what gets none, or an error of the forge itself, counts.
"""

from typing import Final
from urllib.parse import urlsplit

from ompycord.domain.base import Millis
from ompycord.domain.breakers.breaker import Breaker
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.ports import Clock
from ompycord.errors import ForgeNotNow
from ompycord.render.phrases import clock as clock_words
from ompycord.telemetry import get_logger

__all__ = ["ForgeBreakers", "host_of"]

REST_S: Final = 60.0

log = get_logger(__name__)


class ForgeBreakers:
    """One for the process. What it knows is lost with a restart: then each forge is asked once more."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._breakers: dict[str, Breaker] = {}

    def require(self, spec: ForgeSpec) -> None:
        """Raises ForgeNotNow while the forge rests."""
        until = self.until(spec)
        if until is not None:
            words = f"{host_of(spec)} failed several times, so it is not asked until {clock_words(until)}."
            raise ForgeNotNow("paused", f"{spec.repository}: {words} Retry after that.")

    def until(self, spec: ForgeSpec) -> Millis | None:
        """Until when the forge rests; None while it is asked."""
        breaker = self._breakers.get(host_of(spec))
        return breaker.until if breaker is not None and breaker.is_open(self._clock.now_ms()) else None

    def answered(self, spec: ForgeSpec) -> None:
        """It answered, were it with a refusal."""
        breaker = self._breakers.get(host_of(spec))
        if breaker is not None and breaker.succeeded():
            log.info("forge.asked_again", host=host_of(spec))

    def failed(self, spec: ForgeSpec) -> None:
        """It did not answer, or with an error of its own."""
        breaker = self._breakers.setdefault(host_of(spec), Breaker(rest_s=REST_S))
        if breaker.failed(self._clock.now_ms()):
            log.warning("forge.rests", host=host_of(spec), rest_s=REST_S)

    def resting(self) -> list[tuple[str, Millis]]:
        """The hosts that are not asked now, and until when."""
        now = self._clock.now_ms()
        return [(host, one.until) for host, one in sorted(self._breakers.items()) if one.is_open(now)]


def host_of(spec: ForgeSpec) -> str:
    """The forge as people call it: `github.com`, with a port where it has one."""
    return urlsplit(spec.web_address).netloc
