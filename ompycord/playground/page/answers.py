"""How the playground's own routes read a request and answer it; Discord's are in `rest/`."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from ompycord.playground.rules.documents import Json, decode_object, encode
from ompycord.playground.rules.errors import NotPossibleError


def answer(body: object, *, status: int = 200) -> web.Response:
    """A JSON answer with exactly Discord's content type."""
    return web.Response(status=status, body=encode(body), headers={"Content-Type": "application/json"})


def with_body(act: Callable[[Json], Awaitable[object]]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A handler that reads the body as a JSON object, an empty one as `{}`, and answers what `act` returns."""

    async def serve(request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = decode_object(raw) if raw else {}
        if body is None:
            raise NotPossibleError("The body is no JSON object.", status=400)
        return answer(await act(body))

    return serve


def after_of(request: web.Request) -> int:
    """The number after which a log is wanted; 0 where none is given."""
    raw = request.query.get("after", "0")
    return int(raw) if raw.isdigit() else 0
