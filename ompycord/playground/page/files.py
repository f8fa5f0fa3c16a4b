"""The page's files in `static/`, tagged by their content so that a reload fetches only what changed."""

import hashlib
from pathlib import Path
from typing import Final

from aiohttp import ETag, web

STATIC: Final = Path(__file__).parent / "static"
TYPES: Final = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
}
"""Fixed here, since a browser told not to guess refuses what a system's own table may call a script (`text/plain`)."""
MISSING: Final = "This playground was built without its page: the file is not in ompycord/playground/page.\n"


def index() -> web.Response:
    """The page itself, which is never cached: its address holds the token."""
    return page("index.html")


def page(name: str) -> web.Response:
    """One of the pages by its name here."""
    path = STATIC / name
    return _whole(path.read_bytes(), path) if path.is_file() else _missing()


def serve(request: web.Request, name: str) -> web.Response:
    """A file of the page, or 304 where the browser has this very content (RFC 9110, 13.1.2 and 15.4.5)."""
    if "\0" in name:
        return _missing()
    path = (STATIC / name).resolve()
    if not path.is_relative_to(STATIC.resolve()) or not path.is_file():
        return _missing()
    content = path.read_bytes()
    tag = hashlib.sha256(content).hexdigest()[:32]
    known = {item.value for item in request.if_none_match or ()}
    response = web.Response(status=304) if known & {tag, "*"} else _whole(content, path)
    response.etag = ETag(value=tag)
    response.headers["Cache-Control"] = "no-cache"
    return response


def _whole(content: bytes, path: Path) -> web.Response:
    kind = TYPES.get(path.suffix, "application/octet-stream")
    return web.Response(body=content, content_type=kind, charset="utf-8" if kind.startswith("text/") else None)


def _missing() -> web.Response:
    return web.Response(status=404, text=MISSING)
