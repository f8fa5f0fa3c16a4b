"""Which edge gets a request: raw routes, then the longest mount, then the root.

Each may be asked for what is its own only.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

import httpx
import pytest
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ompycord.http import (
    AuthCheck,
    ClientDisconnected,
    FindHandler,
    HttpLimits,
    KeySet,
    Mount,
    Problem,
    RawAnswer,
    RawHandler,
    RawRequest,
    RawRoutes,
    RequestPipeline,
    Sidecar,
    problem,
)
from tests.support.patience import within
from tests.unit.http.test_keys import Clock


def says(word: str) -> RawHandler:
    async def answer(request: RawRequest) -> RawAnswer:
        return 200, (), word.encode()

    return answer


def app_of(word: str) -> ASGIApp:
    """Answers as a stream of two pieces."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": word.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": scope.get("root_path", "").encode()})

    return app


def nothing(path: str, query: bytes, headers: Mapping[bytes, bytes]) -> RawHandler | None:
    return None


def under(prefix: str, handler: RawHandler) -> FindHandler:
    return lambda path, query, headers: handler if path.startswith(prefix) else None


def dispatcher(
    raw: Sequence[RawRoutes] = (),
    mounts: Sequence[Mount] = (),
    root: ASGIApp | None = None,
    *,
    redact: Callable[[str], str] = str,
    body_s: float = 10.0,
) -> Sidecar:
    clock, limits = Clock(), HttpLimits(body_s=body_s)
    auth_check = AuthCheck(keyring=KeySet(clock=clock), clock=clock, limits=limits)
    pipeline = RequestPipeline(auth_check=auth_check, clock=clock, limits=limits)
    return Sidecar(
        auth_check=auth_check, pipeline=pipeline, raw=raw, mounts=mounts, root=root or app_of("root"),
        hosts=frozenset(), redact=redact,
    )  # fmt: skip


async def get(app: ASGIApp, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        return await http.get(path, headers=headers)


async def test_raw_routes_come_first_then_the_longest_mount_then_the_root() -> None:
    app = dispatcher(
        raw=[
            RawRoutes({"/a/exact": says("exact")}, under("/a/found", says("found"))),
            RawRoutes({}, under("/a/", says("second"))),
        ],
        mounts=[Mount("/a", app_of("mount")), Mount("/b", app_of("outer")), Mount("/b/deep", app_of("inner"))],
    )
    answers = {
        path: (await get(app, path)).text
        for path in ("/a/exact", "/a/found/x", "/a/exact/", "/a", "/b", "/b/x", "/b/deep/x", "/b/deeper", "/c")
    }
    assert answers == {
        "/a/exact": "exact",
        "/a/found/x": "found",  # the first edge that knows it, before the second
        "/a/exact/": "second",  # an exact route is the whole path
        "/a": "mount/a",
        "/b": "outer/b",
        "/b/x": "outer/b",
        "/b/deep/x": "inner/b/deep",
        "/b/deeper": "outer/b",
        "/c": "root",
    }


async def test_no_handler_runs_for_another_name_or_a_web_page() -> None:
    asked: list[str] = []

    async def counted(request: RawRequest) -> RawAnswer:
        asked.append("raw")
        return 200, (), b""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append("app")
        await app_of("")(scope, receive, send)

    served = dispatcher(
        [RawRoutes({"/raw": counted}, nothing)], [Mount("/m", app), Mount("/page", app, is_for_browsers=True)], app
    )
    for path in ("/raw", "/m", "/page", "/"):
        assert (await get(served, path, {"host": "evil.example"})).status_code == 421
    for path in ("/raw", "/m", "/"):
        assert (await get(served, path, {"origin": "http://localhost"})).status_code == 403
    assert asked == []
    assert (await get(served, "/page", {"origin": "http://localhost"})).status_code == 200
    assert asked == ["app"]


@pytest.mark.parametrize("path", ["/raw", "/m", "/"])
async def test_a_defect_is_answered_with_a_problem(path: str) -> None:
    async def raw(request: RawRequest) -> RawAnswer:
        raise RuntimeError("a defect")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("a defect")

    answer = await get(dispatcher([RawRoutes({"/raw": raw}, nothing)], [Mount("/m", app)], app), path)
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal")


async def test_a_stream_that_breaks_is_not_answered_twice() -> None:
    sent: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("a defect in mid-stream")

    async def send(message: Mapping[str, object]) -> None:
        sent.append(str(message["type"]))

    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [(b"host", b"localhost")]}
    await dispatcher(root=app)(scope, receive, send)
    assert sent == ["http.response.start"]


async def test_a_sender_that_hung_up_gets_no_answer() -> None:
    async def raw(request: RawRequest) -> RawAnswer:
        raise ClientDisconnected

    sent: list[object] = []

    async def send(message: Mapping[str, object]) -> None:
        sent.append(message)

    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "path": "/raw", "query_string": b"", "headers": [(b"host", b"localhost")]}
    await dispatcher([RawRoutes({"/raw": raw}, nothing)])(scope, receive, send)
    assert sent == []


def test_two_edges_cannot_claim_one_path() -> None:
    with pytest.raises(ValueError, match="/raw"):
        dispatcher([RawRoutes({"/raw": says("a")}, nothing), RawRoutes({"/raw": says("b")}, nothing)])
    with pytest.raises(ValueError, match="/mcp"):
        dispatcher(mounts=[Mount("/mcp", app_of("a")), Mount("/mcp", app_of("b"))])


SECRET = "hunter2-hunter2"


def redacted(text: str) -> str:
    return text.replace(SECRET, "[redacted]")


async def test_no_answer_shows_a_secret_and_each_has_its_own_length() -> None:
    async def found(request: RawRequest) -> RawAnswer:
        body = f'{{"a":"{SECRET}"}}'.encode()
        return 200, ((b"content-length", b"%d" % len(body)),), body

    async def refused(request: RawRequest) -> RawAnswer:
        return problem(Problem("schema-invalid", f"not {SECRET}"))

    async def whole(scope: Scope, receive: Receive, send: Send) -> None:
        await JSONResponse({"a": SECRET})(scope, receive, send)

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await send({"type": "http.response.body", "body": f"data: {SECRET}\n\n".encode(), "more_body": True})
        await send({"type": "http.response.body", "body": f"data: {SECRET}".encode()})

    app = dispatcher(
        [RawRoutes({"/refused": refused}, under("/found", found))], [Mount("/stream", stream)], whole, redact=redacted
    )
    for path in ("/found", "/refused", "/", "/stream"):
        answer = await get(app, path)
        assert SECRET not in answer.text
        assert "[redacted]" in answer.text
        assert answer.headers.get("content-length", str(len(answer.content))) == str(len(answer.content))


async def test_a_stream_begins_before_its_first_event() -> None:
    seen: list[str] = []

    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        seen.append("begun")
        await send({"type": "http.response.body", "body": b""})

    sent: list[str] = []

    async def send(message: Message) -> None:
        sent.append(message["type"])
        if message["type"] == "http.response.start":
            assert seen == []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    await dispatcher(root=silent)(scope_of("/"), receive, send)
    assert sent == ["http.response.start", "http.response.body"]


def scope_of(path: str, *headers: tuple[bytes, bytes], method: str = "GET", version: str = "1.1") -> Scope:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "http_version": version,
        "headers": [(b"host", b"localhost"), *headers],
        "client": ("127.0.0.1", 1),
    }


async def status_of(app: ASGIApp, scope: Scope) -> tuple[int, dict[bytes, bytes]]:
    """Of a request without a body."""
    starts: list[Message] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            starts.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    await app(scope, receive, send)
    return starts[0]["status"], dict(starts[0]["headers"])


@pytest.mark.parametrize("path", ["/raw", "/m", "/"])
async def test_a_body_whose_length_is_told_twice_is_refused_and_the_connection_closed(path: str) -> None:
    app = dispatcher([RawRoutes({"/raw": says("raw")}, nothing)], [Mount("/m", app_of("mount"))])
    both = ((b"content-length", b"4"), (b"transfer-encoding", b"chunked"))
    status, headers = await status_of(app, scope_of(path, *both, method="POST"))
    assert (status, headers[b"connection"]) == (400, b"close")
    status, headers = await status_of(app, scope_of(path, both[1], method="POST", version="1.0"))
    assert (status, headers[b"connection"]) == (400, b"close")
    assert (await status_of(app, scope_of(path, both[1], method="POST")))[0] == 200
    assert (await status_of(app, scope_of(path, both[0], method="POST")))[0] == 200


@pytest.mark.parametrize("name", [b"webhook-signature", b"webhook-id", b"webhook-timestamp", b"authorization"])
async def test_a_header_that_decides_who_sends_may_be_there_once(name: bytes) -> None:
    app = dispatcher([RawRoutes({"/raw": says("raw")}, nothing)])
    assert (await status_of(app, scope_of("/raw", (name, b"v1,aaaa v1,bbbb"))))[0] == 200
    status, _ = await status_of(app, scope_of("/raw", (name, b"v1,aaaa"), (name, b"v1,bbbb")))
    assert status == 400


async def test_health_is_told_to_any_name_and_to_none() -> None:
    app = dispatcher()
    for path, expected in (("/livez", 200), ("/readyz", 200), ("/livez/", 421), ("/api/runs", 421)):
        for host in ("10.1.2.3:8787", "ompycord.default.svc", ""):
            assert (await get(app, path, {"host": host})).status_code == expected
    nameless = scope_of("/livez", version="1.0")
    nameless["headers"] = []
    assert (await status_of(app, nameless))[0] == 200


async def test_a_head_is_a_get_without_its_body_and_begins_no_stream() -> None:
    methods: list[str] = []

    async def root(scope: Scope, receive: Receive, send: Send) -> None:
        methods.append(scope["method"])
        await app_of("root")(scope, receive, send)

    for path in ("/livez", "/api/runs", "/api/events", "/api/runs/x/events"):
        assert (await status_of(dispatcher(root=root), scope_of(path, method="HEAD")))[0] == 200
    assert methods == ["GET", "GET", "HEAD", "HEAD"]


async def test_a_body_that_an_application_waits_for_has_a_deadline() -> None:
    async def reads(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError("the client is gone")
            if not message.get("more_body"):
                break
        await app_of("read")(scope, receive, send)

    async def slow() -> AsyncGenerator[bytes]:
        yield b"{"
        await asyncio.Event().wait()  # for ever: the deadline ends it

    app = dispatcher(mounts=[Mount("/m", reads)], body_s=0.05)
    starts: list[Message] = []

    async def send(message: Message) -> None:
        starts.append(message)

    parts = slow()

    async def receive() -> Message:
        return {"type": "http.request", "body": await anext(parts), "more_body": True}

    async with within(10):
        await app(scope_of("/m", method="POST"), receive, send)
    assert starts[0]["status"] == 408
    assert dict(starts[0]["headers"])[b"connection"] == b"close"


async def test_an_application_that_waits_for_the_end_of_its_client_waits_without_a_deadline() -> None:
    gone = asyncio.Event()
    waits = asyncio.Event()

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        waits.set()
        assert (await receive())["type"] == "http.disconnect"
        await app_of("ended")(scope, receive, send)

    bodies = [{"type": "http.request", "body": b""}]

    async def receive() -> Message:
        if bodies:
            return bodies.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    starts: list[Message] = []

    async def send(message: Message) -> None:
        starts.append(message)

    async with within(10), asyncio.TaskGroup() as group:
        task = group.create_task(dispatcher(root=stream, body_s=0.01)(scope_of("/"), receive, send))
        await waits.wait()
        await asyncio.wait([task], timeout=0.1)  # ten deadlines of a body, none of which is its own
        assert not task.done()
        gone.set()
    assert starts[0]["status"] == 200
