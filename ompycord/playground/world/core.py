"""What every part of the playground holds in common; `server.py` builds it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ompycord.playground.faults.plan import Fault, FaultPlan
from ompycord.playground.gateway.gateway import Gateway
from ompycord.playground.page.feed import PageFeed
from ompycord.playground.rest.wire import WireLog
from ompycord.playground.rules.limits import Limits
from ompycord.playground.rules.ratelimit import RateLimiter
from ompycord.playground.world.clock import ShiftedClock
from ompycord.playground.world.guild import World
from ompycord.playground.world.ids import Snowflakes
from ompycord.playground.world.storage import Storage


@dataclass(kw_only=True)
class Core:
    """State, time, limits and the two outlets (gateway and page). `origin` is the address once the port is known."""

    folder: Path
    token: str
    storage: Storage
    clock: ShiftedClock
    ids: Snowflakes
    limits: Limits
    world: World
    gateway: Gateway
    feed: PageFeed
    limiter: RateLimiter
    faults: FaultPlan = field(default_factory=FaultPlan)
    wire: WireLog = field(default_factory=WireLog)
    port: int = 0

    on_kill: Callable[[Fault, str], None] = lambda _fault, _request: None
    """Ends the bot's process; told why and at which request."""

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        return f"{self.origin}/api"

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gateway"

    def cut_off(self, seconds: float) -> None:
        """End every connection of the bot and let nobody in for a while."""
        self.faults.out_until = self.clock.now() + seconds
        self.gateway.drop_all()

    def bind(self, port: int) -> None:
        """Tell every address-giving part the port."""
        self.gateway.is_out = lambda: self.clock.now() < self.faults.out_until
        self.port = port
        self.gateway.url = self.gateway_url


def open_core(folder: Path, token: str, limits: Limits) -> Core:
    """Open the state in `folder`. The caller closes `storage`."""
    clock = ShiftedClock()
    storage = Storage(folder / "playground.db")
    ids = Snowflakes(clock)
    world = World(storage, clock, ids)
    return Core(
        folder=folder,
        token=token,
        storage=storage,
        clock=clock,
        ids=ids,
        limits=limits,
        world=world,
        gateway=Gateway(world, limits),
        feed=PageFeed(clock),
        limiter=RateLimiter(limits.rates),
    )
