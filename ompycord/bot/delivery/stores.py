"""What delivery asks of the store, one narrow port for each part; `app/bot_stores.py` fills them from the one store."""

from dataclasses import dataclass

from ompycord.bot.delivery.ask_again import AskAgainStore
from ompycord.bot.delivery.deliver import DelivererStore
from ompycord.bot.delivery.live import LiveStore
from ompycord.bot.delivery.thread_names import ThreadNameStore
from ompycord.bot.message_renderer import RendererStore
from ompycord.domain.ports import Boards, Commits, ShownMessages
from ompycord.domain.ports.schedules import Announcements

__all__ = ["DeliveryStores"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStores:
    """The ports of the parts that send and edit messages."""

    commits: Commits
    live: LiveStore
    shown: ShownMessages
    thread_names: ThreadNameStore
    rollover: AskAgainStore
    deliverer: DelivererStore
    renderer: RendererStore
    boards: Boards
    announcements: Announcements
