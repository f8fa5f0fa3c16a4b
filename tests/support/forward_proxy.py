"""A forward proxy for plain HTTP and websockets on loopback, as curl's `http_proxy` means one."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class ForwardProxy:
    """One request a connection: the server is asked to close it, unless it is upgraded."""

    port: int = 0
    asked: list[str] = field(default_factory=list[str])
    """Method and path of each request."""
    authorization: list[str] = field(default_factory=list[str])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").removesuffix("\r\n\r\n")
            line, *headers = head.split("\r\n")
            method, target, version = line.split(" ")
            url = urlsplit(target)
            path = url.path + (f"?{url.query}" if url.query else "")
            self.asked.append(f"{method} {url.path}")
            self.authorization += [one for one in headers if one.lower().startswith("proxy-authorization:")]
            is_upgrade = any(one.lower().startswith("upgrade:") for one in headers)
            kept = [one for one in headers if not one.lower().startswith(("proxy-", "connection:"))]
            kept.append(f"Connection: {'Upgrade' if is_upgrade else 'close'}")
            there, back = await asyncio.open_connection(url.hostname, url.port)
            back.write("\r\n".join([f"{method} {path or '/'} {version}", *kept, "", ""]).encode("latin-1"))
            async with asyncio.TaskGroup() as group:
                group.create_task(_copy(reader, back))
                group.create_task(_copy(there, writer))
        writer.close()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await source.read(65536):
            target.write(part)
            await target.drain()
    target.close()


@asynccontextmanager
async def forward_proxy() -> AsyncGenerator[ForwardProxy]:
    """One that listens on loopback."""
    proxy = ForwardProxy()
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
