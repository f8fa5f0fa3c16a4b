"""A run's forward proxy over real sockets; public addresses are led to servers of the test by its `connect`."""

import asyncio
import base64
import os
import socket
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest
from starlette.types import Receive, Scope, Send

from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.repository import AgentSpec, Sandbox
from ompycord.http.adopted_socket import serve_socket
from ompycord.http.proxy.forward_proxy import ForwardProxy, UpstreamProxy, upstream_of
from ompycord.http.proxy.proxy_request import HostRules
from ompycord.http.run_listeners import INSIDE_PORT, RunListeners, Served
from ompycord.http.run_token import RunToken
from ompycord.http.server import bind
from tests.support.patience import within

PUBLIC, OTHER_PUBLIC, PRIVATE = "93.184.216.34", "93.184.216.35", "10.0.0.1"
AGENT = AgentSpec(name="a", kind="command")
REACHES = AgentSpec(name="a", kind="command", sandbox=Sandbox(network="gateway", hosts=("a.example.org",)))
RUN = RunId(new_ulid(now_ms=0, entropy=os.urandom(10)))


class Internet:
    """Names, and the one server behind every public address; remembers where connections were made to."""

    def __init__(self) -> None:
        self.names: dict[str, list[list[str]]] = {}
        """The answers for each name, the next one first; the last one stays."""
        self.connected: list[tuple[str, int]] = []
        self.dead: set[str] = set()
        self.got = b""
        self.port = 0

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        answers = self.names.get(host)
        if answers is None:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def connect(self, address: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self.connected.append((address, port))
        if address in self.dead:
            raise ConnectionRefusedError
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.got = await reader.readuntil(b"end") if "tunnel" in self.names else await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")
        await writer.drain()
        writer.close()


@pytest.fixture
async def internet() -> AsyncGenerator[Internet]:
    made = Internet()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


async def routes(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def proxied(
    internet: Internet, *rules: str, upstream: UpstreamProxy | None = None
) -> AsyncGenerator[tuple[int, str]]:
    """The port of a run's listener, and the header with its token."""
    token, text = RunToken.mint(RUN)
    proxy = ForwardProxy(
        rules=HostRules(rules), is_token=token.is_valid, upstream=upstream, resolve=internet.resolve,
        connect=internet.connect,
    )  # fmt: skip
    listening = bind("127.0.0.1", 0)
    async with within(30), serve_socket(routes, listening, proxy=proxy):
        basic = base64.b64encode(f"run:{text}".encode()).decode()
        yield listening.getsockname()[1], f"Proxy-Authorization: Basic {basic}"


async def answer(port: int, *parts: str) -> str:
    """All that comes back for these bytes; sent one after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part.encode("latin-1"))
        await writer.drain()
    whole = await reader.read()
    writer.close()
    return whole.decode("latin-1")


async def test_a_tunnel_leads_to_a_name_that_is_listed(internet: Internet) -> None:
    internet.names = {"a.example.org": [[PUBLIC]], "tunnel": []}
    async with proxied(internet, "a.example.org") as (port, token):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"CONNECT a.example.org:443 HTTP/1.1\r\n{token}\r\n\r\n".encode())
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 200 Connection established\r\n\r\n"
        writer.write(b"\x16\x03\x01 whatever, to the end")
        assert (await reader.read()).endswith(b"hi")
        writer.close()
    assert internet.got == b"\x16\x03\x01 whatever, to the end"
    assert internet.connected == [(PUBLIC, 443)]


async def test_an_address_over_plain_http_is_asked_without_what_is_for_the_proxy(internet: Internet) -> None:
    internet.names = {"a.example.org": [[PUBLIC]]}
    async with proxied(internet, "a.example.org") as (port, token):
        said = await answer(port, f"GET http://a.example.org/x HTTP/1.1\r\nHost: b\r\n{token}\r\n\r\n")
    assert said.endswith("hi")
    assert internet.got == b"GET /x HTTP/1.1\r\nhost: a.example.org\r\nconnection: close\r\n\r\n"


async def test_a_request_behind_the_first_one_is_not_passed_on(internet: Internet) -> None:
    internet.names = {"a.example.org": [[PUBLIC]]}
    smuggled = "GET / HTTP/1.1\r\nHost: internal\r\n\r\n"
    async with proxied(internet, "a.example.org") as (port, token):
        await answer(port, f"GET http://a.example.org/ HTTP/1.1\r\n{token}\r\n\r\n{smuggled}")
    assert b"internal" not in internet.got


REFUSALS = {
    "a name that is not listed": ("b.example.org:443", "403", "may not reach b.example.org:443"),
    "a listed name that leads here": ("here.example.org:443", "403", "leads into this machine"),
    "a listed name that leads to a private network": ("inside.example.org:443", "403", "leads into this machine"),
    "an address": ("127.0.0.1:443", "403", "to names, not to addresses"),
    "a name that is none": ("missing.example.org:443", "502", "could not be reached"),
    "a host that is down": ("down.example.org:443", "502", "could not be reached"),
}


@pytest.mark.parametrize("case", REFUSALS)
async def test_what_is_not_allowed_is_refused_in_words_and_nothing_is_connected(internet: Internet, case: str) -> None:
    target, status, words = REFUSALS[case]
    internet.names = {
        "here.example.org": [["127.0.0.1", "::1"]],
        "inside.example.org": [[PRIVATE, "::ffff:10.0.0.1", "169.254.169.254"]],
        "down.example.org": [[OTHER_PUBLIC]],
    }
    internet.dead = {OTHER_PUBLIC}
    async with proxied(internet, "*.example.org") as (port, token):
        if case == "a name that is not listed":
            target = "b.other.example:443"
            words = "may not reach b.other.example:443"
        said = await answer(port, f"CONNECT {target} HTTP/1.1\r\n{token}\r\n\r\n")
    assert said.startswith(f"HTTP/1.1 {status} ")
    assert words in said
    assert [one for one, _ in internet.connected] == ([OTHER_PUBLIC] if "down" in target else [])


async def test_a_name_is_resolved_once_and_the_judged_address_is_connected(internet: Internet) -> None:
    """A name whose answer changes between the judgement and the connection."""
    internet.names = {"turns.example.org": [[PUBLIC], ["127.0.0.1"]]}
    async with proxied(internet, "turns.example.org") as (port, token):
        said = await answer(port, f"GET http://turns.example.org/ HTTP/1.1\r\n{token}\r\n\r\n")
    assert said.endswith("hi")
    assert internet.connected == [(PUBLIC, 80)]


async def test_of_several_addresses_only_the_public_ones_are_tried_in_turn(internet: Internet) -> None:
    internet.names = {"many.example.org": [["127.0.0.1", OTHER_PUBLIC, PRIVATE, PUBLIC]]}
    internet.dead = {OTHER_PUBLIC}
    async with proxied(internet, "many.example.org") as (port, token):
        await answer(port, f"GET http://many.example.org/ HTTP/1.1\r\n{token}\r\n\r\n")
    assert internet.connected == [(OTHER_PUBLIC, 80), (PUBLIC, 80)]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Proxy-Authorization: Basic cnVuOm5vdGhpbmc=",
        "Proxy-Authorization: Bearer x",
        "Proxy-Authorization: Basic =",
    ],
)
async def test_without_the_runs_token_it_answers_407(internet: Internet, header: str) -> None:
    internet.names = {"a.example.org": [[PUBLIC]]}
    async with proxied(internet, "a.example.org") as (port, _):
        lines = "\r\n".join(["CONNECT a.example.org:443 HTTP/1.1", *([header] if header else []), "", ""])
        said = await answer(port, lines)
    assert said.startswith("HTTP/1.1 407 ")
    assert internet.connected == []


async def test_the_operators_proxy_is_asked_by_name_and_with_its_own_password(internet: Internet) -> None:
    internet.names = {"tunnel": []}
    asked: list[bytes] = []

    async def operators(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        is_known = b"a.example.org" in asked[-1]
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nyes" if is_known else b"HTTP/1.1 403 No\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(operators, "127.0.0.1", 0)
    internet.port = server.sockets[0].getsockname()[1]
    upstream = upstream_of({"HTTPS_PROXY": "http://me:p%40ss@proxy.example:3128"})
    async with proxied(internet, "*.example.org", upstream=upstream) as (port, token):
        said = await answer(port, f"CONNECT a.example.org:443 HTTP/1.1\r\n{token}\r\n\r\n")
        refused = await answer(port, f"CONNECT b.example.org:443 HTTP/1.1\r\n{token}\r\n\r\n")
    server.close()
    assert said.endswith("yes")
    assert refused.startswith("HTTP/1.1 502 ")
    assert internet.connected == [("proxy.example", 3128)] * 2
    basic = base64.b64encode(b"me:p@ss")
    host = b"a.example.org:443"
    assert (
        asked[0]
        == b"CONNECT " + host + b" HTTP/1.1\r\nhost: " + host + b"\r\nproxy-authorization: Basic " + basic + b"\r\n\r\n"
    )


def test_a_proxy_of_another_kind_is_none() -> None:
    assert upstream_of({}) is None
    assert upstream_of({"ALL_PROXY": "socks5://proxy.example:1080"}) is None
    assert upstream_of({"https_proxy": "proxy.example:3128"}) == UpstreamProxy("proxy.example", 3128)


async def test_our_routes_are_served_on_the_same_listener_however_the_bytes_come(internet: Internet) -> None:
    async with proxied(internet, "a.example.org") as (port, _):
        whole = await answer(port, "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        pieces = await answer(port, "G", "ET", " ", "/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        odd = await answer(port, "\x16\x03\x01 no http at all, and long enough to be judged\r\n\r\n")
    assert whole.startswith("HTTP/1.1 204 ")
    assert pieces == whole
    assert odd.startswith("HTTP/1.1 400 ")


async def test_open_tunnels_end_with_the_listener(internet: Internet) -> None:
    internet.names = {"a.example.org": [[PUBLIC]], "tunnel": []}
    async with proxied(internet, "a.example.org") as (port, token):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"CONNECT a.example.org:443 HTTP/1.1\r\n{token}\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
    async with within(10):
        assert await reader.read() == b""
    writer.close()


async def test_a_token_is_worth_nothing_once_its_listener_ended_and_on_another_one() -> None:
    tokens: list[RunToken] = []
    learned: list[tuple[str, str]] = []

    def serve(run: RunId, token: RunToken, spec: AgentSpec) -> Served:
        tokens.append(token)
        return Served(routes)

    listeners = RunListeners(serve=serve, level="none", learn=lambda name, value: learned.append((name, value)))
    async with within(20), listeners.open(RUN, AGENT) as first, listeners.open(RUN, AGENT) as second:
        texts = [one.environment["OMPYCORD_RUN_TOKEN"] for one in (first, second)]
        assert [[token.is_valid(text) for text in texts] for token in tokens] == [[True, False], [False, True]]
    assert not any(token.is_valid(text) for token in tokens for text in texts)
    assert learned == [("OMPYCORD_RUN_TOKEN", text) for text in texts]


async def test_the_variables_name_the_proxy_where_hosts_are_listed() -> None:
    tokens: list[RunToken] = []

    def serve(run: RunId, token: RunToken, spec: AgentSpec) -> Served:
        tokens.append(token)
        return Served(routes)

    listeners = RunListeners(serve=serve, level="full")
    async with within(20), listeners.open(RUN, REACHES) as found, listeners.open(RUN, AGENT) as bare:
        variables = found.environment
        assert "HTTPS_PROXY" not in bare.environment
        user, _, rest = variables["HTTPS_PROXY"].removeprefix("http://run:").partition("@")
        assert not tokens[0].is_valid(user)  # who reaches hosts by it can ask no model
        listening = bind("127.0.0.1", 0)
        async with found.adopted(listening):
            heads = [
                f"CONNECT b.example.org:443 HTTP/1.1\r\n"
                f"Proxy-Authorization: Basic {base64.b64encode(f'run:{text}'.encode()).decode()}\r\n\r\n"
                for text in (user, variables["OMPYCORD_RUN_TOKEN"])
            ]
            refused = [(await answer(listening.getsockname()[1], head)).split()[1] for head in heads]
    assert refused == ["403", "407"]
    assert variables["https_proxy"] == variables["HTTPS_PROXY"]
    assert rest == f"127.0.0.1:{INSIDE_PORT}"
    assert variables["NO_PROXY"] == variables["no_proxy"] == "127.0.0.1,localhost"
