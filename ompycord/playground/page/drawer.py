"""What the page's drawer asks and does: requests, buckets, faults; its counterpart is `page/wire.js`."""

from dataclasses import asdict

from aiohttp import web

from ompycord.playground.faults.buttons import FaultButtons
from ompycord.playground.guards import answer
from ompycord.playground.page.api import after_of, with_body
from ompycord.playground.rules.documents import Json
from ompycord.playground.world.core import Core


class DrawerApi:
    """The drawer's routes, under `/app` like the page's."""

    def __init__(self, core: Core, buttons: FaultButtons) -> None:
        self._core = core
        self._buttons = buttons

    def add_to(self, application: web.Application) -> None:
        add = application.router.add_route
        add("GET", "/app/wire", self._wire)
        add("GET", "/app/faults", self._faults)
        add("POST", "/app/faults", with_body(self._press))
        add("POST", "/app/faults/end", with_body(self._end))

    async def _wire(self, request: web.Request) -> web.StreamResponse:
        core = self._core
        windows = core.limiter.open_windows(core.clock.now())
        entries = [entry.summary() for entry in core.wire.after(after_of(request))]
        return answer({"entries": entries, "buckets": [asdict(window) for window in windows]})

    async def _faults(self, _request: web.Request) -> web.StreamResponse:
        return answer(self._buttons.state())

    async def _press(self, body: Json) -> object:
        return self._buttons.press(body.get("kind"), body.get("seed"))

    async def _end(self, body: Json) -> object:
        return self._buttons.end(body.get("kind"))
