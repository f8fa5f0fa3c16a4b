"""The frame around every REST route: fault, token, rate limit, work, answer, wire log; the routes are in
`rest_*.py`.
"""

import asyncio
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from aiohttp import web

from ompycord.playground.faults.plan import BEFORE, Fault
from ompycord.playground.guards import WITHOUT_VIA
from ompycord.playground.rest.wire import WireEntry
from ompycord.playground.rules.documents import Json, as_object, decode_object, encode
from ompycord.playground.rules.errors import DiscordError, refusal, unauthorized
from ompycord.playground.rules.limits import RateRule
from ompycord.playground.rules.ratelimit import Verdict, bucket_hash
from ompycord.playground.world.attachments import Upload
from ompycord.playground.world.services import Services


@dataclass(kw_only=True)
class Call:
    """One request, read and parsed."""

    services: Services
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    uploads: dict[str, Upload] = field(default_factory=dict[str, Upload])
    is_multipart: bool = False

    @property
    def form(self) -> Json:
        """The body as an object; refused with 50109 where it is none."""
        found = as_object(self.body)
        if found is None:
            raise refusal(50109)
        return found

    def number(self, key: str, default: int, low: int, high: int) -> int:
        """A whole number of the query, within its bounds; refused with 50035."""
        raw = self.query.get(key, str(default))
        if not raw.isdigit() or not low <= int(raw) <= high:
            error = {
                "_errors": [{"code": "NUMBER_TYPE_MAX", "message": f"int value should be between {low} and {high}."}]
            }
            raise DiscordError(400, 50035, "Invalid Form Body", {key: error})
        return int(raw)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer: a status and, unless 204, a JSON body."""

    body: Any = None
    status: int = 200


NO_CONTENT: Final = Reply(status=204)
Handler = Callable[[Call], Reply]
RateName = Literal["create_message", "edit_message", "delete_message", "reaction", "webhook", "other", "none"]


@dataclass(frozen=True, kw_only=True)
class Route:
    """One operation of Discord's API. `needs_token` is false where the address itself is the secret.

    `rate` names the bucket's rule; with "none" there is no bucket and no header tells of one.
    """

    method: str
    template: str
    handler: Handler
    rate: RateName = "other"
    needs_token: bool = True

    @property
    def is_interaction(self) -> bool:
        """Interaction endpoints are exempt from the global limit (Discord, "Rate limits")."""
        return not self.needs_token

    def major(self, params: Mapping[str, str]) -> str:
        """The part of a bucket's name that is in the path: channel, guild, or webhook with its token."""
        keys = ("channel_id", "guild_id", "webhook_id", "webhook_token", "interaction_id")
        return ":".join(params[key] for key in keys if key in params)

    def clean_path(self, params: Mapping[str, str]) -> str:
        """The path without its secrets."""
        shown = {key: "…" if key.endswith("token") else value for key, value in params.items()}
        return self.template.format(**shown)


class RestApi:
    """Serves routes. One instance per playground."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._core = services.core

    def add_to(self, application: web.Application, routes: list[Route]) -> None:
        """Register routes under `/api/v{n}` and `/api`; those with literals before those with placeholders."""
        for route in sorted(routes, key=lambda item: item.template.count("{")):
            for prefix in (r"/api/v{version:\d+}", "/api"):
                application.router.add_route(route.method, prefix + route.template, self._entry(route))

    def _entry(self, route: Route) -> Callable[[web.Request], Any]:
        async def serve(request: web.Request) -> web.StreamResponse:
            return await self._serve(route, request)

        return serve

    async def _serve(self, route: Route, request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        params = {key: value for key, value in request.match_info.items() if key != "version"}
        faults = self._core.faults
        if self._core.clock.now() < faults.out_until:
            return _aborted(request)
        call: Call | None = None
        fault: Fault | None = None
        headers: dict[str, str] = {}
        try:
            call = await self._read(request, params)
            fault = faults.strike(request.method, route.clean_path(params), route.template, call.body)
            reply = await self._suffer(fault, request, is_before=True) or self._work(route, call, request, headers)
        except DiscordError as error:
            reply = Reply(status=error.status, body=error.body)
        late = await self._suffer(fault, request, is_before=False)
        reply = late or reply
        if reply.status in (401, 403, 429):
            self._core.limiter.note_invalid(self._core.clock.now())
        self._log(route, params, call, reply, headers, (time.perf_counter() - started) * 1000, fault)
        if fault is not None and fault.action == "half_after":
            return await _half(request, reply, headers)
        if fault is not None and fault.action == "status":
            headers |= fault.headers
            request[WITHOUT_VIA] = not fault.has_via
        return _response(reply, headers)

    def _work(self, route: Route, call: Call, request: web.Request, headers: dict[str, str]) -> Reply:
        core = self._core
        now = core.clock.now()
        if core.limiter.is_banned(now):
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
        """Take from the request's bucket and say so in the headers, or raise 429."""
        rule, major = self._rule(route), route.major(call.params)
        verdict = self._core.limiter.take(rule, major, now, is_exempt_from_global=route.is_interaction)
        headers |= verdict.headers
        if not verdict.is_allowed:
            headers |= limited_headers(verdict)
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

    async def _read(self, request: web.Request, params: dict[str, str]) -> Call:
        uploads: dict[str, Upload] = {}
        body: Any = None
        is_multipart = request.content_type == "multipart/form-data"
        if is_multipart:
            body, uploads = await _read_multipart(request)
        else:
            raw = await request.read()
            if raw:
                if request.content_type != "application/json":
                    raise refusal(50109)
                body = _parse(raw)
        return Call(
            services=self._services,
            params=params,
            query=request.query,
            body=body,
            uploads=uploads,
            is_multipart=is_multipart,
        )

    async def _suffer(self, fault: Fault | None, request: web.Request, *, is_before: bool) -> Reply | None:
        """Do to this request what the fault says; a reply means that nothing else happens."""
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
                self._core.gateway.disturb(fault.body or {})
                return None
            case "outage":
                self._core.cut_off(fault.seconds)
                _aborted(request)
                return Reply(status=500)
            case "kill_before" | "kill_after":
                self._core.on_kill(fault, f"{request.method} {request.path}")
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
        self._core.wire.add(
            WireEntry(
                number=self._core.wire.next_number(),
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


def limited(verdict: Verdict) -> DiscordError:
    """The answer 429 in Discord's shape."""
    more: Json = {"retry_after": round(verdict.retry_after_s, 3), "global": verdict.is_global}
    message = "Maximum number of edits to messages older than 1 hour reached. Try again later"
    return DiscordError(
        429, verdict.code, message if verdict.code == 30046 else "You are being rate limited.", more=more
    )


def limited_headers(verdict: Verdict) -> dict[str, str]:
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
    """The connection is reset; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _half(request: web.Request, reply: Reply, headers: dict[str, str]) -> web.StreamResponse:
    """Promise the whole answer, send half of it, and reset the connection."""
    whole = encode(reply.body)
    answer = web.StreamResponse(
        status=reply.status,
        headers={**headers, "Content-Type": "application/json", "Content-Length": str(len(whole))},
    )
    await answer.prepare(request)
    await answer.write(whole[: len(whole) // 2])
    _aborted(request)
    return answer


def _parse(raw: bytes) -> Any:
    import json

    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise refusal(50109) from error


async def _read_multipart(request: web.Request) -> tuple[Any, dict[str, Upload]]:
    """`payload_json` and the files, by the number in `files[n]`."""
    body: Any = {}
    uploads: dict[str, Upload] = {}
    form = await request.post()
    for name, value in form.items():
        if isinstance(value, web.FileField):
            key = name[6:-1] if name.startswith("files[") else str(len(uploads))
            uploads[key] = Upload(filename=value.filename, content=value.file.read(), content_type=value.content_type)
        elif name == "payload_json" and isinstance(value, str):
            body = decode_object(value)
    return body, uploads


__all__ = ["NO_CONTENT", "Call", "Handler", "Reply", "RestApi", "Route", "bucket_hash", "limited", "limited_headers"]
