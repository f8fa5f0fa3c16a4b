"""The bot's front: builds its parts around one client, runs until told to stop, knows whether Discord hears it.

Counterpart: `app`, which makes one `Bot` and hands it the ports. discord.py is imported in this package alone.
"""

import asyncio
from collections.abc import Callable

import aiohttp
import discord
import structlog

from ompycord.bot.answers import Answers
from ompycord.bot.buttons import CARD_ACTIONS, RunButtons
from ompycord.bot.client import OmpycordClient
from ompycord.bot.commands.new import NewRun
from ompycord.bot.commands.tree import OmpTree, command_group, sync
from ompycord.bot.components import Dispatcher
from ompycord.bot.custom_ids import Signer
from ompycord.bot.deliver import Deliverer
from ompycord.bot.desk import Desk
from ompycord.bot.intake import Intake
from ompycord.bot.live import LiveEditor
from ompycord.bot.options import BotOptions
from ompycord.bot.refresh import Refresher
from ompycord.bot.rest import Rest
from ompycord.bot.scenes import Scenes
from ompycord.bot.session import Session
from ompycord.bot.sources import HealthLine, Sources
from ompycord.conductor import Bus, Conductor
from ompycord.domain.ports import Clock, Ids, Store
from ompycord.errors import GatewayFatal

__all__ = ["Bot"]

log = structlog.get_logger(__name__)


class Bot:
    """One bot. `run` may be called once."""

    def __init__(
        self,
        *,
        token: str,
        options: BotOptions,
        conductor: Conductor,
        store: Store,
        bus: Bus,
        clock: Clock,
        ids: Ids,
        mac_key: bytes,
        redact: Callable[[str], str],
        sources: Sources,
        actions: frozenset[str] = CARD_ACTIONS,
    ) -> None:
        """`mac_key` signs component ids. `actions` are the card's buttons that are offered; others have no handler."""
