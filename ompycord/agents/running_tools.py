"""Which tools of an agent are under way, from its events; both shells keep its idle clock still meanwhile."""

from ompycord.domain.events import EventBody, ToolFinished, ToolStarted

__all__ = ["RunningTools"]

_MOST = 1000


class RunningTools:
    """The calls that were started and not finished. Only calls with a name count: others have no end that we know."""

    def __init__(self) -> None:
        self._calls: set[str] = set()

    @property
    def are_running(self) -> bool:
        """Whether a tool is under way."""
        return bool(self._calls)

    def observe(self, body: EventBody) -> None:
        """Take an event of the agent."""
        if isinstance(body, ToolStarted) and body.call is not None and len(self._calls) < _MOST:
            self._calls.add(body.call)
        elif isinstance(body, ToolFinished) and body.call is not None:
            self._calls.discard(body.call)

    def forget(self) -> None:
        """The turn is over: none of its tools is under way."""
        self._calls.clear()
