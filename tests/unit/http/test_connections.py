"""What a connection makes of the pieces in which its requests come, with each parser; no socket."""

import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from ompycord.http.connections.bounded_protocol import PARSERS, server_config
from tests.support.patience import within

HEAD = b"POST /a HTTP/1.1\r\nHost: a\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


class Wire(asyncio.Transport):
    """The other end: what was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = asyncio.Event()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += b"" if self.is_closing() else bytes(data)

    def is_closing(self) -> bool:
        return self.closed.is_set()

    def close(self) -> None:
        self.closed.set()

    abort = close

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Connection:
    """One connection, and the requests that came to the application: path, headers, body."""

    def __init__(self, parser: str) -> None:
        self.requests: list[tuple[str, dict[bytes, bytes], bytes]] = []
        config = server_config(self, 10, 10, parser=parser)
        config.load()
        made: Any = config.http_protocol_class
        self._protocol = made(config=config, server_state=ServerState(), app_state={})
        self.wire = Wire()
        self._protocol.connection_made(self.wire)

    def send(self, *pieces: bytes) -> None:
        """As long as the other side listens."""
        for piece in pieces:
            if not self.wire.is_closing():
                self._protocol.data_received(piece)

    async def ended(self) -> bytes:
        """All that was answered once the connection is closed."""
        async with within(10):
            await self.wire.closed.wait()
        self._protocol.connection_lost(None)
        return self.wire.written

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message["more_body"]:
                break
        else:
            return
        self.requests.append((scope["path"], dict(scope["headers"]), body))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture(params=PARSERS)
async def connection(request: pytest.FixtureRequest) -> Connection:
    return Connection(request.param)


async def test_what_stands_behind_a_chunked_body_is_no_header(connection: Connection) -> None:
    connection.send(CHUNKED + b"1\r\nx\r\n0\r\nAuthorization: Bearer 1\r\nHost: b\r\n\r\n", LAST)
    assert (await connection.ended()).count(b"HTTP/1.1 200") == 2
    _, headers, body = connection.requests[0]
    assert body == b"x"
    assert headers == {b"host": b"a", b"transfer-encoding": b"chunked"}


ENDLESS = {
    "value": b"0\r\nA: ",
    "name": b"0\r\n",
    "of chunk": b"1;a=",
    "many": b"1\r\nx\r\n0\r\n" + b"A: 1\r\n" * 3_000,
}


@pytest.mark.parametrize("start", ENDLESS.values(), ids=ENDLESS)
async def test_what_stands_beside_a_body_without_end_ends_the_connection(connection: Connection, start: bytes) -> None:
    connection.send(CHUNKED + start, *[b"x" * 1_000] * 20)
    await connection.ended()
    assert connection.requests == []


async def test_a_large_head_is_taken_in_as_many_pieces_as_it_comes(connection: Connection) -> None:
    names = [b"x-%d" % number for number in range(20)]
    pieces = [b": " + b"1" * 500 + b"\r\n" + name for name in names[1:]]
    connection.send(b"GET /a HTTP/1.1\r\nHost: a\r\n" + names[0], *pieces, b": 1\r\n\r\n", LAST)
    assert (await connection.ended()).count(b"HTTP/1.1 200") == 2
    assert set(names) <= set(connection.requests[0][1])


@pytest.mark.parametrize(
    "body", [b"Content-Length: 3\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"]
)
@pytest.mark.parametrize("cut", [0, 1, 3], ids=["whole", "body apart", "body cut"])
async def test_a_body_is_read_also_where_another_protocol_is_wished(
    connection: Connection, body: bytes, cut: int
) -> None:
    head, _, rest = (HEAD + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n" + body).partition(b"\r\n\r\n")
    whole = head + b"\r\n\r\n" + rest + LAST
    at = len(head) + 3 + cut if cut else 0
    connection.send(*(piece for piece in (whole[:at], whole[at:]) if piece))
    assert (await connection.ended()).count(b"HTTP/1.1 200") == 2
    assert [(path, text) for path, _, text in connection.requests] == [("/a", b"abc"), ("/last", b"")]


@pytest.mark.skipif("httptools" not in PARSERS, reason="h11 keeps requests that wait as bytes")
async def test_more_requests_than_a_few_do_not_wait_behind_the_first() -> None:
    connection = Connection("httptools")
    connection.send(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n" * 9_000)
    assert (await connection.ended()).startswith(b"HTTP/1.1 400 ")
    assert connection.requests == []
