"""The frame around every REST route: fault, token, rate limit, work, answer, log; the routes stand beside it."""

import asyncio
import hmac
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from aiohttp import web

from ompycord.playground.faults.plan import BEFORE, Fault, FaultPlan
from ompycord.playground.rest.call import Backend, Call, Reply, Route, limited, read_call
from ompycord.playground.rest.wire import WireEntry, WireLog
from ompycord.playground.rules.documents import Json, encode
from ompycord.playground.rules.errors import DiscordError, unauthorized
from ompycord.playground.rules.limits import RateRule
from ompycord.playground.rules.ratelimit import Verdict

WITHOUT_VIA: Final = web.RequestKey("without_via", bool)
"""Set on a request whose answer must not claim that it came through Discord's proxy."""


_SECRET: Final = re.compile(r"(?<=/)(webhooks|interactions)/([^/]+)/[^/]+")
_PLACEHOLDER: Final = re.compile(r"\\{[a-z_]+\\}")


class RestApi:
    """Serves routes. One instance per playground."""

    def __init__(self, *, backend: Backend, plan: FaultPlan, wire: WireLog) -> None:
        self._backend = backend
        self._core = backend.services.core
        self._limiter = backend.limiter
        self._plan = plan
        self._wire = wire

    def add_to(self, application: web.Application, routes: list[Route]) -> None:
        """Register routes under `/api/v{n}` and `/api`; those with literals before those with placeholders."""
        for route in sorted(routes, key=lambda item: item.template.count("{")):
            for prefix in (r"/api/v{version:\d+}", "/api"):
                application.router.add_route(route.method, prefix + route.template, self._entry(route))
        known = "|".join(_PLACEHOLDER.sub("[^/]+", re.escape(template)) for template in {r.template for r in routes})
        unknown = self._unknown(re.compile(rf"/api(?:/v\d+)?(?:{known})"))
        for path in ("/api", "/api/{rest:.*}", r"/v{version:\d+}/{rest:.*}"):
            application.router.add_route("*", path, unknown)

    def _entry(self, route: Route) -> Callable[[web.Request], Any]:
        async def serve(request: web.Request) -> web.StreamResponse:
            return await self._serve(route, request)

        return serve

    async def _serve(self, route: Route, request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        params = {key: value for key, value in request.match_info.items() if key != "version"}
        if self._plan.is_out:
            return _aborted(request)
        call: Call | None = None
        fault: Fault | None = None
        headers: dict[str, str] = {}
        try:
            call = await read_call(self._backend, request, params)
            path, query = route.clean_path(params), request.query_string
            fault = self._plan.next_for(request.method, path, route.template, query=query, body=call.body)
            reply = await self._apply_fault(fault, request, is_before=True) or self._work(route, call, request, headers)
        except DiscordError as error:
            reply = Reply(status=error.status, body=error.body)
        reply = await self._apply_fault(fault, request, is_before=False) or reply
        if reply.status in (401, 403, 429):
            self._limiter.note_invalid(self._core.clock.now())
        self._log(route, params, call, reply, headers, (time.perf_counter() - started) * 1000, fault)
        if fault is not None and fault.action == "half_after":
            return await _half(request, reply, headers)
        if fault is not None and fault.action == "status":
            headers |= fault.headers
            request[WITHOUT_VIA] = not fault.has_via
        return _response(reply, headers)

    def _unknown(self, known: re.Pattern[str]) -> Callable[[web.Request], Any]:
        """What Discord answers where there is no such route, or not with this method; it stands in the log too."""

        async def serve(request: web.Request) -> web.StreamResponse:
            if self._plan.is_out:
                return _aborted(request)
            status, words = (405, "Method Not Allowed") if known.fullmatch(request.path) else (404, "Not Found")
            body: Json = {"message": f"{status}: {words}", "code": 0}
            path = _SECRET.sub(r"\1/\2/…", request.path)
            self._wire.add_refusal(self._core.clock.now(), request.method, path, status, body)
            return _response(Reply(status=status, body=body), {})

        return serve

    def _work(self, route: Route, call: Call, request: web.Request, headers: dict[str, str]) -> Reply:
        core = self._core
        now = core.clock.now()
        if self._limiter.is_banned(now):
            raise DiscordError(
                429,
                0,
                "You are being blocked from accessing our API temporarily.",
                more={"retry_after": 600.0, "global": True},
            )
        if route.needs_token:
            self._authorize(request)
        if route.rate != "none":
            self._count(route, call, now, headers)
        return route.handler(call)

    def _count(self, route: Route, call: Call, now: float, headers: dict[str, str]) -> None:
        """Take from the request's bucket and write its headers, or raise 429."""
        rule, major = self._rule(route), route.major(call.params)
        verdict = self._limiter.take(rule, major, now, is_exempt_from_global=route.is_interaction)
        headers |= verdict.headers
        if not verdict.is_allowed:
            headers |= _limited_headers(verdict)
            raise limited(verdict)

    def _authorize(self, request: web.Request) -> None:
        given = request.headers.get("Authorization", "")
        expected = f"Bot {self._core.world.bot_token}"
        if not hmac.compare_digest(given.encode(), expected.encode()):
            raise unauthorized()

    def _rule(self, route: Route) -> RateRule:
        rules = self._core.limits.rates
        if route.rate == "other":
            rule = rules.other
            name = f"{route.method} {route.template}"
            return RateRule(name=name, limit=rule.limit, window_s=rule.window_s, source=rule.source)
        if route.rate == "edit_message" and rules.share_create_and_edit:
            return rules.create_message
        rule: RateRule = getattr(rules, route.rate)
        return rule

    async def _apply_fault(self, fault: Fault | None, request: web.Request, *, is_before: bool) -> Reply | None:
        """Do to this request what the fault plans; a reply is then the answer, in place of the route's."""
        if fault is None or (fault.action in BEFORE) is not is_before:
            return None
        match fault.action:
            case "delay_before" | "delay_after":
                await asyncio.sleep(fault.seconds)
                return None
            case "drop_before" | "drop_after":
                _aborted(request)
                return Reply(status=500)
            case "half_after":
                return None
            case "disturb":
                self._backend.gateway.disturb(fault.body or {})
                return None
            case "outage":
                self._plan.cut_off(fault.seconds)
                _aborted(request)
                return Reply(status=500)
            case "kill_before" | "kill_after":
                self._plan.on_kill(fault, f"{request.method} {request.path}")
                _aborted(request)
                return Reply(status=500)
            case "status":
                return Reply(status=fault.status, body=fault.body or {"message": f"{fault.status}: fault", "code": 0})

    def _log(
        self,
        route: Route,
        params: Mapping[str, str],
        call: Call | None,
        reply: Reply,
        headers: dict[str, str],
        ms: float,
        fault: Fault | None,
    ) -> None:
        remaining, reset_s = headers.get("X-RateLimit-Remaining"), headers.get("X-RateLimit-Reset-After")
        self._wire.add(
            WireEntry(
                number=self._wire.next_number(),
                at=self._core.clock.now(),
                method=route.method,
                path=route.clean_path(params),
                route=route.template,
                status=reply.status,
                bucket=headers.get("X-RateLimit-Bucket", ""),
                remaining=int(remaining) if remaining is not None else None,
                reset_s=float(reset_s) if reset_s is not None else None,
                ms=round(ms, 2),
                request=call.body if call else None,
                response=reply.body,
                is_multipart=bool(call and call.is_multipart),
                fault=fault.action if fault else None,
            )
        )


def _limited_headers(verdict: Verdict) -> dict[str, str]:
    """The headers that only a 429 has."""
    headers = {"Retry-After": str(max(1, round(verdict.retry_after_s))), "X-RateLimit-Scope": verdict.scope}
    return headers | ({"X-RateLimit-Global": "true"} if verdict.is_global else {})


def _response(reply: Reply, headers: dict[str, str]) -> web.Response:
    if reply.status == 204:
        return web.Response(status=204, headers=headers)
    # Exactly this content type: discord.py compares it literally.
    return web.Response(
        status=reply.status, body=encode(reply.body), headers={**headers, "Content-Type": "application/json"}
    )


def _aborted(request: web.Request) -> web.Response:
    """Reset the connection; the returned answer reaches no one."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _half(request: web.Request, reply: Reply, headers: dict[str, str]) -> web.StreamResponse:
    """Announce the whole answer, send half of it, and reset the connection."""
    whole = encode(reply.body)
    answer = web.StreamResponse(
        status=reply.status,
        headers={**headers, "Content-Type": "application/json", "Content-Length": str(len(whole))},
    )
    await answer.prepare(request)
    await answer.write(whole[: len(whole) // 2])
    _aborted(request)
    return answer
