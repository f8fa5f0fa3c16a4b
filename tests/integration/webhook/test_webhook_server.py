"""The sidecar on a real socket: curl and openssl by hand, deadlines, taken ports, signals.

An end that leaves nothing open.
"""

import asyncio
import contextlib
import inspect
import json
import shutil
import signal
import socket
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest
import uvicorn

from ompycord.app.sidecar import create_sidecar
from ompycord.conductor import Snapshots
from ompycord.errors import BusyError, ConfigurationError
from ompycord.http import HttpLimits, KeySet, SidecarServer, bind, serve
from ompycord.http.connections import bounded_protocol
from ompycord.http.connections.bounded_protocol import PARSERS
from ompycord.http.server import ACCEPTED
from ompycord.store import SqliteStore, open_store
from tests.integration.store.world import CountingIds, HandClock
from tests.integration.webhook.senders import EVENT, SECRET, Poster, envelope
from tests.support.patience import patient, within

HEADER_S = 0.2
BODY_S = 0.2


@pytest.fixture(params=PARSERS, autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each parser of requests in its turn: the one that is taken, and the one for where it is missing."""
    name: str = request.param
    monkeypatch.setattr(bounded_protocol, "PARSERS", {name: PARSERS[name]})
    return name


class Served:
    """A running sidecar and where it listens."""

    def __init__(self, port: int, stop: asyncio.Event, task: "asyncio.Task[None]") -> None:
        self.port = port
        self.stop = stop
        self.task = task


@contextlib.asynccontextmanager
async def running(
    store: SqliteStore,
    keyring: KeySet,
    clock: HandClock,
    *,
    header_s: float = 10,
    body_s: float = 10,
    most_connections: int | None = None,
) -> AsyncGenerator[Served]:
    app = create_sidecar(
        store=store,
        snapshots=Snapshots(store=store),
        keyring=keyring,
        clock=clock,
        ids=CountingIds(1000),
        limits=HttpLimits(body_s=body_s),
        wake=lambda: None,
        probes={},
    )
    listener = bind("127.0.0.1", 0)
    stop, serving = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        serving_it = serve(
            app, stop=stop, sock=listener, serving=serving, header_s=header_s, grace_s=1,
            most_connections=most_connections,
        )  # fmt: skip
        task = group.create_task(serving_it)
        async with within(10):
            await serving.wait()
        yield Served(listener.getsockname()[1], stop, task)
        stop.set()


async def transcript(port: int, *pieces: bytes) -> bytes:
    """Send, then read until the other side closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        async with within(10):
            return await reader.read()
    finally:
        writer.close()


async def run(*command: str) -> bytes:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    async with within(20):
        output, _ = await process.communicate()
    assert process.returncode == 0
    return output


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="needs curl and openssl")
async def test_curl_and_openssl_by_hand(tmp_path: Path, clock: HandClock, keyring: KeySet, ids: CountingIds) -> None:
    database = tmp_path / "ompycord.db"
    body = json.dumps(envelope("tool.finished", seq=1, data={"tool": "edit", "title": "ü"}), ensure_ascii=False)
    timestamp = str(clock.now_ms() // 1000)
    message = tmp_path / "message"
    await asyncio.to_thread(message.write_bytes, f"msg_1.{timestamp}.{body}".encode())
    to_hex = f"printf %s '{SECRET.removeprefix('whsec_')}' | openssl base64 -d -A | od -An -tx1 | tr -d ' \\n'"
    key = (await run("sh", "-c", to_hex)).decode()
    mac = f"openssl dgst -sha256 -mac HMAC -macopt hexkey:{key} -binary {message} | openssl base64 -A"
    signature = (await run("sh", "-c", mac)).decode()

    async with open_store(database, clock=clock, ids=ids, readers=1) as store:
        async with running(store, keyring, clock) as served:
            curl = (
                "curl", "-sS", "-i", "--noproxy", "*", f"http://127.0.0.1:{served.port}{EVENT}",
                "-H", "content-type: application/json", "-H", "webhook-id: msg_1", "-H",
                f"webhook-timestamp: {timestamp}",
                "-H", f"webhook-signature: v1,{signature}", "--data-binary", body,
            )  # fmt: skip
            first, second = await run(*curl), await run(*curl)
        assert await store.backlog() == 1
    assert first.startswith(b"HTTP/1.1 202 ")
    assert b'{"accepted":1,"duplicates":0,' in first
    assert second.startswith(b"HTTP/1.1 200 ")
    assert b"ompycord-replayed: true" in second
    assert b"server:" not in first


async def test_a_burst_waits_in_line_while_the_server_is_busy(
    store: SqliteStore, keyring: KeySet, clock: HandClock
) -> None:
    """Nothing is accepted before this has connected them all: more than asyncio accepts in one go are not refused."""
    async with running(store, keyring, clock) as served:
        with contextlib.ExitStack() as crowd:
            for _ in range(3 * ACCEPTED):
                address = ("127.0.0.1", served.port)
                crowd.enter_context(socket.create_connection(address, timeout=patient(10)))


async def test_half_a_header_is_told_that_it_is_too_slow(store: SqliteStore, keyring: KeySet, clock: HandClock) -> None:
    async with running(store, keyring, clock, header_s=HEADER_S) as served:
        for pieces in ((), (b"POST /api",), (b"POST /api/webhook/event HTTP/1.1\r\nHost: local", b"host\r\n")):
            answer = await transcript(served.port, *pieces)
            assert answer.startswith(b"HTTP/1.1 408 ")
            assert b"/problems/too-slow" in answer


async def test_half_a_header_after_an_answer_is_too_slow_as_well(
    store: SqliteStore, keyring: KeySet, clock: HandClock
) -> None:
    get = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
    async with running(store, keyring, clock, header_s=HEADER_S) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        async with within(10):
            writer.write(get)
            assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200 ")
            writer.write(get + b"GET /li")
            rest = await reader.read()
        writer.close()
    assert rest.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in rest


async def test_half_a_body_is_told_that_it_is_too_slow(store: SqliteStore, keyring: KeySet, clock: HandClock) -> None:
    head = b"POST /api/webhook/event HTTP/1.1\r\nHost: localhost\r\ncontent-length: 100\r\n\r\n"
    async with running(store, keyring, clock, header_s=HEADER_S, body_s=BODY_S) as served:
        answer = await transcript(served.port, head, b'{"schema":')
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer
    assert b"/problems/too-slow" in answer


async def test_a_body_that_comes_later_than_its_header_and_in_pieces_is_taken(
    store: SqliteStore, keyring: KeySet, clock: HandClock
) -> None:
    """The server says when it waits for the body (RFC 9110, 10.1.1), so that none of it is there before."""
    body = json.dumps(envelope("note", data={"text": "in pieces"})).encode()
    async with running(store, keyring, clock) as served, httpx.AsyncClient(trust_env=False) as unused:
        headers = Poster(unused, clock).headers(body) | {"content-length": str(len(body)), "expect": "100-continue"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        async with within(10):
            writer.write(f"POST {EVENT} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode())
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
            for piece in (body[:10], body[10:]):
                writer.write(piece)
                await writer.drain()
            answer = await reader.readuntil(b"\r\n\r\n")
        writer.close()
    assert answer.startswith(b"HTTP/1.1 202 ")


async def test_a_declared_size_is_refused_before_it_is_sent(
    store: SqliteStore, keyring: KeySet, clock: HandClock
) -> None:
    head = b"POST /api/webhook/event HTTP/1.1\r\nHost: localhost\r\ncontent-length: 999999999\r\n\r\n"
    async with running(store, keyring, clock) as served:
        answer = await transcript(served.port, head)
    assert answer.startswith(b"HTTP/1.1 413 ")


ENCODINGS = (b"gzip", b"gzip, chunked", b"xchunked", b"chunked;q=1", b"identity")
NOISE = (
    b"\x16\x03\x01\x02\x00\x01",
    b"GET\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"\x00" * 5000,
    b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET http://a/livez HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /livez#part HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost : a\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: a\r\nX: 1\x00\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n1",
    *(b"POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: %s\r\n\r\n0\r\n\r\n" % one for one in ENCODINGS),
    b"GET /livez\r\n\r\n",
)
LONG = (
    b"GET /livez HTTP/1.1\r\nHost: a\r\n" + b"X: 1\r\n" * 4_000 + b"\r\n",
    b"GET /livez HTTP/1.1\r\nHost: a\r\nX: " + b"1" * 20_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
)
"""More than 16 KiB that arrive in one piece: h11 counts only what does not come to its end."""


async def test_bytes_that_are_no_http_get_no_server_error(
    store: SqliteStore, keyring: KeySet, clock: HandClock, parser: str
) -> None:
    async with running(store, keyring, clock, header_s=HEADER_S) as served:
        for noise in (*NOISE, *LONG) if parser == "httptools" else NOISE:
            answer = await transcript(served.port, noise)
            assert answer.split(b" ")[1].startswith(b"4"), (noise[:60], answer)


async def test_headers_that_never_end_are_refused_once_they_are_too_many(
    store: SqliteStore, keyring: KeySet, clock: HandClock
) -> None:
    async with running(store, keyring, clock) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(b"GET /livez HTTP/1.1\r\nHost: a\r\nX: ")
        async with within(10):
            with contextlib.suppress(ConnectionError):
                for _ in range(200):
                    writer.write(b"1" * 1000)
                    await writer.drain()
                assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()


async def test_requests_behind_one_another_are_answered_in_their_order(
    store: SqliteStore, keyring: KeySet, clock: HandClock
) -> None:
    paths = [b"/livez", b"/problems/scope", b"/nowhere", b"/livez"]
    requests = [b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path for path in paths]
    requests[-1] = requests[-1].replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    async with running(store, keyring, clock) as served:
        answer = await transcript(served.port, b"".join(requests))
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"200", b"200", b"404", b"200"]


async def test_another_protocol_is_not_taken_and_no_line_of_the_log_says_so(
    store: SqliteStore, keyring: KeySet, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    asked = b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    async with running(store, keyring, clock) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        async with within(10):
            writer.write(asked)
            assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200 ")
        writer.close()
    assert not [one for one in caplog.records if "pgrade" in one.getMessage()]


async def test_a_sender_that_hangs_up_disturbs_nobody(store: SqliteStore, keyring: KeySet, clock: HandClock) -> None:
    head = b"POST /api/webhook/event HTTP/1.1\r\nHost: localhost\r\ncontent-length: 100\r\n\r\nhalf"
    async with running(store, keyring, clock) as served:
        for _ in range(5):
            _, writer = await asyncio.open_connection("127.0.0.1", served.port)
            writer.write(head)
            await writer.drain()
            writer.close()
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{served.port}", trust_env=False, timeout=patient(10)
        ) as http:
            assert (await Poster(http, clock).event()).status_code == 202


async def test_stopping_ends_with_a_connection_open(store: SqliteStore, keyring: KeySet, clock: HandClock) -> None:
    async with running(store, keyring, clock) as served:
        _, writer = await asyncio.open_connection("127.0.0.1", served.port)
        served.stop.set()
        async with within(10):
            await served.task
        writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", served.port)


async def test_cancelled_it_leaves_no_listener(store: SqliteStore, keyring: KeySet, clock: HandClock) -> None:
    async with running(store, keyring, clock) as served:
        served.task.cancel()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", served.port)


async def test_a_taken_port_is_busy_and_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        with pytest.raises(BusyError, match=str(port)) as caught:
            bind("127.0.0.1", port)
    assert caught.value.exit_code == 75


def test_an_address_that_is_not_ours_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError):
        bind("192.0.2.1", 0)


async def test_signals_stay_with_whoever_had_them(store: SqliteStore, keyring: KeySet, clock: HandClock) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    async with running(store, keyring, clock):
        assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before

    config = uvicorn.Config(httpx.ASGITransport)
    with SidecarServer(config, stop=asyncio.Event(), handle_signals=True).capture_signals():
        assert signal.getsignal(signal.SIGTERM) != before[0]
    assert signal.getsignal(signal.SIGTERM) == before[0]


def test_uvicorn_still_has_no_handle_signals() -> None:
    assert "handle_signals" not in inspect.signature(uvicorn.Config).parameters
    assert "capture_signals" in vars(uvicorn.Server)


@pytest.mark.parametrize(
    "request_line", ["GET /livez", "GET /openapi.json", "GET /nowhere", "DELETE /livez", "GET /hooks/x"]
)
@pytest.mark.parametrize("is_silent", [False, True])
async def test_a_body_that_nobody_reads_is_under_the_same_deadline(
    store: SqliteStore, keyring: KeySet, clock: HandClock, request_line: str, *, is_silent: bool
) -> None:
    async with running(store, keyring, clock, header_s=HEADER_S) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(f"{request_line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{{".encode())
        async with asyncio.TaskGroup() as group:
            trickle = group.create_task(asyncio.sleep(0) if is_silent else trickled(writer))
            answer = b""
            with contextlib.suppress(ConnectionError):  # a close over what is still on its way is a reset
                async with within(10):
                    while part := await reader.read(4096):
                        answer += part
            trickle.cancel()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 ")
    assert answer.count(b"HTTP/1.1 ") == 1  # and no second answer to what is no second request


async def trickled(writer: asyncio.StreamWriter) -> None:
    """A byte now and then, for as long as the other side takes them."""
    with contextlib.suppress(ConnectionError):
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(HEADER_S / 5)  # shorter than the deadline: bytes that come do not put it off


async def test_after_a_body_that_nobody_read_the_connection_serves_the_next_request(
    store: SqliteStore, keyring: KeySet, clock: HandClock
) -> None:
    async with running(store, keyring, clock) as served:
        first = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n"
        second = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        answer = await transcript(served.port, first, b"body", second)
    assert answer.count(b"HTTP/1.1 200 ") == 2


async def test_what_follows_a_body_of_two_lengths_is_no_request(
    store: SqliteStore, keyring: KeySet, clock: HandClock
) -> None:
    smuggled = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
    async with running(store, keyring, clock) as served:
        for path in (b"/livez", b"/api/webhook/event", b"/nowhere"):
            both = b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % (5 + len(smuggled))
            answer = await transcript(
                served.port, b"POST " + path + b" HTTP/1.1\r\nHost: localhost\r\n" + both + smuggled
            )
            assert answer.startswith(b"HTTP/1.1 400 ")
            assert answer.count(b"HTTP/1.1 ") == 1
            assert b"/problems/length" in answer


@pytest.mark.parametrize(
    "request_line", ["HEAD /livez HTTP/1.1", "HEAD /readyz HTTP/1.1", "HEAD /openapi.json HTTP/1.1"]
)
async def test_head_is_answered_without_a_body(
    store: SqliteStore, keyring: KeySet, clock: HandClock, request_line: str
) -> None:
    async with running(store, keyring, clock) as served:
        answer = await transcript(
            served.port, f"{request_line}\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        )
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert int(head.lower().partition(b"content-length: ")[2].split()[0]) > 0
    assert body == b""


async def test_health_is_answered_over_http_1_0_without_a_name(
    store: SqliteStore, keyring: KeySet, clock: HandClock
) -> None:
    async with running(store, keyring, clock) as served:
        assert (await transcript(served.port, b"GET /livez HTTP/1.0\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        assert (await transcript(served.port, b"GET /problems/scope HTTP/1.0\r\n\r\n")).startswith(b"HTTP/1.1 421 ")


async def test_of_too_many_connections_the_one_that_is_silent_for_longest_goes(
    store: SqliteStore, keyring: KeySet, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(store, keyring, clock, most_connections=8) as served:
        opened = [await asyncio.open_connection("127.0.0.1", served.port) for _ in range(20)]
        async with within(10):
            for reader, _ in opened[:12]:
                with contextlib.suppress(ConnectionError):
                    assert await reader.read() == b""
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}", trust_env=False) as http:
            assert (await http.get("/livez")).status_code == 200
        for _, writer in opened:
            writer.transport.abort()
    assert [record.message for record in caplog.records if "connections are open" in record.message] == [
        "8 connections are open: those without a request for longest are ended"
    ]
