"""The one store, handed to the bot as the narrow ports that its parts ask for."""

from ompycord.bot.context import CommandStores
from ompycord.bot.delivery.stores import DeliveryStores
from ompycord.bot.gateway.assembly import BotStores
from ompycord.store import SqliteStore

__all__ = ["bot_stores"]


def bot_stores(store: SqliteStore) -> BotStores:
    """Every port of the bot, filled by `store`."""
    return BotStores(
        commands=CommandStores(
            records=store, history=store, decisions=store, drafts=store, components=store, tasks=store,
            surfaces=store, outbox=store, people=store, received=store,
        ),
        delivery=DeliveryStores(
            commits=store.commits, live=store, shown=store, thread_names=store, rollover=store, deliverer=store,
            renderer=store, boards=store, announcements=store.announcements,
        ),
    )  # fmt: skip
