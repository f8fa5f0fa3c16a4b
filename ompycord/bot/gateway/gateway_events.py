"""The gateway's events about Discord itself: messages in threads, deleted channels, a server left or joined again.

Counterpart: `client.py`, which passes them on; `rollover.py` and `live.py`, which act on them.
"""

from collections.abc import Sequence

import discord

from ompycord.bot.delivery.live import LiveEditor
from ompycord.bot.delivery.messages_below import MessagesBelow
from ompycord.bot.delivery.rollover import CardRollover
from ompycord.bot.rest import Rest, written
from ompycord.conductor import Runs
from ompycord.domain.ports import RunFilter, RunRecords
from ompycord.domain.run import RunKind, RunState
from ompycord.telemetry import get_logger

__all__ = ["GatewayEvents"]

_RUNS = 500
_REMOVED = "The bot was removed from the server, so no one could see or steer it."

log = get_logger(__name__)


class GatewayEvents:
    """Takes the events; no caller waits for what follows."""

    def __init__(
        self,
        *,
        guilds: Sequence[str],
        rest: Rest,
        live: LiveEditor,
        messages_below: MessagesBelow,
        rollover: CardRollover,
        runs: Runs,
        store: RunRecords,
    ) -> None:
        self._guilds = guilds
        self._rest = rest
        self._live = live
        self._messages_below = messages_below
        self._rollover = rollover
        self._runs = runs
        self._store = store

    def written(self, message: discord.Message) -> None:
        """Count a message, ours too: enough of them move the card down."""
        for one in written(message):
            run = self._messages_below.received(str(message.channel.id), one)
            if run is not None:
                self._live.mark_dirty(run)

    def removed(self, channel: str, message: str) -> None:
        """Note that a message was deleted."""
        self._messages_below.deleted(channel, message)
        self._live.removed(channel, message)

    def channel_deleted(self, channel: str) -> None:
        """Note that a channel or thread was deleted: what is shown there continues elsewhere."""
        self._rollover.deleted_channels.add(channel)
        self._live.mark_all_dirty()

    async def began(self) -> None:
        """Start a connection that knows nothing of what came before it."""
        self._messages_below.forget_all()
        self._rollover.questions.proved.clear()
        self._live.mark_all_dirty()
        for guild in self._guilds:
            if self._rest.is_away(guild):
                await self.left(guild)

    async def left(self, guild: str) -> None:
        """Suspend the runs of a server from which we were removed. Deliveries to it wait in the outbox."""
        working = frozenset(RunState) - {RunState.SUSPENDED}
        which = RunFilter(is_open=True, kind=RunKind.HOSTED, guild=guild, states=working, limit=_RUNS)
        paused = await self._store.runs(which)
        for record in paused:
            await self._runs.suspend(record, _REMOVED)
        log.warning("guild.left", guild=guild, paused=len(paused))

    def joined(self, guild: str) -> None:
        """Show everything that waited for a server that we joined again."""
        log.info("guild.joined", guild=guild)
        self._live.mark_all_dirty()
