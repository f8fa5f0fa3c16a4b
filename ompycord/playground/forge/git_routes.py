"""git's addresses of the forge: who may use them, and the faults that come first."""

import asyncio
import base64
import binascii
from typing import Final

from aiohttp import web

from ompycord.playground.forge import smart_http
from ompycord.playground.forge.forge import Forge
from ompycord.playground.forge.refusals import ForgeRefusal
from ompycord.playground.forge.smart_http import SERVICES

_REALM: Final = {"WWW-Authenticate": 'Basic realm="GitHub"'}
_ARCHIVED: Final = "ERROR: This repository was archived so it is read-only."


class GitRoutes:
    """Smart HTTP of one forge."""

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self.authorizations: list[str] = []
        """With which git came, the newest last; the last thousand."""

    def add_to(self, application: web.Application, prefix: str) -> None:
        place = f"{prefix}/{{owner:[^/]+}}/{{name:[^/]+}}.git"
        application.router.add_get(f"{place}/info/refs", self._advertise)
        application.router.add_post(f"{place}/{{service:git-upload-pack|git-receive-pack}}", self._serve)

    async def _advertise(self, request: web.Request) -> web.StreamResponse:
        service = request.query.get("service", "")
        if service not in SERVICES:
            return web.Response(status=403, text="Please upgrade your git client.")
        refused = await self._refused(request, service)
        if refused is not None:
            return refused
        protocol = request.headers.get("Git-Protocol", "")
        return await smart_http.advertise(self._forge.path_of(self._name(request)), service, protocol)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        service = request.match_info["service"]
        fault = self._forge.faults.take(request.method, request.path)
        if fault is not None and fault.seconds:
            await asyncio.sleep(fault.seconds)
        elif fault is not None and fault.cuts and not fault.after:
            await request.content.readany()
            return _cut(request)
        elif fault is not None and not fault.git and not fault.after and not fault.halves:
            return web.Response(status=fault.status, text=str(fault.body or ""), headers=fault.headers)
        refused = await self._refused(request, service, is_counted=False)
        if refused is not None:
            return refused
        full_name = self._name(request)
        folder, refusal = self._forge.path_of(full_name), fault.git if fault is not None else ""
        if fault is not None and fault.after:
            return await self._unanswered(request, full_name, service)
        half = fault is not None and fault.halves

        async def followed() -> None:
            if service == "git-receive-pack":
                await self._forge.after_push(full_name)

        return await smart_http.serve(request, folder, service, then=followed, refusal=refusal, half=half)

    async def _unanswered(self, request: web.Request, full_name: str, service: str) -> web.StreamResponse:
        """It takes effect, and the answer is lost."""
        await smart_http.take(request, self._forge.path_of(full_name), service)
        await self._forge.after_push(full_name)
        return _cut(request)

    async def _refused(self, request: web.Request, service: str, *, is_counted: bool = True) -> web.Response | None:
        """What is answered to who may not; None for who may."""
        fault = self._forge.faults.take(request.method, request.path) if is_counted else None
        if fault is not None:
            if fault.seconds:
                await asyncio.sleep(fault.seconds)
            elif fault.cuts:
                return _cut(request)
            else:
                return web.Response(status=fault.status, text=str(fault.body or ""), headers=fault.headers)
        given = request.headers.get("Authorization", "")
        if not self._is_known(given):
            return web.Response(status=401, text="Bad credentials", headers=_REALM)
        self.authorizations[:] = [*self.authorizations[-999:], given]
        try:
            found = self._forge.repository(self._name(request))
        except ForgeRefusal:
            found = None
        if found is None:
            moved = self._forge.now_called(self._name(request))
            return self._elsewhere(request, moved) if moved else web.Response(status=404, text="Repository not found.")
        if service == "git-receive-pack" and found["archived"]:
            return web.Response(status=403, text=_ARCHIVED)
        if service == "git-receive-pack" and not found["may_push"]:
            return web.Response(status=403, text=f"Permission to {found['full_name']} denied to ompycord-bot.")
        return None

    def _elsewhere(self, request: web.Request, full_name: str) -> web.Response:
        rest = request.rel_url.raw_path_qs.partition(".git/")[2]
        return web.Response(status=301, headers={"Location": f"{self._forge.at.web}/{full_name}.git/{rest}"})

    def _is_known(self, authorization: str) -> bool:
        kind, _, encoded = authorization.partition(" ")
        try:
            _, _, password = base64.b64decode(encoded, validate=True).partition(b":")
        except binascii.Error:
            return False
        is_ours = self._forge.credentials.login_of(password.decode("utf-8", "replace")) is not None
        return kind.lower() == "basic" and is_ours

    @staticmethod
    def _name(request: web.Request) -> str:
        return f"{request.match_info['owner']}/{request.match_info['name']}"


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=502)
