"""Reads the head of a request to the forward proxy, strictly, and judges where it may lead. Pure.

Counterpart of `forward_proxy.py`, which does what is judged here. What two readers could read in two ways is refused
(RFC 9112): a bare line feed, a folded header, a space before a colon, two lengths, a length beside chunks.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from ompycord.errors import OmpycordError

__all__ = ["HEAD_BYTES", "HostRules", "ProxyRefused", "ProxyRequest", "is_public", "read_head"]

HEAD_BYTES: Final = 16_384
_LINE: Final = re.compile(rb"([A-Z]{3,16}) ([\x21-\x7e]{1,8192}) HTTP/1\.[01]")
_HEADER: Final = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\x20-\x7e\t\x80-\xff]*)")
_TARGET: Final = re.compile(r"([A-Za-z0-9.-]{1,253}):([0-9]{1,5})")
_NAME: Final = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,62}\.)*[a-z0-9-]{0,62}[a-z]")
"""A name, lower-case; its last letter keeps out every way to write an address as one number or four."""
_USUAL_PORTS: Final = frozenset({80, 443})
_ONCE: Final = frozenset({b"content-length", b"host", b"proxy-authorization", b"transfer-encoding"})
_HOP: Final = frozenset({b"connection", b"keep-alive", b"te", b"trailer", b"upgrade", b"host"})
_TRANSLATED: Final = ip_network("64:ff9b::/96")
"""IPv4 addresses behind a translator (RFC 6052)."""
_MOST_PORT: Final = 65_535


class ProxyRefused(OmpycordError):
    """A request that is not passed on: its status, and the reason in words for the person who reads the agent's log."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class ProxyRequest(NamedTuple):
    """What is asked."""

    host: str
    port: int
    is_tunnel: bool
    """CONNECT: bytes pass both ways, whatever they are."""
    authorization: bytes | None
    head: bytes = b""
    """What goes to the host instead of the head, where it is no tunnel."""
    body_bytes: int = 0
    """How much follows that belongs to the request, where it is no tunnel."""
    is_encrypted: bool = False
    """Whether the proxy itself speaks TLS to the host, where it is no tunnel."""


class HostRules:
    """The names that one run may reach: `name`, `*.name` for all below it, `name:port`. Ports 80 and 443 if none."""

    def __init__(self, rules: Sequence[str], *, setting: str = "sandbox.hosts") -> None:
        """`setting` is where they are written."""
        self._setting = setting
        self.written = tuple(rules)
        self._rules = [_rule(one) for one in rules]

    def require(self, host: str, port: int) -> None:
        """Raises ProxyRefused (403) where no rule allows this name at this port."""
        for name, wanted in self._rules:
            is_there = host.endswith(name[1:]) if name.startswith("*.") else host == name
            if is_there and (port == wanted if wanted else port in _USUAL_PORTS):
                return
        known = ", ".join(self.written) or "nothing"
        raise ProxyRefused(403, f"This run may not reach {host}:{port}. Allowed by {self._setting}: {known}.")


def _rule(text: str) -> tuple[str, int | None]:
    name, _, port = text.lower().partition(":")
    return name, int(port) if port else None


def read_head(raw: bytes) -> ProxyRequest:
    """The request whose head this is, without its empty line. Raises ProxyRefused."""
    lines = raw.split(b"\r\n")
    found = _LINE.fullmatch(lines[0])
    headers = [_HEADER.fullmatch(line) for line in lines[1:]]
    if found is None or not all(headers):
        raise ProxyRefused(400, "The head of the request is not as RFC 9112 wants it.")
    pairs = [(one[1].lower(), one[2].strip()) for one in headers if one is not None]
    names = [name for name, _ in pairs]
    if any(names.count(name) > 1 for name in _ONCE):
        raise ProxyRefused(400, "A header that may be there once is there several times.")
    method, target = found[1], found[2].decode("ascii")
    values = dict(pairs)
    if method == b"CONNECT":
        host, port = _tunnel(target)
        return ProxyRequest(host, port, is_tunnel=True, authorization=values.get(b"proxy-authorization"))
    return _absolute(method, target, pairs, values)


def _tunnel(target: str) -> tuple[str, int]:
    found = _TARGET.fullmatch(target)
    if found is None:
        raise ProxyRefused(400, "CONNECT takes a name and a port, such as example.org:443, and nothing else.")
    return _name(found[1]), _port(found[2])


def _absolute(method: bytes, target: str, pairs: list[tuple[bytes, bytes]], values: dict[bytes, bytes]) -> ProxyRequest:
    try:
        url = urlsplit(target)
        port = 80 if url.port is None else _port(str(url.port))
    except ValueError:
        raise ProxyRefused(400, "The address of the request cannot be read.") from None
    if url.scheme != "http" or not url.hostname or not target.startswith("http://"):
        raise ProxyRefused(400, "This proxy takes CONNECT, and http:// addresses.")
    if "@" in url.netloc or url.fragment or "\\" in target:
        raise ProxyRefused(400, "The address of the request has a user, a fragment or a backslash in it.")
    if b"transfer-encoding" in values:
        raise ProxyRefused(501, "A request over plain http has a Content-Length or no body here.")
    length = values.get(b"content-length", b"0")
    if not length.isdigit() or len(length) > 12:  # noqa: PLR2004  # a terabyte
        raise ProxyRefused(400, "The Content-Length is no number.")
    host = _name(url.hostname)
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    named = [words.strip().lower() for words in values.get(b"connection", b"").split(b",")]
    kept = [(n, v) for n, v in pairs if n not in _HOP and n not in named and not n.startswith(b"proxy-")]
    at = host if port == 80 else f"{host}:{port}"  # noqa: PLR2004  # http's own
    lines = [method + b" " + path.encode("ascii") + b" HTTP/1.1", b"host: " + at.encode("ascii")]
    lines += [name + b": " + value for name, value in kept]
    head = b"\r\n".join([*lines, b"connection: close", b"", b""])
    return ProxyRequest(
        host, port, is_tunnel=False, authorization=values.get(b"proxy-authorization"), head=head,
        body_bytes=int(length),
    )  # fmt: skip


def _port(text: str) -> int:
    number = int(text)
    if not 0 < number <= _MOST_PORT:
        raise ProxyRefused(400, "There is no such port.")
    return number


def _name(text: str) -> str:
    """A host's name, lower-case, without the dot at its end. Raises ProxyRefused for an address, however written."""
    name = text.lower().removesuffix(".")
    if _NAME.fullmatch(name) is None or ".." in name or name.startswith("0x"):
        raise ProxyRefused(403, "This proxy leads to names, not to addresses.")
    return name


def is_public(address: str) -> bool:
    """Whether an address is one of the internet, not of this machine, its link, or a private network."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _embedded(found)
    if inner is not None:
        return is_public(str(inner))
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)


def _embedded(found: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address to which an IPv6 address leads."""
    if isinstance(found, IPv4Address):
        return None
    if found in _TRANSLATED:
        return IPv4Address(int(found) & 0xFFFFFFFF)
    return found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
