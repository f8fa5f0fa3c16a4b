"""What a webhook gets: the bytes of the body and the headers that sign them; pure.

Counterpart: `/schemas/notification.json`.
"""

import json
from collections.abc import Callable
from typing import NamedTuple

from ompycord.domain.base import Millis
from ompycord.domain.deliveries import StoredDelivery
from ompycord.domain.events import SCHEMA
from ompycord.http.signature import sign

__all__ = ["PostedMessage", "PostedMessageOf", "body_of", "signed_message"]


class PostedMessage(NamedTuple):
    """What one try posts."""

    body: bytes
    headers: dict[str, str]


PostedMessageOf = Callable[[StoredDelivery, Millis], PostedMessage]
"""Makes what one try of a delivery posts, at the time of that try; pure. Each kind of destination has its own."""


def signed_message(secret: bytes) -> PostedMessageOf:
    """What a webhook of the settings gets, signed with its secret."""

    def message_of(stored: StoredDelivery, now: Millis) -> PostedMessage:
        body = body_of(stored)
        return PostedMessage(body, _signed_headers(secret, webhook_id=stored.delivery.id, body=body, now=now))

    return message_of


def body_of(stored: StoredDelivery) -> bytes:
    """The same bytes each time the delivery is tried (`domain.deliveries.Notification`)."""
    delivery = stored.delivery
    head = {
        "id": delivery.id,
        "destination": delivery.destination,
        "topic": delivery.topic.value,
        "seq": stored.seq,
    }
    whole = {"schema": SCHEMA, **delivery.content, "delivery": head}
    return json.dumps(whole, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode()


def _signed_headers(secret: bytes, *, webhook_id: str, body: bytes, now: Millis) -> dict[str, str]:
    """Standard Webhooks: the id of the delivery, the time of this try, and both signed with the body."""
    timestamp = str(now // 1000)
    return {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": sign(secret, webhook_id=webhook_id, timestamp=timestamp, body=body),
    }
