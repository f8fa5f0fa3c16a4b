"""A row of the state machine; pure. `lifecycle.py` puts them together, the modules beside this one make them."""

from collections.abc import Callable
from typing import Final, NamedTuple

from ompycord.domain import effects as fx
from ompycord.domain import events as ev
from ompycord.domain.run import Machine, RunState
from ompycord.domain.stage import Update

__all__ = ["MESSAGE", "Change", "Guard", "Rule"]

MESSAGE: Final = 500
"""Characters of a transition's sentence (`events.RunStateChanged.message`)."""

Guard = Callable[[Machine, ev.EventBody], bool]
Change = Callable[[Machine, ev.EventBody], Update]


class Rule(NamedTuple):
    """One row: in these states, on this event, if the guard holds, go there and do that. The first match wins."""

    states: tuple[RunState, ...]
    on: str
    to: RunState
    do: tuple[type[fx.Effect], ...]
    why: str
    """A sentence for the diagram."""
    when: Guard = lambda machine, body: True
    then: Change = lambda machine, body: {}
