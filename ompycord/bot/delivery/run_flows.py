"""Where each run's card is in the state machine of the person's view (`flow.py`); part of `live.py`."""

from ompycord.bot.flow import Flow, Signal, advance
from ompycord.domain.ids import RunId

__all__ = ["RunFlows"]


class RunFlows:
    """Only what differs from where every run begins is remembered."""

    def __init__(self) -> None:
        self._flows: dict[RunId, Flow] = {}

    def feel(self, run: RunId, signal: Signal) -> None:
        """Advance one run."""
        flow = advance(self._flows.get(run, Flow.LIVE), signal).to
        if flow in {Flow.CLOSED, Flow.LIVE}:
            self._flows.pop(run, None)
        else:
            self._flows[run] = flow

    @property
    def slowed(self) -> int:
        """Cards that Discord refuses to edit right now."""
        return sum(flow is Flow.RATE_LIMITED for flow in self._flows.values())
