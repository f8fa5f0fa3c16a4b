"""The services over one core, built once; REST and page share them."""

from dataclasses import dataclass

from ompycord.playground.world.core import Core
from ompycord.playground.world.interactions import Interactions
from ompycord.playground.world.messages import Messages
from ompycord.playground.world.threads import Threads


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything a route may call."""

    core: Core
    messages: Messages
    threads: Threads
    interactions: Interactions


def build(core: Core) -> Services:
    """Wire the services of one playground."""
    messages = Messages(core)
    return Services(
        core=core,
        messages=messages,
        threads=Threads(core, messages),
        interactions=Interactions(core, messages),
    )
