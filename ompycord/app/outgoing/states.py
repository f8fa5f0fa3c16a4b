"""How far each destination has come, for `/omp health`, `/status` and `/metrics`."""

from collections.abc import Sequence
from typing import Any, Final

from ompycord.domain.base import Millis
from ompycord.domain.deliveries import DISCORD, Destination, DestinationState
from ompycord.domain.ids import OPS_CHANNEL, TRIGGERS
from ompycord.domain.ports import Clock
from ompycord.domain.ports.notify import NotificationQueue

__all__ = ["Destinations"]

_OWN: Final = {OPS_CHANNEL: "Ops channel", TRIGGERS: "Triggers by alerts"}
OLD_S = 15 * 60.0
"""Milliseconds; a destination whose oldest delivery waits for longer is reported as failing."""


class Destinations:
    """Reads the states when asked."""

    def __init__(self, *, queue: NotificationQueue, clock: Clock, configured: Sequence[Destination]) -> None:
        self._queue = queue
        self._clock = clock
        self._configured = tuple(configured)

    async def states(self) -> list[DestinationState]:
        """The states of Discord, each webhook of the settings, and other destinations with deliveries, by name."""
        nothing = {name: DestinationState(destination=name, pending=0, dead=0) for name in self._configured}
        found = nothing | {state.destination: state for state in await self._queue.states()}
        return [found[name] for name in sorted(found)]

    async def report(self) -> dict[str, dict[str, Any]]:
        """The states as JSON can carry them."""
        return {
            state.destination: {
                "pending": state.pending,
                "dead": state.dead,
                "oldest_age_s": round(self.age_s(state), 1),
            }
            for state in await self.states()
        }

    async def lines(self, *, is_counted: bool = True) -> list[tuple[str, bool, str]]:
        """Name, whether deliveries arrive, and a sentence, for each webhook.

        `is_counted`: with numbers, which are those of all servers.
        """
        states = [state for state in await self.states() if state.destination != DISCORD]
        return [self._line(state) if is_counted else self._uncounted(state) for state in states]

    def age_s(self, state: DestinationState) -> float:
        """Seconds for which its oldest delivery has waited; 0 where none waits."""
        at: Millis | None = state.oldest_at
        return 0.0 if at is None else max(0.0, (self._clock.now_ms() - at) / 1000)

    def _uncounted(self, state: DestinationState) -> tuple[str, bool, str]:
        name, is_ok, _ = self._line(state)
        return name, is_ok, "arrives" if is_ok else "does not arrive: `ompycord webhooks list`"

    def _line(self, state: DestinationState) -> tuple[str, bool, str]:
        age_s = self.age_s(state)
        parts = ["empty" if not state.pending else f"{state.pending} wait, the oldest for {_span(age_s)}"]
        if state.dead:
            parts.append(f"{state.dead} given up: `ompycord webhooks list`")
        if state.destination not in {*self._configured, *_OWN}:
            parts.append("not configured any more: `ompycord webhooks drop`")
        name = _OWN.get(state.destination) or f"Webhook {state.destination}"
        return name, not state.dead and age_s < OLD_S, " · ".join(parts)


def _span(seconds: float) -> str:
    """A duration in its largest whole unit: `3 min`."""
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return f"{seconds:.0f} s"
