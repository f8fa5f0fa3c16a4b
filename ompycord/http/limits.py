"""How much the sidecar accepts from a sender: times, rates, names; counterpart of `auth_check.py` and `pipeline.py`."""

from typing import Annotated

from pydantic import Field

from ompycord.domain.base import Frozen

__all__ = ["HttpLimits"]


class HttpLimits(Frozen):
    """The server's options, the same for every route; the section `webhook` of the settings has them all."""

    body_s: Annotated[float, Field(gt=0, le=600)] = 10.0
    """Seconds until a body must be here."""
    rate_per_s: Annotated[float, Field(gt=0, le=1_000_000_000)] = 100.0
    """Events that a key may send each second, over time."""
    burst: Annotated[int, Field(ge=1, le=1_000_000_000)] = 500
    """Events that a key may send at once."""
    failures_per_s: Annotated[float, Field(gt=0, le=1000)] = 0.2
    """Failed authentications that an address may have each second, over time."""
    failures_burst: Annotated[int, Field(ge=1, le=1_000_000)] = 20
    """Failed authentications that an address may have at once."""
    addresses: Annotated[int, Field(ge=1, le=1_000_000)] = 4096
    """Addresses that are remembered for it; the oldest is forgotten first, and a failure renews one."""
    hosts: tuple[str, ...] = ()
    """Public names under which a proxy reaches it, other than 127.0.0.1, localhost and [::1] (the `Host` header)."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.

    All requests through any other proxy count as one sender's.
    """
