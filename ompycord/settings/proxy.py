"""The proxy that the environment names for Discord, where the settings name none.

The variables are those of curl(1): HTTPS_PROXY, then ALL_PROXY, each in small letters too; NO_PROXY lists hosts that
are reached without.
"""

from collections.abc import Mapping
from typing import Final

__all__ = ["proxy_of_environment", "unusable_proxy"]

_HOST: Final = "discord.com"
_KINDS: Final = frozenset({"https", "socks", "socks4", "socks4a", "socks5", "socks5h"})
_VARIABLES: Final = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


def proxy_of_environment(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The variable and its value; None where there is none, where NO_PROXY lists Discord, or where it is no http proxy.

    aiohttp, by which discord.py reaches Discord, speaks to http proxies alone, not to socks or https ones.
    """
    found = _named(environ)
    return found if found is not None and found[1].startswith("http://") else None


def unusable_proxy(environ: Mapping[str, str]) -> str | None:
    """A sentence where the environment names a proxy for Discord that is passed over: of another kind than http."""
    found = _named(environ)
    if found is None or found[1].startswith("http://"):
        return None
    name, value = found
    kind = value.partition("://")[0].lower()
    shown = kind if kind in _KINDS else "of an unknown kind"
    return (
        f"{name} names a proxy that Discord is not reached by ({shown}; only http works). Set discord.proxy to an http "
        "proxy, or put discord.com into NO_PROXY."
    )


def _named(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The variable that counts for Discord, and its value as an address."""
    name = next((one for one in _VARIABLES if environ.get(one, "").strip()), None)
    if name is None or _is_excepted(environ.get("no_proxy") or environ.get("NO_PROXY") or ""):
        return None
    value = environ[name].strip()
    return name, value if "://" in value else f"http://{value}"


def _is_excepted(listed: str) -> bool:
    hosts = (one.strip().lstrip(".").lower() for one in listed.split(","))
    return any(host == "*" or (host and (host == _HOST or _HOST.endswith(f".{host}"))) for host in hosts)
