"""What the programs of a run reach of this process: one listener a run, which dies with the step that it is for.

Counterpart of `workspaces/confinement/`, which hands the listening socket out of a program's own network, or allows the
port. At level *full* the program listens on `INSIDE_PORT` of its own network, and no other program reaches that. Below,
we listen on a port of this machine, which any program here reaches: what is served must not trust the address.
"""

import contextlib
import socket
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import cache, partial
from types import MappingProxyType
from typing import Final, NamedTuple

from starlette.applications import Starlette
from starlette.types import ASGIApp

from ompycord.domain.configuration.attached_secrets import AttachedSecret
from ompycord.domain.configuration.setup import User
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Listener
from ompycord.domain.ports.models import Models
from ompycord.domain.repository import AgentSpec, ConfinementLevel
from ompycord.http.adopted_socket import serve_socket
from ompycord.http.provider_waits import ProviderWaits
from ompycord.http.proxy.attaching import FindSecret, git_variables
from ompycord.http.proxy.forward_proxy import ForwardProxy, UpstreamProxy
from ompycord.http.proxy.proxy_request import HostRules
from ompycord.http.run_token import RUN_TOKEN, RunToken
from ompycord.http.server import bind

__all__ = ["INSIDE_PORT", "RunListeners", "SecretOfRun", "Served"]

INSIDE_PORT: Final = 8790
"""Every port is free in a network of one's own."""
_PROXIED: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_NOT_PROXIED: Final = "127.0.0.1,localhost"
_NOTHING: Final = Starlette()

SecretOfRun = Callable[[RunId, User, AttachedSecret], Awaitable[str | None]]
"""The value that a rule adds to requests of these programs of a run; None where there is none."""


async def _no_secret(run: RunId, user: User, rule: AttachedSecret) -> str | None:
    """Where none is kept."""


class Served(NamedTuple):
    """What one run's programs are served."""

    app: ASGIApp
    has_models: bool = False
    dialects: Mapping[str, str] = {}  # never changed
    """See `Listener`."""
    provider_waits: ProviderWaits | None = None
    """Where requests wait for a provider; None: they never do."""
    models_with: Callable[[str], Models] | None = None
    """What asks models with the text of the run's token; None: nothing does."""


class _Way(NamedTuple):
    """To hosts: a proxy, and the text of its token, with which nothing else is reached."""

    proxy: ForwardProxy
    token: str
    attached: tuple[AttachedSecret, ...] = ()

    def variables(self, port: int) -> dict[str, str]:
        """By which programs find it."""
        return {**_proxy_variables(self.token, port), **git_variables(self.attached)}


class _RunListener:
    """One run's, for as long as its step runs."""

    def __init__(self, served: Served, way: _Way | None, token: str, port: int) -> None:
        self._app = served.app
        self._way = way
        self._token = token
        self.port = port
        self.has_models = served.has_models
        self.dialects = served.dialects
        self._waits_here = served.provider_waits
        self.models = None if served.models_with is None else served.models_with(token)

    @property
    def environment(self) -> Mapping[str, str]:
        url = f"http://127.0.0.1:{self.port}"
        own = {"OMPYCORD_URL": url, "OMPYCORD_MCP_URL": f"{url}/mcp/", RUN_TOKEN: self._token}
        return own if self._way is None else {**own, **self._way.variables(self.port)}

    def watch_waits(self, waiting: Callable[[bool], None]) -> None:
        if self._waits_here is not None:
            self._waits_here.watch(waiting)

    def adopted(self, listening: socket.socket) -> AbstractAsyncContextManager[None]:
        return serve_socket(self._app, listening, proxy=None if self._way is None else self._way.proxy)


class _HostsOnly:
    """One that leads to hosts and serves nothing itself; implements `ProxyListener`."""

    has_models = False
    models = None
    dialects: Mapping[str, str] = MappingProxyType({})

    def __init__(self, way: _Way, port: int) -> None:
        self._way = way
        self.port = port

    @property
    def environment(self) -> Mapping[str, str]:
        return self._way.variables(self.port)

    @property
    def refused(self) -> tuple[str, ...]:
        return self._way.proxy.refused

    def watch_waits(self, waiting: Callable[[bool], None]) -> None:
        """No request of its programs waits for a provider."""

    def adopted(self, listening: socket.socket) -> AbstractAsyncContextManager[None]:
        return serve_socket(_NOTHING, listening, proxy=self._way.proxy)


class RunListeners:
    """Opens one for a step."""

    def __init__(
        self,
        *,
        serve: Callable[[RunId, RunToken, AgentSpec], Served],
        level: ConfinementLevel,
        upstream: UpstreamProxy | None = None,
        learn: Callable[[str, str], None] = lambda name, value: None,
        secret_of: SecretOfRun = _no_secret,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        """`serve` makes what is served to a run's agent; `level` is how the run's programs are confined.

        `upstream` is the operator's proxy, if there is one; `learn` is given the variable and the text of each token.
        `secret_of` finds what is added to requests; the hosts that get it over TLS are believed by `tls`.
        """
        self._serve = serve
        self._level = level
        self._upstream = upstream
        self._learn = learn
        self._secret_of = secret_of
        self._tls = cache(tls)

    @asynccontextmanager
    async def open(
        self, run: RunId, spec: AgentSpec, attached: tuple[AttachedSecret, ...] = ()
    ) -> AsyncGenerator[Listener]:
        """A listener for the agent's programs of `run`, served while the block runs.

        With a proxy, where its settings name hosts; it adds secrets to requests by the rules `attached`.

        Raises StartError without a free port.
        """
        with self._token(run) as (token, text), self._way(run, spec.sandbox.hosts, attached) as way:
            served = self._serve(run, token, spec)
            if self._level == "full":
                yield _RunListener(served, way, text, INSIDE_PORT)
                return
            with contextlib.closing(bind("127.0.0.1", 0)) as listening:
                async with serve_socket(served.app, listening, proxy=None if way is None else way.proxy):
                    yield _RunListener(served, way, text, listening.getsockname()[1])

    @asynccontextmanager
    async def open_proxy(
        self, run: RunId, hosts: Sequence[str], user: User, attached: tuple[AttachedSecret, ...]
    ) -> AsyncGenerator[_HostsOnly]:
        """A way to these hosts, and to nothing of ours, for set-up and checks of `run`, while the block runs.

        Requests of `user` get secrets by the rules `attached`.
        """
        rules = HostRules(hosts, setting="hosts of the step or check")
        with self._token(run) as (token, text):
            way = _Way(self._proxy(token, rules, partial(self._secret_of, run, user), attached), text, attached)
            if self._level == "full":
                yield _HostsOnly(way, INSIDE_PORT)
                return
            with contextlib.closing(bind("127.0.0.1", 0)) as listening:
                async with serve_socket(_NOTHING, listening, proxy=way.proxy):
                    yield _HostsOnly(way, listening.getsockname()[1])

    @asynccontextmanager
    async def open_for_terminal(self, run: RunId, spec: AgentSpec) -> AsyncGenerator[tuple[int, Listener]]:
        """The same for a terminal that a person opens in the clone: by a port of this machine at every level.

        Which port that is, and the listener as programs at the terminal see it: at level *full* who opens the terminal
        forwards there what comes to the port inside.
        """
        with self._token(run) as (token, text), self._way(run, spec.sandbox.hosts) as way:
            served = self._serve(run, token, spec)
            with contextlib.closing(bind("127.0.0.1", 0)) as listening:
                port: int = listening.getsockname()[1]
                async with serve_socket(served.app, listening, proxy=None if way is None else way.proxy):
                    yield port, _RunListener(served, way, text, INSIDE_PORT if self._level == "full" else port)

    @contextmanager
    def _token(self, run: RunId) -> Generator[tuple[RunToken, str]]:
        token, text = RunToken.mint(run)
        self._learn(RUN_TOKEN, text)
        try:
            yield token, text
        finally:
            token.end()

    @contextmanager
    def _way(
        self, run: RunId, hosts: Sequence[str], attached: tuple[AttachedSecret, ...] = ()
    ) -> Generator[_Way | None]:
        """With a token of its own: programs that are to reach these hosts and ask no model hold this one alone."""
        if not hosts:
            yield None
            return
        with self._token(run) as (token, text):
            proxy = self._proxy(token, HostRules(hosts), partial(self._secret_of, run, "agent"), attached)
            yield _Way(proxy, text, attached)

    def _proxy(
        self, token: RunToken, rules: HostRules, secret_of: FindSecret, attached: tuple[AttachedSecret, ...]
    ) -> ForwardProxy:
        return ForwardProxy(
            rules=rules,
            is_token=token.is_valid,
            upstream=self._upstream,
            attached=attached,
            secret_of=secret_of,
            tls=self._tls,
        )


def _proxy_variables(token: str, port: int) -> dict[str, str]:
    """What programs read to find a proxy: some take large letters, some small ones, Node only with a switch."""
    names = [name for one in _PROXIED for name in (one, one.lower())]
    proxies = dict.fromkeys(names, f"http://run:{token}@127.0.0.1:{port}")
    return {**proxies, "NO_PROXY": _NOT_PROXIED, "no_proxy": _NOT_PROXIED, "NODE_USE_ENV_PROXY": "1"}
