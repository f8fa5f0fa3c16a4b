"""git's smart HTTP, by git's own `upload-pack` and `receive-pack`: what git-http-backend(1) does, streamed.

Authentication and faults come before it, in `git_routes.py`.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from aiohttp import web

from ompycord.playground.forge.git_folder import GitError, environment

SERVICES: Final = ("git-upload-pack", "git-receive-pack")
CHUNK: Final = 64 * 1024
HOOK: Final = """#!/bin/sh
# Refuses a push where a fault of the forge's page asks for it.
[ -z "$FORGE_REFUSAL" ] && exit 0
read -r _ _ ref
printf '%s\\n' "$FORGE_REFUSAL" | sed "s|{ref}|$ref|" >&2
exit 1
"""


async def make_repository(folder: Path) -> None:
    """An empty bare repository that takes pushes."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    git = await asyncio.create_subprocess_exec(
        *("git", "init", "--quiet", "--bare", "--initial-branch=main", "--template=", "--", str(folder)),
        env=environment(folder.parent),
    )
    if await git.wait() != 0:
        raise GitError(f"git made no repository at {folder}")
    add_hook(folder)


def add_hook(folder: Path) -> None:
    """What refuses a push where that is asked for."""
    hook = folder / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK, encoding="ascii")
    hook.chmod(0o700)


async def advertise(folder: Path, service: str, protocol: str) -> web.Response:
    """`GET info/refs?service=…`: what the repository has."""
    git = await _start(folder, service, protocol, "--advertise-refs")
    printed, _ = await git.communicate()
    is_v2 = protocol == "version=2" and service == "git-upload-pack"
    line = f"# service={service}\n"
    head = b"" if is_v2 else f"{len(line) + 4:04x}{line}0000".encode()
    return web.Response(body=head + printed, headers=_headers(f"application/x-{service}-advertisement"))


async def serve(
    request: web.Request,
    folder: Path,
    service: str,
    *,
    then: Callable[[], Awaitable[None]],
    refusal: str = "",
    half: bool = False,
) -> web.StreamResponse:
    """`POST git-upload-pack` or `git-receive-pack`. `half` cuts the answer in its middle.

    `then` is done when git has ended and before the client knows: who has pushed finds what follows from it.
    """
    git = await _start(folder, service, request.headers.get("Git-Protocol", ""), refusal=refusal)
    assert git.stdin is not None
    assert git.stdout is not None
    response = web.StreamResponse(headers=_headers(f"application/x-{service}-result"))
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_feed(request, git.stdin))
            await _drain(request, response, git.stdout, half=half)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            git.kill()
        raise
    finally:
        await git.wait()
    await then()
    if not half:
        await response.write_eof()
    return response


async def take(request: web.Request, folder: Path, service: str) -> None:
    """A request that takes effect and whose answer no one gets."""
    git = await _start(folder, service, request.headers.get("Git-Protocol", ""))
    await git.communicate(await request.read())


async def _start(
    folder: Path, service: str, protocol: str, *words: str, refusal: str = ""
) -> asyncio.subprocess.Process:
    env = {**environment(folder), "GIT_PROTOCOL": protocol, "FORGE_REFUSAL": refusal, "REMOTE_USER": "ompycord-bot"}
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *("git", service.removeprefix("git-"), "--stateless-rpc", *words, "--", str(folder)),
        env=env,
        stdin=pipe,
        stdout=pipe,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def _feed(request: web.Request, into: asyncio.StreamWriter) -> None:
    """The request's body to git; where the client breaks off, git sees the end of it."""
    try:
        async for chunk in request.content.iter_chunked(CHUNK):
            into.write(chunk)
            await into.drain()
    except (ConnectionError, web.RequestPayloadError):
        pass  # half a pack: git refuses it
    finally:
        into.close()


async def _drain(request: web.Request, response: web.StreamResponse, out: asyncio.StreamReader, *, half: bool) -> None:
    whole = await out.read(CHUNK)
    await response.prepare(request)
    while whole:
        if half:
            await response.write(whole[: max(1, len(whole) // 2)])
            while await out.read(CHUNK):
                pass
            if request.transport is not None:
                request.transport.abort()
            return
        await response.write(whole)
        whole = await out.read(CHUNK)


def _headers(kind: str) -> dict[str, str]:
    return {"Content-Type": kind, "Cache-Control": "no-cache, max-age=0, must-revalidate"}
