"""The bot's presence: empty while all is normal, else the problem; counterpart of `Lookups.mode`."""

from collections.abc import Awaitable, Callable

import aiohttp
import discord

from ompycord.domain.ports import Clock
from ompycord.telemetry import get_logger

__all__ = ["POLL_S", "show_mode"]

POLL_S = 15.0
LONGEST = 128
"""Characters of an activity's name (Discord, *Gateway events*)."""

_WHERE = "; see /omp health"
"""Where a person who sees the presence learns more."""

log = get_logger(__name__)


async def show_mode(client: discord.Client, mode: Callable[[], Awaitable[str | None]], *, clock: Clock) -> None:
    """Update the presence every 15 s until cancelled.

    A problem is sent each time, since a new session at Discord begins without it.
    """
    await client.wait_until_ready()
    shown: str | None = None
    while True:
        words = await mode()
        if words is not None or shown is not None:
            try:
                await client.change_presence(activity=_activity(words), status=_status(words))
            except (
                OSError,
                RuntimeError,
                AttributeError,
                aiohttp.ClientError,
            ) as error:  # the connection is closed: next time
                log.info("mode.not_shown", cause=type(error).__name__)
            else:
                if words != shown:
                    log.info("mode.shown", mode=words or "normal")
                shown = words
        await clock.sleep(POLL_S)


def _activity(words: str | None) -> discord.CustomActivity | None:
    return None if words is None else discord.CustomActivity(name=f"{words}{_WHERE}"[:LONGEST])


def _status(words: str | None) -> discord.Status:
    return discord.Status.online if words is None else discord.Status.dnd
