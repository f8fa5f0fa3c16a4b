"""What every request must have: the right Host, no foreign Origin, the token.

Against pages on other addresses (cross-site requests) and names that are re-pointed to this machine (DNS rebinding).
"""

import hmac
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ompycord.playground.page.answers import answer
from ompycord.playground.rest.api import WITHOUT_VIA
from ompycord.playground.rules.errors import DiscordError, NotPossibleError
from ompycord.playground.world.core import Core

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
TOKEN_PATHS: Final = ("/control/", "/app/")


def middleware(core: Core) -> Middleware:
    """The outermost middleware: refuse, or serve with strict headers and errors as JSON."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        refused = _refusal(core, request)
        if refused is not None:
            return refused
        try:
            return await handler(request)
        except DiscordError as error:
            return answer(error.body, status=error.status)
        except NotPossibleError as error:
            more = {"errors": error.errors} if error.errors else {}
            return answer({"message": str(error), **more}, status=error.status)
        except web.HTTPException as error:
            return answer({"message": f"{error.status}: {error.reason}", "code": 0}, status=error.status)

    return guard


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Strict headers on every answer, unless a stricter policy is there already."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if not request.get(WITHOUT_VIA):
        # Discord's answers come through a proxy; discord.py takes a 429 without this header for a ban.
        response.headers.setdefault("Via", "1.1 playground")
    response.headers.setdefault("Cache-Control", "no-store")


def _refusal(core: Core, request: web.Request) -> web.Response | None:
    hosts = (f"127.0.0.1:{core.port}", f"localhost:{core.port}")
    if request.headers.getall("Host", []) not in [[host] for host in hosts]:
        return answer({"message": "421: this is not the address of the playground", "code": 0}, status=421)
    origins = request.headers.getall("Origin", [])
    if origins and origins not in [[f"http://{host}"] for host in hosts]:
        return answer({"message": "403: another page may not use the playground", "code": 0}, status=403)
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        return answer({"message": "403: another page may not use the playground", "code": 0}, status=403)
    needs_token = request.path == "/" or request.path.startswith(TOKEN_PATHS)
    if needs_token and not _has_token(core, request):
        return answer({"message": "401: the address lacks the playground's token", "code": 0}, status=401)
    return None


def _has_token(core: Core, request: web.Request) -> bool:
    """The token as bearer; in the address only where a browser can send no header: the page itself and its event
    stream.
    """
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not given and request.method == "GET" and request.path in ("/", "/app/events"):
        given = request.query.get("token", "")
    return hmac.compare_digest(given.encode(), core.token.encode())
