"""What a webhook is sent: the bytes of the body and the headers that sign them; pure.

Counterpart: `/schemas/notification.json`.
"""

import json

from ompycord.domain.base import Millis
from ompycord.domain.deliveries import StoredDelivery
from ompycord.domain.events import SCHEMA
from ompycord.http.signature import sign

__all__ = ["body_of", "signed_headers"]


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


def signed_headers(secret: bytes, *, webhook_id: str, body: bytes, now: Millis) -> dict[str, str]:
    """Standard Webhooks: the id of the delivery, the time of this try, and both signed with the body."""
    timestamp = str(now // 1000)
    return {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": sign(secret, webhook_id=webhook_id, timestamp=timestamp, body=body),
    }
