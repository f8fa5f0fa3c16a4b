"""A proxy that leads a run's programs to the names which its configuration lists, and to nothing else.

It takes CONNECT and http:// addresses (`proxy_request.py`), on the run's own listener (`run_listeners.py`). A name is
resolved once, and the connection is made to an address that was judged, so that a name which leads here a moment later
gains nothing. Where the operator has a proxy, the name is passed to that one, which resolves it. To requests for hosts
of its rules it adds a secret, and asks them over TLS of its own (`attaching.py`).
"""

import asyncio
import base64
import binascii
import contextlib
import logging
import socket
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

from ompycord.domain.configuration.attached_secrets import AttachedSecret
from ompycord.http.proxy.attaching import FindSecret, Masking, header_of, masked_forms, rule_for, with_header
from ompycord.http.proxy.proxy_request import HEAD_BYTES, HostRules, ProxyRefused, ProxyRequest, is_public, read_head

__all__ = ["ForwardProxy", "UpstreamProxy", "upstream_of"]

HEAD_S: Final = 10.0
CONNECT_S: Final = 15.0
IDLE_S: Final = 600.0
"""Seconds without a byte in either direction."""
_CHUNK: Final = 65_536
_REFUSED: Final = 20
_UNAUTHORIZED: Final = 407
_VARIABLES: Final = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")

log = logging.getLogger(__name__)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class UpstreamProxy(NamedTuple):
    """The operator's own proxy, an http one."""

    host: str
    port: int
    authorization: bytes | None = None


def upstream_of(environ: Mapping[str, str]) -> UpstreamProxy | None:
    """The proxy that the environment names (as curl(1) reads it); None where there is none, or no http one."""
    written = next((environ[one].strip() for one in _VARIABLES if environ.get(one, "").strip()), None)
    if written is None:
        return None
    url = urlsplit(written if "://" in written else f"http://{written}")
    if url.scheme != "http" or not url.hostname:
        return None
    user = f"{unquote(url.username or '')}:{unquote(url.password or '')}"
    basic = b"Basic " + base64.b64encode(user.encode()) if url.username else None
    return UpstreamProxy(url.hostname, url.port or 80, basic)


async def _resolved(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


async def _connected(address: str, port: int) -> Streams:
    return await asyncio.open_connection(address, port)


class ForwardProxy:
    """The proxy of one run."""

    def __init__(
        self,
        *,
        rules: HostRules,
        is_token: Callable[[str], bool],
        upstream: UpstreamProxy | None = None,
        attached: Sequence[AttachedSecret] = (),
        secret_of: FindSecret | None = None,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        resolve: Callable[[str, int], Awaitable[Sequence[str]]] = _resolved,
        connect: Callable[[str, int], Awaitable[Streams]] = _connected,
    ) -> None:
        """`is_token` judges the password that a program sends; `connect` is given an address, never a name.

        `attached` are the rules by which requests get a secret, `secret_of` finds its value for this run, and `tls`
        says which hosts are believed then.
        """
        self._rules = rules
        self._is_token = is_token
        self._upstream = upstream
        self._attached = attached
        self._secret_of = secret_of
        self._tls = tls
        self._resolve = resolve
        self._connect = connect
        self._refused: deque[str] = deque(maxlen=_REFUSED)

    @property
    def refused(self) -> tuple[str, ...]:
        """The hosts that were asked for and refused, or could not be reached; the latest ones, in their order."""
        return tuple(self._refused)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection, to its end. Raises nothing but cancellation."""
        try:
            await self._answer(reader, writer)
        except ProxyRefused as error:
            await _refuse(writer, error)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            pass  # who asked, or who was asked, is gone; both see it
        except Exception:  # a top edge: a defect ends this connection alone
            log.exception("unhandled error in the forward proxy")
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(HEAD_S):
            request = read_head(await _head(reader))
        self._authenticate(request)
        try:
            self._rules.require(request.host, request.port)
            passed, masking = await self._with_secret(request)
            there, back = await self._reach(passed)
        except ProxyRefused:
            self._refused.append(request.host)
            raise
        try:
            if request.is_tunnel:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await _relay((reader, writer), (there, back), None)
            else:
                back.write(passed.head)
                await _relay((reader, writer), (there, back), request.body_bytes, masking)
        finally:
            back.close()

    async def _with_secret(self, request: ProxyRequest) -> tuple[ProxyRequest, Masking | None]:
        """What is asked of the host instead, and what takes the secret out of its answer.

        Raises ProxyRefused where a rule wants a secret that the run has not, or that cannot be sent.
        """
        rule = rule_for(self._attached, request)
        if rule is None:
            return request, None
        value = None if self._secret_of is None else await self._secret_of(rule)
        if not value:
            words = f"No one has given the secret {rule.secret}, with which {rule.host} is asked."
            raise ProxyRefused(403, f"{words} An agent asks for it with request_secret.")
        head = with_header(request.head, rule.header, header_of(rule, value))
        passed = request._replace(head=head, port=rule.upstream_port, is_encrypted=rule.over == "https")
        return passed, Masking(masked_forms(rule, value))

    def _authenticate(self, request: ProxyRequest) -> None:
        scheme, _, value = (request.authorization or b"").partition(b" ")
        try:
            _, _, token = base64.b64decode(value.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            token = ""
        if scheme.lower() != b"basic" or not self._is_token(token):
            raise ProxyRefused(_UNAUTHORIZED, "This proxy is for a run's own programs, which have its token.")

    async def _reach(self, request: ProxyRequest) -> Streams:
        """A connection to the host. Raises ProxyRefused."""
        try:
            async with asyncio.timeout(CONNECT_S):
                way = self._directly(request) if self._upstream is None else self._by_upstream(self._upstream, request)
                there, back = await way
                if request.is_encrypted:
                    await self._encrypt(back, request.host)
                return there, back
        except (OSError, TimeoutError):
            by = " over https, with a certificate that is believed" if request.is_encrypted else ""
            raise ProxyRefused(502, f"{request.host} could not be reached{by}.") from None

    async def _encrypt(self, back: asyncio.StreamWriter, host: str) -> None:
        try:
            await back.start_tls(self._tls(), server_hostname=host)
        except BaseException:
            back.close()
            raise

    async def _directly(self, request: ProxyRequest) -> Streams:
        addresses = list(dict.fromkeys(await self._resolve(request.host, request.port)))
        allowed = [one for one in addresses if is_public(one)]
        if not allowed:
            raise ProxyRefused(403, f"{request.host} leads into this machine or a private network.")
        for address in allowed[:-1]:
            with contextlib.suppress(OSError):
                return await self._connect(address, request.port)
        return await self._connect(allowed[-1], request.port)

    async def _by_upstream(self, proxy: UpstreamProxy, request: ProxyRequest) -> Streams:
        there, back = await self._connect(proxy.host, proxy.port)
        try:
            lines = [f"CONNECT {request.host}:{request.port} HTTP/1.1".encode()]
            lines.append(f"host: {request.host}:{request.port}".encode())
            if proxy.authorization is not None:
                lines.append(b"proxy-authorization: " + proxy.authorization)
            back.write(b"\r\n".join([*lines, b"", b""]))
            _require_tunnel(await _head(there), request)
        except BaseException:
            back.close()
            raise
        return there, back


def _require_tunnel(head: bytes, request: ProxyRequest) -> None:
    """Raises ProxyRefused where the operator's proxy answers with anything but 200."""
    if head.split(b" ", 2)[1:2] != [b"200"]:
        raise ProxyRefused(502, f"The operator's proxy refused {request.host}:{request.port}.")


async def _head(reader: asyncio.StreamReader) -> bytes:
    """Up to the empty line, without it. Raises ProxyRefused for one that is too long."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise ProxyRefused(431, "The head of the request is too long.") from None
    if len(raw) > HEAD_BYTES:
        raise ProxyRefused(431, "The head of the request is too long.")
    return raw[:-4]


async def _relay(ours: Streams, theirs: Streams, body_bytes: int | None, masking: Masking | None = None) -> None:
    """Pass bytes both ways until the answer ends; of the request only its body, where that is known.

    `masking` is for the answer.
    """
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(_copy(ours[0], theirs[1], body_bytes))
        await _copy(theirs[0], ours[1], None, masking)
        asking.cancel()


async def _copy(
    source: asyncio.StreamReader, target: asyncio.StreamWriter, most: int | None, masking: Masking | None = None
) -> None:
    left = most
    with contextlib.suppress(OSError, TimeoutError):
        while left != 0:
            async with asyncio.timeout(IDLE_S):
                part = await source.read(_CHUNK if left is None else min(_CHUNK, left))
            if not part:
                break
            left = None if left is None else left - len(part)
            target.write(part if masking is None else masking.feed(part))
            await target.drain()
        if masking is not None:
            target.write(masking.rest())
        if most is None and target.can_write_eof():
            target.write_eof()


async def _refuse(writer: asyncio.StreamWriter, error: ProxyRefused) -> None:
    body = f"Ompycord: {error}\n".encode()
    lines = [f"HTTP/1.1 {error.status} Refused", "content-type: text/plain; charset=utf-8"]
    lines += [f"content-length: {len(body)}", "connection: close"]
    if error.status == _UNAUTHORIZED:
        lines.append('proxy-authenticate: Basic realm="ompycord"')
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    with contextlib.suppress(OSError):
        await writer.drain()
