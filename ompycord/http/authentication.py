"""From the headers of a request to its key, with one refusal for every cause; counterpart of `keys.py`."""

from collections.abc import Collection, Iterable, Mapping

from ompycord.domain.policy import Denied, authorize
from ompycord.domain.records import Scope
from ompycord.errors import Refused
from ompycord.http.keys import Key, KeySet
from ompycord.http.problems import problem_of, unauthorized

__all__ = ["authenticate", "header_map", "is_local", "require_scope"]

_FORWARDING = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip", b"via")
_LOOPBACK = ("127.", "::1", "::ffff:127.")


def header_map(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Headers by lower-case name; a repeated one is joined with a comma, which no id, time or key contains."""
    result: dict[bytes, bytes] = {}
    for name, value in headers:
        result[name] = result[name] + b", " + value if name in result else value
    return result


def authenticate(
    headers: Mapping[bytes, bytes], body: bytes, *, peer: str | None, keyring: KeySet, trusted_proxies: Collection[str]
) -> Key:
    """The key behind a request. A signature that is present decides alone. Raises Problem `unauthorized`."""
    signature = headers.get(b"webhook-signature")
    if signature is not None:
        key = keyring.by_signature(
            webhook_id=headers.get(b"webhook-id", b"").decode("latin-1"),
            timestamp=headers.get(b"webhook-timestamp", b"").decode("latin-1"),
            signature=signature.decode("latin-1"),
            body=body,
        )
    else:
        scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        is_safe = _cannot_be_overheard(headers, peer, trusted_proxies)
        key = keyring.by_bearer(token.strip(), is_local=is_safe) if scheme.lower() == "bearer" else None
    if key is None:
        raise unauthorized()
    return key


def require_scope(key: Key, scope: Scope) -> None:
    """Raises Problem `scope` (403)."""
    denied = authorize(key.actor, scope)
    if isinstance(denied, Denied):
        raise problem_of(Refused(denied.code, needs=denied.needs[-1]))


def _cannot_be_overheard(headers: Mapping[bytes, bytes], peer: str | None, trusted_proxies: Collection[str]) -> bool:
    """Whether the request is from this machine without any proxy between, or a listed proxy reports https."""
    if peer is None:
        return False
    if peer in trusted_proxies:
        return headers.get(b"x-forwarded-proto", b"").strip().lower() == b"https"
    return is_local(headers, peer)


def is_local(headers: Mapping[bytes, bytes], peer: str | None) -> bool:
    """Whether the request is from a program of this machine, without a proxy between."""
    return peer is not None and peer.startswith(_LOOPBACK) and not any(name in headers for name in _FORWARDING)
