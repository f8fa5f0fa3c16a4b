"""Keeps Discord calls running when their caller is cancelled.

Counterpart of `client.py`, whose HTTP client it wraps. A request that is cancelled while it waits out a global 429
never sets discord.py's event again, and every later request of the client waits forever
(docs/platform/discord.md, *Requests of discord.py*). So each runs in a task of its own that only the session's end
cancels.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import discord

__all__ = ["protect_requests"]

Request = Callable[..., Coroutine[Any, Any, Any]]


def protect_requests(client: discord.Client, group: asyncio.TaskGroup) -> None:
    """Run every REST call of this client, interactions' answers apart, in `group` from now on. For one session."""
    http: Any = client.http  # a method of one object is replaced, which its class does not foresee
    request: Request = http.request

    async def shielded(*args: Any, **kwargs: Any) -> Any:
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        done.add_done_callback(_looked_at)
        group.create_task(_notify(request(*args, **kwargs), done))
        return await asyncio.shield(done)

    http.request = shielded


async def _notify(work: Coroutine[Any, Any, Any], done: "asyncio.Future[Any]") -> None:
    """Pass the result or error to the caller, never to the group, whose other tasks an error would end."""
    try:
        result = await work
    except asyncio.CancelledError:
        done.cancel()
        raise
    except Exception as error:  # noqa: BLE001  # every error is the caller's
        if not done.done():
            done.set_exception(error)
    else:
        if not done.done():
            done.set_result(result)


def _looked_at(done: "asyncio.Future[Any]") -> None:
    """Retrieve the error of a call whose caller was cancelled, so that asyncio does not report it."""
    if not done.cancelled():
        done.exception()
