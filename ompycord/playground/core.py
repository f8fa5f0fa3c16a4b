"""What every part of the playground holds in common; `server.py` builds it."""

from dataclasses import dataclass, field
from pathlib import Path

from ompycord.playground.clock import ShiftedClock
from ompycord.playground.faults import FaultPlan
from ompycord.playground.feed import PageFeed
from ompycord.playground.gateway import Gateway
from ompycord.playground.ids import Snowflakes
from ompycord.playground.limits import Limits
from ompycord.playground.ratelimit import RateLimiter
from ompycord.playground.storage import Storage
from ompycord.playground.wire import WireLog
from ompycord.playground.world import World


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

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        return f"{self.origin}/api"

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gateway"

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
