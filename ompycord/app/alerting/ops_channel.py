"""The ops channel of Discord as a target of deliveries; counterpart of `notify/webhook.py`."""

from typing import Final, Protocol

from ompycord.bot.rest import SendFailed
from ompycord.domain.deliveries import Destination, StoredDelivery
from ompycord.domain.ids import OPS_CHANNEL
from ompycord.notify.attempt import Attempt

__all__ = ["OPS_PAUSE_S", "OpsChannelTarget", "OpsPoster"]

OPS_PAUSE_S: Final = 60.0
"""Seconds between two tries at most: Discord may be back at any moment, and somebody waits for what it says."""
_NONCE: Final = 25
"""Characters of a nonce that Discord takes (Create Message, `nonce`)."""


class OpsPoster(Protocol):
    """What is asked of the bot."""

    async def post_notice(self, channel: str, text: str, *, nonce: str) -> None:
        """Post text in a channel. Raises SendFailed."""
        ...


class OpsChannelTarget:
    """Implements `DeliveryTarget`."""

    def __init__(self, *, poster: OpsPoster, channel: str) -> None:
        self._poster = poster
        self._channel = channel

    @property
    def destination(self) -> Destination:
        return OPS_CHANNEL

    async def deliver(self, stored: StoredDelivery) -> Attempt:
        """See the port."""
        content = stored.delivery.content
        nonce = f"{str(content['id'])[-20:]}-{str(content['type'])[6:10]}"[:_NONCE]
        try:
            await self._poster.post_notice(self._channel, str(content["message"]), nonce=nonce)
        except SendFailed as failed:
            return Attempt(str(failed), is_permanent=failed.is_final)
        return Attempt()
