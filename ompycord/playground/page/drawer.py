"""The drawer of the page: requests, buckets, faults; its counterparts are `static/wire.js` and `static/faults.js`."""

from collections.abc import Callable
from dataclasses import asdict

from aiohttp import web

from ompycord.playground.faults.buttons import FaultButtons
from ompycord.playground.page.answers import after_of, answer, with_body
from ompycord.playground.rest.wire import WireLog
from ompycord.playground.rules.documents import Json
from ompycord.playground.rules.ratelimit import RateLimiter
from ompycord.playground.world.clock import Clock


class DrawerApi:
    """The drawer's routes, under `/app` like the page's."""

    def __init__(
        self,
        *,
        clock: Clock,
        limiter: RateLimiter,
        wire: WireLog,
        buttons: FaultButtons,
        others: Callable[[int], list[Json]],
    ) -> None:
        """`others` are lines after a number that are no requests of the bot."""
        self._others = others
        self._clock = clock
        self._limiter = limiter
        self._log = wire
        self._buttons = buttons

    def add_to(self, application: web.Application) -> None:
        add = application.router.add_route
        add("GET", "/app/wire", self._wire)
        add("GET", "/app/faults", self._faults)
        add("POST", "/app/faults", with_body(self._press))
        add("POST", "/app/faults/end", with_body(self._end))

    async def _wire(self, request: web.Request) -> web.StreamResponse:
        windows = self._limiter.open_windows(self._clock.now())
        after = after_of(request)
        entries = [entry.summary() for entry in self._log.after(after)]
        entries = sorted([*entries, *self._others(after)], key=lambda one: one["n"])
        return answer({"entries": entries, "buckets": [asdict(window) for window in windows]})

    async def _faults(self, _request: web.Request) -> web.StreamResponse:
        return answer(self._buttons.state())

    async def _press(self, body: Json) -> object:
        return self._buttons.press(body.get("kind"), body.get("seed"))

    async def _end(self, body: Json) -> object:
        return self._buttons.end(body.get("kind"))
