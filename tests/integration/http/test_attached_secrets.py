"""A secret is added to requests of one host, over TLS of the proxy's own; nobody else and no answer has it."""

import asyncio
import base64
import logging
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ompycord.domain.configuration.attached_secrets import AttachedSecret
from ompycord.http.adopted_socket import serve_socket
from ompycord.http.proxy.forward_proxy import ForwardProxy, UpstreamProxy
from ompycord.http.proxy.proxy_request import HostRules
from ompycord.http.run_token import RunToken
from ompycord.http.server import bind
from tests.integration.http.test_forward_proxy import PUBLIC, RUN, Internet, answer, internet, routes
from tests.support.own_certificate import OwnCertificate, own_certificate
from tests.support.patience import within

__all__ = ["internet"]

NAME, VALUE = "npm.example.org", "npm_x9Qd2kLw7RtZ"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> OwnCertificate:
    return own_certificate(tmp_path_factory.mktemp("certificate"), NAME)


@asynccontextmanager
async def proxied(
    internet: Internet, value: str | None = VALUE, *, over: str = "http", believed: Path | None = None,
    upstream: UpstreamProxy | None = None,
) -> AsyncGenerator[tuple[int, str]]:  # fmt: skip
    """The port of a run's listener, and the header with its token; requests to `NAME` get the secret."""
    token, text = RunToken.mint(RUN)
    rule = AttachedSecret.model_validate({"secret": "NPM_TOKEN", "host": NAME, "over": over, "to": ["agent"]})

    async def secret_of(wanted: AttachedSecret) -> str | None:
        assert wanted == rule
        return value

    proxy = ForwardProxy(
        rules=HostRules(["*.example.org"]), is_token=token.is_valid, upstream=upstream, attached=(rule,),
        secret_of=secret_of, tls=lambda: ssl.create_default_context(cafile=believed), resolve=internet.resolve,
        connect=internet.connect,
    )  # fmt: skip
    listening = bind("127.0.0.1", 0)
    async with within(30), serve_socket(routes, listening, proxy=proxy):
        basic = base64.b64encode(f"run:{text}".encode()).decode()
        yield listening.getsockname()[1], f"Proxy-Authorization: Basic {basic}"


@asynccontextmanager
async def echoing(internet: Internet, tls: ssl.SSLContext | None = None) -> AsyncGenerator[list[bytes]]:
    """The server behind every address answers with what it was asked, in a header and in the body."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            seen = b" ".join(line for line in asked[-1].split(b"\r\n") if line.startswith(b"authorization"))
            writer.write(b"HTTP/1.1 200 OK\r\nx-seen: " + seen + b"\r\n\r\n{" + asked[-1] + b"}")
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # who asked is gone
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    internet.port = server.sockets[0].getsockname()[1]
    internet.names = {NAME: [[PUBLIC]], "other.example.org": [[PUBLIC]]}
    yield asked
    server.close()


async def test_the_host_gets_it_in_place_of_the_programs_own_and_its_echo_is_taken_out(internet: Internet) -> None:
    async with echoing(internet) as asked, proxied(internet) as (port, token):
        said = await answer(port, f"GET http://{NAME}/x HTTP/1.1\r\nauthorization: mine\r\n{token}\r\n\r\n")
    assert b"\r\nauthorization: Bearer npm_x9Qd2kLw7RtZ\r\n" in asked[0]
    assert b"mine" not in asked[0]
    stars = "*" * len(VALUE)
    assert said.startswith(f"HTTP/1.1 200 OK\r\nx-seen: authorization: Bearer {stars}\r\n\r\n")
    assert said.endswith("}")
    assert VALUE not in said


async def test_another_host_and_a_tunnel_get_what_the_program_sent(internet: Internet) -> None:
    head = f"GET http://other.example.org/ HTTP/1.1\r\nHost: {NAME}\r\nauthorization: mine\r\n"
    async with echoing(internet) as asked, proxied(internet) as (port, token):
        await answer(port, f"{head}{token}\r\n\r\n")
        await answer(port, f"CONNECT {NAME}:80 HTTP/1.1\r\n{token}\r\n\r\n", f"GET / HTTP/1.1\r\nHost: {NAME}\r\n\r\n")
    assert b"authorization: mine" in asked[0]
    assert asked[1] == f"GET / HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode()


async def test_it_goes_over_tls_to_a_host_that_proves_its_name(internet: Internet, certificate: OwnCertificate) -> None:
    given = proxied(internet, over="https", believed=certificate.authority)
    async with echoing(internet, certificate.server) as asked, given as (port, token):
        said = await answer(port, f"POST http://{NAME}/x HTTP/1.1\r\ncontent-length: 0\r\n{token}\r\n\r\n")
    assert said.startswith("HTTP/1.1 200 OK")
    assert VALUE.encode() in asked[0]
    assert internet.connected == [(PUBLIC, 443)]


async def test_a_host_that_does_not_prove_its_name_gets_nothing(internet: Internet, tmp_path: Path) -> None:
    """Another name in the certificate, an authority that nobody believes, and no TLS at all."""
    other = own_certificate(tmp_path, "other.example.org")
    for tls, believed in ((other.server, other.authority), (other.server, None), (None, other.authority)):
        given = proxied(internet, over="https", believed=believed)
        async with echoing(internet, tls) as asked, given as (port, token):
            said = await answer(port, f"GET http://{NAME}/x HTTP/1.1\r\n{token}\r\n\r\n")
        assert said.startswith("HTTP/1.1 502 ")
        assert "could not be reached over https, with a certificate that is believed" in said
        assert VALUE.encode() not in b"".join(asked)


async def test_behind_the_operators_proxy_the_secret_is_within_tls(
    internet: Internet, certificate: OwnCertificate
) -> None:
    passed: list[bytes] = []

    async def operators(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passed.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await writer.start_tls(certificate.server)
        passed.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(operators, "127.0.0.1", 0)
    internet.port = server.sockets[0].getsockname()[1]
    given = proxied(
        internet, over="https", believed=certificate.authority, upstream=UpstreamProxy("proxy.example", 3128)
    )
    async with given as (port, token):
        said = await answer(port, f"GET http://{NAME}/x HTTP/1.1\r\n{token}\r\n\r\n")
    server.close()
    assert said.startswith("HTTP/1.1 204 ")
    assert passed[0].startswith(f"CONNECT {NAME}:443 ".encode())
    assert VALUE.encode() not in passed[0]
    assert VALUE.encode() in passed[1]


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "An agent asks for it with request_secret."), ("two\nlines-of-it", "that no header holds.")],
)
async def test_without_a_value_that_can_be_sent_the_host_is_not_asked(
    internet: Internet, caplog: pytest.LogCaptureFixture, value: str | None, words: str
) -> None:
    caplog.set_level(logging.DEBUG)
    async with echoing(internet) as asked, proxied(internet, value) as (port, token):
        said = await answer(port, f"GET http://{NAME}/x HTTP/1.1\r\n{token}\r\n\r\n")
    assert words in said
    assert "NPM_TOKEN" in said
    assert asked == []
    assert "lines-of-it" not in f"{said}{caplog.text}"
