"""From the headers of a request to its key, with one refusal for every cause; counterpart of `keys.py`."""

from collections.abc import Collection, Iterable, Mapping

from ompycord.http.keys import Key, KeySet
from ompycord.http.problems import unauthorized
from ompycord.http.signature import may_be_signature

__all__ = ["authenticate", "header_map", "is_local", "is_signed"]

_FORWARDING = frozenset(
    b"forwarded via x-real-ip x-client-ip x-cluster-client-ip x-original-forwarded-for x-original-host x-original-url "
    b"x-rewrite-url x-proxyuser-ip x-envoy-external-address x-envoy-internal true-client-ip cf-connecting-ip "
    b"cf-connecting-ipv6 cf-ray cf-visitor cdn-loop fastly-client-ip fly-client-ip x-azure-clientip "
    b"x-azure-socketip x-appengine-user-ip x-amzn-trace-id x-arr-ssl".split()
)
_FORWARDED = b"x-forwarded"
"""The beginning of every other header by which a proxy says for whom it asks."""
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


def is_signed(headers: Mapping[bytes, bytes], *, now_s: float) -> bool:
    """Whether a request has a signature that may be valid, as far as it is known without its body."""
    return may_be_signature(
        webhook_id=headers.get(b"webhook-id", b"").decode("latin-1"),
        timestamp=headers.get(b"webhook-timestamp", b"").decode("latin-1"),
        signature=headers.get(b"webhook-signature", b"").decode("latin-1"),
        now_s=now_s,
    )


def _cannot_be_overheard(headers: Mapping[bytes, bytes], peer: str | None, trusted_proxies: Collection[str]) -> bool:
    """Whether the request is from this machine without any proxy between, or a listed proxy reports https."""
    if peer is None:
        return False
    if peer in trusted_proxies:
        return headers.get(b"x-forwarded-proto", b"").strip().lower() == b"https"
    return is_local(headers, peer)


def is_local(headers: Mapping[bytes, bytes], peer: str | None) -> bool:
    """Whether the request is from a program of this machine, without a proxy between."""
    return peer is not None and peer.startswith(_LOOPBACK) and not _is_forwarded(headers)


def _is_forwarded(headers: Mapping[bytes, bytes]) -> bool:
    return any(name in _FORWARDING or name.startswith(_FORWARDED) for name in headers)
