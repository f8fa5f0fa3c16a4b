"""The addresses of attachments, as Discord's CDN serves them; `world/attachments.py` stores the files."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from ompycord.playground.world import attachments
from ompycord.playground.world.core import Core

PATH: Final = r"/cdn/attachments/{channel:\d+}/{attachment:\d+}/{filename}"
SAFE_INLINE: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Types a browser may show from our own address; everything else is a download, since it could carry script."""


def handler(core: Core) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler of `PATH`."""

    async def serve(request: web.Request) -> web.StreamResponse:
        return _serve(core, request)

    return serve


def _serve(core: Core, request: web.Request) -> web.StreamResponse:
    """`GET /cdn/attachments/{channel}/{attachment}/{filename}?hm=`."""
    attachment_id = request.match_info["attachment"]
    given = request.query.get("hm", "")
    if not hmac.compare_digest(given.encode(), attachments.signature(core, attachment_id).encode()):
        return web.Response(status=404, text="This content is no longer available.")
    document = core.storage.get("attachment", attachment_id)
    if document is None:
        return web.Response(status=404, text="This content is no longer available.")
    kind = str(document["content_type"])
    inline = kind in SAFE_INLINE
    headers = {
        "Content-Type": kind if inline or kind.startswith("text/plain") else "application/octet-stream",
        "Content-Disposition": f'{"inline" if inline else "attachment"}; filename="{document["filename"]}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return web.FileResponse(attachments.path(core, attachment_id), headers=headers)
