"""Which edge gets a request: raw routes, then the longest mount, then the root.

Each may be asked for what is its own only.
"""

from collections.abc import Mapping, Sequence

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from ompycord.http import (
    AuthCheck,
    ClientDisconnected,
    FindHandler,
    HttpLimits,
    KeySet,
    Mount,
    RawAnswer,
    RawHandler,
    RawRequest,
    RawRoutes,
    RequestPipeline,
    Sidecar,
)
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


def dispatcher(raw: Sequence[RawRoutes] = (), mounts: Sequence[Mount] = (), root: ASGIApp | None = None) -> Sidecar:
    clock, limits = Clock(), HttpLimits()
    auth_check = AuthCheck(keyring=KeySet(clock=clock), clock=clock, limits=limits)
    pipeline = RequestPipeline(auth_check=auth_check, clock=clock, limits=limits)
    return Sidecar(
        auth_check=auth_check, pipeline=pipeline, raw=raw, mounts=mounts, root=root or app_of("root"), hosts=frozenset()
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
