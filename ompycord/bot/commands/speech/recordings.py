"""A recording as Discord's CDN has it, read into memory and nowhere else: bounded in size and time, without a redirect,
from the one address that Discord named.

discord.py's own method reads whatever comes, however long it is.
"""

import ipaddress
from typing import Final

import aiohttp
from yarl import URL

from ompycord.domain.refusals import RefusalCode
from ompycord.errors import Refused

__all__ = ["read_recording"]

_TIMEOUT: Final = aiohttp.ClientTimeout(total=30.0, sock_connect=5.0)
_MIB: Final = 1024 * 1024
_OK: Final = 200
_HEADERS: Final = {"accept-encoding": "identity", "user-agent": "ompycord"}


async def read_recording(address: str, *, most_bytes: int, proxy: str | None) -> bytes:
    """Its bytes. Raises Refused where it is larger, or does not come."""
    url = URL(address)
    is_here = _is_loopback(url.host)
    if url.host is None or url.user is not None or not (url.scheme == "https" or (url.scheme == "http" and is_here)):
        raise _missing("its address is none of Discord's")
    session = aiohttp.ClientSession(
        timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, headers=_HEADERS
    )
    try:
        async with session, session.get(url, allow_redirects=False, proxy=None if is_here else proxy) as response:
            if response.status != _OK:
                raise _missing(f"it answered {response.status}")
            return await _body(response, most_bytes)
    except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
        raise _missing(type(error).__name__) from error


async def _body(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    found = bytearray()
    async for chunk in response.content.iter_any():
        found += chunk
        if len(found) > most_bytes:
            raise Refused(RefusalCode.RECORDING_TOO_LARGE, limit=most_bytes // _MIB)
    return bytes(found)


def _missing(why: str) -> Refused:
    return Refused(RefusalCode.RECORDING_MISSING, why=why)


def _is_loopback(host: str | None) -> bool:
    """The playground's CDN."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
