"""Who may speak to the playground: Host, Origin, token, headers."""

import aiohttp

from tests.support.playground import Playground

OPEN = ("/", "/page/app.js", "/control/info", "/app/state", "/api/v10/gateway", "/gateway", "/cdn/attachments/1/1/x")


async def _status(playground: Playground, path: str, headers: dict[str, str]) -> int:
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{playground.port}{path}"
        async with session.get(url, headers=headers) as response:
            return response.status


FOREIGN = (
    {"Origin": "https://example.org"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)
REPOINTED = ("example.org", "example.org:80", "127.0.0.1", "localhost.example.org")


async def test_a_foreign_page_is_refused_everywhere(playground: Playground) -> None:
    secret = {"Authorization": f"Bearer {playground.token}"}
    for path in OPEN:
        for headers in FOREIGN:
            assert (path, headers, await _status(playground, path, {**secret, **headers})) == (path, headers, 403)


async def test_a_name_that_was_repointed_here_is_refused(playground: Playground) -> None:
    for path in OPEN:
        for host in REPOINTED:
            headers = {"Host": host, "Authorization": f"Bearer {playground.token}"}
            assert (path, host, await _status(playground, path, headers)) == (path, host, 421)


async def test_our_own_origin_is_served(playground: Playground) -> None:
    secret = {"Authorization": f"Bearer {playground.token}"}
    for name in ("127.0.0.1", "localhost"):
        headers = {**secret, "Host": f"{name}:{playground.port}", "Origin": f"http://{name}:{playground.port}"}
        assert await _status(playground, "/app/state", headers) == 200


async def test_without_the_token_nothing_of_page_or_control_is_served(playground: Playground) -> None:
    for path in ("/", "/app/state", "/app/events", "/app/wire", "/control/info", "/control/pings"):
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Bot {playground.bot_token}"}):
            assert (path, headers, await _status(playground, path, headers)) == (path, headers, 401)


async def test_the_token_in_the_address_opens_only_the_page_and_its_events(playground: Playground) -> None:
    assert await _status(playground, f"/app/state?token={playground.token}", {}) == 401
    assert await _status(playground, f"/control/info?token={playground.token}", {}) == 401
    assert await _status(playground, f"/?token={playground.token}", {}) in (200, 404)
    assert await _status(playground, "/?token=wrong", {}) == 401


async def test_the_bots_api_wants_the_bots_token(playground: Playground) -> None:
    assert (await playground.rest("GET", "/users/@me")).status == 200
    for token in ("wrong", playground.token, ""):
        answer = await playground.rest("GET", "/users/@me", token=token)
        assert (answer.status, answer.body) == (401, {"message": "401: Unauthorized", "code": 0})


async def test_every_answer_is_strict(playground: Playground) -> None:
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{playground.port}/?token={playground.token}"
        async with session.get(url) as response:
            headers = response.headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


async def test_the_page_cannot_be_used_to_read_other_files(playground: Playground) -> None:
    for path in (
        "/page/../__init__.py",
        "/page/%2e%2e/__init__.py",
        "/page/..%2f..%2ferrors.py",
        "/page//etc/hostname",
    ):
        assert await _status(playground, path, {}) == 404


async def test_an_uploaded_page_cannot_run_in_our_address(playground: Playground) -> None:
    headers = {"Authorization": f"Bearer {playground.token}", "Content-Type": "text/html"}
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{playground.port}/app/attachments?user={playground.ada.id}&filename=x.html"
        async with session.post(url, data=b"<script>1</script>", headers=headers) as response:
            attachment = (await response.json())["attachment"]
        async with session.get(attachment["url"]) as response:
            assert response.status == 200
            assert response.content_type == "application/octet-stream"
            assert response.headers["Content-Disposition"].startswith("attachment")
            assert "sandbox" in response.headers["Content-Security-Policy"]
        async with session.get(attachment["url"][:-4] + "0000") as response:
            assert response.status == 404
