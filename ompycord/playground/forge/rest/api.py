"""The frame around every route of the forge: fault, token, limit of requests, work, ETag, log."""

import asyncio
import hashlib
import json
import re
from collections import deque
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from aiohttp import web

from ompycord.playground.forge.faults import ForgeFault
from ompycord.playground.forge.forge import LIMIT, Forge
from ompycord.playground.forge.git_folder import GitError
from ompycord.playground.forge.objects.addresses import API
from ompycord.playground.forge.refusals import ForgeRefusal, not_found
from ompycord.playground.forge.rest import app, checks, issues, pulls, repositories, reviews
from ompycord.playground.forge.rest.call import ForgeAnswer, ForgeCall, Handler, Route

AREAS: Final = (app, repositories, pulls, issues, reviews, checks)
KEPT: Final = 5000
_PLACE: Final = re.compile(r"\\\{(\w+)(\\\+)?\\\}")
_OF_APPS: Final = re.compile(r"/app(/.*)?|/repos/[^/]+/[^/]+/installation")
_BY_NUMBER: Final = re.compile(r"/repositories/(\d+)(/.*)?")


@dataclass
class Received:
    """A request that came, and what was answered."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    status: int = 0
    answer: Any = None


class ForgeRest:
    """The REST interface of one forge."""

    def __init__(self, forge: Forge, *, routes: list[Route] | None = None, api: str = API) -> None:
        """`routes` and `api`, the end of its address, of another kind of forge."""
        self._forge = forge
        self._api = api
        self.received: deque[Received] = deque(maxlen=KEPT)
        self._hour = 0
        routes = routes or [route for area in AREAS for route in area.ROUTES]
        self._routes = [(method, _pattern(template), handler) for method, template, handler in routes]
        self._templates = [template for _, template, _ in routes]

    def add_to(self, application: web.Application, prefix: str) -> None:
        application.router.add_route("*", f"{prefix}{self._api}/{{path:.*}}", self.serve)
        application.router.add_route("*", f"{prefix}/api/graphql", self.serve)
        application.router.add_route("GET", f"{prefix}/logs/{{check:\\d+}}", self._log)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        raw = request.rel_url.raw_path
        path = raw.partition(self._api)[2] if self._api in raw else "/graphql"
        content = await request.read()
        received = Received(request.method, unquote(path), dict(request.query), _parsed(content))
        self.received.append(received)
        fault = self._forge.faults.take(request.method, received.path)
        if fault is not None and fault.seconds:
            await asyncio.sleep(fault.seconds)
        if fault is None or fault.after or fault.seconds:
            answer = await self._answer(request, path, received)
        else:
            answer = ForgeAnswer(status=fault.status, body=fault.answer())
        if fault is not None and not fault.seconds:
            if fault.cuts and request.transport is not None:
                request.transport.abort()
            answer = ForgeAnswer(status=fault.status, body=fault.answer(), headers=fault.headers)
        received.status, received.answer = answer.status, answer.body
        return await self._sent(request, answer, fault)

    async def _answer(self, request: web.Request, path: str, received: Received) -> ForgeAnswer:
        try:
            login = self._login(request, path)
            limit = self._limit()
            answer = await self._work(request, path, received, login)
        except ForgeRefusal as refusal:
            return ForgeAnswer(status=refusal.status, body=refusal.body, headers=refusal.headers)
        except GitError as error:
            return ForgeAnswer(status=500, body={"message": f"git: {error}"})
        if request.method == "GET" and answer.status == 200:
            tag = _tag(request.headers.get("Authorization", ""), answer)
            if request.headers.get("If-None-Match") == tag:
                return ForgeAnswer(status=304, headers={"ETag": tag, **limit})
            answer.headers["ETag"] = tag
        self._forge.remaining -= 1
        return ForgeAnswer(
            status=answer.status, body=answer.body, text=answer.text, headers={**answer.headers, **self._limit()}
        )

    async def _work(self, request: web.Request, path: str, received: Received, login: str) -> ForgeAnswer:
        path = self._by_name(path)
        is_known = False
        for method, pattern, handler in self._routes:
            found = pattern.fullmatch(path)
            if found is None:
                continue
            is_known = True
            if method == request.method:
                params = {name: unquote(value) for name, value in found.groupdict().items()}
                if (moved := self._moved(params, path, request.method)) is not None:
                    return moved
                return await self._handled(handler, request, params, received, login)
        raise not_found() if not is_known else ForgeRefusal(405, "Method Not Allowed")

    async def _handled(
        self, handler: Handler, request: web.Request, params: dict[str, str], received: Received, login: str
    ) -> ForgeAnswer:
        call = ForgeCall(
            forge=self._forge,
            login=login,
            path=received.path,
            params=params,
            query=received.query,
            body=received.body,
            accept=request.headers.get("Accept", ""),
        )
        return await handler(call)

    def _moved(self, params: dict[str, str], path: str, method: str) -> ForgeAnswer | None:
        """Where a repository is now that was renamed: 301, and 307 for what has a body."""
        if "owner" not in params or "name" not in params:
            return None
        former = f"{params['owner']}/{params['name']}"
        name = self._forge.now_called(former)
        found = self._forge.repository(name) if name is not None else None
        if found is None:
            return None
        rest = path.removeprefix(f"/repos/{former}")
        where = f"{self._forge.at.api}/repositories/{found['id']}{rest}"
        status = 301 if method == "GET" else 307
        body = {"message": "Moved Permanently", "url": where, "documentation_url": "https://docs.github.com/rest"}
        return ForgeAnswer(status=status, body=body, headers={"Location": where})

    def _by_name(self, path: str) -> str:
        found = _BY_NUMBER.fullmatch(path)
        if found is None:
            return path
        for one in self._forge.records.every("repository"):
            if one["id"] == int(found[1]):
                return f"/repos/{one['full_name']}{found[2] or ''}"
        raise not_found()

    def _login(self, request: web.Request, path: str) -> str:
        """Whose token it is, or the app whose assertion. Raises ForgeRefusal."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if not token:
            raise ForgeRefusal(401, "Requires authentication")
        if _OF_APPS.fullmatch(path):
            return self._forge.credentials.app_of(token)
        login = self._forge.credentials.login_of(token)
        if kind.lower() not in ("bearer", "token") or login is None:
            raise ForgeRefusal(401, "Bad credentials")
        return login

    def _limit(self) -> dict[str, str]:
        """The headers of the hourly limit. Raises ForgeRefusal where it is spent."""
        forge = self._forge
        hour = int(forge.now()) // 3600
        if hour != self._hour:
            self._hour, forge.remaining = hour, LIMIT
        spent = max(0, forge.remaining)
        headers = {
            "X-RateLimit-Limit": str(LIMIT),
            "X-RateLimit-Remaining": str(spent),
            "X-RateLimit-Used": str(LIMIT - spent),
            "X-RateLimit-Reset": str((hour + 1) * 3600),
            "X-RateLimit-Resource": "core",
        }
        if forge.remaining < 1:
            refusal = ForgeRefusal(403, "API rate limit exceeded for user ID 99.")
            refusal.headers = headers
            raise refusal
        return headers

    async def _sent(self, request: web.Request, answer: ForgeAnswer, fault: ForgeFault | None) -> web.StreamResponse:
        headers = {**self._forge.headers, **answer.headers}
        if answer.text is not None:
            return web.Response(status=answer.status, text=answer.text, headers=headers)
        if answer.status in (204, 304):
            return web.Response(status=answer.status, headers=headers)
        body = b"" if answer.body is None else json.dumps(answer.body).encode()
        headers["Content-Type"] = "application/json; charset=utf-8"
        if fault is None or not fault.halves:
            return web.Response(status=answer.status, body=body, headers=headers)
        response = web.StreamResponse(status=answer.status, headers={**headers, "Content-Length": str(len(body))})
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
        if request.transport is not None:
            request.transport.abort()
        return response

    async def _log(self, request: web.Request) -> web.StreamResponse:
        """A job's log on its other host. A credential that comes along is a fault of the client, and refused."""
        if "Authorization" in request.headers:
            return web.Response(status=400, text="InvalidAuthenticationInfo")
        found = self._forge.records.get("check", int(request.match_info["check"]))
        if found is None:
            return web.Response(status=404)
        return web.Response(text=found["log"] or "")


def _pattern(template: str) -> re.Pattern[str]:
    def place(found: re.Match[str]) -> str:
        return f"(?P<{found[1]}>{'.+' if found[2] else '[^/]+'})"

    return re.compile(_PLACE.sub(place, re.escape(template)))


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None


def _tag(authorization: str, answer: ForgeAnswer) -> str:
    """Of an answer to one token: another token never has it."""
    content = json.dumps(answer.body, sort_keys=True) + (answer.text or "")
    return f'W/"{hashlib.sha256(f"{authorization} {content}".encode()).hexdigest()}"'
