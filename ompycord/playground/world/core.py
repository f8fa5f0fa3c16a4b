"""What every service of the world has in common: state, time, limits, and the two places that receive events.

Counterparts: `gateway/server.py` for the bot, `page/feed.py` for the page; `compose.py` connects them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ompycord.playground.rules.documents import Json
from ompycord.playground.rules.limits import Limits
from ompycord.playground.world.clock import ShiftedClock
from ompycord.playground.world.guild import World
from ompycord.playground.world.ids import Snowflakes
from ompycord.playground.world.storage import Storage


class BotEvents(Protocol):
    """Delivers events to the bot's sessions."""

    def dispatch(self, name: str, data: Json, *, intents: int) -> None:
        """Deliver `data` without its private keys to every session that has one of the intents (0: to all)."""
        ...

    def dispatch_message(self, name: str, message: Json, *, intents: int) -> None:
        """Deliver a message, its content only to sessions that may read it."""
        ...


class PageEvents(Protocol):
    """Delivers events to the open pages."""

    def publish(self, kind: str, data: Json, *, audience: Collection[str] | None = None) -> None:
        """Deliver to the pages of the people in `audience`; None is everyone."""
        ...


@dataclass(frozen=True, kw_only=True)
class Core:
    """One playground's world. `port` is that of 127.0.0.1 on which all of it is served."""

    folder: Path
    token: str
    storage: Storage
    clock: ShiftedClock
    ids: Snowflakes
    limits: Limits
    world: World
    gateway: BotEvents
    feed: PageEvents
    port: int

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        return f"{self.origin}/api"

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gateway"
