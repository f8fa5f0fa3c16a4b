"""The address under which people reach the sidecar through a proxy: checked once, and its parts."""

from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints

__all__ = ["PublicUrl", "host_of", "origin_of", "path_of"]

_FAULT: Final = "write it as https://bot.example.com, with https, and without a question mark, a # or a password"


def _checked(text: str) -> str:
    """The address without a slash at its end."""
    try:
        parts = urlsplit(text)
        is_plain = not (parts.query or parts.fragment or parts.username or parts.password or "@" in parts.netloc)
        is_right = parts.scheme == "https" and bool(parts.hostname) and is_plain and parts.port != 0
    except ValueError:
        is_right = False
    if not is_right or not text.isascii() or any(sign in text for sign in " \t\r\n\\?#<>\"'"):
        raise ValueError(_FAULT)
    return text.rstrip("/")


PublicUrl = Annotated[str, StringConstraints(max_length=300), AfterValidator(_checked)]
"""An https address; with a path where the proxy has the sidecar below one."""


def host_of(url: str) -> str:
    """Its name, in brackets where it is a number of six."""
    name = urlsplit(url).hostname or ""
    return f"[{name}]" if ":" in name else name


def origin_of(url: str) -> str:
    """Scheme, host and port as browsers send them: the usual port is left out."""
    port = urlsplit(url).port
    return f"https://{host_of(url)}{'' if port in {None, 443} else f':{port}'}"


def path_of(url: str) -> str:
    """Its path, without a slash at the end; empty for the root."""
    return urlsplit(url).path.rstrip("/")
