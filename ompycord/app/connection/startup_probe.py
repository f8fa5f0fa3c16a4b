"""What `up` does about Discord before and after the bot connects.

It sets another address where one is configured, and reports each thing that the bot may not do.
"""

import asyncio
from collections.abc import Callable

from ompycord.app.connection.discord_probe import VERSION, findings_of, open_probe
from ompycord.bot.gateway.discord_target import DISCORD, DiscordTarget, point_at
from ompycord.domain.catalog import Catalog
from ompycord.errors import StartError
from ompycord.settings import DiscordSettings, Settings
from ompycord.telemetry import get_logger

__all__ = ["channels_of", "point_at_configured", "report_missing"]

POLL_S = 15.0

log = get_logger(__name__)


def point_at_configured(settings: DiscordSettings) -> None:
    """Use the Discord that the settings name; the playground and its tests set one."""
    if settings.api is None:
        return
    root = settings.api.removesuffix("/")
    cdn = root.removesuffix("/api") + "/cdn"
    point_at(DiscordTarget(api=f"{root}/{VERSION}", gateway=settings.gateway or DISCORD.gateway, cdn=cdn))


def channels_of(catalog: Catalog) -> list[str]:
    """The channels that repositories are bound to."""
    return [repository.channel for repository in catalog.repositories if repository.channel]


async def report_missing(settings: Settings, token: str, announce: Callable[[str], None]) -> None:
    """Print and log each thing that Discord does not allow.

    A probe that fails reports nothing: the bot itself reports that.
    """
    try:
        async with (
            asyncio.timeout(POLL_S),
            open_probe(api=settings.discord.api, token=token, proxy=settings.discord.proxy) as probe,
        ):
            found = await findings_of(probe, settings.discord, channels=channels_of(settings.catalog))
    except (StartError, TimeoutError) as error:
        log.info("discord.not_looked_at", cause=str(error) or "too slow")
        return
    for finding in found:
        if finding.status != "ok":
            announce(f"  Look at     {finding.line}")
            log.warning("discord.lacks", what=finding.name, text=finding.text, remedy=finding.remedy)
