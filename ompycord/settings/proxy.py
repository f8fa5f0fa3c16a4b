"""The proxy that the environment names for Discord, where the settings name none.

The variables are those of curl(1): HTTPS_PROXY, then ALL_PROXY, each in small letters too; NO_PROXY lists hosts that
are reached without.
"""

from collections.abc import Mapping
from typing import Final

__all__ = ["proxy_of_environment"]

_HOST: Final = "discord.com"
_VARIABLES: Final = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


def proxy_of_environment(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The variable and its value; None where there is none, where NO_PROXY lists Discord, or where it is no http proxy.

    aiohttp, by which discord.py reaches Discord, speaks to http proxies alone, not to socks or https ones.
    """
    name = next((one for one in _VARIABLES if environ.get(one, "").strip()), None)
    if name is None or _is_excepted(environ.get("no_proxy") or environ.get("NO_PROXY") or ""):
        return None
    value = environ[name].strip()
    value = value if "://" in value else f"http://{value}"
    return (name, value) if value.startswith("http://") else None


def _is_excepted(listed: str) -> bool:
    hosts = (one.strip().lstrip(".").lower() for one in listed.split(","))
    return any(host == "*" or (host and (host == _HOST or _HOST.endswith(f".{host}"))) for host in hosts)
